// Adapters: how a storage engine is put under the harness.
//
// An adapter is a factory over a FileSystem, the set of operations that the engine has, its
// contract as data, and a checker. The key-value oracle (oracle.h) is one checker; an engine that
// is no key-value store brings its own (tests/consumer/ has one).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/env/executor.h"
#include "faultfs/env/file_system.h"
#include "faultfs/env/random.h"
#include "faultfs/sim/hash.h"
#include "harness/operation.h"
#include "harness/verdict.h"

namespace crashlab {

/// A whole content: names and bytes, sorted by name. Of a key-value store: all entries.
using Dump = std::vector<std::pair<std::string, std::string>>;

/// How an operation ended, as its caller can know.
enum class Outcome : uint8_t {
  kOk,
  kFail,  // provably not applied
  kInfo,  // may or may not have happened
};

struct Reply {
  Status status;
  std::optional<std::string> value;  // get: nullopt if there is none
  uint64_t number = 0;               // size; contains: 0 or 1
  Dump dump;                         // for-each
  /// Of a mutation that got a place in the engine's log, however it ended: that place, in the order
  /// in which mutations apply. Engines need not tell; what several clients saw is judged without
  /// it too, as far as that can be done (history/black_box.h).
  std::optional<uint64_t> sequence = {};
};

/// A running engine. One client at a time, unless Capabilities::clients says more.
class System {
 public:
  virtual ~System() = default;
  /// Never reopen, kill or background: the driver does those. `number` gives the values (ValueOf).
  [[nodiscard]] virtual Reply Apply(const Operation& operation, OpNumber number) = 0;
  [[nodiscard]] virtual Result<Dump> ReadAll() = 0;
  [[nodiscard]] virtual Status Close() = 0;
  /// How the work that nobody waits for went, the last time that it did: asked right after a job of
  /// the executor has run, and after an operation that leaves the rest of its work's errors here.
  [[nodiscard]] virtual Status BackgroundStatus() const { return Status(); }
};

/// The `[store]` table of a scenario.
struct StoreConfig {
  std::string adapter = "kv";
  Durability durability = Durability::kSync;
  uint64_t segment_bytes = 64 << 20;
  std::map<std::string, std::string> options;  // of the adapter's own

  friend bool operator==(const StoreConfig&, const StoreConfig&) = default;
};

/// All that an engine may use. References live as long as the System.
struct OpenContext {
  faultfs::FileSystem& file_system;
  std::string_view directory;
  faultfs::Entropy& entropy;
  faultfs::Executor& executor;  // of background work; a job runs when the program says so
  const StoreConfig& config;
  /// Its clients will be fibers of a scheduler (faultfs/sim/scheduler.h): the engine must come to
  /// no wait but those of simulated threads (faultfs/env/simulated_thread.h).
  bool scheduled = false;
};

// ---- Contract: which acknowledgement moves which frontier --------------------------------------

/// P survives the death of the process, D survives power loss; both only grow.
enum class Promise : uint8_t {
  kNothing,
  kProcess,             // P reaches this operation
  kPower,               // D and P reach this operation
  kPowerForAckedBefore  // D and P reach the last mutation acknowledged before the call was invoked
};

/// "On Ok of `verb` under `durability`": `durability` is the operation's own or the store's. Of a
/// read (get, contains, size, for-each): what becomes of the mutation whose effect it saw, by the
/// durability with which that one was written.
struct ContractRow {
  Verb verb;
  std::optional<Durability> durability;  // none: any
  Promise promise;
};

struct Contract {
  std::vector<ContractRow> rows;  // the first that fits counts; none: kNothing
  std::vector<Code> not_applied;  // errors that prove that nothing happened (Outcome::kFail)
  Promise close = Promise::kPowerForAckedBefore;  // of an Ok Close
  // After an error that proves nothing, what only the page cache held is not to be relied on: the
  // process frontier falls to the power frontier (a failed fsync marks pages clean). An engine that
  // then acknowledges a mutation vouches for all of its log again.
  bool info_voids_process_frontier = true;
  // Tags of calls that may fail the operation they belong to and nothing else: the engine stays
  // writable. One that poisons itself after no other fault is NOT_WRITABLE.
  std::vector<std::string> harmless_tags = {};
  // A write, a new file or an allocation that found no space fails the operation it belongs to and
  // nothing else: with room again the engine is writable.
  bool survives_full_disk = false;

  [[nodiscard]] Promise PromiseOf(const Operation& operation, Durability store_default) const;
  [[nodiscard]] Outcome OutcomeOf(const Status& status) const;
};

// ---- Checker ------------------------------------------------------------------------------------

/// What a recovery showed.
struct Observation {
  Status open;  // of Open, or of the reading that followed
  Dump dump;
  faultfs::Hash128 hash;  // HashOf(dump)
};
/// The sum over the entries of EntryHash: a set of entries has one hash, in whatever order they
/// came, and changes to one entry change it by what they add and take away.
[[nodiscard]] faultfs::Hash128 HashOf(const Dump& dump);
[[nodiscard]] faultfs::Hash128 EntryHash(std::string_view key, std::string_view value);

/// Something that happened in a run, in order; event k is mark k in the trace.
struct Event {
  enum class Kind : uint8_t {
    kInvoke,    // of operation `op`
    kReturn,    // of operation `op`, with `outcome`
    kClosed,    // within reopen: Close returned, with `outcome`
    kKilled,    // within kill: the process is dead
    kOpened,    // an Open returned Ok (the first of a run has op 0)
    kReverted,  // within anything: pages of files went back to what the disk holds. What no power
                // loss spares is not to be relied on from here to the next Open
    kRotted,  // within anything: so did pages that a sync had said Ok of. Who reads them reads rot
  };
  Kind kind;
  OpNumber op;
  Outcome outcome = Outcome::kOk;
  Code code = Code::kOk;
  std::optional<size_t> witnessed = {};  // kOpened: of rot that it may have read; see Question

  friend bool operator==(const Event&, const Event&) = default;
};

/// A recovery to be judged.
struct Question {
  const Observation& seen;
  size_t events;  // of the run that had happened at the (first) crash
  // Set if rot has hurt bytes that count: calling it corruption is then right. The frontier is what
  // power loss spares, as it was after so many events of the run: at the last write that reached
  // the disk unhurt and could bear witness of what was durable before it.
  std::optional<size_t> witnessed = {};
  bool power_lost;      // in any crash of the chain; otherwise only processes died
  const Dump* decided;  // what an Open within the chain has shown already; null if none returned
};

/// Judges one run of one program. Made before the run, told of every event, then asked.
class Checker {
 public:
  virtual ~Checker() = default;
  /// The next event, with the reply (of a return) or what was read (kOpened, in `reply.dump`).
  /// A live answer that breaks the contract is a violation at once.
  [[nodiscard]] virtual std::optional<Violation> Take(const Event& event, const Reply& reply) = 0;
  /// The run has ended; what lives has been told all that there is. Asked once.
  [[nodiscard]] virtual std::optional<Violation> Finish() { return std::nullopt; }
  /// The process died in the middle of calls: no event will ever tell how they ended.
  virtual void Cut() {}
  /// Const and repeatable: asked for each state.
  [[nodiscard]] virtual std::optional<Violation> Judge(const Question& question) const = 0;
  /// True if Judge can tell legal from illegal by `seen.hash` alone. It is then asked without
  /// `seen.dump` where that is not at hand, and again with it, for its words, if it objects.
  [[nodiscard]] virtual bool JudgesByHash() const { return false; }
  /// For people: what was told of the life that so many events of the run had come to, a line each;
  /// empty if events themselves say it all.
  [[nodiscard]] virtual std::string Tell(size_t events) const {
    (void)events;
    return {};
  }
  /// True if too much is open after so many events to judge at all: such a state is counted as
  /// unknown, never as passed.
  [[nodiscard]] virtual bool Undecided(size_t events) const {
    (void)events;
    return false;
  }
};

/// A part of a file.
struct FileRange {
  std::string path;
  uint64_t begin_bytes = 0;
  uint64_t end_bytes = UINT64_MAX;
};

// ---- Adapter ------------------------------------------------------------------------------------

/// A verb that only this engine has; the generator gives it a size from the workload's range.
struct CustomVerb {
  std::string name;
  uint32_t weight = 1;
};

struct Capabilities {
  std::vector<Verb> verbs;  // kCall is implied by custom verbs
  std::vector<CustomVerb> calls;
  /// Bytes that a set with a key of one byte takes in a file beyond its value, as the first of a
  /// file and behind another. A share of the generated values then ends where a sector does: what
  /// is left over from an earlier file may begin just there. Empty: not known.
  std::vector<uint64_t> overheads_bytes = {};
  /// Several clients may use a System at once, and Open heeds OpenContext::scheduled.
  bool clients = false;

  [[nodiscard]] bool Has(Verb verb) const;
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  /// As scenarios name it.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// One line for `crashlab list adapters`.
  [[nodiscard]] virtual std::string_view summary() const = 0;
  [[nodiscard]] virtual const Capabilities& capabilities() const = 0;
  [[nodiscard]] virtual const Contract& contract() const = 0;
  /// Keys of StoreConfig::options that it knows.
  [[nodiscard]] virtual std::vector<std::string_view> options() const { return {}; }
  /// Ok, or kInvalidArgument with what the value must be: `must be …`.
  [[nodiscard]] virtual Status CheckOption(std::string_view option, std::string_view value) const;
  /// Whether jobs can come to wait in the background under this configuration. If not, programs are
  /// generated without `background`.
  [[nodiscard]] virtual bool WorksInBackground(const StoreConfig& config) const;
  /// Recovers what is in the directory, which may be missing. Must be deterministic: everything
  /// that is not in the context follows from it.
  [[nodiscard]] virtual Result<std::unique_ptr<System>> Open(const OpenContext& context) const = 0;
  /// What kind of file one with this name is (the last part of its path), in a word of the
  /// adapter's own, for coverage (coverage.h). Static storage. Directories are not asked about.
  [[nodiscard]] virtual std::string_view FileKind(std::string_view name) const {
    static_cast<void>(name);
    return "file";
  }
  /// What nothing depends on any more in a directory as a crash left it: locks, files that were
  /// never published, bytes behind the end of a log, what a newer snapshot covers. Asked before rot
  /// is put in: damage there excuses nothing, and a write there is no witness of anything. Changes
  /// nothing. Naming too little makes the judging of rot weaker, or (of what is written after a
  /// commit, and never read again) too strict.
  [[nodiscard]] virtual Result<std::vector<FileRange>> DeadBytes(faultfs::FileSystem& file_system,
                                                                 std::string_view directory) const {
    static_cast<void>(file_system);
    static_cast<void>(directory);
    return std::vector<FileRange>();
  }
  /// By default the key-value oracle.
  [[nodiscard]] virtual std::unique_ptr<Checker> MakeChecker(const Program& program,
                                                             const StoreConfig& config) const;
};

/// Adapters by name. Pointers must outlive everything that uses them.
class AdapterSet {
 public:
  explicit AdapterSet(std::vector<const Adapter*> adapters) : adapters_(std::move(adapters)) {}
  [[nodiscard]] const std::vector<const Adapter*>& all() const { return adapters_; }
  /// kInvalidArgument with the nearest name.
  [[nodiscard]] Result<const Adapter*> Find(std::string_view name) const;

 private:
  std::vector<const Adapter*> adapters_;
};

/// The engines that come with Crashlab: "kv", and the deliberately wrong "toy" and "canary".
[[nodiscard]] std::vector<const Adapter*> BuiltinAdapters();

}  // namespace crashlab
