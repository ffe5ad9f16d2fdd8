// What goes through a worker's pipe comes out equal, and garbage comes out as nothing.
#include "harness/runner/internal/wire.h"

#include <gtest/gtest.h>

namespace crashlab {
namespace {

/// Something in every field.
CaseResult Full() {
  Case c;
  c.store = {.adapter = "kv",
             .durability = Durability::kBuffered,
             .segment_bytes = 4096,
             .options = {{"a", "1"}, {"b", ""}}};
  Operation batch;
  batch.verb = Verb::kBatch;
  batch.durability = Durability::kSync;
  batch.batch = {{true, std::string("k\0x", 3), 0}, {false, "", 77}};
  Operation call;
  call.verb = Verb::kCall;
  call.call = "save";
  call.value_bytes = UINT64_MAX;
  c.program = {batch, call};
  c.seed = 0x8000000000000001;
  c.faults = {"fail IO_ERROR sync nth=4"};
  c.sweep = {"evict any"};
  faultfs::PersistenceModel model = *faultfs::FindModel("prefix");
  model.fill = faultfs::FillPolicy::kStale;
  c.crash.models = {model, *faultfs::FindModel("posix")};
  c.crash.kinds = {CrashKind::kProcessDeath};
  c.crash.depth = 2;
  c.crash.probe = false;
  CrashStep step;
  step.kind = CrashKind::kProcessDeath;
  step.state = {"wal.sync#1.begin", {"a#1/s0", "a#1/size"}, {"a#2/s0 front 17"}, "garbage"};
  c.crash.chain = {step, {}};
  ProcessPlan plan{.kills = 7, .tmpfs_bytes = 1 << 20, .depth = 2, .inner = 5};
  plan.kill = {{KillWhen::kMoment, 3}, {KillWhen::kCall, 4}};
  plan.when = {KillWhen::kOperation, KillWhen::kWithin};
  c.process = plan;

  CaseResult result;
  result.counts = {
      .programs = 1, .recoveries = 12345678901, .exhausted_programs = 1, .left_out = 3};
  result.models = {{.programs = 1,
                    .exhausted_programs = 1,
                    .states = 9,
                    .recoveries = 8,
                    .judgements = UINT64_MAX},
                   {}};
  result.findings = {{Verdict::kHole,
                      "HOLE x",
                      "two\nlines",
                      "prefix fill=stale",
                      c,
                      {"a", ""},
                      {{"db/a", std::string("\0", 1)}}},
                     {}};
  result.coverage.Note("log", "wal.append", UINT64_MAX);
  result.coverage.Note("", "read", 0);
  result.digest = {1, UINT64_MAX};
  return result;
}

bool SameResult(const CaseResult& a, const CaseResult& b) {
  return a.counts == b.counts && a.models == b.models && a.findings == b.findings &&
         a.coverage == b.coverage && a.digest == b.digest;
}

TEST(WireTest, AResultComesBackEqual) {
  const auto back = DecodeCaseResult(Encode(Full()));
  ASSERT_TRUE(back);
  EXPECT_TRUE(SameResult(*back, Full()));
}

TEST(WireTest, AMinimizedFindingComesBackEqual) {
  const Minimized minimized{
      .finding = Full().findings.front(), .program_runs = 3, .recoveries = 70, .one_minimal = true};
  const std::string bytes = Encode(minimized);
  EXPECT_EQ(DecodeMinimized(bytes), minimized);
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(DecodeMinimized(std::string_view(bytes).substr(0, size))) << size;
  }
}

TEST(WireTest, EveryTruncationAndEveryAdditionIsRefused) {
  const std::string bytes = Encode(Full());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(DecodeCaseResult(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeCaseResult(bytes + "x"));
}

TEST(WireTest, NoSingleChangedByteCausesHarm) {
  // Either it is refused, or it is some other value; never a crash or a vast allocation.
  const std::string bytes = Encode(Full());
  size_t refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(~changed[i]);
    const auto result = DecodeCaseResult(changed);
    if (!result) {
      ++refused;
    } else {
      EXPECT_FALSE(SameResult(*result, Full())) << i;
    }
  }
  EXPECT_GT(refused, bytes.size() / 2) << "most bytes are lengths and enums";
}

TEST(WireTest, PlacesComeBack) {
  const Place with{Full().findings[0].reproducer.crash.chain, *faultfs::FindModel("posix"),
                   "evict any nth=3"};
  EXPECT_EQ(DecodePlace(Encode(with)), with);
  const Place without;
  EXPECT_EQ(DecodePlace(Encode(without)), without);
}

TEST(WireTest, FramesAreCutAnywhere) {
  const Frame first{Frame::Kind::kFinding, 7, 0, "finding"};
  const Frame second{Frame::Kind::kResult, 8, 123456789, std::string(100'000, 'x')};
  const std::string stream = Encode(first) + Encode(second);
  for (const size_t step : {size_t{1}, size_t{7}, size_t{4096}, stream.size()}) {
    FrameReader reader;
    std::vector<Frame> frames;
    for (size_t at = 0; at < stream.size(); at += step) {
      reader.Append(std::string_view(stream).substr(at, step));
      while (auto frame = reader.Next()) frames.push_back(*frame);
    }
    EXPECT_FALSE(reader.broken());
    ASSERT_EQ(frames.size(), 2u) << step;
    EXPECT_EQ(frames[0], first);
    EXPECT_EQ(frames[1], second);
  }
}

TEST(WireTest, GarbageBreaksTheStream) {
  const std::string good = Encode(Frame{Frame::Kind::kResult, 1, 2, "ok"});
  std::string bad_kind = good;
  bad_kind[4] = 9;
  std::string bad_length = good;
  for (size_t i = 21; i < 29; ++i) bad_length[i] = '\x7f';
  for (const std::string& bytes :
       {std::string("g"), std::string("CLA, but no"), bad_kind, bad_length, good + "garbage"}) {
    FrameReader reader;
    reader.Append(bytes);
    while (reader.Next()) {
    }
    EXPECT_TRUE(reader.broken()) << bytes;
  }
}

}  // namespace
}  // namespace crashlab
