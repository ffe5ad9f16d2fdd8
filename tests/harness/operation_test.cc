#include "harness/operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "faultfs/env/random.h"
#include "harness/client_plan.h"

namespace crashlab {
namespace {

using faultfs::Random;

Program Parsed(std::string_view text) {
  Result<Program> program = ParseProgram(text);
  EXPECT_TRUE(program.ok()) << text << "\n" << program.status().ToString();
  return program.ok() ? std::move(program).value() : Program();
}

std::string WhyNot(std::string_view text) {
  const Result<Program> program = ParseProgram(text);
  return program.ok() ? "it parses" : std::string(program.status().message());
}

Operation Set(std::string key, uint64_t value_bytes) {
  Operation operation;
  operation.verb = Verb::kSet;
  operation.key = std::move(key);
  operation.value_bytes = value_bytes;
  return operation;
}

// ---- Any program -------------------------------------------------------------------------------

std::string AnyKey(Random& random) {
  constexpr std::string_view kLikely("ab*#;\"'\\ \n\t\x00\x7f\xc3\xa9", 15);
  std::string key;
  for (uint64_t i = random.Below(6); i > 0; --i) {
    key += random.OneIn(3) ? static_cast<char>(random.Below(256))
                           : kLikely[random.Below(kLikely.size())];
  }
  if (random.OneIn(4)) {
    const std::string unit = key;
    for (uint64_t i = random.Below(40); i > 0; --i) key += unit;
    if (random.OneIn(3)) key += "x";
  }
  return key;
}

std::optional<Durability> AnyDurability(Random& random) {
  if (random.OneIn(2)) return std::nullopt;
  return random.OneIn(2) ? Durability::kSync : Durability::kBuffered;
}

Operation AnyOperation(Random& random, uint32_t clients) {
  Operation operation;
  operation.verb = static_cast<Verb>(random.Below(kVerbCount));
  const Verb verb = operation.verb;
  if (!IsEverybodys(verb)) operation.client = static_cast<uint32_t>(random.Below(clients));
  if (verb == Verb::kSet || verb == Verb::kDelete || verb == Verb::kGet ||
      verb == Verb::kContains) {
    operation.key = AnyKey(random);
  }
  if (verb == Verb::kSet || verb == Verb::kCall) {
    operation.value_bytes = random.Below(kMaxValueBytes + 1);
  }
  if (verb == Verb::kCall) operation.call = random.OneIn(2) ? "save" : "sync";
  if (TakesDurability(verb)) operation.durability = AnyDurability(random);
  if (verb == Verb::kBatch) {
    for (uint64_t i = random.Below(4); i > 0; --i) {
      const bool erase = random.OneIn(2);
      operation.batch.push_back({erase, AnyKey(random), erase ? 0 : random.Below(5000)});
    }
  }
  return operation;
}

TEST(OperationTest, PrintAndParseAreInverse) {
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    Program program;
    const auto clients = static_cast<uint32_t>(random.OneIn(2) ? 1 : random.Below(kMaxClients) + 1);
    for (uint64_t n = random.Below(8); n > 0; --n) {
      program.push_back(AnyOperation(random, clients));
    }
    const std::string text = Print(program);
    ASSERT_EQ(Parsed(text), program) << text;
    ASSERT_EQ(Print(Parsed(text)), text);
    for (const Operation& operation : program) {
      ASSERT_EQ(Parsed(Print(operation)), Program{operation}) << "a line by itself";
    }
    ASSERT_EQ(text.find('\''), std::string::npos) << "a printed program is safe within '''";
    ASSERT_EQ(text.find("\"\"\""), std::string::npos) << "and within \"\"\", backslashes aside";
  }
}

// ---- Texts -------------------------------------------------------------------------------------

TEST(OperationTest, PrintsEachVerb) {
  const std::string text =
      "set k1 350\n"
      "set \"\" 0 buffered\n"
      "set \"\\x00 \\\"\\\\\\x27\" 7 sync\n"
      "set \"ab\"*100 4\n"
      "delete k1\n"
      "delete sync sync\n"
      "clear\n"
      "clear buffered\n"
      "batch\n"
      "batch sync\n"
      "batch set a 10; delete b; set c 4096\n"
      "batch buffered set set 1\n"
      "get k1\n"
      "contains a.b/c:d+e@f_g-h\n"
      "size\n"
      "for-each\n"
      "flush\n"
      "snapshot\n"
      "compact\n"
      "clear-persistence\n"
      "background\n"
      "close\n"
      "reopen\n"
      "kill\n"
      "call save 350\n";
  EXPECT_EQ(Print(Parsed(text)), text);
}

TEST(OperationTest, ReadsWhatPeopleWrite) {
  EXPECT_EQ(Parsed("  set  \"k\"\t5  # why\r\n\n# nothing\n  \nset x 1#\nset \"\\n\\t\\x41\" 0"),
            (Program{Set("k", 5), Set("x", 1), Set("\n\tA", 0)}));
  EXPECT_EQ(Print(Parsed("batch set a 1;delete \"b\";set c 2")),
            "batch set a 1; delete b; set c 2\n");
}

TEST(OperationTest, AProgramOfSeveralClientsSaysWhoseEachOperationIs) {
  const std::string text =
      "0: set k1 350\n"
      "1: batch sync set a 10; delete b\n"
      "15: for-each\n"
      "reopen\n"
      "0: call save 3\n"
      "kill\n";
  const Program program = Parsed(text);
  ASSERT_EQ(program.size(), 6u);
  EXPECT_EQ(program[1].client, 1u);
  EXPECT_EQ(program[2].client, 15u);
  EXPECT_EQ(program[3].client, 0u);
  EXPECT_EQ(ClientsOf(program), 16u);
  EXPECT_EQ(Print(program), text);
  EXPECT_EQ(Print(program[0]), "set k1 350");
  EXPECT_EQ(Print(program[2]), "15: for-each");
}

TEST(OperationTest, ALineWithoutAClientIsOfClient0) {
  EXPECT_EQ(Print(Parsed("size\n \t002:  get 3:  # whose\n0: get 1:k\n")),
            "0: size\n2: get 3:\n0: get 1:k\n");
  EXPECT_EQ(Print(Parsed("0: size\n0: get 1:\nreopen\n")), "size\nget 1:\nreopen\n");
  EXPECT_EQ(ClientsOf(Parsed("0: size")), 1u);
  EXPECT_EQ(ClientsOf(Program()), 1u);
}

TEST(OperationTest, LongKeysArePrintedAsAUnitAndACountOnlyWhereThatIsExact) {
  std::string key;
  for (int i = 0; i < 16; ++i) key += "ab";
  EXPECT_EQ(Print(Set(key, 1)), "set \"ab\"*16 1");
  EXPECT_EQ(Print(Set(key + "a", 1)), "set " + key + "a 1");
  EXPECT_EQ(Print(Set(key.substr(2), 1)), "set " + key.substr(2) + " 1");
  EXPECT_EQ(Print(Set(std::string(200, '\0'), 1)), "set \"\\x00\"*200 1");
  EXPECT_EQ(Parsed("set \"ab\"*0 1"), Program{Set("", 1)});
  EXPECT_EQ(Parsed("set \"k\"*65536 1")[0].key.size(), 65536u);
}

TEST(OperationTest, NamesAreInverse) {
  for (int i = 0; i < kVerbCount; ++i) {
    const Verb verb = static_cast<Verb>(i);
    EXPECT_EQ(VerbFromName(Name(verb)), verb);
  }
  for (const Durability durability : {Durability::kBuffered, Durability::kSync}) {
    EXPECT_EQ(DurabilityFromName(Name(durability)), durability);
  }
  EXPECT_EQ(VerbFromName("Set"), std::nullopt);
}

TEST(OperationTest, MutationsAreWhatChangesTheMap) {
  const std::set<Verb> mutations = {Verb::kSet,   Verb::kDelete,           Verb::kClear,
                                    Verb::kBatch, Verb::kClearPersistence, Verb::kCall};
  for (int i = 0; i < kVerbCount; ++i) {
    Operation operation;
    operation.verb = static_cast<Verb>(i);
    EXPECT_EQ(IsMutation(operation), mutations.contains(operation.verb)) << Name(operation.verb);
  }
}

// ---- Errors ------------------------------------------------------------------------------------

TEST(OperationTest, SaysWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"set a 1\nsett b 1", "line 2: no operation \"sett\"; did you mean \"set\"?"},
      {"\"set\" a 1", "line 1: no operation \"set\"; did you mean \"set\"?"},
      {"set", "line 1: \"set\" needs a key"},
      {"set a", "line 1: \"set\" needs a number of bytes"},
      {"set a \"1\"", "line 1: \"set\" needs a number of bytes, not \"1\""},
      {"set a x", "line 1: \"x\" is no number from 0 to 268435456"},
      {"set a -1", "line 1: \"-1\" is no number from 0 to 268435456"},
      {"set a 268435457", "line 1: \"268435457\" is no number from 0 to 268435456"},
      {"set a 99999999999999999999",
       "line 1: \"99999999999999999999\" is no number from 0 to 268435456"},
      {"set a 1 synced", "line 1: no durability \"synced\"; did you mean \"sync\"?"},
      {"set a 1 sync 2", "line 1: \"2\" is too much for \"set\""},
      {"get a 1", "line 1: \"1\" is too much for \"get\""},
      {"flush sync", "line 1: \"sync\" is too much for \"flush\""},
      {"snapshots", "line 1: no operation \"snapshots\"; did you mean \"snapshot\"?"},
      {"compact sync", "line 1: \"sync\" is too much for \"compact\""},
      {"clear_persistence",
       "line 1: no operation \"clear_persistence\"; did you mean \"clear-persistence\"?"},
      {"clear-persistence sync", "line 1: \"sync\" is too much for \"clear-persistence\""},
      {"back-ground", "line 1: no operation \"back-ground\"; did you mean \"background\"?"},
      {"background 2", "line 1: \"2\" is too much for \"background\""},
      {"closed", "line 1: no operation \"closed\"; did you mean \"close\"?"},
      {"close now", "line 1: \"now\" is too much for \"close\""},
      {"clear now", "line 1: no durability \"now\"; did you mean \"sync\"?"},
      {"batch put a 1", "line 1: no \"put\" in a batch; did you mean \"set\"?"},
      {"batch set a 1;", "line 1: \"batch\" needs \"set\" or \"delete\""},
      {"batch set a 1; ; set b 2", "line 1: \"batch\" needs \"set\" or \"delete\", not \";\""},
      {"batch set a 1 delete b", "line 1: \"delete\" is too much for \"batch\""},
      {"batch delete a 1", "line 1: \"1\" is too much for \"batch\""},
      {"call", "line 1: \"call\" needs the name of a call"},
      {"call save", "line 1: \"call\" needs a number of bytes"},
      {"set \"a 1", "line 1: a quote is never closed"},
      {"set \"\\q\" 1",
       "line 1: after a backslash come \", \\, n, t, or x and two hexadecimal digits"},
      {"set \"\\x4\" 1",
       "line 1: after a backslash come \", \\, n, t, or x and two hexadecimal digits"},
      {"set \"a\"b 1", "line 1: column 8: a blank must follow a quoted key"},
      {"set \"a\"* 1", "line 1: \"\" is no number from 0 to 1048576"},
      {"set \"ab\"*1000000 1", "line 1: a key has at most 1048576 bytes"},
      {"set a*16 1", "line 1: column 6: \"*\" may stand only in a quoted key"},
      {"16: size", "line 1: no client \"16\"; they are 0 to 15"},
      {"99999999999999999999: size",
       "line 1: no client \"99999999999999999999\"; they are 0 to 15"},
      {"size\n1:", "line 2: an operation must follow \"1:\""},
      {"1: # nothing", "line 1: an operation must follow \"1:\""},
      {"1:size", "line 1: a blank must follow \"1:\""},
      {"1: 2: size", "line 1: no operation \"2:\"; did you mean \"set\"?"},
      {"-1: size", "line 1: no operation \"-1:\"; did you mean \"set\"?"},
      {"1: sise", "line 1: no operation \"sise\"; did you mean \"size\"?"},
      {"1: reopen", "line 1: \"reopen\" is everybody's; leave \"1:\" out"},
      {"0: kill", "line 1: \"kill\" is everybody's; leave \"0:\" out"},
      {"set \xc3\xa9 1", "line 1: column 5: \"\\xc3\" may stand only in a quoted key"},
  };
  for (const auto& [text, message] : kCases) EXPECT_EQ(WhyNot(text), message) << text;
  EXPECT_EQ(ParseProgram("size\nsize\nsice").status().offset(), 3u);
}

TEST(OperationTest, RefusesWhatHasNoRoomInAValue) {
  std::string text;
  for (uint32_t i = 0; i < kMaxOperations; ++i) text += "size\n";
  EXPECT_EQ(Parsed(text).size(), kMaxOperations);
  EXPECT_EQ(WhyNot(text + "size"), "line 100000: a program has at most 99999 operations");

  std::string batch = "batch delete a";
  for (size_t i = 1; i < kMaxEdits; ++i) batch += ";delete a";
  EXPECT_EQ(Parsed(batch)[0].batch.size(), kMaxEdits);
  EXPECT_EQ(WhyNot(batch + ";delete a"), "line 1: a batch has at most 1000 edits");
}

// ---- Values ------------------------------------------------------------------------------------

TEST(OperationTest, AValueCarriesItsNumberAndPosition) {
  EXPECT_EQ(ValueOf(12, 3, 40), "00012.003@00000000012.003@00000100012.00");
  EXPECT_EQ(ValueOf(7, 0, 9), "00007.000");
  EXPECT_EQ(ValueOf(7, 0, 4), "0007");
  EXPECT_EQ(ValueOf(7, 0, 0), "");
}

TEST(OperationTest, EveryPieceOfAValueTellsItsWriterAndItsPlace) {
  std::set<std::string> pieces;
  size_t count = 0;
  for (const OpNumber op : {1u, 2u, 10u, 11u, 99'999u}) {
    for (const size_t edit : {0, 1, 999}) {
      const std::string value = ValueOf(op, edit, 16 * 1000);
      for (size_t at = 0; at < value.size(); at += 16, ++count) pieces.insert(value.substr(at, 16));
    }
  }
  EXPECT_EQ(pieces.size(), count);
}

TEST(OperationTest, PositionsGoOnBeyondTheSmallHexadecimalDigits) {
  const std::string value = ValueOf(1, 0, 16 * 70'000);
  EXPECT_EQ(value.substr(16 * 16, 16), "00001.000@000010");
  EXPECT_EQ(value.substr(16 * 65'535, 16), "00001.000@00ffff");
  EXPECT_EQ(value.substr(16 * 65'536, 16), "00001.000@010000");
}

TEST(OperationTest, ShortValuesOfDifferentOperationsDiffer) {
  for (const uint64_t value_bytes : {2, 3, 4, 5, 8, 9, 15, 16, 17}) {
    std::set<std::string> values;
    for (OpNumber op = 1; op <= 300; ++op) {
      for (size_t edit = 0; edit < 5; ++edit) {
        const std::string value = ValueOf(op, edit, value_bytes);
        EXPECT_EQ(value.size(), value_bytes);
        values.insert(value);
      }
    }
    EXPECT_EQ(values.size(), 1500u) << value_bytes << " bytes";
  }
  std::set<std::string> values;
  for (OpNumber op = 1; op <= 60; ++op) values.insert(ValueOf(op, 0, 1));
  EXPECT_EQ(values.size(), 60u);
}

}  // namespace
}  // namespace crashlab
