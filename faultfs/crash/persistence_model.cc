#include "faultfs/crash/persistence_model.h"

#include <algorithm>
#include <span>
#include <string>
#include <type_traits>

#include "faultfs/env/check.h"
#include "faultfs/env/nearest_name.h"

namespace faultfs {
namespace {

/// One value of a field, at the index of its enumerator.
struct Word {
  std::string_view name;
  std::string_view assumption;
  std::string_view meaning;
};

constexpr Word kTearWords[] = {
    {"512", "A1", "sectors of 512 bytes persist whole"},
    {"4096", "A19", "blocks of 4096 bytes persist whole"},
    {"byte-linear", "A2", "one sector may be damaged from one end"},
};
constexpr Word kFillWords[] = {
    {"zeros", "A5", "what never became durable reads as zeros"},
    {"stale", "A5", "what never became durable reads as zeros or old bytes"},
};
constexpr Word kRenameWords[] = {
    {"atomic", "A8", "both names of a rename change together"},
    {"two-edits", "A8", "each name of a rename changes by itself"},
};
constexpr Word kOrderWords[] = {
    {"free", "A1", "effects in any order that the fields below allow"},
    {"total", "A18", "effects in the order of issue, data too"},
};
constexpr Word kEntriesWords[] = {
    {"free", "A7", "directory entries in any order"},
    {"related", "A24", "directory entries of one file in order, others free"},
    {"journal", "A23", "directory entries in one order"},
};
constexpr Word kAppendWords[] = {
    {"free", "A4", "size and bytes of an append apart"},
    {"data-first", "A20", "no size without its bytes"},
    {"new-data-first", "A21", "no size without its bytes, but in an allocated tail block"},
};
constexpr Word kGrowthWords[] = {
    {"whole", "A18", "a write grows a file at once"},
    {"blocks", "A22", "a write grows a file block by block"},
};
constexpr Word kSizeOrderWords[] = {
    {"free", "A4", "a write's size waits for no directory entry"},
    {"after-entries", "A25", "a write's size waits for the journal so far"},
};
constexpr Word kTruncateWords[] = {
    {"volatile", "A6", "a truncate is a size, in no order"},
    {"journaled", "A26", "a truncate has its place among the directory entries"},
};
constexpr Word kReplaceWords[] = {
    {"unsafe", "A8", "a rename waits for no data"},
    {"safe", "A27", "a rename that replaces waits for the data"},
};
constexpr Word kSyncWords[] = {
    {"object", "A9", "fsync: data and size"},
    {"entry", "A29", "fsync: data, size, the file's names; fdatasync: data, size"},
    {"journal", "A28", "fsync: data, size, the journal up to the file's last change"},
    {"everything", "A18", "fsync: everything"},
};
constexpr Word kDirSyncWords[] = {
    {"entries", "A10", "fsync of a directory: its entries"},
    {"journal", "A30", "fsync of a directory: the whole journal"},
};
constexpr Word kAbandonedWords[] = {
    {"releases", "A31", "nothing waits for what a failed sync left"},
    {"binds", "A18", "later effects wait for what a failed sync left"},
};

constexpr Word kFailedPageWords[] = {
    {"new", "A32", "after a failed write-back the cache shows the new content until it is evicted"},
    {"old", "A32", "after a failed write-back the cache shows the old content and size"},
};
constexpr Word kFailedReportWords[] = {
    {"at-once", "A33", "a failed fsync says so at once"},
    {"next-sync", "A33", "a failed fsync of a file is reported by the next one"},
};
constexpr Word kFailedRetryWords[] = {
    {"nothing", "A11", "a retry of a failed fsync writes nothing"},
    {"metadata", "A34", "a retry of a failed fsync writes truncates and no data"},
};

/// A field: its key, its words, and how to get at it.
struct Field {
  std::string_view key;
  std::span<const Word> words;
  size_t (*get)(const PersistenceModel&);
  void (*set)(PersistenceModel&, size_t);
};

template <auto kMember>
constexpr Field FieldFor(std::string_view key, std::span<const Word> words) {
  return {
      key, words,
      [](const PersistenceModel& model) -> size_t { return static_cast<size_t>(model.*kMember); },
      [](PersistenceModel& model, size_t value) {
        model.*kMember = static_cast<std::remove_cvref_t<decltype(model.*kMember)>>(value);
      }};
}

constexpr Field kFields[] = {
    FieldFor<&PersistenceModel::tear>("tear", kTearWords),
    FieldFor<&PersistenceModel::fill>("fill", kFillWords),
    FieldFor<&PersistenceModel::rename>("rename", kRenameWords),
    FieldFor<&PersistenceModel::order>("order", kOrderWords),
    FieldFor<&PersistenceModel::entries>("entries", kEntriesWords),
    FieldFor<&PersistenceModel::append>("append", kAppendWords),
    FieldFor<&PersistenceModel::growth>("growth", kGrowthWords),
    FieldFor<&PersistenceModel::size_order>("size_order", kSizeOrderWords),
    FieldFor<&PersistenceModel::truncate>("truncate", kTruncateWords),
    FieldFor<&PersistenceModel::replace>("replace", kReplaceWords),
    FieldFor<&PersistenceModel::sync>("sync", kSyncWords),
    FieldFor<&PersistenceModel::dir_sync>("dir_sync", kDirSyncWords),
    FieldFor<&PersistenceModel::abandoned>("abandoned", kAbandonedWords),
    FieldFor<&PersistenceModel::failed_page>("failed_page", kFailedPageWords),
    FieldFor<&PersistenceModel::failed_report>("failed_report", kFailedReportWords),
    FieldFor<&PersistenceModel::failed_retry>("failed_retry", kFailedRetryWords),
};

const Field* FindField(std::string_view key) {
  const auto* found = std::find_if(std::begin(kFields), std::end(kFields),
                                   [key](const Field& field) { return field.key == key; });
  return found == std::end(kFields) ? nullptr : found;
}

std::vector<std::string_view> NamesOf(std::span<const Word> words) {
  std::vector<std::string_view> names;
  for (const Word& word : words) names.push_back(word.name);
  return names;
}

std::string DidYouMean(std::string_view kind, std::string_view word,
                       const std::vector<std::string_view>& candidates) {
  return "no " + std::string(kind) + " \"" + std::string(word) + "\"; did you mean \"" +
         std::string(NearestName(word, candidates)) + "\"?";
}

}  // namespace

Result<PersistenceModel> FindModel(std::string_view name) {
  std::vector<std::string_view> names;
  for (const PersistenceModel& model : kModels) {
    if (model.name == name) return model;
    names.push_back(model.name);
  }
  return Status::Error(Code::kInvalidArgument, DidYouMean("model", name, names));
}

std::vector<ModelField> FieldsOf(const PersistenceModel& model) {
  std::vector<ModelField> fields;
  for (const Field& field : kFields) {
    const Word& word = field.words[field.get(model)];
    fields.push_back({field.key, word.name, word.assumption, word.meaning});
  }
  return fields;
}

std::vector<std::string_view> SwitchKeys() {
  std::vector<std::string_view> keys;
  for (const Field& field : kFields) keys.push_back(field.key);
  return keys;
}

Status SetSwitch(PersistenceModel& model, std::string_view key, std::string_view value) {
  const Field* field = FindField(key);
  if (field == nullptr) {
    return Status::Error(Code::kInvalidArgument, DidYouMean("switch", key, SwitchKeys()));
  }
  const std::vector<std::string_view> names = NamesOf(field->words);
  const auto at = std::find(names.begin(), names.end(), value);
  if (at == names.end()) {
    return Status::Error(Code::kInvalidArgument,
                         DidYouMean("value of " + std::string(key), value, names));
  }
  field->set(model, static_cast<size_t>(at - names.begin()));
  return Status();
}

std::vector<std::string_view> SwitchValues(std::string_view key) {
  const Field* field = FindField(key);
  return field == nullptr ? std::vector<std::string_view>() : NamesOf(field->words);
}

}  // namespace faultfs
