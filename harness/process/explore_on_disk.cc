#include "harness/process/explore_on_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/env/random.h"
#include "harness/explore/finding.h"
#include "harness/explore/recovery.h"
#include "harness/process/internal/killed_run.h"
#include "harness/process/internal/workplace.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;

using faultfs::Random;

constexpr uint64_t kMostKeptBytes = uint64_t{64} << 20;
constexpr size_t kMostEntriesTold = 50;

/// The files of a real folder, by path; none if they are too large to be kept.
Dump FilesOf(const std::string& root) {
  Dump files;
  uint64_t bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(root, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    bytes += entry->file_size(error);
    if (bytes > kMostKeptBytes) return {};
    std::ifstream stream(entry->path(), std::ios::binary);
    files.emplace_back(entry->path().lexically_relative(root).string(),
                       std::string(std::istreambuf_iterator<char>(stream), {}));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> TellDump(const Dump& dump) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : dump) {
    if (lines.size() == kMostEntriesTold) {
      lines.push_back(fmt::format("  and {} more", dump.size() - kMostEntriesTold));
      break;
    }
    Operation get;
    get.key = key;
    lines.push_back(fmt::format("  {}: {} bytes, \"{}\"", Print(get).substr(4), value.size(),
                                value.substr(0, 16)));
  }
  if (lines.empty()) lines.emplace_back("  nothing");
  return lines;
}

/// Those who wait for a process say that they live, by what has been counted so far.
class Beating final : public Monitor {
 public:
  Beating(Monitor& monitor, const Counts& counts) : monitor_(monitor), counts_(counts) {}
  void Recovering(const std::function<std::vector<CrashStep>()>& chain) override {
    monitor_.Recovering(chain);
  }
  void Counted(const Counts&) override { monitor_.Counted(counts_); }
  void Hung(bool in_open) override { monitor_.Hung(in_open); }
  void Found(const Finding& finding) override { monitor_.Found(finding); }

 private:
  Monitor& monitor_;
  const Counts& counts_;
};

class DiskExplorer {
 public:
  DiskExplorer(const Case& c, const Adapter& adapter, const ExploreOptions& options,
               Monitor& monitor)
      : beating_(monitor, result_.counts), lab_{c, adapter, options, beating_}, plan_(*c.process) {}

  CaseResult Explore() && {
    if (plan_.kill) {
      if (plan_.kill->when != KillWhen::kMoment || One(KillPoint())) One(*plan_.kill);
    } else if (One(KillPoint())) {
      for (const KillPoint& point : Draw()) {
        if (result_.findings.size() >= lab_.options.max_findings || !One(point)) break;
      }
    }
    if (result_.counts.left_out == 0) result_.counts.programs = 1;
    return std::move(result_);
  }

 private:
  /// All but the first, which was at the end of the run.
  std::vector<KillPoint> Draw() {
    const bool calls_alone = plan_.when == std::vector(1, KillWhen::kCall);
    if (whole_.calls == 0) return {};  // it did not come to its end
    if (calls_alone && plan_.kills > whole_.calls) {
      result_.counts.exhausted_programs = 1;
      std::vector<KillPoint> points;
      for (uint64_t call = 1; call <= whole_.calls; ++call) {
        points.push_back({KillWhen::kCall, call});
      }
      return points;
    }
    const Random random = Random(lab_.subject.seed).Fork("kills");
    std::vector<KillPoint> points;
    for (uint64_t i = 0; i + 1 < plan_.kills; ++i) {
      Random stream = random.Fork(i);
      points.push_back(DrawOne(plan_.when[i % plan_.when.size()], stream));
    }
    return points;
  }

  KillPoint DrawOne(KillWhen when, Random& stream) const {
    const uint64_t operations = lab_.subject.program.size();
    switch (when) {
      case KillWhen::kOperation:
        if (operations > 0) return {when, 1 + stream.Below(operations)};
        break;
      case KillWhen::kMoment:
        return {when, stream.Below(1000)};
      case KillWhen::kWithin:
        if (!whole_.wide.empty()) return {when, whole_.wide[stream.Below(whole_.wide.size())]};
        break;
      case KillWhen::kCall:
      case KillWhen::kEnd:
        break;
    }
    return {KillWhen::kCall, 1 + stream.Below(whole_.calls)};
  }

  /// One run, its kill, and the judging of what it left. False if nothing more can be run.
  bool One(const KillPoint& point) {
    lab_.monitor.Counted({});
    const Result<std::unique_ptr<Workplace>> place = Workplace::Make(plan_);
    if (!place.ok()) return LeaveOut(place.status());
    const uint64_t moment_ns =
        point.when == KillWhen::kMoment ? whole_.duration_ns / 1000 * point.number : 0;
    Result<KilledRun> run = RunAndKill(lab_, (*place)->path(), point, moment_ns);
    if (!run.ok()) return LeaveOut(run.status());
    ++result_.counts.kills;
    if (lab_.subject.clients) ++result_.counts.schedules;
    Dump files = FilesOf((*place)->path());
    std::optional<Violation> violation = run->live;
    if (!violation) violation = Differs(point, *run);
    const bool live = violation.has_value();
    KilledRecovery recovery;
    if (!violation) {
      const Status room = (*place)->MakeRoom();
      if (!room.ok()) return LeaveOut(room);
      Result<KilledRecovery> recovered = RecoverApart(lab_, (*place)->path(), run->opens);
      if (!recovered.ok()) return LeaveOut(recovered.status());
      recovery = std::move(recovered).value();
      violation = Judge(*run, recovery);
    }
    Digest(point, *run, recovery, violation);
    if (violation) Found(point, *run, recovery, *violation, live, std::move(files));
    if (point == KillPoint()) whole_ = std::move(run).value();
    return true;
  }

  std::optional<Violation> Judge(const KilledRun& run, const KilledRecovery& recovery) {
    ++result_.counts.reopened;
    if (recovery.violation) return recovery.violation;
    const Situation situation{.events = run.events.size(), .decided = {}, .decided_hash = {}};
    ++result_.counts.judgements;
    if (recovery.life.reopened) ++result_.counts.probes;
    if (!CanJudge(*run.checker, situation, recovery.life.seen)) ++result_.counts.unknown;
    return JudgeLife(lab_, *run.checker, situation, recovery.life);
  }

  /// The same program does the same until it is killed. A small disk may fill up differently.
  std::optional<Violation> Differs(const KillPoint& point, const KilledRun& run) const {
    if (lab_.subject.clients) return std::nullopt;  // threads never do
    if (plan_.Confines() || point == KillPoint() || whole_.checker == nullptr) return std::nullopt;
    const bool same = run.events.size() <= whole_.events.size() &&
                      std::equal(run.events.begin(), run.events.end(), whole_.events.begin());
    if (same) return std::nullopt;
    return Violation{Verdict::kNondeterministic,
                     "two runs of the program on a real disk differ in how an operation ended"};
  }

  void Digest(const KillPoint& point, const KilledRun& run, const KilledRecovery& recovery,
              const std::optional<Violation>& violation) {
    // A timer, when exactly a tmpfs is full, and threads differ from run to run.
    if (point.when == KillWhen::kMoment || plan_.tmpfs_bytes || lab_.subject.clients) return;
    const faultfs::Hash128 dump = recovery.life.seen.hash;
    result_.digest = faultfs::Combine(
        result_.digest,
        faultfs::HashBytes(fmt::format(
            "{} {} {} {:016x}{:016x} {}", Print(point), run.events.size(), run.killed, dump.high,
            dump.low, violation ? std::string(Name(violation->verdict)) : std::string())));
  }

  void Found(const KillPoint& point, const KilledRun& run, const KilledRecovery& recovery,
             const Violation& violation, bool live, Dump files) {
    Finding finding;
    finding.verdict = violation.verdict;
    finding.signature =
        fmt::format("{} {}", Name(violation.verdict), live ? "live on disk" : "killed on disk");
    for (const Finding& known : result_.findings) {
      if (known.signature == finding.signature) return;
    }
    finding.detail = violation.detail;
    finding.reproducer = lab_.subject;
    ProcessPlan& plan = *finding.reproducer.process;  // this kill, on the same kind of disk
    plan.kills = ProcessPlan().kills;
    plan.when = ProcessPlan().when;
    plan.kill = point;
    finding.disk = std::move(files);
    auto& story = finding.story;
    for (const std::string& fault : lab_.subject.faults) story.push_back("fault: " + fault);
    TellEvents(lab_.subject, run.events, run.events.size(), story);
    if (!run.killed.empty()) story.push_back("killed by SIGKILL " + run.killed);
    if (lab_.subject.clients) {
      story.emplace_back("on real threads: what the clients saw since the last Open, with ticks:");
      TellLines(run.checker->Tell(run.events.size()), story);
    }
    if (point.when == KillWhen::kMoment) {
      story.emplace_back("a moment by the clock: it does not come again to the instant");
    }
    if (!live && !recovery.violation && recovery.life.seen.open.ok()) {
      story.emplace_back("opened again, it showed:");
      for (std::string& line : TellDump(recovery.life.seen.dump)) story.push_back(std::move(line));
    }
    story.push_back(fmt::format("{}: {}", Name(violation.verdict), violation.detail));
    for (const auto& output : {run.output, recovery.output}) {
      for (const std::string& line : output) story.push_back("it said: " + line);
    }
    lab_.monitor.Found(finding);
    result_.findings.push_back(std::move(finding));
  }

  /// Nothing was judged that had to be: never a pass.
  bool LeaveOut(const Status& why) {
    if (why.Is(Code::kPermissionDenied) && plan_.tmpfs_bytes) {
      result_.counts.left_out = 1;
    } else {
      ++result_.counts.unknown;
    }
    return false;
  }

  CaseResult result_;
  Beating beating_;
  const Laboratory lab_;
  const ProcessPlan& plan_;
  KilledRun whole_;  // the run to its end
};

}  // namespace

CaseResult ExploreOnDisk(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                         Monitor& monitor) {
  return DiskExplorer(c, adapter, options, monitor).Explore();
}

CaseResult ExploreCase(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                       Monitor& monitor) {
  return c.process ? ExploreOnDisk(c, adapter, options, monitor)
                   : Explore(c, adapter, options, monitor);
}

}  // namespace crashlab
