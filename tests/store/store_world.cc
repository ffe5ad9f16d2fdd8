#include "tests/store/store_world.h"

#include <gtest/gtest.h>

#include <span>

namespace kv {

using faultfs::IoTag;
using faultfs::Result;
using faultfs::SimFileSystem;
using faultfs::Status;

namespace {

constexpr IoTag kEdit{"test.edit"};

std::string PathOf(std::string_view name) {
  return std::string(StoreWorld::kDirectory).append("/").append(name);
}

}  // namespace

Dump DumpOf(const Store& store) {
  Dump dump;
  std::string last;
  const Status status = store.ForEach([&](std::string_view key, std::string_view value) {
    EXPECT_TRUE(dump.empty() || last < key) << "ForEach is in order";
    last = key;
    dump.emplace(key, value);
  });
  EXPECT_TRUE(status.ok()) << status.ToString();
  return dump;
}

StoreWorld::StoreWorld(uint64_t seed, const faultfs::Image& base)
    : volume_(base), tools_(volume_), entropy_(seed) {}

StoreWorld::~StoreWorld() { Kill(); }

Status StoreWorld::Open() {
  Kill();
  process_ = std::make_unique<SimFileSystem>(volume_, hook);
  options.file_system = process_.get();
  options.entropy = &entropy_;
  auto opened = Store::Open(options, kDirectory);
  if (!opened.ok()) return opened.status();
  store_ = std::move(opened).value();
  return Status();
}

Result<Dump> StoreWorld::Recovered() {
  FAULTFS_RETURN_IF_ERROR(Open());
  Dump dump = DumpOf(*store_);
  EXPECT_EQ(store_->Size().value(), dump.size());
  return dump;
}

void StoreWorld::Kill() {
  if (process_ != nullptr) process_->Kill();
  store_.reset();
  process_.reset();
}

Store& StoreWorld::store() {
  FAULTFS_CHECK(store_ != nullptr, "the store is open: see the failure above");
  return *store_;
}

void StoreWorld::MustOpen() {
  const Status status = Open();
  ASSERT_TRUE(status.ok()) << status.ToString();
}

void StoreWorld::Put(std::string_view key, std::string_view value) {
  const Status status = store_->Set(key, value, {.durability = Durability::kSync});
  ASSERT_TRUE(status.ok()) << status.ToString();
}

void StoreWorld::PutBuffered(std::string_view key, std::string_view value) {
  const Status status = store_->Set(key, value, {.durability = Durability::kBuffered});
  ASSERT_TRUE(status.ok()) << status.ToString();
}

void StoreWorld::Close() {
  const Status status = store_->Close();
  ASSERT_TRUE(status.ok()) << status.ToString();
}

std::vector<std::string> StoreWorld::Files() {
  std::vector<std::string> names;
  auto entries = tools_.List(kDirectory);
  EXPECT_TRUE(entries.ok());
  if (entries.ok()) {
    for (const auto& entry : *entries) names.push_back(entry.name);
  }
  return names;
}

bool StoreWorld::HasFile(std::string_view name) { return tools_.Stat(PathOf(name)).ok(); }

std::string StoreWorld::Bytes(std::string_view name) {
  auto file = tools_.Open(PathOf(name), {}, kEdit);
  EXPECT_TRUE(file.ok()) << name;
  if (!file.ok()) return "";
  std::string bytes((*file)->Size().value(), '\0');
  EXPECT_TRUE(ReadFully(**file, 0, std::as_writable_bytes(std::span(bytes))).ok());
  return bytes;
}

void StoreWorld::SetBytes(std::string_view name, std::string_view bytes) {
  auto file = tools_.Open(PathOf(name), {.write = true, .create = true}, kEdit);
  ASSERT_TRUE(file.ok()) << name;
  ASSERT_TRUE((*file)->Truncate(0, kEdit).ok());
  ASSERT_TRUE(WriteFully(**file, 0, std::as_bytes(std::span(bytes)), kEdit).status.ok());
}

void StoreWorld::Append(std::string_view name, std::string_view bytes) {
  SetBytes(name, Bytes(name).append(bytes));
}

void StoreWorld::CutTail(std::string_view name, uint64_t bytes) {
  Resize(name, Bytes(name).size() - bytes);
}

void StoreWorld::Resize(std::string_view name, uint64_t size_bytes) {
  auto file = tools_.Open(PathOf(name), {.write = true}, kEdit);
  ASSERT_TRUE(file.ok()) << name;
  ASSERT_TRUE((*file)->Truncate(size_bytes, kEdit).ok());
}

void StoreWorld::FlipByte(std::string_view name, uint64_t offset_bytes, uint8_t mask) {
  std::string bytes = Bytes(name);
  ASSERT_LT(offset_bytes, bytes.size());
  bytes[offset_bytes] = static_cast<char>(static_cast<uint8_t>(bytes[offset_bytes]) ^ mask);
  SetBytes(name, bytes);
}

void StoreWorld::ZeroRange(std::string_view name, uint64_t begin_bytes, uint64_t end_bytes) {
  std::string bytes = Bytes(name);
  ASSERT_LE(end_bytes, bytes.size());
  bytes.replace(begin_bytes, end_bytes - begin_bytes, end_bytes - begin_bytes, '\0');
  SetBytes(name, bytes);
}

void StoreWorld::RemoveFile(std::string_view name) {
  ASSERT_TRUE(tools_.Remove(PathOf(name), kEdit).ok()) << name;
}

}  // namespace kv
