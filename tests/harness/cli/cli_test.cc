// The command line through crashlab::Main: exact lines, exit codes, files.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "faultfs/env/io_tag.h"
#include "harness/main.h"
#include "tests/harness/cli/cli_fixture.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// Keeps nothing and promises nothing; its directory, once durable, makes the next Open die.
class FragileAdapter final : public Adapter {
 public:
  enum class Way { kAborts, kLoops };
  FragileAdapter(std::string_view name, Way way) : name_(name), way_(way) {}

  std::string_view name() const override { return name_; }
  std::string_view summary() const override { return "dies when it recovers"; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    faultfs::FileSystem& files = context.file_system;
    if (files.Stat(context.directory).ok()) Die(files);
    constexpr faultfs::IoTag kTag{"fragile.dir"};
    FAULTFS_RETURN_IF_ERROR(files.CreateDir(context.directory, kTag));
    FAULTFS_RETURN_IF_ERROR(files.SyncDir("/", kTag));
    return std::unique_ptr<System>(std::make_unique<Nothing>());
  }

 private:
  class Nothing final : public System {
    Reply Apply(const Operation&, OpNumber) override { return {}; }
    Result<Dump> ReadAll() override { return Dump(); }
    Status Close() override { return {}; }
  };

  void Die(faultfs::FileSystem& files) const {
    if (way_ == Way::kAborts) std::abort();
    while (true) static_cast<void>(files.Stat("/"));
  }

  const std::string_view name_;
  const Way way_;
  const Capabilities capabilities_{.verbs = {Verb::kSet}, .calls = {}};
  const Contract contract_;
};

class CliTest : public CliFixture {
 protected:
  CliTest() {
    Write("good.toml", "[workload]\nseed = 3\nruns = 4\noperations = [1, 4]\n");
    Write("toy.toml", kToy);
    Write("canary.toml", "program = \"set a 1\"\n[store]\nadapter = \"canary\"\n");
  }

  std::vector<const Adapter*> Adapters() const override {
    std::vector<const Adapter*> adapters = BuiltinAdapters();
    adapters.push_back(&aborts_);
    adapters.push_back(&loops_);
    return adapters;
  }

  static constexpr std::string_view kToy = R"(
why = "a log that is never synced"
expect = { verdict = "LOST_ACKED" }
program = """
set k1 10
set k2 10
"""
[store]
adapter = "toy"
)";

  const FragileAdapter aborts_{"aborts", FragileAdapter::Way::kAborts};
  const FragileAdapter loops_{"loops", FragileAdapter::Way::kLoops};
};

// ---- wrong use

TEST_F(CliTest, WrongVerb) {
  ExpectWrong({}, "no verb; one of run, replay, minimize, export, explain, list");
  ExpectWrong({"rnu"}, "unknown verb \"rnu\"; did you mean \"run\"?");
  ExpectWrong({"--frob"}, "unknown option \"--frob\"; did you mean \"--help\"?");
}

TEST_F(CliTest, WrongOptions) {
  ExpectWrong({"run", "good.toml", "--job", "2"},
              "run: unknown option \"--job\"; did you mean \"--jobs\"?");
  ExpectWrong({"run", "good.toml", "--jobs"}, "run: --jobs needs a value");
  ExpectWrong({"run", "good.toml", "--jobs", "1", "--jobs", "2"},
              "run: --jobs is given more than once");
  ExpectWrong({"run"}, "run: PATHS is required");
  ExpectWrong({"replay", "a", "b"}, "replay: unexpected \"b\"");
  ExpectWrong({"export", "a"}, "export: --out is required");
}

TEST_F(CliTest, WrongValues) {
  ExpectWrong({"run", "good.toml", "--times", "0"},
              "run: --times 0: not a whole number from 1 to 1000000");
  ExpectWrong({"run", "good.toml", "--minimize", "all"},
              "run: --minimize all: not a whole number from 0 to 1000000000");
  ExpectWrong({"run", "good.toml", "--shard", "3/2"}, "run: --shard 3/2: there is no shard 3 of 2");
  ExpectWrong({"run", "good.toml", "--shard", "0/2"},
              "run: --shard 0/2: not a shard such as 1/2 (the first of two)");
  ExpectWrong({"run", "good.toml", "--jobs", "-1"},
              "run: --jobs -1: not a whole number from 1 to 1024");
  ExpectWrong({"run", "good.toml", "--jobs", "0"},
              "run: --jobs 0: not a whole number from 1 to 1024");
  ExpectWrong({"run", "good.toml", "--jobs", "2x"},
              "run: --jobs 2x: not a whole number from 1 to 1024");
  ExpectWrong({"run", "good.toml", "--budget", "5x"},
              "run: --budget 5x: not a time such as 30s, 5m or 1h");
  ExpectWrong({"run", "good.toml", "--budget", "0s"},
              "run: --budget 0s: not a time such as 30s, 5m or 1h");
  ExpectWrong({"run", "good.toml", "--seed", "99999999999999999999"},
              "run: --seed 99999999999999999999: not a whole number from 0 up, of 64 bits");
  ExpectWrong({"run", "good.toml", "--runs", "0"},
              "run: --runs 0: not a whole number from 1 to 1000000000");
  ExpectWrong({"run", "good.toml", "--progress", "maybe"},
              "run: --progress maybe: neither auto nor never");
  Write("process.toml", "program = \"set a 10\"\n[process]\nkills = 1\n");
  ExpectWrong(
      {"run", "good.toml", "process.toml", "--fault", "full 4096 any"},
      "run: --fault full 4096 any: process has [process], and the rule needs the simulator");
  ExpectWrong({"list", "modles"}, "list: there is no list of \"modles\"; did you mean \"models\"?");
  ExpectWrong({"list", "models", "x"}, "list: models takes no path");
}

TEST_F(CliTest, WrongFiles) {
  ExpectWrong({"run", "nowhere.toml"}, "nowhere.toml: no such file or folder");
  fs::create_directory("empty");
  ExpectWrong({"run", "empty"}, "empty: no *.toml in this folder");
  Write("binary.toml", std::string("\x7f"
                                   "ELF\x00\x01\x02",
                                   7));
  ExpectWrong({"run", "good.toml", "binary.toml"}, "binary.toml: no text; a scenario is TOML");
  ExpectWrong({"replay", "good.toml"},
              "good.toml: it makes 4 programs; say which by good.toml:SEED, with a seed that run "
              "printed");
}

TEST_F(CliTest, AWrongKeyNamesFileLineAndTheRightOne) {
  Write("wrong.toml", "[workload]\nrun = 4\n");
  const Ran ran = Run({"run", "wrong.toml"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, AllOf(StartsWith("crashlab: wrong.toml:2: "), HasSubstr("\"runs\"")));
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1);
}

TEST_F(CliTest, TargetsAreCheckedBeforeTheRun) {
  ExpectWrong({"run", "good.toml", "--out", "good.toml/x"},
              "run: --out good.toml/x: good.toml/x: Not a directory");
  ExpectWrong({"run", "good.toml", "--junit", "nowhere/x.xml"},
              "run: --junit nowhere/x.xml: there is no such folder");
  ExpectWrong({"run", "good.toml", "--json", "."}, "run: --json .: is a folder");
}

TEST_F(CliTest, AReadOnlyFolderIsNoTarget) {
  if (geteuid() == 0) {
    // Root may write anywhere but here.
    const Ran ran = Run({"run", "good.toml", "--out", "/proc/self"});
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_THAT(ran.err, StartsWith("crashlab: run: --out /proc/self: "));
    EXPECT_EQ(ran.out, "");
    return;
  }
  fs::create_directory("locked");
  fs::permissions("locked", fs::perms::owner_read | fs::perms::owner_exec);
  const Ran ran = Run({"run", "good.toml", "--out", "locked"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, StartsWith("crashlab: run: --out locked: "));
}

TEST_F(CliTest, TheTrialLeavesNothing) {
  EXPECT_EQ(Run({"run", "good.toml", "--out", "new/folder"}).exit_code, 0);
  EXPECT_FALSE(fs::exists("new"));
  EXPECT_FALSE(fs::exists("findings"));
}

// ---- run

TEST_F(CliTest, HelpAndVersion) {
  EXPECT_THAT(Run({"--version"}).out, StartsWith("crashlab 0."));
  EXPECT_EQ(Run({"--version"}).exit_code, 0);
  for (const char* verb : {"run", "replay", "export", "explain", "list"}) {
    const Ran ran = Run({verb, "--help"});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_THAT(ran.out, HasSubstr(std::string("crashlab ") + verb));
  }
  EXPECT_THAT(Run({"--help"}).out, AllOf(HasSubstr("Exit codes"), HasSubstr("Examples")));
}

TEST_F(CliTest, AllAsExpected) {
  const Ran ran = Run({"run", "good.toml", "toy.toml"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_EQ(ran.err, "") << "no progress line where no terminal is";
  EXPECT_THAT(ran.out, StartsWith("seed      1 (toy), 3 (good)\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nok    good  "));
  EXPECT_THAT(ran.out, HasSubstr("found as expected: LOST_ACKED power-loss"));
  EXPECT_THAT(ran.out, EndsWith("exit 0: every scenario gave what it expects\n"));
}

TEST_F(CliTest, TheCanaryIsFoundWrittenAndReplayed) {
  const Ran ran = Run({"run", "canary.toml", "--out", "o"});
  EXPECT_EQ(ran.exit_code, 1);
  const std::vector<std::string> files = Findings("o");
  ASSERT_THAT(files, ::testing::Not(IsEmpty()));
  for (const std::string& file : files) {
    EXPECT_THAT(file, ::testing::MatchesRegex("o/canary-LOST_ACKED-[0-9a-f]{8}\\.toml"));
    EXPECT_THAT(ran.out, HasSubstr("  replay: crashlab replay " + file + "\n"));
    const Ran replayed = Run({"replay", file});
    EXPECT_EQ(replayed.exit_code, 1);
    EXPECT_THAT(replayed.out, EndsWith("the finding shows, as " + file + " has it\n"));
    EXPECT_EQ(Run({"replay", file, "--in-process"}).out, replayed.out);
    EXPECT_EQ(Run({"run", file}).exit_code, 0) << "as a scenario it expects itself";
  }
}

TEST_F(CliTest, WhatIsFoundIsMadeSmallInItsPlace) {
  Write("long.toml",
        "program = \"\"\"\nset a 10\nset b 10\nget a\ndelete a\nreopen\nset c 300\n\"\"\"\n"
        "[store]\nadapter = \"toy\"\n[crash]\nkinds = [\"power-loss\"]\n");
  const Ran whole = Run({"run", "long.toml", "--progress", "never", "--minimize", "0"});
  EXPECT_EQ(whole.exit_code, 1);
  EXPECT_THAT(whole.out, Not(HasSubstr("made smaller")));
  const size_t found = Findings().size();
  ASSERT_GE(found, 1u);
  fs::remove_all("findings");

  const Ran ran = Run({"run", "long.toml", "--progress", "never"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("made smaller"), HasSubstr("1 operation, from 6; nothing "
                                                                  "more can be left out")));
  const auto files = Findings();
  ASSERT_THAT(files, SizeIs(found));
  for (const std::string& file : files) {
    const Ran again = Run({"replay", file});
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_THAT(again.out, HasSubstr("the finding shows, as " + file + " has it"));
    EXPECT_THAT(Read(file), Not(HasSubstr("reopen")));
  }
}

TEST_F(CliTest, SoManyTimesAsMany) {
  const Ran ran = Run({"run", "good.toml", "--progress", "never", "--times", "3"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("12 programs"));
}

TEST_F(CliTest, AFindingThatDoesNotShowIsExit0) {
  Run({"run", "toy.toml"});
  const std::string file = Findings().front();
  std::string text = Read(file);
  // The same crash with another engine.
  text.replace(text.find("\"toy\""), 5, "\"kv\"");
  Write("kv.toml", text);
  const Ran ran = Run({"replay", "kv.toml"});
  EXPECT_THAT(ran.exit_code, ::testing::AnyOf(0, 3)) << ran.out;
  // A program without a flaw.
  Write("pass.toml", "program = \"set a 1\"\n");
  const Ran passed = Run({"replay", "pass.toml"});
  EXPECT_EQ(passed.exit_code, 0);
  EXPECT_EQ(passed.out, "nothing: all is as it should be\n");
}

TEST_F(CliTest, OneProgramByItsSeed) {
  Write("toys.toml",
        "[workload]\nseed = 5\nruns = 9\noperations = [2, 4]\n[store]\nadapter = \"toy\"\n");
  const Ran ran = Run({"run", "toys.toml"});
  EXPECT_EQ(ran.exit_code, 1);
  const size_t at = ran.out.find(", seed ", ran.out.find("engine toy"));
  ASSERT_NE(at, std::string::npos);
  const std::string seed =
      ran.out.substr(at + 7, ran.out.find_first_not_of("0123456789", at + 7) - at - 7);
  const Ran replayed = Run({"replay", "toys.toml:" + seed});
  EXPECT_EQ(replayed.exit_code, 1);
  EXPECT_THAT(replayed.out, HasSubstr("seed " + seed));
}

/// Every match of an extended regular expression replaced. (<regex> does not compile without
/// warnings under g++ 12's sanitizers.)
std::string Replaced(std::string text, const std::string& pattern, std::string_view by) {
  regex_t compiled;
  EXPECT_EQ(regcomp(&compiled, pattern.c_str(), REG_EXTENDED), 0);
  std::string out;
  regmatch_t match;
  while (regexec(&compiled, text.c_str(), 1, &match, 0) == 0) {
    out += text.substr(0, static_cast<size_t>(match.rm_so)).append(by);
    text.erase(0, static_cast<size_t>(match.rm_eo));
  }
  regfree(&compiled);
  return out + text;
}

std::string WithoutTimings(const std::string& text) {
  return Replaced(Replaced(text, ", [0-9.]+ s(, [0-9,]+/s)?", ""), ", [0-9]+ workers?", "");
}

TEST_F(CliTest, ReportsDoNotDependOnTheNumberOfWorkers) {
  Write("toys.toml",
        "[workload]\nseed = 5\nruns = 40\noperations = [1, 4]\n[store]\nadapter = \"toy\"\n");
  const std::vector<std::string> base = {"run", "good.toml", "toy.toml", "toys.toml", "--out"};
  const auto run = [&](const char* out, const char* jobs) {
    std::vector<std::string> arguments = base;
    arguments.insert(arguments.end(), {out, "--jobs", jobs});
    std::string text = WithoutTimings(Run(arguments).out);
    return Replaced(text, std::string(out) + "/", "OUT/");
  };
  EXPECT_EQ(run("one", "1"), run("two", "3"));
  const auto one = Findings("one");
  const auto two = Findings("two");
  ASSERT_EQ(one.size(), two.size());
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(fs::path(one[i]).filename(), fs::path(two[i]).filename());
    EXPECT_EQ(Read(one[i]), Read(two[i]));
  }
}

TEST_F(CliTest, FindingsThatCannotBeWrittenArePrintedWhole) {
  Write("findings", "a file is in the way");
  const Ran ran = Run({"run", "canary.toml"});
  EXPECT_EQ(ran.exit_code, 1);
  const size_t begin = ran.out.find("--- begin of finding\n");
  ASSERT_NE(begin, std::string::npos) << ran.out;
  const size_t end = ran.out.find("--- end of finding\n");
  Write("kept.toml", ran.out.substr(begin + 21, end - begin - 21));
  EXPECT_EQ(Run({"replay", "kept.toml"}).exit_code, 1);
  EXPECT_EQ(Read("findings"), "a file is in the way");
}

TEST_F(CliTest, AFindingNeverOverwritesAnotherFile) {
  Run({"run", "canary.toml"});
  const std::vector<std::string> files = Findings();
  for (const std::string& file : files) Write(file, "mine");
  Run({"run", "canary.toml"});
  for (const std::string& file : files) EXPECT_EQ(Read(file), "mine");
  EXPECT_THAT(Findings(), SizeIs(2 * files.size()));
  Run({"run", "canary.toml"});
  EXPECT_THAT(Findings(), SizeIs(2 * files.size())) << "an equal one is the same";
}

TEST_F(CliTest, ReportFilesAreWritten) {
  const Ran ran = Run({"run", "canary.toml", "toy.toml", "--junit", "j.xml", "--json", "j.jsonl"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(Read("j.xml"), AllOf(StartsWith("<?xml"), HasSubstr("failures=\"1\"")));
  EXPECT_THAT(Read("j.jsonl"), HasSubstr("{\"type\":\"summary\",\"scenarios\":2"));
}

TEST_F(CliTest, ABudgetThatIsTooShortIsExit3) {
  Write("long.toml", "[workload]\nseed = 3\nruns = 1000000\n");
  const Ran ran = Run({"run", "long.toml", "--budget", "300ms"});
  EXPECT_EQ(ran.exit_code, 3) << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("open  long"), HasSubstr("the budget of 0.3 s was used up"),
                             EndsWith("exit 3: not everything was decided\n")));
}

// ---- the end of the program itself

/// `crashlab run` without an end, in a process group of its own that this process inherits.
pid_t RunInGroup() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    const int out = open("out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    const char* argv[] = {"crashlab", "run", "canary.toml", "long.toml", "--jobs", "2"};
    _exit(Main(6, argv, BuiltinAdapters()));
  }
  setpgid(child, child);
  return child;
}

/// Whether nobody is left in the group, soon.
bool GroupEnds(pid_t group) {
  for (int i = 0; i < 100; ++i) {
    while (waitpid(-group, nullptr, WNOHANG) > 0) {
    }
    if (kill(-group, 0) != 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

/// Once it is at work.
void WaitForFindings() {
  for (int i = 0; i < 200 && !fs::exists("findings"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TEST_F(CliTest, AnInterruptionEndsAllAndSaysSo) {
  Write("long.toml", "[workload]\nseed = 3\nruns = 1000000\n");
  // A person's Ctrl-C reaches the whole group, a service manager's SIGTERM perhaps only the first.
  for (const auto& [signal_number, to_group] :
       {std::pair(SIGINT, true), std::pair(SIGTERM, false)}) {
    fs::remove_all("findings");
    const pid_t group = RunInGroup();
    WaitForFindings();
    ASSERT_EQ(kill(to_group ? -group : group, signal_number), 0);
    int status = 0;
    ASSERT_EQ(waitpid(group, &status, 0), group);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1) << "the canary was unexpected";
    EXPECT_TRUE(GroupEnds(group));
    EXPECT_THAT(Read("out.txt"), AllOf(HasSubstr("open  long"), HasSubstr("interrupted")));
    EXPECT_THAT(Findings(), ::testing::Not(IsEmpty()));
  }
}

TEST_F(CliTest, WorkersDieWithTheirParent) {
  Write("long.toml", "[workload]\nseed = 3\nruns = 1000000\n");
  const pid_t group = RunInGroup();
  WaitForFindings();
  ASSERT_EQ(kill(group, SIGKILL), 0);
  EXPECT_TRUE(GroupEnds(group));
}

// ---- engines that die

TEST_F(CliTest, AnEngineThatAbortsIsAFindingThatReplays) {
  Write("a.toml", "program = \"set a 1\"\n[store]\nadapter = \"aborts\"\n");
  const Ran ran = Run({"run", "a.toml", "good.toml"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\nCRASH "), HasSubstr("died of signal SIGABRT"),
                             HasSubstr("    set a 1\n"), HasSubstr("\nok    good  ")));
  const auto files = Findings();
  ASSERT_THAT(files, SizeIs(1));
  for (int i = 0; i < 3; ++i) {
    const Ran replayed = Run({"replay", files[0]});
    EXPECT_EQ(replayed.exit_code, 1);
    EXPECT_THAT(replayed.out, HasSubstr("the finding shows")) << replayed.out;
  }
  const Ran on_disk = Run({"replay", files[0], "--on-disk", "disk"});
  EXPECT_EQ(on_disk.exit_code, 1);
  EXPECT_THAT(on_disk.out, HasSubstr("the finding shows")) << on_disk.out;
  EXPECT_EQ(Run({"export", files[0], "--out", "disk2"}).exit_code, 0);
  const Ran explained = Run({"explain", files[0]});
  EXPECT_EQ(explained.exit_code, 0);
  EXPECT_THAT(explained.out, HasSubstr("died of signal SIGABRT"));
}

TEST_F(CliTest, AnEngineThatLoopsHangs) {
  Write("l.toml", "program = \"set a 1\"\n[store]\nadapter = \"loops\"\n");
  const Ran ran = Run({"run", "l.toml"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\nOPEN_HUNG "), HasSubstr("file-system calls")));
  const auto files = Findings();
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_THAT(Run({"replay", files[0]}).out, HasSubstr("the finding shows"));
}

// ---- export, explain, list

TEST_F(CliTest, ExportedAndExplained) {
  Run({"run", "toy.toml"});
  const std::string file = Findings().front();
  EXPECT_EQ(Run({"export", file, "--out", "disk"}).exit_code, 0);
  const Ran again = Run({"export", file, "--out", "."});
  EXPECT_EQ(again.exit_code, 2) << "not empty";
  EXPECT_THAT(Run({"explain", file}).out, HasSubstr("lost"));
  const Ran observed = Run({"explain", file, "--observed", "disk"});
  EXPECT_EQ(observed.exit_code, 0) << observed.out;
  EXPECT_THAT(observed.out, StartsWith("yes"));
  Write("disk/stranger", "nobody wrote this");
  const Ran other = Run({"explain", file, "--observed", "disk"});
  EXPECT_EQ(other.exit_code, 1) << other.out;
  EXPECT_THAT(other.out, StartsWith("no"));
}

TEST_F(CliTest, TheRealFileLayerShowsTheSame) {
  Run({"run", "toy.toml"});
  int number = 0;
  for (const std::string& file : Findings()) {
    const Ran ran = Run({"replay", file, "--on-disk", "disk" + std::to_string(++number)});
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_THAT(ran.out, HasSubstr("the finding shows"));
  }
  EXPECT_GT(number, 0);
}

TEST_F(CliTest, Lists) {
  EXPECT_THAT(Run({"list", "adapters"}).out,
              AllOf(HasSubstr("kv "), HasSubstr("toy "), HasSubstr("canary ")));
  EXPECT_THAT(Run({"list", "models"}).out, StartsWith("posix\n  tear=512 "));
  EXPECT_THAT(
      Run({"list", "models"}).out,
      HasSubstr("\n  entries=related           directory entries of one file in order, others "
                "free (A24)\n"));
  EXPECT_THAT(Run({"list", "litmus"}).out,
              HasSubstr("\n✗, btrfs: directory operation before any later one: "));
  EXPECT_THAT(Run({"list", "verdicts"}).out, StartsWith("CRASH\nHANG\nOPEN_HUNG\n"));
  EXPECT_THAT(Run({"list", "verbs"}).out, HasSubstr("kill"));
  const std::string faults = Run({"list", "faults"}).out;
  EXPECT_THAT(faults, HasSubstr("short BYTES  read, write\n"));
  EXPECT_THAT(faults, HasSubstr("late CODE    write, sync\n"));
  EXPECT_THAT(faults, HasSubstr("full BYTES   create, write, allocate, create-dir\n"));
  EXPECT_THAT(faults, HasSubstr("evict"));
  EXPECT_EQ(Run({"list", "scenarios", "toy.toml"}).out,
            "toy.toml  1 program, expects LOST_ACKED: a log that is never synced\n");
  EXPECT_EQ(Run({"list", "scenarios"}).exit_code, 2) << "there is no such folder here";
}

}  // namespace
}  // namespace crashlab
