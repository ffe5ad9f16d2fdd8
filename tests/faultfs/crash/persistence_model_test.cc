#include "faultfs/crash/persistence_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/states.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::test {
namespace {

using testing::HasSubstr;

std::string_view ValueOf(const PersistenceModel& model, std::string_view key) {
  for (const ModelField& field : FieldsOf(model)) {
    if (field.key == key) return field.word;
  }
  return {};
}

TEST(PersistenceModel, RowsAreFoundByName) {
  for (const PersistenceModel& row : kModels) {
    const Result<PersistenceModel> found = FindModel(row.name);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, row);
  }
}

TEST(PersistenceModel, AWrongNameGetsTheNearest) {
  const Status posx = FindModel("posx").status();
  EXPECT_EQ(posx.code(), Code::kInvalidArgument);
  EXPECT_THAT(posx.ToString(), HasSubstr("no model \"posx\"; did you mean \"posix\"?"));
  EXPECT_THAT(FindModel("perfix").status().ToString(), HasSubstr("did you mean \"prefix\"?"));
}

TEST(PersistenceModel, EveryWordOfEverySwitchIsSetAndRead) {
  for (std::string_view key : SwitchKeys()) {
    const std::vector<std::string_view> values = SwitchValues(key);
    EXPECT_GE(values.size(), 2u) << key;
    for (std::string_view value : values) {
      PersistenceModel model = kModels[0];
      EXPECT_EQ(SetSwitch(model, key, value), Status());
      EXPECT_EQ(ValueOf(model, key), value);
      for (std::string_view other : SwitchKeys()) {
        if (other != key) {
          EXPECT_EQ(ValueOf(model, other), ValueOf(kModels[0], other));
        }
      }
    }
  }
}

TEST(PersistenceModel, WrongKeysAndValuesGetTheNearest) {
  PersistenceModel model = kModels[0];
  const Status key = SetSwitch(model, "tears", "512");
  EXPECT_EQ(key.code(), Code::kInvalidArgument);
  EXPECT_THAT(key.ToString(), HasSubstr("no switch \"tears\"; did you mean \"tear\"?"));
  const Status value = SetSwitch(model, "rename", "atomics");
  EXPECT_EQ(value.code(), Code::kInvalidArgument);
  EXPECT_THAT(value.ToString(),
              HasSubstr("no value of rename \"atomics\"; did you mean \"atomic\"?"));
  EXPECT_EQ(model, kModels[0]);
  EXPECT_TRUE(SwitchValues("tears").empty());
}

TEST(PersistenceModel, TheUnitFollowsTheTearSize) {
  PersistenceModel model;
  model.tear = TearSize::k512;
  EXPECT_EQ(model.unit_bytes(), 512u);
  model.tear = TearSize::kByteLinear;
  EXPECT_EQ(model.unit_bytes(), 512u);
  model.tear = TearSize::k4096;
  EXPECT_EQ(model.unit_bytes(), 4096u);
}

/// The first steps of a run, and nothing else, down to the pages of one write.
TEST(PrefixModel, LeavesOnlyPrefixes) {
  for (const RecordedRun& run : SmallRuns()) {
    // Where a page went back to what the disk held, nothing that came before is a live state.
    const auto& ops = run.trace.ops;
    if (std::any_of(ops.begin(), ops.end(),
                    [](const TraceOp& op) { return op.kind == TraceKind::kRevert; })) {
      continue;
    }
    const EffectGraph graph = Lower(run.base, run.trace, FindModel("prefix").value());
    for (CrashPoint point : CrashPoints(run.trace)) {
      PointView view(graph, point);
      EXPECT_EQ(view.Count(UINT64_MAX), view.pending().size() + 1);
      std::vector<Hash128> prefixes;
      for (uint32_t steps = 0; steps <= point.steps; ++steps) {
        prefixes.push_back(LiveImage(run.base, run.trace, steps).ContentHash());
      }
      ExhaustiveChooser chooser;
      do {
        const CrashState state = view.Make(chooser);
        EXPECT_TRUE(state.tears.empty());
        EXPECT_EQ(state.fill, Fill::kZeros);
        // What is kept ends somewhere within an operation: every one before it is whole.
        for (size_t i = 0; i + 1 < state.lost.size(); ++i) {
          EXPECT_EQ(state.lost[i] + 1, state.lost[i + 1]);
        }
        if (!state.lost.empty()) {
          EXPECT_EQ(state.lost.back(), view.pending().back());
          const uint32_t step = graph.effects[state.lost.front()].step;
          const bool whole =
              state.lost.front() == 0 || graph.effects[state.lost.front() - 1].step != step;
          if (whole) {
            EXPECT_EQ(view.Materialize(state).ContentHash(), prefixes[step]) << run.name;
          }
        }
      } while (chooser.Advance());
    }
  }
}

TEST(PrefixModel, ASyncOfAnythingIsASyncOfEverything) {
  Recorder recorder;
  recorder.Create("a").Write("a", 0, "x").Create("b").Sync("b");
  const EffectGraph graph = Lower(recorder.base(), recorder.trace(), FindModel("prefix").value());
  EXPECT_TRUE(PointView(graph, CrashPoints(recorder.trace()).back()).pending().empty());
}

}  // namespace
}  // namespace faultfs::test
