// Rot: each kind does what it says, tells exactly what it hurt, and hurts nothing else.
#include "faultfs/crash/rot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>

#include "tests/faultfs/crash/recorder.h"

namespace faultfs {
namespace {

using test::Recorder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Content(const Image& image, std::string_view name) {
  const InodeNumber inode = image.Lookup(kRootInode, name);
  std::string bytes(image.Find(inode)->size_bytes, '\0');
  (void)image.Read(inode, 0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return bytes;
}

/// Two synced files; of "a" the first sector was written twice.
class RotTest : public ::testing::Test {
 protected:
  RotTest() {
    recorder_.Create("/a", IoTag("a.create")).Create("/b", IoTag("b.create"));
    recorder_.Write("/a", 0, std::string(600, 'x'), IoTag("a.write")).Sync("/a");
    recorder_.Write("/a", 100, "new", IoTag("a.write")).Sync("/a");
    recorder_.Write("/b", 0, std::string(1024, 'y'), IoTag("b.write")).Sync("/b").SyncDir("/");
    graph_ = Lower(recorder_.base(), recorder_.trace(), kModels[0]);
    view_.emplace(graph_, CrashPoint{static_cast<uint32_t>(recorder_.trace().ops.size())});
    state_.point = view_->point();
    left_ = view_->Materialize(state_);
  }

  Result<RottenDisk> Put(std::string_view text) {
    const Result<Rot> rot = ParseRot(text);
    EXPECT_TRUE(rot.ok()) << rot.status().ToString();
    return ApplyRot(*view_, state_, left_, *rot);
  }
  InodeNumber Named(std::string_view name) const { return left_.Lookup(kRootInode, name); }

  Recorder recorder_;
  EffectGraph graph_;
  std::optional<PointView> view_;
  CrashState state_;
  Image left_;
};

TEST_F(RotTest, AFlippedBit) {
  const auto disk = Put("flip /a 3.5");
  ASSERT_TRUE(disk.ok());
  std::string due = Content(left_, "a");
  due[3] = static_cast<char>('x' ^ 0x20);
  EXPECT_EQ(Content(disk->image, "a"), due);
  EXPECT_EQ(Content(disk->image, "b"), Content(left_, "b"));
  EXPECT_THAT(disk->hurt, ElementsAre(HurtRange{Named("a"), 3, 4}));
}

TEST_F(RotTest, ASectorOfZeros) {
  const auto disk = Put("zero /a 512");
  ASSERT_TRUE(disk.ok());
  EXPECT_EQ(Content(disk->image, "a"), Content(left_, "a").substr(0, 512) + std::string(88, '\0'));
  EXPECT_THAT(disk->hurt, ElementsAre(HurtRange{Named("a"), 512, 600}));
}

TEST_F(RotTest, AStaleSectorShowsTheVersionBefore) {
  const auto disk = Put("stale a.write#2/s0");
  ASSERT_TRUE(disk.ok());
  EXPECT_EQ(Content(disk->image, "a"), std::string(600, 'x'));
  EXPECT_THAT(disk->hurt, ElementsAre(HurtRange{Named("a"), 100, 103}));
}

TEST_F(RotTest, WhatALaterWriteCoversCannotGetLost) {
  EXPECT_TRUE(Put("stale a.write#1/s0").status().Is(Code::kNotFound));
  const auto disk = Put("lost a.write#1");
  ASSERT_TRUE(disk.ok());
  EXPECT_EQ(Content(disk->image, "a"), Content(left_, "a").substr(0, 512) + std::string(88, '\0'));
}

TEST_F(RotTest, ALostWriteIsLostWhole) {
  const auto disk = Put("lost b.write#1");
  ASSERT_TRUE(disk.ok());
  EXPECT_EQ(Content(disk->image, "b"), std::string(1024, '\0'));
  EXPECT_THAT(disk->hurt,
              ElementsAre(HurtRange{Named("b"), 0, 512}, HurtRange{Named("b"), 512, 1024}));
}

// What knows its offset and not its file is at home there.
TEST_F(RotTest, AMisdirectedWriteIsTriedAtTheSameOffsetOfAnotherFile) {
  std::set<std::string> texts;
  for (const Rot& rot : RotsOf(*view_, state_, left_)) texts.insert(Print(rot));
  EXPECT_TRUE(texts.contains("misdirected b.write#1 /a 0"));
  EXPECT_TRUE(texts.contains("misdirected a.write#2 /b 0"));
  EXPECT_TRUE(texts.contains("misdirected a.write#1 /b 0"))
      << "though only its second sector shows";
}

TEST_F(RotTest, AMisdirectedWriteHurtsBothPlaces) {
  const auto disk = Put("misdirected b.write#1 /a 512");
  ASSERT_TRUE(disk.ok());
  EXPECT_EQ(Content(disk->image, "b"), std::string(1024, '\0'));
  EXPECT_EQ(Content(disk->image, "a"), Content(left_, "a").substr(0, 512) + std::string(88, 'y'));
  EXPECT_THAT(disk->hurt,
              ElementsAre(HurtRange{Named("b"), 0, 512}, HurtRange{Named("b"), 512, 1024},
                          HurtRange{Named("a"), 512, 600}));
}

TEST_F(RotTest, WhatIsNotThereIsSaid) {
  EXPECT_TRUE(Put("flip /c 0.0").status().Is(Code::kNotFound));
  EXPECT_TRUE(Put("flip /a 600.0").status().Is(Code::kNotFound));
  EXPECT_TRUE(Put("zero /a 1024").status().Is(Code::kNotFound));
  EXPECT_TRUE(Put("lost c.write#1").status().Is(Code::kNotFound));
  EXPECT_TRUE(Put("misdirected b.write#1 /b 0").ok()) << "onto itself: only the rest is lost";
}

// Every rot that is listed does something and hurts what it changed, to the byte; all kinds occur.
TEST_F(RotTest, TheListIsTrue) {
  std::set<RotKind> kinds;
  for (const Rot& rot : RotsOf(*view_, state_, left_)) {
    SCOPED_TRACE(Print(rot));
    EXPECT_EQ(*ParseRot(Print(rot)), rot);
    const auto disk = ApplyRot(*view_, state_, left_, rot);
    if (!disk.ok()) {
      EXPECT_TRUE(disk.status().Is(Code::kInvalidArgument)) << disk.status().ToString();
      continue;
    }
    kinds.insert(rot.kind);
    EXPECT_FALSE(SameContent(disk->image, left_));
    for (const std::string_view name : {"a", "b"}) {
      const std::string before = Content(left_, name);
      const std::string after = Content(disk->image, name);
      ASSERT_EQ(before.size(), after.size());
      for (size_t i = 0; i < before.size(); ++i) {
        bool hurt = false;
        for (const HurtRange& range : disk->hurt) {
          hurt |= range.file == Named(name) && range.begin_bytes <= i && i < range.end_bytes;
        }
        if (!hurt) {
          ASSERT_EQ(before[i], after[i]) << name << " byte " << i;
        }
      }
    }
  }
  EXPECT_EQ(kinds.size(), static_cast<size_t>(kRotKindCount));
}

TEST_F(RotTest, NothingPersistedNothingRots) {
  PointView view(graph_, CrashPoint{2});
  const CrashState nothing{.point = view.point(), .lost = view.pending(), .tears = {}, .fill = {}};
  EXPECT_THAT(RotsOf(view, nothing, view.Materialize(nothing)), IsEmpty());
}

TEST(RotTextTest, WrongOnesAreRefused) {
  for (const std::string_view text :
       {"", "flip", "flap /a 0.0", "flip /a 0", "flip /a 0.8", "flip a 0.0", "flip /a x.1",
        "zero /a", "zero 512", "stale", "lost a b", "misdirected w /a", "misdirected w 0"}) {
    EXPECT_TRUE(ParseRot(text).status().Is(Code::kInvalidArgument)) << text;
  }
  for (const std::string_view text :
       {"flip /d/a b 10.7", "zero /a 0", "stale w#1/s3", "lost w#2", "misdirected w#1 /a b 512"}) {
    const Result<Rot> rot = ParseRot(text);
    ASSERT_TRUE(rot.ok()) << text;
    EXPECT_EQ(Print(*rot), text);
  }
}

}  // namespace
}  // namespace faultfs
