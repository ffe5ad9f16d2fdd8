// Session: what each command does to a store, and what it answers.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "faultfs/env/status.h"
#include "store/cli/command.h"
#include "store/store.h"

namespace kv::cli {

/// How keys and values are shown.
enum class Answers : uint8_t {
  kRaw,      // their bytes: for programs
  kEscaped,  // one line each, whatever they hold, as Escaped() writes it: for people
};

/// One line: what Open found and did.
[[nodiscard]] std::string RecoverySummary(const Store& store);

class Session {
 public:
  struct Setup {
    std::string directory;
    Durability durability = Durability::kSync;
    Answers answers = Answers::kRaw;
  };

  Session(Store& store, Setup setup, std::ostream& out)
      : store_(store), setup_(std::move(setup)), out_(out) {}

  /// Carries out a command and writes its answer; kExit does nothing. An error is the store's; then
  /// there is no answer.
  [[nodiscard]] faultfs::Status Run(const Command& command);

 private:
  [[nodiscard]] faultfs::Status Get(const std::string& key);
  [[nodiscard]] faultfs::Status Delete(const std::string& key);
  [[nodiscard]] faultfs::Status Exists(const std::string& key);
  [[nodiscard]] faultfs::Status Keys(std::string_view prefix);
  [[nodiscard]] faultfs::Status Size();
  [[nodiscard]] faultfs::Status Info();
  void Help();
  /// OK, if `status` is.
  [[nodiscard]] faultfs::Status Done(faultfs::Status status);
  [[nodiscard]] std::string Shown(std::string_view bytes) const;

  Store& store_;
  const Setup setup_;
  std::ostream& out_;
};

/// "kv_store 0.1.0 (file format 1)".
[[nodiscard]] std::string VersionLine();

}  // namespace kv::cli
