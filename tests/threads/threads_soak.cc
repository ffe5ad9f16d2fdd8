// threads_soak: programs of clients on real threads, one after the other for a set time; what they
// answered and what their crashes left is judged. What it is for is ThreadSanitizer (ci/tsan),
// which ends a process with an exit code of its own if it has seen a race.
//
// usage: threads_soak SECONDS SEED JOBS FINDINGS_FOLDER SCENARIO…
//
// JOBS processes do it side by side, each with other programs. Exit code 0: nothing was found,
// every kind of call was made, and crashes were judged.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "faultfs/env/clock.h"
#include "faultfs/env/random.h"
#include "harness/adapter.h"
#include "harness/process/explore_on_disk.h"
#include "harness/report/internal/finding_files.h"
#include "harness/report/report.h"
#include "harness/scenario/scenario.h"

namespace crashlab {
namespace {

constexpr uint64_t kManyPrograms = 1'000'000;
constexpr uint64_t kNanosPerSecond = 1'000'000'000;
// Short programs cost most of their time in the judging of crashes: where many calls at once are
// wanted, long ones must have most of it.
constexpr uint64_t kLongProgram = 1000;  // operations
constexpr uint64_t kShareOfLong = 16;

/// A hang is the caller's to end: it is there for a debugger.
class SoakMonitor final : public Monitor {
 public:
  void Recovering(const std::function<std::vector<CrashStep>()>&) override {}
  void Counted(const Counts&) override {}
  void Hung(bool in_open) override {
    fmt::print("{}: more file-system calls than the limit\n",
               Name(in_open ? Verdict::kOpenHung : Verdict::kHang));
    std::abort();
  }
};

/// What was done: a process tells its parent by these bytes.
struct Totals {
  Counts counts;
  std::array<uint64_t, kVerbCount> operations{};
  uint64_t findings = 0;

  void Add(const Totals& other) {
    counts += other.counts;
    for (size_t i = 0; i < operations.size(); ++i) operations[i] += other.operations[i];
    findings += other.findings;
  }
};
static_assert(std::is_trivially_copyable_v<Totals>);

/// One process.
class Soak {
 public:
  Soak(const std::vector<Scenario>& scenarios, const AdapterSet& adapters, uint64_t seed,
       const std::string& findings)
      : adapters_(adapters), files_(findings) {
    for (const Scenario& scenario : scenarios) {
      Turn& turn = turns_.emplace_back();
      turn.scenario = scenario;
      turn.scenario.workload->seed = seed;
      turn.scenario.workload->runs = kManyPrograms;
      if (scenario.workload->operations.low >= kLongProgram) turn.share = kShareOfLong;
    }
  }

  Totals Run(uint64_t seconds) {
    faultfs::SystemClock clock;
    const uint64_t begin_ns = clock.NowNanos();
    uint64_t now_ns = begin_ns;
    while (now_ns - begin_ns < seconds * kNanosPerSecond) {
      Turn& turn = *std::min_element(
          turns_.begin(), turns_.end(),
          [](const Turn& a, const Turn& b) { return a.used_ns / a.share < b.used_ns / b.share; });
      RunOne(turn.scenario, CaseSeed(turn.scenario, turn.programs++ % kManyPrograms));
      const uint64_t end_ns = clock.NowNanos();
      turn.used_ns += end_ns - now_ns;
      now_ns = end_ns;
    }
    return totals_;
  }

 private:
  /// A scenario, and how much of the time it gets beside the others.
  struct Turn {
    Scenario scenario;
    uint64_t share = 1;
    uint64_t used_ns = 0;
    uint64_t programs = 0;
  };

  void RunOne(const Scenario& scenario, uint64_t case_seed) {
    const Case c = MakeCase(scenario, case_seed, adapters_);
    const CaseResult result =
        ExploreCase(c, *adapters_.Find(scenario.store.adapter).value(), {}, monitor_);
    totals_.counts += result.counts;
    for (const Operation& operation : c.program) {
      totals_.operations[static_cast<size_t>(operation.verb)] += result.counts.schedules;
    }
    for (const Finding& finding : result.findings) {
      ++totals_.findings;
      files_.Write(scenario, case_seed, finding);
      fmt::print("{}\n", FindingText(finding, files_.PathOf(scenario, finding), "crashlab"));
    }
    std::fflush(stdout);
  }

  const AdapterSet& adapters_;
  std::vector<Turn> turns_;
  FindingFiles files_;
  SoakMonitor monitor_;
  Totals totals_;
};

struct Request {
  uint64_t seconds = 0;
  uint64_t seed = 0;
  uint64_t jobs = 0;
  std::string findings;
  std::vector<Scenario> scenarios;
};

/// Starts a process that writes its totals into a pipe; the end to read from.
int Start(const Request& request, const AdapterSet& adapters, uint64_t job) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  std::fflush(stdout);
  const pid_t child = fork();
  if (child != 0) {
    close(ends[1]);
    return child < 0 ? -1 : ends[0];
  }
  const Totals totals =
      Soak(request.scenarios, adapters, faultfs::Mix64(request.seed, job), request.findings)
          .Run(request.seconds);
  const bool told = write(ends[1], &totals, sizeof(totals)) == ssize_t{sizeof(totals)};
  // Not _exit: at the end the sanitizer says what it has seen.
  std::exit(told ? EXIT_SUCCESS : EXIT_FAILURE);
}

/// Whether all processes ended well.
bool RunAll(const Request& request, const AdapterSet& adapters, Totals& totals) {
  std::vector<int> pipes;
  for (uint64_t job = 0; job < request.jobs; ++job) pipes.push_back(Start(request, adapters, job));
  bool all = true;
  for (const int end : pipes) {
    Totals of_job;
    const bool told = end >= 0 && read(end, &of_job, sizeof(of_job)) == ssize_t{sizeof(of_job)};
    if (told) totals.Add(of_job);
    all &= told;
  }
  int status = 0;
  while (wait(&status) > 0) all &= WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
  return all;
}

/// Prints one line. Whether every kind of call was made.
bool Summarize(const Request& request, const AdapterSet& adapters, double seconds,
               const Totals& totals) {
  uint64_t total = 0;
  bool every = true;
  std::string by_kind;
  for (const Verb verb : adapters.Find("kv").value()->capabilities().verbs) {
    const uint64_t done = totals.operations[static_cast<size_t>(verb)];
    total += done;
    every &= done > 0;
    by_kind += fmt::format("{}{} {}", by_kind.empty() ? "" : ", ", Name(verb), done);
  }
  const Counts& counts = totals.counts;
  fmt::print(
      "threads_soak: {} operations in {:.0f} s ({:.0f}/s): {}; {} programs, {} runs on threads, "
      "{} crash points, {} recoveries, {} judgements, {} processes killed, {} undecided, "
      "{} findings, seed {}\n",
      total, seconds, static_cast<double>(total) / seconds, by_kind, counts.programs,
      counts.schedules, counts.crash_points, counts.recoveries, counts.judgements, counts.kills,
      counts.unknown, totals.findings, request.seed);
  return every;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() < 5) {
    fmt::print(stderr, "usage: threads_soak SECONDS SEED JOBS FINDINGS_FOLDER SCENARIO…\n");
    return 2;
  }
  const AdapterSet adapters(BuiltinAdapters());
  auto scenarios = LoadScenarios({arguments.begin() + 4, arguments.end()}, adapters);
  if (!scenarios.ok() || scenarios->empty()) {
    fmt::print(stderr, "threads_soak: no scenarios: {}\n", scenarios.status().ToString());
    return 2;
  }
  for (const Scenario& scenario : *scenarios) {
    if (scenario.workload && scenario.clients && scenario.clients->real_threads) continue;
    fmt::print(stderr, "threads_soak: {} has no [workload] on real threads\n", scenario.file);
    return 2;
  }
  const Request request = {.seconds = std::strtoull(arguments[0].c_str(), nullptr, 10),
                           .seed = std::strtoull(arguments[1].c_str(), nullptr, 10),
                           .jobs = std::strtoull(arguments[2].c_str(), nullptr, 10),
                           .findings = arguments[3],
                           .scenarios = std::move(scenarios).value()};
  faultfs::SystemClock clock;
  const uint64_t begin_ns = clock.NowNanos();
  Totals totals;
  const bool ended_well = RunAll(request, adapters, totals);
  const double seconds = static_cast<double>(clock.NowNanos() - begin_ns) / 1e9;
  const bool every = Summarize(request, adapters, seconds, totals);
  const bool judged = totals.counts.judgements > 0 && totals.counts.left_out == 0;
  if (!ended_well) fmt::print("threads_soak: a process died or saw a race\n");
  if (!every || !judged) fmt::print("threads_soak: a kind of call or the judging is missing\n");
  return ended_well && every && judged && totals.findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace crashlab

int main(int argc, char** argv) {
  return crashlab::Main(std::vector<std::string>(argv + 1, argv + argc));
}
