// The language of the prompt, and how bytes are shown.
#include "store/cli/command.h"

#include <gtest/gtest.h>

#include "faultfs/env/random.h"
#include "store/cli/text.h"

namespace kv::cli {
namespace {

std::string Wrong(std::string_view line) {
  const auto command = ParseCommand(line);
  if (command.ok()) return "parsed";
  EXPECT_TRUE(command.status().Is(faultfs::Code::kInvalidArgument));
  return std::string(command.status().message());
}

Command Parsed(std::string_view line) {
  const auto command = ParseCommand(line);
  EXPECT_TRUE(command.ok() && command->has_value()) << line;
  return command.ok() && command->has_value() ? **command : Command();
}

using Words = std::vector<std::string>;

TEST(CommandTest, NamesInAnyCaseAndTheirOtherNames) {
  for (const char* line : {"del k", "DEL k", "Delete k", "dElEtE k", "\"del\" k"}) {
    EXPECT_EQ(Parsed(line).verb, Verb::kDelete) << line;
  }
  EXPECT_EQ(Parsed("quit").verb, Verb::kExit);
  EXPECT_EQ(Parsed("STATUS").verb, Verb::kInfo);
  EXPECT_EQ(Parsed("count").verb, Verb::kSize);
  EXPECT_EQ(Parsed("list").verb, Verb::kKeys);
}

TEST(CommandTest, EveryNameOfTheTableParses) {
  for (const VerbRow& row : Verbs()) {
    std::string line(row.name);
    for (size_t i = 0; i < row.min_arguments; ++i) line += " x";
    EXPECT_EQ(Parsed(line).verb, row.verb) << line;
  }
}

TEST(CommandTest, TwoWords) {
  EXPECT_EQ(Parsed("clear").verb, Verb::kClear);
  EXPECT_EQ(Parsed("Clear  persistence").verb, Verb::kClearPersistence);
  EXPECT_TRUE(Parsed("Clear  persistence").arguments.empty());
  EXPECT_EQ(Wrong("CLEAR everything"), "CLEAR takes no argument");
  EXPECT_EQ(Wrong("CLEAR PERSISTENCE now"), "CLEAR takes no argument");
}

TEST(CommandTest, BareWordsStandForTheirBytes) {
  EXPECT_EQ(Parsed("SET a\\n b\"c\"\r").arguments, (Words{"a\\n", "b\"c\""}));
  EXPECT_EQ(Parsed(" \tSET\ta  \xff\x01 ").arguments, (Words{"a", "\xff\x01"}));
}

TEST(CommandTest, QuotedWords) {
  EXPECT_EQ(Parsed(R"(SET "" "a b")").arguments, (Words{"", "a b"}));
  EXPECT_EQ(Parsed(R"(SET "\"\\" "\n\r\t\0\x41\xfF")").arguments,
            (Words{"\"\\", std::string("\n\r\t\0A\xff", 6)}));
}

TEST(CommandTest, WrongQuotes) {
  EXPECT_EQ(Wrong("GET \"abc"), "the quote at column 5 is not closed");
  EXPECT_EQ(Wrong("GET \"abc\\\""), "the quote at column 5 is not closed");
  EXPECT_EQ(Wrong("GET \"a\"b"),
            "column 8: a blank must follow a closing quote; a quote inside is written \\\"");
  constexpr const char* kNoEscape = ": no such escape; there are \\\" \\\\ \\n \\r \\t \\0 \\xHH";
  for (const char* line :
       {R"(GET "\q")", R"(GET "\x4")", R"(GET "\x)", R"(GET "\xg0")", "GET \"\\"}) {
    EXPECT_EQ(Wrong(line), std::string("column 6") + kNoEscape) << line;
  }
}

TEST(CommandTest, WrongCommands) {
  EXPECT_EQ(Wrong("GTE k"), "no command GTE; did you mean GET?");
  EXPECT_EQ(Wrong("snapshto"), "no command snapshto; did you mean SNAPSHOT?");
  EXPECT_EQ(Wrong("frobnicate"), "no command frobnicate; HELP lists them");
  EXPECT_EQ(Wrong("\"\""), "no command \"\"; HELP lists them");
  EXPECT_EQ(Wrong("SET k"), "SET takes KEY VALUE");
  EXPECT_EQ(Wrong("SET k two words"), "SET takes KEY VALUE; an argument with blanks needs quotes");
  EXPECT_EQ(Wrong("FLUSH now"), "FLUSH takes no argument");
  EXPECT_LT(Wrong(std::string(1 << 20, 'x')).size(), 100U);
}

TEST(CommandTest, LinesWithoutAWord) {
  for (const char* line : {"", " ", "\t\r"}) {
    const auto command = ParseCommand(line);
    EXPECT_TRUE(command.ok() && !command->has_value());
  }
}

TEST(TextTest, EscapedIsOneLine) {
  EXPECT_EQ(Escaped("plain \"text\" \xc3\xa4 \xf0\x9f\x98\x80"),
            "plain \"text\" \xc3\xa4 \xf0\x9f\x98\x80");
  EXPECT_EQ(Escaped(std::string_view("\\\n\r\t\0\x1b\x7f", 7)), "\\\\\\n\\r\\t\\x00\\x1b\\x7f");
  EXPECT_EQ(Escaped("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(Escaped("\xc2\x9b"), "\\xc2\\x9b") << "a control character in two bytes";
}

TEST(TextTest, Utf8IsStrict) {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << Escaped(good);
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xc3(", "a\xff"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(TextTest, WhatIsQuotedReadsBack) {
  EXPECT_EQ(Quoted("a"), "a");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("a\"b"), "a\"b");
  EXPECT_EQ(Quoted("\"a b\\"), R"("\"a b\\")");
  faultfs::Random random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random.Below(12), '\0');
    for (char& byte : bytes) {
      constexpr std::string_view kTricky = "\" \\n\tx0\xc3\xa4\x01";
      byte = random.OneIn(2) ? kTricky[random.Below(kTricky.size())]
                             : static_cast<char>(random.Below(256));
    }
    EXPECT_EQ(Parsed("GET " + Quoted(bytes)).arguments, Words{bytes}) << Quoted(bytes);
  }
}

}  // namespace
}  // namespace kv::cli
