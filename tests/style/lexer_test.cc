#include "tests/style/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crashlab::style {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (const Token& token : Lex(text).tokens) {
    if (token.kind == Token::Kind::kWord) words.emplace_back(token.text);
  }
  return words;
}

TEST(LexerTest, CommentsAndStringsAreNoCode) {
  EXPECT_THAT(Words("a // b\nc /* d\ne */ f \"g \\\" h\" 'i' j"), ElementsAre("a", "c", "f", "j"));
}

TEST(LexerTest, RawStringsEndAtTheirOwnDelimiter) {
  EXPECT_THAT(Words("a R\"x(b \" )\" c)x\" d"), ElementsAre("a", "d"));
  EXPECT_THAT(Words("a u8R\"(b)\" c"), ElementsAre("a", "c"));
  // A macro whose name ends in R is no prefix.
  EXPECT_THAT(Words("FOUR\"(b)\" c"), ElementsAre("FOUR", "c"));
}

TEST(LexerTest, DigitSeparatorsOpenNoLiteral) {
  EXPECT_THAT(Words("x = 1'000'000; y = 'z'; w"), ElementsAre("x", "y", "w"));
}

TEST(LexerTest, LinesAreCounted) {
  const LexedFile file = Lex("a\n/* 2\n3 */ b\nR\"(4\n5)\" c\n");
  ASSERT_EQ(file.tokens.size(), 4u);
  EXPECT_EQ(file.tokens[1].line, 3);
  EXPECT_EQ(file.tokens[2].line, 4);
  EXPECT_EQ(file.tokens[3].line, 5);
  ASSERT_EQ(file.comments.size(), 1u);
  EXPECT_EQ(file.comments[0].first_line, 2);
  EXPECT_EQ(file.comments[0].last_line, 3);
}

TEST(LexerTest, IncludesAreFoundAndTheirPathsAreNoCode) {
  const LexedFile file = Lex("#include <new>\n#include \"a/b.h\"  // why\n#define N new\n");
  ASSERT_EQ(file.includes.size(), 2u);
  EXPECT_EQ(file.includes[0].path, "new");
  EXPECT_TRUE(file.includes[0].angled);
  EXPECT_EQ(file.includes[1].path, "a/b.h");
  EXPECT_FALSE(file.includes[1].angled);
  EXPECT_EQ(file.includes[1].line, 2);
  EXPECT_THAT(Words("#include <new>\n#define N new\n"), ElementsAre("define", "N", "new"));
}

TEST(LexerTest, AnUnfinishedLiteralEndsWithItsLine) {
  EXPECT_THAT(Words("'a\nb"), ElementsAre("b"));
  EXPECT_THAT(Words("/* a"), ElementsAre());
  EXPECT_THAT(Words("\"a"), ElementsAre());
}

}  // namespace
}  // namespace crashlab::style
