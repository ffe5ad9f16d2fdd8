// Entries as lines of JSON.
#include "store/cli/json_line.h"

#include <gtest/gtest.h>

#include "faultfs/env/random.h"

namespace kv::cli {
namespace {

std::string Mistake(std::string_view line) {
  JsonMistake mistake;
  if (EntryFromJson(line, &mistake).has_value()) return "read";
  return std::to_string(mistake.column) + ": " + mistake.text;
}

TEST(JsonLineTest, TextIsTextAndBytesAreBase64) {
  EXPECT_EQ(EntryToJson("k", "v\n\"\\"), R"({"key":"k","value":"v\n\"\\"})");
  EXPECT_EQ(EntryToJson("\xc3\xa4", ""), "{\"key\":\"\xc3\xa4\",\"value\":\"\"}");
  EXPECT_EQ(EntryToJson("\xff", "v"), R"({"key_base64":"/w==","value":"v"})");
  EXPECT_EQ(EntryToJson("k", "\xc3"), R"({"key":"k","value_base64":"ww=="})");
}

TEST(JsonLineTest, WhatIsWrittenReadsBack) {
  faultfs::Random random(2);
  for (int i = 0; i < 2000; ++i) {
    std::string words[2];
    for (std::string& word : words) {
      word.resize(random.Below(9));
      const uint64_t bound = random.OneIn(2) ? 256 : 128;
      for (char& byte : word) byte = static_cast<char>(random.Below(bound));
    }
    const std::string line = EntryToJson(words[0], words[1]);
    EXPECT_EQ(line.find('\n'), line.npos);
    JsonMistake mistake;
    const auto entry = EntryFromJson(line, &mistake);
    ASSERT_TRUE(entry.has_value()) << line << mistake.text;
    EXPECT_EQ(entry->key, words[0]);
    EXPECT_EQ(entry->value, words[1]);
  }
}

TEST(JsonLineTest, OrderAndBlanksDoNotMatter) {
  JsonMistake mistake;
  const auto entry = EntryFromJson(" { \"value\" : \"v\\u0041\" ,\t\"key\":\"k\" } \r", &mistake);
  ASSERT_TRUE(entry.has_value()) << mistake.text;
  EXPECT_EQ(entry->key, "k");
  EXPECT_EQ(entry->value, "vA");
}

TEST(JsonLineTest, MistakesHaveAColumn) {
  EXPECT_EQ(Mistake(R"({"key":"q","val":"x"})"),
            "12: no such field; there are key, key_base64, value, value_base64");
  EXPECT_EQ(Mistake("[1]"), "1: an object must stand here");
  EXPECT_EQ(Mistake(R"("abc")"), "1: an object must stand here");
  EXPECT_EQ(Mistake(R"({"key":"q"})"), "11: there is no value before this");
  EXPECT_EQ(Mistake("{}"), "2: there is no key before this");
  EXPECT_EQ(Mistake(R"({"key":"a", "key_base64":"QQ=="})"), "13: key stands here twice");
  EXPECT_EQ(Mistake(R"({"key_base64":"Q==","value":""})"), "15: this is no base64");
  EXPECT_EQ(Mistake(R"({"key_base64":"QR==","value":""})"), "15: this is no base64");
  EXPECT_EQ(Mistake(R"({"key":  7})"), "10: a string must stand here");
  EXPECT_EQ(Mistake(R"({"key":null})"), "8: a string must stand here");
  EXPECT_EQ(Mistake(R"({"key":["a"]})"), "8: a string must stand here");
  EXPECT_EQ(Mistake(R"({"key":{"a":1}})"), "8: a string must stand here");
  EXPECT_EQ(Mistake(R"({"key":"q" "value":"r"})"),
            "18: syntax error while parsing object - unexpected string literal; expected '}'");
  EXPECT_EQ(Mistake(R"({"key":"q","value":"r")"),
            "23: syntax error while parsing object - unexpected end of input; expected '}'");
  EXPECT_EQ(Mistake(R"({"key":"q","value":"r"}{)").substr(0, 4), "24: ");
  EXPECT_EQ(Mistake("{\"key\":\"\xff\"}").substr(0, 3), "9: ");
  EXPECT_EQ(Mistake("").substr(0, 3), "1: ");
}

}  // namespace
}  // namespace kv::cli
