// The vocabulary of the conformance suite: one set of tests, every file system, the same outcome.
// Where they differ, Linux is right, because a store was written against it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "faultfs/env/file_system.h"
#include "tests/faultfs/env/subject.h"

namespace faultfs {

inline constexpr IoTag kTag{"test.io"};

inline std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline void PrintTo(Code code, std::ostream* out) { *out << CodeName(code); }

struct SubjectMaker {
  const char* name;
  std::unique_ptr<Subject> (*make)();

  friend void PrintTo(const SubjectMaker& maker, std::ostream* out) { *out << maker.name; }
};

class Conformance : public testing::TestWithParam<SubjectMaker> {
 protected:
  FileSystem& fs() { return subject_->fs(); }
  /// `name` in the test's directory; the directory itself for "".
  std::string In(std::string_view name) const {
    return name.empty() ? subject_->root() : subject_->root() + "/" + std::string(name);
  }

  // What happened, as a code: Ok or the error.
  static Code Of(const Status& status) { return status.code(); }
  template <typename T>
  static Code Of(const Result<T>& result) {
    return result.status().code();
  }

  Code Open(std::string_view name, OpenFlags flags = {}) {
    return Of(fs().Open(In(name), flags, kTag));
  }
  Code Remove(std::string_view name) { return Of(fs().Remove(In(name), kTag)); }
  Code Link(std::string_view from, std::string_view to) {
    return Of(fs().Link(In(from), In(to), kTag));
  }
  Code Rename(std::string_view from, std::string_view to) {
    return Of(fs().Rename(In(from), In(to), kTag));
  }
  Code CreateDir(std::string_view name) { return Of(fs().CreateDir(In(name), kTag)); }
  Code RemoveDir(std::string_view name) { return Of(fs().RemoveDir(In(name), kTag)); }
  Code List(std::string_view name) { return Of(fs().List(In(name))); }
  Code Stat(std::string_view name) { return Of(fs().Stat(In(name))); }
  Code SyncDir(std::string_view name) { return Of(fs().SyncDir(In(name), kTag)); }
  Code Lock(std::string_view name) { return Of(fs().Lock(In(name), kTag)); }

  /// An open file; the test fails and dies without it.
  std::unique_ptr<File> Opened(std::string_view name, OpenFlags flags) {
    auto file = fs().Open(In(name), flags, kTag);
    if (!file.ok()) ADD_FAILURE() << file.status().ToString();
    return std::move(file).value();
  }
  std::unique_ptr<File> Writable(std::string_view name) {
    return Opened(name, {.write = true, .create = true});
  }
  std::unique_ptr<File> ReadOnly(std::string_view name) { return Opened(name, {}); }

  static void WriteText(File& file, uint64_t offset_bytes, std::string_view text) {
    const WriteOutcome outcome = WriteFully(file, offset_bytes, Bytes(text), kTag);
    EXPECT_EQ(outcome.status.ToString(), "OK");
    EXPECT_EQ(outcome.written_bytes, text.size());
  }
  static std::string ReadText(File& file, uint64_t offset_bytes = 0, size_t length = 1 << 20) {
    std::string text(length, '?');
    auto got = ReadFully(file, offset_bytes, std::as_writable_bytes(std::span(text)));
    EXPECT_EQ(got.status().ToString(), "OK");
    text.resize(got.ok() ? *got : 0);
    return text;
  }

  /// A file with this content and nothing else.
  void Put(std::string_view name, std::string_view text) {
    const auto file = Writable(name);
    EXPECT_EQ(Of(file->Truncate(0, kTag)), Code::kOk);
    WriteText(*file, 0, text);
  }
  std::string Content(std::string_view name) { return ReadText(*ReadOnly(name)); }

  /// The entries of a directory in the order listed, as "file dir/".
  std::string Names(std::string_view directory = "") {
    auto entries = fs().List(In(directory));
    if (!entries.ok()) return entries.status().ToString();
    std::string text;
    for (const DirEntry& entry : *entries) {
      if (!text.empty()) text += ' ';
      text += entry.name;
      if (entry.type == FileType::kDirectory) text += '/';
    }
    return text;
  }
  FileStat StatOf(std::string_view name) {
    auto stat = fs().Stat(In(name));
    EXPECT_EQ(stat.status().ToString(), "OK");
    return stat.ok() ? *stat : FileStat{};
  }
  bool SameFile(std::string_view a, std::string_view b) {
    return StatOf(a).identity == StatOf(b).identity;
  }

 private:
  std::unique_ptr<Subject> subject_ = GetParam().make();
};

inline constexpr SubjectMaker kSubjects[] = {
    {"Posix", [] { return PosixSubject(TempParent()); }},
    {"PosixInMemory", [] { return PosixSubject(FastTempParent()); }},
    {"Decorated", [] { return DecoratedSubject(FastTempParent()); }},
    {"Sim", [] { return SimSubject(); }},
};

inline std::string SubjectName(const testing::TestParamInfo<SubjectMaker>& info) {
  return info.param.name;
}

}  // namespace faultfs
