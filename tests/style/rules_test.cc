// Each rule on small made-up trees: one that breaks it and one that only looks like it.
#include "tests/style/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace crashlab::style {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

SourceFile Header(std::string path, std::string body) {
  return {std::move(path), "// A header.\n#pragma once\n" + body};
}

/// The violations of one line of code, at a path.
Violations Banned(std::string path, std::string code) {
  return CheckBannedNames({{std::move(path), std::move(code)}});
}

std::string IncludeOf(std::string_view path) { return "#include \"" + std::string(path) + "\"\n"; }

Violations IncludeFrom(std::string path, std::string_view included) {
  return CheckIncludes({{std::move(path), IncludeOf(included)}, Header(std::string(included), "")});
}

TEST(IncludeRules, EachFolderSeesOnlyThoseBelowIt) {
  struct Row {
    std::string from;
    std::string to;
    bool allowed;
  };
  const Row rows[] = {
      {"faultfs/env/a.cc", "faultfs/env/b.h", true},
      {"faultfs/env/a.cc", "faultfs/sim/b.h", false},
      {"faultfs/sim/a.cc", "faultfs/env/b.h", true},
      {"faultfs/sim/a.cc", "faultfs/fault/b.h", false},
      {"faultfs/sim/a.cc", "faultfs/crash/b.h", false},
      {"faultfs/fault/a.cc", "faultfs/env/b.h", true},
      {"faultfs/fault/a.cc", "faultfs/sim/b.h", false},
      {"faultfs/crash/a.cc", "faultfs/sim/b.h", true},
      {"faultfs/crash/a.cc", "faultfs/env/b.h", true},
      {"faultfs/crash/a.cc", "faultfs/fault/b.h", false},
      {"store/a.cc", "faultfs/env/b.h", true},
      {"store/a.cc", "faultfs/sim/b.h", false},
      {"store/a.cc", "harness/b.h", false},
      {"harness/a.cc", "faultfs/crash/b.h", true},
      {"harness/a.cc", "store/b.h", false},
      {"harness/adapters/toy.cc", "store/b.h", false},
      {"harness/adapters/kv_adapter.cc", "store/b.h", true},
      {"harness/a.cc", "tests/b.h", false},
      {"faultfs/sim/a.cc", "harness/b.h", false},
      {"tests/consumer/a.cc", "store/b.h", false},
      {"tests/consumer/a.cc", "harness/b.h", true},
      {"tests/store/a.cc", "store/b.h", true},
      {"bench/a.cc", "tests/b.h", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(IncludeFrom(row.from, row.to).empty(), row.allowed) << row.from << " " << row.to;
  }
}

TEST(IncludeRules, EnvIncludesTheStandardLibraryOnly) {
  EXPECT_THAT(CheckIncludes({{"faultfs/env/a.cc", "#include <fmt/format.h>\n"}}), SizeIs(1));
  EXPECT_THAT(CheckIncludes({{"faultfs/env/a.cc", IncludeOf("absl/strings/str_cat.h")}}),
              SizeIs(1));
  EXPECT_THAT(CheckIncludes({{"faultfs/env/a.cc", "#include <vector>\n#include <sys/file.h>\n"}}),
              IsEmpty());
  EXPECT_THAT(CheckIncludes({{"store/a.cc", "#include <fmt/format.h>\n"}}), IsEmpty());
}

TEST(IncludeRules, PathsStartAtTheRootAndExist) {
  EXPECT_THAT(CheckIncludes({{"store/a.cc", IncludeOf("b.h")}, Header("store/b.h", "")}),
              ElementsAre(HasSubstr("from the root")));
  EXPECT_THAT(CheckIncludes({{"store/a.cc", IncludeOf("store/gone.h")}}),
              ElementsAre(StartsWith("store/a.cc:1: include of store/gone.h")));
  EXPECT_THAT(CheckIncludes({{"store/a.cc", "#include <store/b.h>\n"}, Header("store/b.h", "")}),
              ElementsAre(HasSubstr("quotes")));
}

TEST(IncludeRules, SlowHeadersStayInSourceFiles) {
  for (const std::string path : {"toml++/toml.h", "CLI/CLI.hpp", "nlohmann/json.hpp",
                                 "rapidcheck.h", "rapidcheck/gtest.h"}) {
    const std::string code = "#include <" + path + ">\n";
    EXPECT_THAT(CheckIncludes({Header("harness/a.h", code)}), SizeIs(1)) << path;
    EXPECT_THAT(CheckIncludes({Header("tests/a.h", code)}), SizeIs(1)) << path;
    EXPECT_THAT(CheckIncludes({{"harness/a.cc", code}}), IsEmpty()) << path;
  }
}

TEST(IncludeRules, CyclesAreFound) {
  const SourceFile a = Header("store/a.h", IncludeOf("store/b.h"));
  const SourceFile b = Header("store/b.h", IncludeOf("store/c.h"));
  EXPECT_THAT(CheckIncludeCycles({a, b, Header("store/c.h", IncludeOf("store/a.h"))}),
              ElementsAre(StartsWith("store/a.h -> store/b.h -> store/c.h -> store/a.h")));
  // A diamond is no cycle.
  EXPECT_THAT(CheckIncludeCycles({a,
                                  b,
                                  Header("store/c.h", ""),
                                  {"store/d.cc", IncludeOf("store/a.h") + IncludeOf("store/c.h")}}),
              IsEmpty());
}

TEST(IncludeRules, AHeaderWithoutAReaderIsDead) {
  EXPECT_THAT(CheckDeadHeaders({Header("store/a.h", ""),
                                Header("store/b.h", ""),
                                {"store/a.cc", IncludeOf("store/a.h")}}),
              ElementsAre(StartsWith("store/b.h")));
}

TEST(BannedNames, TheStoreHasNoThreadsClockOrEntropyOfItsOwn) {
  for (const std::string code :
       {"std::mutex m;", "std :: shared_mutex m;", "std::thread t(f);", "std::jthread t;",
        "std::condition_variable c;", "std::counting_semaphore s(1);", "std::this_thread::yield();",
        "std::async(f);", "absl::Mutex m;", "std::chrono::steady_clock::now();",
        "t = time(nullptr);", "t = std::time(nullptr);", "return ::time(nullptr);",
        "clock_gettime(c, &t);", "std::random_device d;", "x = rand();"}) {
    EXPECT_THAT(Banned("store/a.cc", code), SizeIs(1)) << code;
  }
  EXPECT_THAT(Banned("harness/a.cc", "std::mutex m; std::chrono::seconds s(1);"), IsEmpty());
  EXPECT_THAT(Banned("faultfs/env/a.cc", "std::random_device d;"), IsEmpty());
  EXPECT_THAT(Banned("harness/a.cc", "std::random_device d;"), SizeIs(1));
}

TEST(BannedNames, ThoseThatOnlyLookLikeOne) {
  for (const std::string code :
       {"faultfs::Mutex m;", "x = clock.time();", "x = clock->time();", "uint64_t time() const;",
        "x = Clock::time();", "// std::mutex\n", "f(\"std::mutex\");", "int newest = 1;",
        "A(const A&) = delete;", "static_assert(true);", "x = operand(1);", "_exit(1);",
        "on.exit(1);", "#include <new>\n"}) {
    EXPECT_THAT(Banned("store/a.cc", code), IsEmpty()) << code;
  }
}

TEST(BannedNames, NothingThatTheSeedDoesNotDecide) {
  for (const std::string code :
       {"std::uniform_int_distribution<int> d;", "std::rand();", "srand(1);",
        "std::shuffle(a, b, r);", "std::unordered_map<int, int> m;", "absl::flat_hash_set<int> s;",
        "std::hash<int>{}(1);", "absl::Hash<int> h;"}) {
    EXPECT_THAT(Banned("harness/a.cc", code), SizeIs(1)) << code;
    EXPECT_THAT(Banned("tests/harness/a_test.cc", code), IsEmpty()) << code;
  }
}

TEST(BannedNames, AnUnorderedTableNeedsAReason) {
  const std::string map = "std::unordered_map<int,\n  int> m;\n";
  EXPECT_THAT(Banned("harness/a.cc", "// order never escapes: it is only looked up in\n" + map),
              IsEmpty());
  EXPECT_THAT(Banned("harness/a.cc",
                     "// By inode;\n// order never escapes: looked up only.\n// More.\n" + map),
              IsEmpty());
  EXPECT_THAT(Banned("harness/a.cc", "std::unordered_set<int> s;  // order never escapes: a set"),
              IsEmpty());
  // No reason, another statement, another rule.
  EXPECT_THAT(Banned("harness/a.cc", "// order never escapes:\n" + map), SizeIs(1));
  EXPECT_THAT(Banned("harness/a.cc", "// order never escapes: looked up\nint a;\n" + map),
              SizeIs(1));
  EXPECT_THAT(Banned("harness/a.cc", "// order never escapes: looked up\nvolatile int a;\n"),
              SizeIs(1));
}

TEST(BannedNames, OwnershipAndEnds) {
  for (const std::string code :
       {"using namespace std;", "exit(1);", "std::exit(1);", "if (a) b(); else exit(1);",
        "assert(a);", "volatile int a;", "int* a = new int;", "delete a;", "a.reset(new int);",
        "auto a = std::unique_ptr<int>(b); c = new int;"}) {
    EXPECT_THAT(Banned("faultfs/sim/a.cc", code), SizeIs(1)) << code;
  }
  EXPECT_THAT(Banned("store/a.cc", "return std::unique_ptr<Store>(new Store(1));"), IsEmpty());
  // A smart pointer of our own is listed by name, for that rule alone.
  EXPECT_THAT(Banned("faultfs/sim/cow_ptr.h", "delete p; volatile int a;"), SizeIs(1));
}

TEST(BannedNames, TheMessageSaysWhereAndWhatInstead) {
  EXPECT_THAT(Banned("store/a.cc", "int a;\n\nstd::thread t;\n"),
              ElementsAre(StartsWith("store/a.cc:3: std::thread: use faultfs/env/thread.h")));
}

TEST(MarkerRules, UnfinishedWorkIsFoundInCommentsAndPages) {
  const std::string marker = std::string("TO") + "DO";
  EXPECT_THAT(CheckMarkers({{"store/a.cc", "int a;\n// " + marker + ": later\n"}}),
              ElementsAre(StartsWith("store/a.cc:2: " + marker)));
  EXPECT_THAT(CheckMarkers({{"docs/a.md", "A\n\n" + marker + "\n"}}),
              ElementsAre(StartsWith("docs/a.md:3:")));
  EXPECT_THAT(CheckMarkers({{"ci/a", "mktemp a." + std::string(6, 'X') + "\n"}}), IsEmpty());
  EXPECT_THAT(CheckMarkers({{"store/a.cc", "f(\"" + marker + "\");\n"}}), IsEmpty());
}

TEST(LayoutRules, ColumnsBlanksTabsAndTheLastNewline) {
  const std::string full = std::string(97, 'a') + "é;\n";  // 99 columns in 100 bytes, and ';'
  EXPECT_THAT(CheckLayout({{"store/a.cc", "x" + full}}), IsEmpty());
  EXPECT_THAT(CheckLayout({{"store/a.cc", "xx" + full}}), SizeIs(1));
  EXPECT_THAT(CheckLayout({{"docs/a.md", "xx" + full}}), IsEmpty());
  EXPECT_THAT(CheckLayout({{"ci/a", "#!/bin/bash\n" + std::string(101, '#') + "\n"}}), SizeIs(1));
  EXPECT_THAT(CheckLayout({{"store/a.cc", "a; \n"}}), ElementsAre(StartsWith("store/a.cc:1:")));
  EXPECT_THAT(CheckLayout({{"store/a.cc", "a;\r\n"}}), SizeIs(1));
  EXPECT_THAT(CheckLayout({{"store/a.cc", "a;\n\tb;\n"}}),
              ElementsAre(StartsWith("store/a.cc:2:")));
  EXPECT_THAT(CheckLayout({{"store/a.cc", "a;"}}), SizeIs(1));
}

TEST(LayoutRules, FilesStaySmall) {
  std::string lines;
  for (int i = 0; i < 600; ++i) lines += "a;\n";
  EXPECT_THAT(CheckLayout({{"store/a.cc", lines}}), IsEmpty());
  EXPECT_THAT(CheckLayout({{"store/a.cc", lines + "a;\n"}}), SizeIs(1));
}

TEST(LayoutRules, HeadersSayWhatTheyAre) {
  EXPECT_THAT(CheckLayout({Header("store/a.h", "")}), IsEmpty());
  EXPECT_THAT(CheckLayout({{"store/a.h", "#pragma once\n// Late.\n"}}), SizeIs(1));
  EXPECT_THAT(CheckLayout({{"store/a.h", "// A header.\n"}}), SizeIs(1));
}

TEST(BuildRules, EverySourceIsListed) {
  const SourceFile list{
      "tests/CMakeLists.txt",
      "a_test(NAME a SOURCES a_test.cc deep/b_test.cc)\n"
      "# c_test.cc\n"
      "x(\"${PROJECT_SOURCE_DIR}/store/d.cc\" ${CMAKE_CURRENT_SOURCE_DIR}/e.cc)\n"};
  EXPECT_THAT(CheckBuildLists({list,
                               {"tests/a_test.cc", ""},
                               {"tests/deep/b_test.cc", ""},
                               {"store/d.cc", ""},
                               {"tests/e.cc", ""}}),
              IsEmpty());
  EXPECT_THAT(CheckBuildLists({list, {"tests/c_test.cc", ""}, {"tests/deep/a_test.cc", ""}}),
              ElementsAre(StartsWith("tests/c_test.cc"), StartsWith("tests/deep/a_test.cc")));
}

TEST(BuildRules, EverySourceIsCompiled) {
  const std::string commands = R"([{"file": "/src/store/a.cc"}])";
  const SourceFile project{"tests/consumer/CMakeLists.txt", "project(Consumer)\n"};
  EXPECT_THAT(CheckCompiled({{"store/a.cc", ""}}, "/src", commands), IsEmpty());
  EXPECT_THAT(CheckCompiled({{"store/b.cc", ""}}, "/src", commands), SizeIs(1));
  EXPECT_THAT(CheckCompiled({{"bench/b.cc", ""}}, "/src", commands), IsEmpty());
  EXPECT_THAT(CheckCompiled({project, {"tests/consumer/b.cc", ""}}, "/src", commands), IsEmpty());
}

TEST(SourceTreeTest, LinesAndFolders) {
  EXPECT_THAT(LinesOf("a\n\nb"), ElementsAre("a", "", "b"));
  EXPECT_THAT(LinesOf("a\n"), ElementsAre("a"));
  EXPECT_EQ(FolderOf("a/b/c.cc"), "a/b/");
  EXPECT_EQ(FolderOf("c.cc"), "");
}

}  // namespace
}  // namespace crashlab::style
