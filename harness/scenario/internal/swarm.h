// Swarm: what one generated program is made of. Each program gets a swarm of its own, in which some
// operations, sizes and kinds of keys are off, others frequent, so that rare combinations are not
// drowned by common ones (Groce et al., "Swarm testing", ISSTA 2012). Only for this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faultfs/env/random.h"
#include "harness/adapter.h"
#include "harness/scenario/scenario.h"

namespace crashlab::internal {

/// An operation that may occur, and how often beside the others.
struct Choice {
  Verb verb;
  std::string call;  // of kCall
  uint32_t weight;
};

struct Swarm {
  uint64_t operations = 1;
  uint32_t clients = 1;                      // each operation is as likely of one as of another
  std::vector<Choice> choices;               // not empty; weights above 0
  std::vector<std::string> keys;             // distinct, not empty
  std::vector<Workload::Range> value_bytes;  // each as likely as the others; not empty
  // All in a hundred.
  uint32_t hot_key = 0;             // goes to the first key
  uint32_t repeat_verb = 0;         // does what the operation before did
  uint32_t own_durability = 0;      // carries a durability of its own …
  uint32_t own_sync = 50;           // … which is Sync
  std::vector<std::string> faults;  // fault rules of this program
};

/// A pure function of its arguments: each decision has a stream of its own, forked from `random` by
/// name, so that one more of them moves no other. `background` comes where jobs can wait, or where
/// the workload gives it a weight; `close` with a weight, or where there are clients.
///
/// With clients programs are made for races: at least a quarter of the operations look, as far as
/// the workload's own weights allow it; the first key is hot; what stops everybody is rare; and
/// values fill no pages, as there are many runs of each program.
[[nodiscard]] Swarm DrawSwarm(const Workload& workload, const std::optional<ClientPlan>& clients,
                              const Capabilities& can, bool works_in_background,
                              const faultfs::Random& random);

}  // namespace crashlab::internal
