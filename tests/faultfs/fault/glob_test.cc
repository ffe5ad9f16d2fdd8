#include "faultfs/fault/glob.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faultfs/fault/nearest_word.h"

namespace faultfs {
namespace {

TEST(Glob, PlainTextMatchesItself) {
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_TRUE(GlobMatches("wal.append", "wal.append"));
  EXPECT_FALSE(GlobMatches("wal.append", "wal.appen"));
  EXPECT_FALSE(GlobMatches("wal.append", "wal.append2"));
  EXPECT_FALSE(GlobMatches("", "a"));
}

TEST(Glob, AStarIsAnyRunOfBytes) {
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("*", "/a/b"));
  EXPECT_TRUE(GlobMatches("*.wal", "/db/000001.wal"));
  EXPECT_FALSE(GlobMatches("*.wal", "/db/000001.wal.tmp"));
  EXPECT_TRUE(GlobMatches("/db/*", "/db/"));
  EXPECT_TRUE(GlobMatches("a*b*c", "a__b_b__c"));
  EXPECT_FALSE(GlobMatches("a*b*c", "a__c__b"));
  EXPECT_TRUE(GlobMatches("**a**", "a"));
}

TEST(Glob, AStarGivesBackWhatItTookTooMuch) {
  EXPECT_TRUE(GlobMatches("*ab", "aab"));
  EXPECT_TRUE(GlobMatches("*aab", "aaaab"));
  EXPECT_TRUE(GlobMatches("a*ab*b", "aaabab"));
  EXPECT_FALSE(GlobMatches("*aab", "abab"));
}

TEST(Glob, AQuestionMarkIsOneByte) {
  EXPECT_TRUE(GlobMatches("?", "x"));
  EXPECT_FALSE(GlobMatches("?", ""));
  EXPECT_FALSE(GlobMatches("?", "xy"));
  EXPECT_TRUE(GlobMatches("a?c*?", "abcd"));
  EXPECT_FALSE(GlobMatches("a?c*?", "abc"));
}

/// What the rules say, with no thought for speed.
bool Obvious(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return Obvious(pattern.substr(1), text) || (!text.empty() && Obvious(pattern, text.substr(1)));
  }
  if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
  return Obvious(pattern.substr(1), text.substr(1));
}

/// Every string of up to `length` of these letters.
std::vector<std::string> AllStrings(std::string_view letters, size_t length) {
  std::vector<std::string> all = {""};
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() == length) break;
    for (const char letter : letters) all.push_back(std::string(all[i]) + letter);
  }
  return all;
}

TEST(Glob, EqualsTheObviousOnAllSmallCases) {
  const auto texts = AllStrings("ab", 6);
  for (const std::string& pattern : AllStrings("ab*?", 5)) {
    for (const std::string& text : texts) {
      ASSERT_EQ(GlobMatches(pattern, text), Obvious(pattern, text)) << pattern << " on " << text;
    }
  }
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(5000, 'a')));
}

constexpr std::string_view kWords[] = {"sync", "sync-dir", "write", "NO_SPACE"};

TEST(NearestWord, HasTheFewestEdits) {
  EXPECT_EQ(NearestWord("snyc", kWords), "sync");
  EXPECT_EQ(NearestWord("syncdir", kWords), "sync-dir");
  EXPECT_EQ(NearestWord("wrte", kWords), "write");
  EXPECT_EQ(NearestWord("write", kWords), "write");
  EXPECT_EQ(NearestWord("nospace", kWords), "NO_SPACE") << "letter case aside";
  EXPECT_EQ(NearestWord("", kWords), "sync");
  EXPECT_EQ(NearestWord("x", {}), "");
}

TEST(NearestWord, OfEqualsTheFirst) {
  constexpr std::string_view kPair[] = {"ab", "ac"};
  EXPECT_EQ(NearestWord("ad", kPair), "ab");
}

TEST(NearestWord, InASentence) {
  EXPECT_EQ(UnknownWord("operation", "snyc", kWords),
            "unknown operation \"snyc\"; did you mean \"sync\"?");
  EXPECT_EQ(UnknownWord("operation", "snyc", {}), "unknown operation \"snyc\"");
}

}  // namespace
}  // namespace faultfs
