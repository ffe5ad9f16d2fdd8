#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "store/cli/json_line.h"
#include "store/cli/line_source.h"
#include "store/cli/text.h"
#include "store/cli/transfer.h"

namespace kv::cli {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

constexpr size_t kBatchEntries = 1000;
constexpr size_t kBatchBytes = size_t{8} << 20;

/// The input: standard input, or a file of its own.
class Input {
 public:
  explicit Input(const std::string& file) {
    if (file.empty() || file == "-") return;
    fd_ = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ >= 0) return;
    const Code code = errno == ENOENT ? Code::kNotFound : Code::kIoError;
    status_ = Status::Error(code, std::string("cannot read: ") + std::strerror(errno)).File(file);
  }
  ~Input() {
    if (fd_ > STDIN_FILENO) close(fd_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = STDIN_FILENO;
  Status status_;
};

class Importer {
 public:
  Importer(Store& store, std::string input_name, const Console& console)
      : store_(store), input_name_(std::move(input_name)), console_(console) {}

  /// Reads to the end, or to the first thing that is wrong. The exit code.
  int Run(LineSource& lines) {
    int exit_code = kExitDone;
    bool more = true;
    while (more && exit_code == kExitDone) {
      const Result<InputLine> line = lines.Next();
      ++line_;
      if (!line.ok()) {
        exit_code = Fail(console_, line.status(), kExitNoStore);
      } else if (line->kind == InputLine::Kind::kText) {
        exit_code = Add(line->text);
      } else if (line->kind == InputLine::Kind::kTooLong) {
        exit_code = Refuse(1, "the line is longer than any entry");
      } else {
        more = false;
        if (line->kind == InputLine::Kind::kStopped) exit_code = 128 + line->signal;
      }
    }
    return Finish(exit_code);
  }

 private:
  int Add(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == line.npos) return kExitDone;
    JsonMistake mistake;
    const std::optional<JsonEntry> entry = EntryFromJson(line, &mistake);
    if (!entry.has_value()) return Refuse(mistake.column, mistake.text);
    const Status fits = CheckLimits(entry->key, entry->value);
    if (!fits.ok()) return Refuse(1, fits.message());
    batch_.Set(entry->key, entry->value);
    const bool full = batch_.size() >= kBatchEntries || batch_.payload().size() >= kBatchBytes;
    return full ? WriteBatchOut() : kExitDone;
  }

  int Refuse(size_t column, std::string_view text) {
    console_.err << "kv_store: " << input_name_ << ":" << line_ << ":" << column << ": " << text
                 << std::endl;
    return kExitFailed;
  }

  int WriteBatchOut() {
    if (batch_.empty()) return kExitDone;
    const Status status = store_.Write(batch_, {.durability = Durability::kBuffered});
    if (!status.ok()) return Fail(console_, status, kExitNoStore);
    imported_ += batch_.size();
    batch_.Clear();
    return kExitDone;
  }

  /// What was right before a mistake or a signal is kept; after an error of the store nothing can
  /// be.
  int Finish(int exit_code) {
    if (exit_code == kExitNoStore) return exit_code;
    if (const int written = WriteBatchOut(); written != kExitDone) return written;
    if (const Status flushed = store_.Flush(); !flushed.ok()) {
      return Fail(console_, flushed, kExitNoStore);
    }
    console_.out << "imported " << Counted(imported_, "entry", "entries") << std::endl;
    return exit_code;
  }

  Store& store_;
  const std::string input_name_;
  const Console& console_;
  WriteBatch batch_;
  uint64_t line_ = 0;
  uint64_t imported_ = 0;
};

}  // namespace

int Import(const TransferOptions& options, const Console& console) {
  const Input input(options.file);
  if (!input.status().ok()) return Fail(console, input.status(), kExitNoStore);
  Result<std::unique_ptr<Store>> store = Store::Open(Options(), options.directory);
  if (!store.ok()) return Fail(console, store.status(), kExitNoStore);
  SignalGate gate;
  const bool named = input.fd() != STDIN_FILENO;
  Importer importer(**store, named ? Escaped(options.file) : "standard input", console);
  const int exit_code = importer.Run(*MakePlainLines(input.fd(), gate));
  const Status closed = (*store)->Close();
  if (!closed.ok() && exit_code != kExitNoStore) return Fail(console, closed, kExitNoStore);
  return exit_code;
}

}  // namespace kv::cli
