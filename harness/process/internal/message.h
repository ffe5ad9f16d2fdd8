// What a process that runs a program or a recovery tells its parent, before it goes on: what it has
// told survives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/adapter.h"
#include "harness/explore/provocation.h"
#include "harness/explore/recovery.h"

namespace crashlab {

struct Message {
  enum class Kind : uint8_t {
    kEvent,       // `event` and `reply`; `background`: how the work behind the reply went
    kOpenFailed,  // `reply.status`: the run ends here
    kDying,       // by its own hand, at the point that was asked for; `text` says where
    kHung,        // more file-system calls than it may; `number` 1: in Open
    kEnded,       // `number` file-system calls in all, `wide` those that write into several pages
    kReached,  // of a recovery that is to be killed: stage `number`; `life.seen` if it is kOpened
    kLife,     // of a recovery: `life`; `number` and `wide` as of kEnded
  };
  static constexpr uint8_t kKinds = 7;
  Kind kind = Kind::kEvent;
  Event event = {};
  Reply reply = {};
  Status background = {};
  Provocation provocation = {};  // so far
  std::string text = {};
  uint64_t number = 0;
  std::vector<uint64_t> wide = {};
  Life life = {};
};

/// Statuses keep code and message; the message names the file.
[[nodiscard]] std::string Encode(const Message& message);
[[nodiscard]] std::optional<Message> DecodeMessage(std::string_view bytes);

}  // namespace crashlab
