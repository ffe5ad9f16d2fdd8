// The litmus table: computed, and compared with what was seen on real file systems.
#include "faultfs/crash/litmus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/states.h"
#include "tests/faultfs/crash/recorder.h"

namespace faultfs::test {
namespace {

using testing::HasSubstr;

PersistenceModel Model(std::string_view name) { return FindModel(name).value(); }

/// A cell as the table should have it: "x" for seen, the assumption where only a rule allows it.
struct ExpectedRow {
  std::string_view property;
  std::string_view ext4_writeback, ext4_ordered, ext4_journal, btrfs, xfs;
};

// ALICE (OSDI 2014), table 1, and what the rules of docs/persistence-model.md add.
constexpr ExpectedRow kExpected[] = {
    {"512 B append atomic", "x", "A21", "", "", ""},
    {"one-block overwrite atomic", "x", "x", "", "", "x"},
    {"one-block append atomic", "x", "", "", "", ""},
    {"multi-block write atomic", "x", "x", "x", "x", "x"},
    {"multi-block append is a prefix", "x", "A21", "", "", ""},
    {"overwrite before any later operation", "x", "x", "", "A24", "x"},
    {"[append, rename] before any later operation", "x", "A8", "", "A24", "A8"},
    {"append before a later append, same file", "x", "A21", "", "", ""},
    {"append before any later operation", "x", "x", "", "x", "x"},
    {"directory operation before any later one", "", "", "", "x", ""},
};

void ExpectCell(const LitmusProperty& property, std::string_view model, std::string_view expected) {
  SCOPED_TRACE(property.name + ", " + std::string(model));
  const LitmusCell cell = ComputeCell(property, Model(model));
  EXPECT_EQ(cell.mark(), expected.empty() ? "" : expected == "x" ? "✗" : "○");
  EXPECT_EQ(cell.assumption, expected == "x" ? "" : expected);
}

TEST(Litmus, TheTableIsTheOneThatWasSeen) {
  const std::vector<LitmusProperty> properties = LitmusProperties();
  ASSERT_EQ(properties.size(), std::size(kExpected));
  for (size_t i = 0; i < properties.size(); ++i) {
    const ExpectedRow& row = kExpected[i];
    ASSERT_EQ(properties[i].name, row.property);
    ExpectCell(properties[i], "ext4-writeback", row.ext4_writeback);
    ExpectCell(properties[i], "ext4-ordered", row.ext4_ordered);
    ExpectCell(properties[i], "ext4-journal", row.ext4_journal);
    ExpectCell(properties[i], "btrfs", row.btrfs);
    ExpectCell(properties[i], "xfs", row.xfs);
  }
}

TEST(Litmus, PosixHasNoneOfTheProperties) {
  for (const LitmusProperty& property : LitmusProperties()) {
    EXPECT_TRUE(FindWitness(property, Model("posix")).has_value()) << property.name;
  }
}

TEST(Litmus, PrefixLacksOnlyTheAtomicityOfWritesOfSeveralBlocks) {
  for (const LitmusProperty& property : LitmusProperties()) {
    EXPECT_EQ(FindWitness(property, Model("prefix")).has_value(),
              property.name == "multi-block write atomic")
        << property.name;
  }
}

TEST(Litmus, WithoutACrashEveryPropertyHolds) {
  for (const LitmusProperty& property : LitmusProperties()) {
    for (const LitmusProgram& program : property.programs) {
      for (size_t steps = 0; steps <= program.trace.ops.size(); ++steps) {
        EXPECT_TRUE(program.holds(LiveImage(program.base, program.trace, steps)))
            << property.name << ", " << program.name;
      }
    }
  }
}

/// The image of a witness is explained under its model, and refused under each that excludes it.
TEST(Litmus, WitnessesAreExplainedWhereTheyAreAllowed) {
  int refused = 0;
  for (const LitmusProperty& property : LitmusProperties()) {
    for (const PersistenceModel& model : kModels) {
      const std::optional<LitmusWitness> witness = FindWitness(property, model);
      if (!witness.has_value()) continue;
      SCOPED_TRACE(property.name + ", " + std::string(model.name));
      const LitmusProgram& program = property.programs[witness->program];
      const EffectGraph graph = Lower(program.base, program.trace, model);
      EXPECT_EQ(FromText(graph, witness->text).value(), witness->state);
      const Image image = Materialize(graph, witness->state);
      EXPECT_FALSE(program.holds(image));
      for (const PersistenceModel& other : kModels) {
        const EffectGraph other_graph = Lower(program.base, program.trace, other);
        const auto found = Explain(other_graph, witness->state.point, image);
        if (other.name == model.name) {
          ASSERT_TRUE(found.has_value());
          EXPECT_TRUE(SameContent(Materialize(graph, *found), image));
        } else if (!FindWitness(property, other).has_value()) {
          EXPECT_FALSE(found.has_value()) << other.name << "\n" << image.Describe();
          ++refused;
        }
      }
    }
  }
  EXPECT_GT(refused, 80);
}

/// Where only a rule allows a violation, the switch that turns the rule off excludes it.
TEST(Litmus, ASwitchTurnsEachRuleOff) {
  std::vector<LitmusProperty> properties = LitmusProperties();
  const auto violated = [&](std::string_view name, std::string_view row, std::string_view key,
                            std::string_view word) {
    PersistenceModel model = Model(row);
    EXPECT_EQ(SetSwitch(model, key, word), Status());
    for (const LitmusProperty& property : properties) {
      if (property.name == name) return FindWitness(property, model).has_value();
    }
    ADD_FAILURE() << name;
    return false;
  };
  for (const char* name : {"512 B append atomic", "multi-block append is a prefix",
                           "append before a later append, same file"}) {
    EXPECT_FALSE(violated(name, "ext4-ordered", "append", "data-first")) << name;
    EXPECT_TRUE(violated(name, "ext4-ordered", "replace", "safe")) << name;
  }
  // Before a later creation: bytes of another file may pass any rename.
  const char* rename = "[append, rename] before any later operation";
  for (LitmusProperty& property : properties) {
    if (property.name == rename) property.programs.resize(1);
  }
  EXPECT_FALSE(violated(rename, "ext4-ordered", "replace", "safe"));
  EXPECT_FALSE(violated(rename, "ext4-writeback", "replace", "safe"));
  EXPECT_FALSE(violated(rename, "xfs", "replace", "safe"));
  EXPECT_TRUE(violated(rename, "btrfs", "replace", "safe"));  // the later one is unrelated
  const char* directories = "directory operation before any later one";
  EXPECT_FALSE(violated(directories, "btrfs", "entries", "journal"));
  EXPECT_TRUE(violated(directories, "ext4-ordered", "entries", "free"));
  EXPECT_TRUE(violated(directories, "xfs", "entries", "related"));
  EXPECT_FALSE(violated("one-block overwrite atomic", "xfs", "tear", "4096"));
}

TEST(Litmus, TheTextHasTheTableAndAStateForEachMark) {
  const std::string text = DescribeLitmus(kModels);
  std::istringstream lines(text);
  std::string header;
  std::getline(lines, header);
  for (const PersistenceModel& model : kModels) EXPECT_THAT(header, HasSubstr(model.name));
  EXPECT_THAT(text, HasSubstr("\ndirectory operation before any later one     ○ "));
  EXPECT_THAT(text, HasSubstr("\n✗, btrfs: directory operation before any later one: two files "
                              "created; crash at end, lost create#1/+c\n"));
  EXPECT_THAT(text, HasSubstr("\n○, ext4-ordered: 512 B append atomic: in the tail block; crash at "
                              "end, lost write#1/s1 (A21)\n"));
}

TEST(Litmus, AMarkSaysWhetherItWasSeen) {
  LitmusCell cell;
  EXPECT_EQ(cell.mark(), "");
  cell.seen = true;
  EXPECT_EQ(cell.mark(), "!");
  cell.witness.emplace();
  EXPECT_EQ(cell.mark(), "✗");
  cell.seen = false;
  EXPECT_EQ(cell.mark(), "○");
}

/// Each assumption that a field or a mark cites has its paragraph, with its evidence.
TEST(Assumptions, AreDocumentedWithTheirEvidence) {
  std::ifstream in(std::string(CRASHLAB_SOURCE_DIR) + "/docs/persistence-model.md");
  std::ostringstream page;
  page << in.rdbuf();
  std::set<std::string> cited;
  for (const PersistenceModel& row : kModels) {
    for (const ModelField& field : FieldsOf(row)) {
      for (std::string_view word : SwitchValues(field.key)) {
        PersistenceModel model = row;
        ASSERT_TRUE(SetSwitch(model, field.key, word).ok());
        for (const ModelField& other : FieldsOf(model)) cited.emplace(other.assumption);
      }
    }
  }
  for (const LitmusProperty& property : LitmusProperties()) {
    cited.emplace(property.assumption);
    for (const auto& exception : property.exceptions) cited.emplace(exception.assumption);
  }
  EXPECT_GT(cited.size(), 20u);
  for (const std::string& assumption : cited) {
    const size_t at = page.str().find("- **" + assumption + "** ");
    ASSERT_NE(at, std::string::npos) << assumption << " has no paragraph";
    const size_t next = page.str().find("- **A", at + 1);
    EXPECT_THAT(page.str().substr(at, next - at), HasSubstr("_Evidence:_")) << assumption;
  }
}

// ---- A program that relies on the order of directory operations

/// A checkpoint that never syncs its directory: the new generation is synced under a name of its
/// own, gets its place, the old one goes, and a second sync of the file is to keep the name.
/// Whoever recovers needs one of the two, whole; after the last sync, the new one.
TEST(OrderOfDirectoryOperations, AProgramThatReliesOnItIsCleanWhereThereIsOne) {
  Recorder recorder(DiskOf({{"db/1", "old"}}));
  recorder.Create("db/tmp").Write("db/tmp", 0, "new").Sync("db/tmp");
  recorder.Rename("db/tmp", "db/2").Remove("db/1").Sync("db/2");
  const CrashPoint end = CrashPoints(recorder.trace()).back();
  const auto recovers = [end](const Image& image, CrashPoint point) {
    const InodeNumber directory = image.Lookup(kRootInode, "db");
    const auto whole = [&](std::string_view name) {
      const InodeNumber file = image.Lookup(directory, name);
      return file != kNoInode && image.Find(file)->size_bytes == 3;
    };
    return whole("2") || (point != end && whole("1"));
  };
  std::map<std::string_view, bool> clean;
  for (const PersistenceModel& model : kModels) {
    bool& all = clean[model.name] = true;
    const EffectGraph graph = Lower(recorder.base(), recorder.trace(), model);
    for (CrashPoint point : CrashPoints(recorder.trace())) {
      PointView view(graph, point);
      ExhaustiveChooser chooser;
      do {
        all &= recovers(view.Materialize(view.Make(chooser)), point);
      } while (chooser.Advance());
    }
  }
  const std::map<std::string_view, bool> expected = {
      {"posix", false},       {"prefix", true},       {"ext4-writeback", true},
      {"ext4-ordered", true}, {"ext4-journal", true}, {"btrfs", false},
      {"xfs", true}};
  EXPECT_EQ(clean, expected);
}

}  // namespace
}  // namespace faultfs::test
