// The store of this project behind the harness's interface for a running engine.
//
// kv_system.cc is compiled twice, as the store is: with the threads of the operating system, and
// with those that a scheduler runs. There OpenKv is called OpenScheduledKv (CMakeLists.txt).
#pragma once

#include <cstdint>
#include <memory>

#include "harness/adapter.h"

namespace crashlab {

[[nodiscard]] Result<std::unique_ptr<System>> OpenKv(const OpenContext& context,
                                                     uint64_t checkpoint_bytes);
[[nodiscard]] Result<std::unique_ptr<System>> OpenScheduledKv(const OpenContext& context,
                                                              uint64_t checkpoint_bytes);

}  // namespace crashlab
