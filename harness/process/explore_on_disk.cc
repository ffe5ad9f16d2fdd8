#include "harness/process/explore_on_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/explore/finding.h"
#include "harness/explore/recovery.h"
#include "harness/process/internal/kill_draw.h"
#include "harness/process/internal/killed_run.h"
#include "harness/process/internal/workplace.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;

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

/// Deaths one after the other, and what is known of them: of the program, then of recoveries.
struct Trail {
  KillChain kills;
  std::shared_ptr<const KilledRun> run;
  Situation situation = {};              // in which the next recovery is judged
  uint64_t opens = 0;                    // Opens begun so far
  std::vector<std::string> deaths = {};  // of recoveries, for people
};

std::string_view Describe(Stage stage) {
  switch (stage) {
    case Stage::kOpening:
      return "in its Open";
    case Stage::kOpened:
      return "after its Open";
    case Stage::kProbeInvoked:
      return "in the write after its Open";
    case Stage::kProbeAcked:
      return "after that write was acknowledged";
    case Stage::kClosed:
      return "after that write and a close";
    case Stage::kReopened:
      return "after that write, a close and a reopen";
  }
  return "";
}

void Append(std::vector<std::string> lines, std::vector<std::string>& story) {
  for (std::string& line : lines) story.push_back(std::move(line));
}

class DiskExplorer {
 public:
  DiskExplorer(const Case& c, const Adapter& adapter, const ExploreOptions& options,
               Monitor& monitor)
      : beating_(monitor, result_.counts), lab_{c, adapter, options, beating_}, plan_(*c.process) {}

  CaseResult Explore() && {
    if (plan_.kill.empty()) {
      ExploreAll();
    } else if (Prepare(plan_.kill.front())) {
      One(plan_.kill.front(), 0);
    }
    if (result_.counts.left_out == 0) result_.counts.programs = 1;
    return std::move(result_);
  }

 private:
  void ExploreAll() {
    if (!One(KillPoint(), 0)) return;
    const std::vector<KillPoint> points = drawn_.points;
    for (size_t i = 1; i < points.size(); ++i) {
      if (Enough() || !One(points[i], i)) break;
    }
    // A finding cuts something short: what it left, or the kills after it.
    const Counts& counts = result_.counts;
    const bool all = result_.findings.empty() && counts.unknown == 0 && counts.left_out == 0;
    if (drawn_.exhausted && all) result_.counts.exhausted_programs = 1;
  }

  /// What a named kill needs of a run to its end: its length, or what it did, to compare with.
  bool Prepare(const KillPoint& point) {
    if (point.when == KillWhen::kMoment) return One(KillPoint(), 0);
    if (point == KillPoint() || !RunsAlike()) return true;
    const Result<std::unique_ptr<Workplace>> place = Workplace::Make(plan_);
    if (!place.ok()) return LeaveOut(place.status());
    Result<KilledRun> run = RunAndKill(lab_, (*place)->path(), KillPoint(), 0);
    if (!run.ok()) return LeaveOut(run.status());
    if (!run->live) whole_ = std::make_shared<const KilledRun>(std::move(run).value());
    return true;
  }

  /// The same program does the same until it is killed, but not on real threads. A small disk may
  /// fill up differently.
  [[nodiscard]] bool RunsAlike() const { return !lab_.subject.clients && !plan_.Confines(); }

  [[nodiscard]] bool Enough() const { return result_.findings.size() >= lab_.options.max_findings; }

  /// One run, its kill (`index` of all), and the judging of what it left. False if nothing more can
  /// be run.
  bool One(const KillPoint& point, size_t index) {
    lab_.monitor.Counted({});
    const Result<std::unique_ptr<Workplace>> place = Workplace::Make(plan_);
    if (!place.ok()) return LeaveOut(place.status());
    const uint64_t moment_ns =
        point.when == KillWhen::kMoment ? whole_->duration_ns / 1000 * point.number : 0;
    Result<KilledRun> killed = RunAndKill(lab_, (*place)->path(), point, moment_ns);
    if (!killed.ok()) return LeaveOut(killed.status());
    const auto run = std::make_shared<const KilledRun>(std::move(killed).value());
    ++result_.counts.kills;
    if (lab_.subject.clients) ++result_.counts.schedules;
    std::optional<Violation> violation = run->live;
    if (!violation) violation = Differs(point, *run);
    if (point == KillPoint()) Plan(run);
    Trail trail{.kills = {point}, .run = run};
    if (violation) {
      Note(trail, {}, violation, FilesOf((*place)->path()), /*live=*/true);
      return true;
    }
    const Status room = (*place)->MakeRoom();
    if (!room.ok()) return LeaveOut(room);
    trail.situation.events = run->events.size();
    trail.opens = run->opens;
    if (plan_.kill.empty()) return Recover(**place, trail, index);
    const bool whole_chain = point == plan_.kill.front();
    return whole_chain ? Follow(**place, trail) : Conclude(**place, trail).ok();
  }

  /// What else is done depends on the run to its end.
  void Plan(const std::shared_ptr<const KilledRun>& run) {
    whole_ = run;
    drawn_ = DrawKills(lab_.subject, run->calls, run->wide);
    inner_ = ShareInner(lab_.subject, drawn_.points);
  }

  /// Recovers from what the program left; kills others that begin with equal files.
  bool Recover(Workplace& place, const Trail& trail, size_t index) {
    if (inner_[index] == 0) {
      if (plan_.depth > 1) drawn_.exhausted = false;
      return Conclude(place, trail).ok();
    }
    const Result<std::unique_ptr<Workplace>> copy = place.Copy(plan_);
    if (!copy.ok()) return LeaveOut(copy.status());
    const Result<Concluded> whole = Conclude(**copy, trail);
    if (!whole.ok() || whole->violated) return whole.ok();
    const KilledRecovery& to_end = whole->recovery;
    const DrawnKills kills =
        DrawInnerKills(lab_.subject, index, inner_[index], to_end.calls, to_end.wide);
    if (!kills.exhausted) drawn_.exhausted = false;
    for (const KillPoint& point : kills.points) {
      if (Enough()) break;
      const Result<std::unique_ptr<Workplace>> again = place.Copy(plan_);
      if (!again.ok()) return LeaveOut(again.status());
      Trail next = trail;
      const Result<bool> killed = KillRecovery(**again, point, &to_end, next);
      if (!killed.ok() || (*killed && !Conclude(**again, next).ok())) return false;
    }
    return true;
  }

  /// The chain that the plan names. Beside each killed recovery another one of equal files comes to
  /// its end; it is there to compare with, and not judged.
  bool Follow(Workplace& place, Trail& trail) {
    for (size_t i = 1; i < plan_.kill.size(); ++i) {
      const Result<std::unique_ptr<Workplace>> copy = place.Copy(plan_);
      if (!copy.ok()) return LeaveOut(copy.status());
      const Result<KilledRecovery> whole =
          RecoverApart(lab_, (*copy)->path(), trail.opens, std::nullopt);
      if (!whole.ok()) return LeaveOut(whole.status());
      const KilledRecovery* to_end = whole->violation ? nullptr : &*whole;
      const Result<bool> killed = KillRecovery(place, plan_.kill[i], to_end, trail);
      if (!killed.ok() || !*killed) return killed.ok();
    }
    return Conclude(place, trail).ok();
  }

  /// Adds it to the trail. Whether another recovery shall follow: not if this one went wrong.
  /// `whole`, if there is one: of equal files, to its end.
  Result<bool> KillRecovery(Workplace& place, const KillPoint& point, const KilledRecovery* whole,
                            Trail& trail) {
    lab_.monitor.Counted({});
    Dump files = FilesOf(place.path());
    Result<KilledRecovery> killed = RecoverApart(lab_, place.path(), trail.opens, point);
    if (!killed.ok()) return LeftOut(killed.status());
    const KilledRecovery& recovery = *killed;
    ++result_.counts.inner_kills;
    std::optional<Violation> violation = recovery.violation;
    const bool showed = recovery.killed.empty() || recovery.stage >= Stage::kOpened;
    if (!violation && showed) {
      violation = JudgeLife(lab_, *trail.run->checker, trail.situation, recovery.life);
    }
    if (!violation && showed && whole != nullptr &&
        recovery.life.seen.hash != whole->life.seen.hash) {
      violation = {Verdict::kNondeterministic, "two recoveries from equal files show other things"};
    }
    trail.kills.push_back(point);
    TellKill(point, recovery, trail.deaths);
    if (violation) {
      if (violation->verdict == Verdict::kNondeterministic) {
        trail.deaths.emplace_back("another one, which began with equal files and lived, showed:");
        Append(TellDump(whole->life.seen.dump), trail.deaths);
      }
      Note(trail, recovery, violation, std::move(files), /*live=*/false);
    }
    if (violation || recovery.killed.empty()) return false;
    trail.situation =
        After(trail.situation, CrashKind::kProcessDeath, recovery.stage, recovery.life.seen.dump);
    trail.opens += 2;
    return true;
  }

  static void TellKill(const KillPoint& point, const KilledRecovery& recovery,
                       std::vector<std::string>& story) {
    if (recovery.killed.empty()) {
      story.push_back(fmt::format("opened again, to be killed (\"{}\"): it did not come to that",
                                  Print(point)));
      return;
    }
    story.push_back(fmt::format("opened again, and killed by SIGKILL {}, {}", recovery.killed,
                                Describe(recovery.stage)));
    if (recovery.stage < Stage::kOpened) return;
    story.emplace_back("it had shown:");
    Append(TellDump(recovery.life.seen.dump), story);
  }

  struct Concluded {
    KilledRecovery recovery;
    bool violated;
  };
  /// Opens what the last death left, and judges it.
  Result<Concluded> Conclude(Workplace& place, const Trail& trail) {
    Dump files = FilesOf(place.path());
    Result<KilledRecovery> recovered = RecoverApart(lab_, place.path(), trail.opens, std::nullopt);
    if (!recovered.ok()) return LeftOut(recovered.status());
    const std::optional<Violation> violation = Judge(trail, *recovered);
    Note(trail, *recovered, violation, std::move(files), /*live=*/false);
    return Concluded{std::move(recovered).value(), violation.has_value()};
  }

  std::optional<Violation> Judge(const Trail& trail, const KilledRecovery& recovery) {
    Counts& counts = result_.counts;
    ++(trail.kills.size() > 1 ? counts.inner_reopened : counts.reopened);
    if (recovery.violation) return recovery.violation;
    ++counts.judgements;
    if (recovery.life.reopened) ++counts.probes;
    const Checker& checker = *trail.run->checker;
    if (!CanJudge(checker, trail.situation, recovery.life.seen)) ++counts.unknown;
    return JudgeLife(lab_, checker, trail.situation, recovery.life);
  }

  std::optional<Violation> Differs(const KillPoint& point, const KilledRun& run) const {
    if (!RunsAlike() || point == KillPoint() || whole_ == nullptr) return std::nullopt;
    const bool same = run.events.size() <= whole_->events.size() &&
                      std::equal(run.events.begin(), run.events.end(), whole_->events.begin());
    if (same) return std::nullopt;
    return Violation{Verdict::kNondeterministic,
                     "two runs of the program on a real disk differ in how an operation ended"};
  }

  void Note(const Trail& trail, const KilledRecovery& recovery,
            const std::optional<Violation>& violation, Dump files, bool live) {
    Digest(trail, recovery, violation);
    if (violation) Found(trail, recovery, *violation, live, std::move(files));
  }

  void Digest(const Trail& trail, const KilledRecovery& recovery,
              const std::optional<Violation>& violation) {
    // A timer, when exactly a tmpfs is full, and threads differ from run to run.
    const bool timed = trail.kills.front().when == KillWhen::kMoment;
    if (timed || plan_.tmpfs_bytes || lab_.subject.clients) return;
    const faultfs::Hash128 dump = recovery.life.seen.hash;
    std::string text =
        fmt::format("{} {} {} {:016x}{:016x} {}", Print(trail.kills), trail.run->events.size(),
                    trail.run->killed, dump.high, dump.low,
                    violation ? std::string(Name(violation->verdict)) : std::string());
    for (const std::string& death : trail.deaths) text += "\n" + death;
    result_.digest = faultfs::Combine(result_.digest, faultfs::HashBytes(text));
  }

  void Found(const Trail& trail, const KilledRecovery& recovery, const Violation& violation,
             bool live, Dump files) {
    Finding finding;
    finding.verdict = violation.verdict;
    finding.signature =
        fmt::format("{} {}", Name(violation.verdict), live ? "live on disk" : "killed on disk");
    for (size_t i = 1; i < trail.kills.size(); ++i) finding.signature += ", then in recovery";
    for (const Finding& known : result_.findings) {
      if (known.signature == finding.signature) return;
    }
    finding.detail = violation.detail;
    finding.reproducer = lab_.subject;
    ProcessPlan& plan = *finding.reproducer.process;  // these kills, on the same kind of disk
    plan = {.tmpfs_bytes = plan.tmpfs_bytes,
            .file_size_limit_bytes = plan.file_size_limit_bytes,
            .kill = trail.kills};
    finding.disk = std::move(files);
    finding.story = Tell(trail, recovery, live);
    finding.story.push_back(fmt::format("{}: {}", Name(violation.verdict), violation.detail));
    if (violation.verdict == Verdict::kNondeterministic) {
      finding.story.emplace_back("what differs from run to run need not come again");
    }
    for (const auto& output : {trail.run->output, recovery.output}) {
      for (const std::string& line : output) finding.story.push_back("it said: " + line);
    }
    lab_.monitor.Found(finding);
    result_.findings.push_back(std::move(finding));
  }

  std::vector<std::string> Tell(const Trail& trail, const KilledRecovery& recovery, bool live) {
    const KilledRun& run = *trail.run;
    std::vector<std::string> story;
    for (const std::string& fault : lab_.subject.faults) story.push_back("fault: " + fault);
    TellEvents(lab_.subject, run.events, run.events.size(), story);
    if (!run.killed.empty()) story.push_back("killed by SIGKILL " + run.killed);
    if (lab_.subject.clients) {
      story.emplace_back("on real threads: what the clients saw since the last Open, with ticks:");
      TellLines(run.checker->Tell(run.events.size()), story);
    }
    if (trail.kills.front().when == KillWhen::kMoment) {
      story.emplace_back("a moment by the clock: it does not come again to the instant");
    }
    Append(trail.deaths, story);
    const bool told = !recovery.killed.empty();  // with the deaths
    if (!live && !told && !recovery.violation && recovery.life.seen.open.ok()) {
      story.emplace_back("opened again, it showed:");
      Append(TellDump(recovery.life.seen.dump), story);
    }
    return story;
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
  Status LeftOut(const Status& why) {
    LeaveOut(why);
    return why;
  }

  CaseResult result_;
  Beating beating_;
  const Laboratory lab_;
  const ProcessPlan& plan_;
  std::shared_ptr<const KilledRun> whole_;  // the run to its end
  DrawnKills drawn_;                        // of the program; exhausted: and its recoveries so far
  std::vector<uint64_t> inner_;             // kills of recoveries after each of them
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
