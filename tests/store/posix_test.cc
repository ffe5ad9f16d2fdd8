// The store over the real file system, with the defaults that a program gets.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "store/store.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;

class PosixStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "store_test_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string root_;
};

TEST_F(PosixStoreTest, KeepsWhatItAcknowledged) {
  const std::string directory = root_ + "/db";
  Dump expected;
  for (int round = 0; round < 3; ++round) {
    auto store = Store::Open({.segment_bytes = 2000}, directory);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    EXPECT_EQ(DumpOf(**store), expected);
    for (int i = 0; i < 30; ++i) {
      const std::string key = std::to_string(round * 20 + i);
      const auto durability = i % 10 == 0 ? Durability::kSync : Durability::kBuffered;
      ASSERT_TRUE((*store)->Set(key, "value", {.durability = durability}).ok());
      expected[key] = "value";
    }
    ASSERT_TRUE((*store)->Close().ok());
  }
}

TEST_F(PosixStoreTest, CheckpointsInTheBackgroundBoundTheLog) {
  const std::string directory = root_ + "/db";
  Options options{
      .durability = Durability::kBuffered, .segment_bytes = 20'000, .checkpoint_bytes = 50'000};
  Dump expected;
  for (int round = 0; round < 2; ++round) {
    auto store = Store::Open(options, directory);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    EXPECT_EQ(DumpOf(**store), expected);
    for (int i = 0; i < 5000; ++i) {
      const std::string key = std::to_string(i % 300);
      expected[key] = std::to_string(i + round);
      ASSERT_TRUE((*store)->Set(key, expected[key]).ok());
    }
    ASSERT_TRUE((*store)->Compact().ok());
    const CheckpointInfo info = (*store)->checkpoints();
    EXPECT_GT(info.completed, 0u);
    EXPECT_TRUE(info.last_status.ok()) << info.last_status.ToString();
    EXPECT_EQ(info.sequence, (*store)->last_sequence());
    ASSERT_TRUE((*store)->Close().ok());
  }
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    bytes += entry.file_size();
  }
  EXPECT_LT(bytes, 20'000u) << "three hundred entries and an empty log";
}

TEST_F(PosixStoreTest, SecondHandleIsRefused) {
  auto first = Store::Open(Options(), root_);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_TRUE(Store::Open(Options(), root_).status().Is(Code::kLocked));
  first->reset();
  EXPECT_TRUE(Store::Open(Options(), root_).ok());
}

TEST_F(PosixStoreTest, WhatIsNoDirectoryIsAnError) {
  const std::string path = root_ + "/file";
  ASSERT_TRUE(Store::Open(Options(), path).ok());
  EXPECT_TRUE(Store::Open(Options(), path + "/LOCK").status().Is(Code::kNotADirectory));
  EXPECT_TRUE(Store::Open(Options(), root_ + "/no/parent").status().Is(Code::kNotFound));
}

}  // namespace
}  // namespace kv
