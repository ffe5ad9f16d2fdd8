// An editor that saves one document, and the rule that it must keep: after a crash the document is
// whole, and it is the last version whose save came back or the one that was being saved. No keys,
// no values: the checker is the editor's own.

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "adapters.h"

namespace {

using namespace crashlab;  // NOLINT: a small program of its own
using faultfs::IoTag;

class Editor final : public System {
 public:
  Editor(faultfs::FileSystem& fs, std::string directory, bool in_place)
      : fs_(fs), directory_(std::move(directory)), in_place_(in_place) {}

  Reply Apply(const Operation& operation, OpNumber number) override {
    Reply reply;
    reply.status = Save(ValueOf(number, 0, operation.value_bytes));
    return reply;
  }

  Result<Dump> ReadAll() override {
    auto file = fs_.Open(directory_ + "/document", {}, IoTag("document.open"));
    if (file.status().Is(Code::kNotFound)) return Dump();
    if (!file.ok()) return file.status();
    FAULTFS_ASSIGN_OR_RETURN(const uint64_t size_bytes, (*file)->Size());
    std::string text(size_bytes, '\0');
    FAULTFS_RETURN_IF_ERROR(
        faultfs::ReadFully(**file, 0, std::as_writable_bytes(std::span(text))).status());
    return Dump{{"document", text}};
  }

  Status Close() override { return Status(); }

 private:
  Status Save(const std::string& text) {
    const std::string path = directory_ + (in_place_ ? "/document" : "/document.new");
    FAULTFS_ASSIGN_OR_RETURN(
        auto file, fs_.Open(path, {.write = true, .create = true}, IoTag("document.create")));
    FAULTFS_RETURN_IF_ERROR(file->Truncate(0, IoTag("document.truncate")));
    const auto bytes = std::as_bytes(std::span(text));
    FAULTFS_RETURN_IF_ERROR(faultfs::WriteFully(*file, 0, bytes, IoTag("document.write")).status);
    FAULTFS_RETURN_IF_ERROR(file->Sync(faultfs::SyncKind::kFull, IoTag("document.sync")));
    if (!in_place_) {
      FAULTFS_RETURN_IF_ERROR(fs_.Rename(path, directory_ + "/document", IoTag("document.rename")));
    }
    return fs_.SyncDir(directory_, IoTag("document.sync-dir"));
  }

  faultfs::FileSystem& fs_;
  const std::string directory_;
  const bool in_place_;
};

class DocumentChecker final : public Checker {
 public:
  explicit DocumentChecker(const Program& program) : program_(program) { Remember(); }

  std::optional<Violation> Take(const Event& event, const Reply&) override {
    const bool save = event.op > 0 && program_[event.op - 1].verb == Verb::kCall;
    if (event.kind == Event::Kind::kInvoke && save) saving_ = event.op;
    if (event.kind == Event::Kind::kReturn && save && event.outcome == Outcome::kOk) {
      saved_ = std::exchange(saving_, 0);
    }
    Remember();
    return std::nullopt;
  }

  std::optional<Violation> Judge(const Question& question) const override {
    if (!question.seen.open.ok()) {
      return Violation{Verdict::kOpenFailed, question.seen.open.ToString()};
    }
    if (question.decided != nullptr) {
      if (question.seen.dump == *question.decided) return std::nullopt;
      return Violation{Verdict::kWrongValue, "the document changed after it had been shown"};
    }
    const auto& [saved, saving] = history_[question.events];
    if (question.seen.dump == Version(saved) || question.seen.dump == Version(saving)) {
      return std::nullopt;
    }
    for (OpNumber op = 0; op < saved; ++op) {
      if (question.seen.dump == Version(op)) {
        return Violation{Verdict::kLostAcked, "an older version than the last one saved"};
      }
    }
    return Violation{Verdict::kPhantom, "neither the last version saved nor the one being saved"};
  }

 private:
  void Remember() { history_.emplace_back(saved_, saving_ == 0 ? saved_ : saving_); }

  Dump Version(OpNumber op) const {
    if (op == 0 || program_[op - 1].verb != Verb::kCall) return {};
    return {{"document", ValueOf(op, 0, program_[op - 1].value_bytes)}};
  }

  const Program& program_;
  OpNumber saved_ = 0;
  OpNumber saving_ = 0;
  std::vector<std::pair<OpNumber, OpNumber>> history_;  // by number of events: saved, being saved
};

class Document final : public Adapter {
 public:
  std::string_view name() const override { return "document"; }
  std::string_view summary() const override { return "an editor that saves one file"; }
  std::vector<std::string_view> options() const override { return {"in_place"}; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }

  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    const std::string directory(context.directory);
    const Status made = context.file_system.CreateDir(directory, IoTag("document.dir"));
    if (!made.ok() && !made.Is(Code::kAlreadyExists)) return made;
    // Also if it was there: the process that made it may have died before its sync.
    FAULTFS_RETURN_IF_ERROR(context.file_system.SyncDir("/", IoTag("document.sync-parent")));
    const auto option = context.config.options.find("in_place");
    const bool in_place = option != context.config.options.end() && option->second == "true";
    return std::unique_ptr<System>(
        std::make_unique<Editor>(context.file_system, directory, in_place));
  }

  std::unique_ptr<Checker> MakeChecker(const Program& program, const StoreConfig&) const override {
    return std::make_unique<DocumentChecker>(program);
  }

 private:
  const Capabilities capabilities_ = {.verbs = {Verb::kReopen, Verb::kKill},
                                      .calls = {{.name = "save", .weight = 1}}};
  const Contract contract_ = {.rows = {{Verb::kCall, std::nullopt, Promise::kPower}},
                              .not_applied = {}};
};

}  // namespace

const Adapter& DocumentAdapter() {
  static const Document adapter;
  return adapter;
}
