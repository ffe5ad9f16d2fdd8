// `crashlab replay`, `export` and `explain`: what can be done with one finding.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "faultfs/env/posix_file_system.h"
#include "faultfs/sim/image.h"
#include "harness/cli/internal/cli.h"
#include "harness/explore/finding.h"
#include "harness/report/report.h"
#include "harness/runner/internal/death_finding.h"
#include "harness/runner/internal/one_job.h"
#include "harness/runner/internal/wire.h"

namespace crashlab {
namespace {

using faultfs::Image;
using faultfs::PosixFileSystem;

/// For --in-process: a hang stops where it is, so that a debugger shows it.
class AbortingMonitor final : public Monitor {
 public:
  explicit AbortingMonitor(std::ostream& out) : out_(out) {}
  void Recovering(const std::function<std::vector<CrashStep>()>&) override {}
  void Counted(const Counts&) override {}
  void Hung(bool in_open) override {
    out_ << Name(in_open ? Verdict::kOpenHung : Verdict::kHang)
         << ": more file-system calls than the limit; aborting here\n"
         << std::flush;
    std::abort();
  }

 private:
  std::ostream& out_;
};

/// The findings of the one chain, or of the whole case if it has none.
Result<CaseResult> Again(const Target& target, Monitor& monitor) {
  if (target.c.crash.chain.empty()) return ExploreCase(target.c, *target.adapter, {}, monitor);
  FAULTFS_ASSIGN_OR_RETURN(ReplayResult replayed, Replay(target.c, *target.adapter, {}, monitor));
  CaseResult result;
  if (replayed.finding) result.findings.push_back(*std::move(replayed.finding));
  return result;
}

/// What to say where the simulated disk is needed.
std::string NoSimulatedDisk(const Target& target) {
  return target.scenario.file + ": a scenario with [process] has no simulated disk";
}

int NotDecided(const Console& console, const Status& status) {
  console.err << "crashlab: " << OneLine(status) << "\n";
  return kExitNotDecided;
}

int TellFindings(const std::vector<Finding>& findings, const Target& target,
                 const Console& console) {
  const Expectation& expect = target.scenario.expect;
  for (const Finding& finding : findings) console.out << FindingText(finding, "", "") << "\n";
  const auto& file = target.scenario.file;
  if (findings.empty()) {
    console.out << (expect.verdict
                        ? fmt::format("nothing: {} expects {}, which does not show\n", file,
                                      expect.signature.empty() ? Name(*expect.verdict)
                                                               : std::string_view(expect.signature))
                        : std::string("nothing: all is as it should be\n"));
    return kExitAsExpected;
  }
  if (!expect.verdict) return kExitFindings;
  for (const Finding& finding : findings) {
    if (finding.verdict == *expect.verdict &&
        (expect.signature.empty() || finding.signature == expect.signature)) {
      console.out << fmt::format("the finding shows, as {} has it\n", file);
      return kExitFindings;
    }
  }
  console.out << fmt::format(
      "another finding than {} has: it expects {}\n", file,
      expect.signature.empty() ? Name(*expect.verdict) : std::string_view(expect.signature));
  return kExitFindings;
}

/// Writes the disk that the chain leaves into a folder that is empty or made.
Status ExportDisk(const Target& target, const std::string& folder, Image* exported) {
  FAULTFS_ASSIGN_OR_RETURN(const Image image, ImageOf(target.c, *target.adapter));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Status::Error(Code::kIoError, error.message()).File(folder);
  PosixFileSystem posix;
  FAULTFS_RETURN_IF_ERROR(image.ExportTo(posix, folder));
  *exported = image;
  return {};
}

int ReplayOnDisk(const Target& target, const std::string& folder, const Console& console) {
  if (target.c.process) return console.WrongUse(NoSimulatedDisk(target));
  Image image;
  if (const Status status = ExportDisk(target, folder, &image); !status.ok()) {
    return console.WrongUse(status);
  }
  const std::string directory = folder + std::string(kStoreDirectory);
  const auto work = [&](Monitor&) -> Result<std::string> {
    PosixFileSystem posix;
    FAULTFS_ASSIGN_OR_RETURN(const std::optional<Violation> violation,
                             JudgeOn(target.c, *target.adapter, posix, directory));
    CaseResult result;
    if (violation) {
      result.findings.push_back({.verdict = violation->verdict,
                                 .signature = SignatureOf(violation->verdict, target.c.crash.chain),
                                 .detail = violation->detail,
                                 .model = LosesPower(target.c.crash.chain)
                                              ? ModelName(target.c.crash.models.front())
                                              : std::string(),
                                 .reproducer = target.c,
                                 .story = {}});
    }
    return Encode(result);
  };
  const auto answer = RunOneJob(work, {});
  if (!answer.ok()) return NotDecided(console, answer.status());
  if (!answer->status.ok()) return NotDecided(console, answer->status);
  std::vector<Finding> findings;
  if (answer->death) {
    Death death = *answer->death;
    death.recovery = 1;
    death.place = Place{target.c.crash.chain, target.c.crash.models.front()};
    findings.push_back(FindingOfDeath(target.c, death));
  } else if (auto result = DecodeCaseResult(answer->text)) {
    findings = std::move(result->findings);
  }
  console.out << "opened through the real file layer: " << directory << "\n";
  return TellFindings(findings, target, console);
}

}  // namespace

Result<CaseResult> ExploreApart(const Target& target) {
  const auto work = [&](Monitor& monitor) -> Result<std::string> {
    FAULTFS_ASSIGN_OR_RETURN(const CaseResult result, Again(target, monitor));
    return Encode(result);
  };
  FAULTFS_ASSIGN_OR_RETURN(JobAnswer answer, RunOneJob(work, {}));
  FAULTFS_RETURN_IF_ERROR(answer.status);
  if (answer.death) {
    CaseResult result;
    result.findings = std::move(answer.death->found);
    result.findings.push_back(FindingOfDeath(target.c, *answer.death));
    return result;
  }
  const std::optional<CaseResult> result = DecodeCaseResult(answer.text);
  if (!result) return Status::Error(Code::kIoError, "the worker process sent no result");
  return *result;
}

int Execute(const ReplayCommand& command, const Console& console) {
  const auto target = FindTarget(command.target, console.adapters);
  if (!target.ok()) return console.WrongUse(target.status());
  if (!command.on_disk.empty()) return ReplayOnDisk(*target, command.on_disk, console);
  AbortingMonitor monitor(console.out);
  const auto result = command.in_process ? Again(*target, monitor) : ExploreApart(*target);
  if (!result.ok()) return NotDecided(console, result.status());
  return TellFindings(result->findings, *target, console);
}

int Execute(const ExportCommand& command, const Console& console) {
  const auto target = FindTarget(command.file, console.adapters);
  if (!target.ok()) return console.WrongUse(target.status());
  if (target->c.process) return console.WrongUse(NoSimulatedDisk(*target));
  Image image;
  const Status status = ExportDisk(*target, command.out, &image);
  if (!status.ok()) return console.WrongUse(status);
  console.out << "the disk after the crash, in " << command.out << ":\n" << image.Describe();
  return kExitAsExpected;
}

int Execute(const ExplainCommand& command, const Console& console) {
  const auto target = FindTarget(command.file, console.adapters);
  if (!target.ok()) return console.WrongUse(target.status());
  if (target->c.process) return console.WrongUse(NoSimulatedDisk(*target));
  if (!command.observed.empty()) {
    PosixFileSystem posix;
    const auto observed = Image::FromDirectory(posix, command.observed);
    if (!observed.ok()) return console.WrongUse(observed.status());
    const auto answer = ExplainObserved(target->c, *target->adapter, *observed);
    if (!answer.ok()) return NotDecided(console, answer.status());
    console.out << answer->text;
    return answer->allowed ? kExitAsExpected : kExitFindings;
  }
  const auto answer =
      RunOneJob([&](Monitor&) { return ExplainCase(target->c, *target->adapter); }, {});
  if (!answer.ok()) return NotDecided(console, answer.status());
  if (!answer->status.ok()) return NotDecided(console, answer->status);
  if (!answer->death) {
    console.out << answer->text;
    return kExitAsExpected;
  }
  const auto without = ExplainCase(target->c, *target->adapter, /*recover=*/false);
  if (without.ok()) console.out << *without;
  console.out << answer->death->how << "\n";
  return kExitAsExpected;
}

}  // namespace crashlab
