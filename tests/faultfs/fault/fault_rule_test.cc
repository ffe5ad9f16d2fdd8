// The text of fault rules: what is read, what is printed, what is refused.
#include "faultfs/fault/fault_rule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faultfs/env/random.h"

namespace faultfs {
namespace {

using Action = IoDecision::Action;

IoOpSet Ops(std::initializer_list<IoOp> ops) {
  IoOpSet set;
  for (const IoOp op : ops) set.set(static_cast<size_t>(op));
  return set;
}

FaultRule Fail(Code code, IoOpSet operations) {
  FaultRule rule;
  rule.fault = {.action = Action::kFail, .code = code};
  rule.operations = operations;
  return rule;
}

FaultRule Parsed(std::string_view line) {
  auto rule = ParseFaultRule(line);
  EXPECT_EQ(rule.status().ToString(), "OK") << line;
  return rule.ok() ? *rule : FaultRule{};
}

std::string ErrorOf(std::string_view line) {
  const auto rule = ParseFaultRule(line);
  EXPECT_EQ(rule.status().code(), Code::kInvalidArgument) << line;
  return std::string(rule.status().message());
}

/// Prints, parses, and compares; the text, for looking at.
std::string RoundTrip(const FaultRule& rule) {
  EXPECT_EQ(CheckFaultRule(rule).ToString(), "OK");
  const std::string text = PrintFaultRule(rule);
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  EXPECT_TRUE(Parsed(text) == rule) << text;
  return text;
}

TEST(FaultRuleText, ReadsEveryPart) {
  const FaultRule rule = Parsed("fail NO_SPACE write path=*.wal tag=wal.append nth=3");
  EXPECT_EQ(rule.fault.action, Action::kFail);
  EXPECT_EQ(rule.fault.code, Code::kNoSpace);
  EXPECT_EQ(rule.operations, Ops({IoOp::kWrite}));
  EXPECT_EQ(rule.path, "*.wal");
  EXPECT_EQ(rule.tag, "wal.append");
  EXPECT_EQ(rule.nth, 3u);
  EXPECT_FALSE(rule.always);
}

TEST(FaultRuleText, ReadsEveryFault) {
  EXPECT_EQ(Parsed("fail IO_ERROR sync").fault.action, Action::kFail);
  EXPECT_EQ(Parsed("short 100 write nth=2").fault.bytes, 100u);
  EXPECT_EQ(Parsed("ignore sync,sync-dir").fault.action, Action::kIgnore);
  EXPECT_EQ(Parsed("ignore sync,sync-dir").operations, Ops({IoOp::kSync, IoOp::kSyncDir}));
  EXPECT_EQ(Parsed("late IO_ERROR write").fault.code, Code::kIoError);
  EXPECT_EQ(Parsed("evict any nth=9").fault.action, Action::kEvict);
  EXPECT_EQ(Parsed("full 65536 any times=3").fault.action, Action::kFull);
  EXPECT_EQ(Parsed("full 65536 any times=3").fault.bytes, 65536u);
  EXPECT_EQ(Parsed("evict any nth=9").fault.page, 0u);
  EXPECT_EQ(Parsed("evict any nth=9 page=2").fault.page, 2u);
}

TEST(FaultRuleText, NthSaysWhen) {
  const auto acts_on = [](std::string_view line) {
    std::string calls;
    for (uint64_t count = 1; count <= 5; ++count) {
      calls += Parsed(line).ActsOn(count) ? 'x' : '.';
    }
    return calls;
  };
  EXPECT_EQ(acts_on("fail IO_ERROR sync"), "xxxxx");
  EXPECT_EQ(acts_on("fail IO_ERROR sync always"), "xxxxx");
  EXPECT_EQ(acts_on("fail IO_ERROR sync nth=1"), "x....");
  EXPECT_EQ(acts_on("fail IO_ERROR sync nth=3"), "..x..");
  EXPECT_EQ(acts_on("fail IO_ERROR sync nth=3 always"), "..xxx");
  EXPECT_EQ(acts_on("fail IO_ERROR sync always nth=1"), "xxxxx");
  EXPECT_EQ(acts_on("fail NO_SPACE write nth=2 times=3"), ".xxx.");
  EXPECT_EQ(acts_on("fail NO_SPACE write times=2"), "xx...");
  EXPECT_EQ(acts_on("fail NO_SPACE write nth=5 times=18446744073709551615"), "....x");
}

TEST(FaultRuleText, AnyIsAllThatTheFaultCanHappenTo) {
  EXPECT_EQ(Parsed("fail IO_ERROR any").operations.count(), static_cast<size_t>(kIoOpCount));
  EXPECT_EQ(Parsed("short 1 any").operations, Ops({IoOp::kRead, IoOp::kWrite}));
  EXPECT_EQ(Parsed("ignore any").operations, Ops({IoOp::kWrite, IoOp::kSync, IoOp::kSyncDir}));
  EXPECT_EQ(Parsed("full 1 any").operations,
            Ops({IoOp::kCreate, IoOp::kWrite, IoOp::kAllocate, IoOp::kCreateDir}));
}

TEST(FaultRuleText, BlanksAndOrderDoNotMatter) {
  EXPECT_TRUE(Parsed("  fail\tIO_ERROR   sync-dir,sync  nth=2 tag=a  path=b\r") ==
              Parsed("fail IO_ERROR sync,sync-dir path=b tag=a nth=2"));
}

TEST(FaultRuleText, QuotesHoldAnyBytes) {
  EXPECT_EQ(Parsed(R"(fail IO_ERROR open path="a b")").path, "a b");
  EXPECT_EQ(Parsed(R"(fail IO_ERROR open path="\"\\\n\x00\xfF")").path,
            std::string("\"\\\n\0\xff", 5));
  EXPECT_EQ(Parsed(R"(fail IO_ERROR open path="" tag="")").path, "");
  EXPECT_EQ(Parsed(R"(fail IO_ERROR open path=a=b)").path, "a=b");
}

TEST(FaultRuleText, PrintsTheShortestForm) {
  EXPECT_EQ(RoundTrip(Fail(Code::kIoError, Ops({IoOp::kSync}))), "fail IO_ERROR sync");
  EXPECT_EQ(RoundTrip(Fail(Code::kIoError, IoOpSet().set())), "fail IO_ERROR any");
  FaultRule rule = Fail(Code::kNoSpace, Ops({IoOp::kSyncDir, IoOp::kWrite}));
  rule.path = "my files/*";
  rule.tag = "";
  rule.nth = 7;
  EXPECT_EQ(RoundTrip(rule),
            R"(fail NO_SPACE write,sync-dir path="my files/*" tag="" nth=7 always)");
  rule.always = false;
  rule.path = "\x01\xc3\xa4\"";
  EXPECT_EQ(RoundTrip(rule), R"(fail NO_SPACE write,sync-dir path="\x01\xc3\xa4\"" tag="" nth=7)");
  EXPECT_EQ(PrintFaultRule(Parsed("short 5 read,write")), "short 5 any");
  EXPECT_EQ(PrintFaultRule(Parsed("ignore sync nth=1 always")), "ignore sync");
  EXPECT_EQ(PrintFaultRule(Parsed("evict any nth=3 page=2")), "evict any page=2 nth=3");
}

TEST(FaultRuleText, ErrorsNameColumnAndTheNearestWord) {
  EXPECT_EQ(ErrorOf(""), "fault rule, column 1: the line ends where a fault was expected");
  EXPECT_EQ(ErrorOf("fale IO_ERROR sync"),
            "fault rule, column 1: unknown fault \"fale\"; did you mean \"fail\"?");
  EXPECT_EQ(ErrorOf("fail"),
            "fault rule, column 5: the line ends where an error code was expected");
  EXPECT_EQ(ErrorOf("fail no_space write"),
            "fault rule, column 6: unknown error code \"no_space\"; did you mean \"NO_SPACE\"?");
  EXPECT_EQ(ErrorOf("fail OK write"), "fault rule, column 6: OK is no error");
  EXPECT_EQ(ErrorOf("fail IO_ERROR"),
            "fault rule, column 14: the line ends where an operation was expected");
  EXPECT_EQ(ErrorOf("fail IO_ERROR sync,snycdir"),
            "fault rule, column 20: unknown operation \"snycdir\"; did you mean \"sync-dir\"?");
  EXPECT_EQ(ErrorOf("fail IO_ERROR sync,"), "fault rule, column 20: an operation is missing");
  EXPECT_EQ(ErrorOf("fail IO_ERROR sync,sync"), "fault rule, column 20: \"sync\" is there twice");
  EXPECT_EQ(ErrorOf("ignore write,rename"),
            "fault rule, column 14: \"ignore\" cannot happen to \"rename\"");
  EXPECT_EQ(ErrorOf("short 10 sync"), "fault rule, column 10: \"short\" cannot happen to \"sync\"");
  EXPECT_EQ(ErrorOf("short ten read"),
            "fault rule, column 7: a number of bytes must be a whole number above 0, not \"ten\"");
}

TEST(FaultRuleText, ErrorsInOptions) {
  const auto option = [](std::string_view text) {
    return ErrorOf("ignore sync " + std::string(text));
  };
  EXPECT_EQ(option("pat=x"),
            "fault rule, column 13: unknown option \"pat\"; did you mean \"path\"?");
  EXPECT_EQ(option("nth"), "fault rule, column 13: \"nth\" needs a value");
  EXPECT_EQ(option("always=1"), "fault rule, column 13: \"always\" takes no value");
  EXPECT_EQ(option("nth=1 nth=2"), "fault rule, column 19: \"nth\" is there twice");
  EXPECT_EQ(option("path=a path=b"), "fault rule, column 20: \"path\" is there twice");
  EXPECT_EQ(option("path= tag=b"),
            "fault rule, column 13: \"path\" needs a value (\"\" is the empty one)");
  EXPECT_EQ(option("path=a\"b\""), "fault rule, column 13: a quote in the middle of a word");
  EXPECT_EQ(option("path=\"ab"), "fault rule, column 13: a quote is never closed");
  EXPECT_EQ(option("path=\"ab\"c"), "fault rule, column 13: text right after a quote");
  EXPECT_EQ(
      option("path=\"\\xg0\""),
      "fault rule, column 13: after a backslash come \", \\, n or x and two hexadecimal digits");
  for (const char* number : {"0", "-1", "+1", "1.5", "", "x", "18446744073709551616"}) {
    EXPECT_EQ(option("nth=" + std::string(number)),
              "fault rule, column 13: nth must be a whole number above 0, not \"" +
                  std::string(number) + "\"");
  }
}

TEST(FaultRuleText, APageIsOfAnEvictionAlone) {
  EXPECT_EQ(ErrorOf("fail IO_ERROR sync page=1"),
            "fault rule, column 20: \"page\" is an option of \"evict\" alone");
  EXPECT_EQ(ErrorOf("evict any page=0"),
            "fault rule, column 11: page must be a whole number above 0, not \"0\"");
  EXPECT_EQ(ErrorOf("evict any page"), "fault rule, column 11: \"page\" needs a value");
  EXPECT_EQ(ErrorOf("evict any page=1 page=2"), "fault rule, column 18: \"page\" is there twice");
  EXPECT_FALSE(Parsed("evict any page=1") == Parsed("evict any page=2"));
}

TEST(FaultRuleText, EveryCodeWithEveryOperationComesBack) {
  for (int code = 1; code <= static_cast<int>(Code::kInterrupted); ++code) {
    for (int op = 0; op < kIoOpCount; ++op) {
      RoundTrip(Fail(static_cast<Code>(code), Ops({static_cast<IoOp>(op)})));
    }
  }
}

std::string AnyGlob(Random& random) {
  if (random.OneIn(3)) return "*";
  std::string glob;
  const uint64_t length = random.Below(8);
  for (uint64_t i = 0; i < length; ++i) {
    constexpr std::string_view kCommon = "*?/.a\"\\ =\n,#x";
    glob += random.OneIn(2) ? kCommon[random.Below(kCommon.size())]
                            : static_cast<char>(random.Below(256));
  }
  return glob;
}

FaultRule AnyRule(Random& random) {
  constexpr Action kActions[] = {Action::kFail, Action::kShort, Action::kIgnore,
                                 Action::kLate, Action::kEvict, Action::kFull};
  FaultRule rule;
  rule.fault.action = kActions[random.Below(std::size(kActions))];
  if (rule.fault.action == Action::kFail || rule.fault.action == Action::kLate) {
    rule.fault.code =
        static_cast<Code>(1 + random.Below(static_cast<uint64_t>(Code::kInterrupted)));
  }
  if (rule.fault.action == Action::kShort || rule.fault.action == Action::kFull)
    rule.fault.bytes = 1 + (random.Next() >> random.Below(64)) / 2;
  if (rule.fault.action == Action::kEvict && random.OneIn(2)) {
    rule.fault.page = 1 + (random.Next() >> random.Below(64)) / 2;
  }
  const IoOpSet possible = FaultableOperations(rule.fault.action);
  while (rule.operations.none()) {
    rule.operations = possible;
    if (!random.OneIn(4)) rule.operations &= IoOpSet(random.Next() & random.Next());
  }
  rule.path = AnyGlob(random);
  rule.tag = AnyGlob(random);
  rule.nth = random.OneIn(2) ? 1 : 1 + (random.Next() >> random.Below(64)) / 2;
  rule.always = random.OneIn(2);
  if (!rule.always && random.OneIn(2)) rule.times = 1 + (random.Next() >> random.Below(64)) / 2;
  return rule;
}

TEST(FaultRuleText, AnyRuleComesBack) {
  Random random(1);
  for (int i = 0; i < 50'000; ++i) {
    RoundTrip(AnyRule(random));
    if (testing::Test::HasFailure()) return;
  }
}

// Text that a slip of the hand has hurt is refused or means what it then says; nothing worse.
TEST(FaultRuleText, DamagedTextIsRefusedOrStillPrintsBack) {
  Random random(2);
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = PrintFaultRule(AnyRule(random));
    for (uint64_t edits = 1 + random.Below(3); edits > 0 && !text.empty(); --edits) {
      const size_t at = random.Below(text.size());
      if (random.OneIn(2))
        text.erase(at, 1 + random.Below(3));
      else
        text[at] = static_cast<char>(random.Below(256));
    }
    const auto rule = ParseFaultRule(text);
    if (!rule.ok()) {
      ASSERT_EQ(rule.status().code(), Code::kInvalidArgument);
      continue;
    }
    ++accepted;
    RoundTrip(*rule);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(accepted, 1000) << "else this tested refusals only";
}

TEST(FaultRule, CheckRefusesWhatHasNoText) {
  const FaultRule good = Fail(Code::kIoError, Ops({IoOp::kSync}));
  const auto refused = [&good](auto change) {
    FaultRule rule = good;
    change(rule);
    return CheckFaultRule(rule).Is(Code::kInvalidArgument);
  };
  EXPECT_TRUE(CheckFaultRule(good).ok());
  EXPECT_TRUE(refused([](FaultRule& rule) { rule.fault = {}; }));
  EXPECT_TRUE(refused([](FaultRule& rule) { rule.fault.code = Code::kOk; }));
  EXPECT_TRUE(refused([](FaultRule& rule) { rule.fault.bytes = 1; }));
  EXPECT_TRUE(refused([](FaultRule& rule) { rule.operations.reset(); }));
  EXPECT_TRUE(refused([](FaultRule& rule) { rule.nth = 0; }));
  EXPECT_TRUE(refused([](FaultRule& rule) { rule.fault.page = 1; }));
  EXPECT_TRUE(refused([](FaultRule& rule) { rule.fault = {.action = Action::kShort}; }));
  EXPECT_TRUE(refused([](FaultRule& rule) {
    rule.fault = {.action = Action::kShort, .bytes = 4};  // of a sync
  }));
}

}  // namespace
}  // namespace faultfs
