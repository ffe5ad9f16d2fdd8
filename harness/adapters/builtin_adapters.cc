#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"

namespace crashlab {

std::vector<const Adapter*> BuiltinAdapters() {
  return {&KvAdapter(), &ToyAdapter(), &CanaryAdapter()};
}

}  // namespace crashlab
