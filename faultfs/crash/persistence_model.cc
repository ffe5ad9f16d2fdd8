#include "faultfs/crash/persistence_model.h"

#include <string>
#include <utility>

#include "faultfs/env/nearest_name.h"

namespace faultfs {
namespace {

template <typename Enum>
struct Word {
  Enum value;
  std::string_view name;
};

constexpr Word<TearSize> kTearWords[] = {
    {TearSize::k512, "512"}, {TearSize::k4096, "4096"}, {TearSize::kByteLinear, "byte-linear"}};
constexpr Word<FillPolicy> kFillWords[] = {{FillPolicy::kZeros, "zeros"},
                                           {FillPolicy::kStale, "stale"}};
constexpr Word<RenameRule> kRenameWords[] = {{RenameRule::kAtomic, "atomic"},
                                             {RenameRule::kTwoEdits, "two-edits"}};
constexpr Word<EffectOrder> kOrderWords[] = {{EffectOrder::kFree, "free"},
                                             {EffectOrder::kTotal, "total"}};
constexpr Word<SyncScope> kSyncWords[] = {{SyncScope::kObject, "object"},
                                          {SyncScope::kEverything, "everything"}};

template <typename Enum, size_t N>
std::string_view WordOf(const Word<Enum> (&words)[N], Enum value) {
  for (const Word<Enum>& word : words) {
    if (word.value == value) return word.name;
  }
  FAULTFS_CHECK(false, "every enumerator has a word");
  return {};
}

template <typename Enum, size_t N>
std::vector<std::string_view> AllWords(const Word<Enum> (&words)[N]) {
  std::vector<std::string_view> names;
  for (const Word<Enum>& word : words) names.push_back(word.name);
  return names;
}

std::string DidYouMean(std::string_view kind, std::string_view word,
                       const std::vector<std::string_view>& candidates) {
  return "no " + std::string(kind) + " \"" + std::string(word) + "\"; did you mean \"" +
         std::string(NearestName(word, candidates)) + "\"?";
}

template <typename Enum, size_t N>
Status SetField(Enum& field, const Word<Enum> (&words)[N], std::string_view key,
                std::string_view value) {
  for (const Word<Enum>& word : words) {
    if (word.name == value) {
      field = word.value;
      return Status();
    }
  }
  return Status::Error(Code::kInvalidArgument,
                       DidYouMean("value of " + std::string(key), value, AllWords(words)));
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

std::string_view Name(TearSize value) { return WordOf(kTearWords, value); }
std::string_view Name(FillPolicy value) { return WordOf(kFillWords, value); }
std::string_view Name(RenameRule value) { return WordOf(kRenameWords, value); }
std::string_view Name(EffectOrder value) { return WordOf(kOrderWords, value); }
std::string_view Name(SyncScope value) { return WordOf(kSyncWords, value); }

Status SetSwitch(PersistenceModel& model, std::string_view key, std::string_view value) {
  if (key == "tear") return SetField(model.tear, kTearWords, key, value);
  if (key == "fill") return SetField(model.fill, kFillWords, key, value);
  if (key == "rename") return SetField(model.rename, kRenameWords, key, value);
  if (key == "order") return SetField(model.order, kOrderWords, key, value);
  if (key == "sync") return SetField(model.sync, kSyncWords, key, value);
  const std::vector<std::string_view> keys = {"tear", "fill", "rename", "order", "sync"};
  return Status::Error(Code::kInvalidArgument, DidYouMean("switch", key, keys));
}

std::vector<std::string_view> SwitchValues(std::string_view key) {
  if (key == "tear") return AllWords(kTearWords);
  if (key == "fill") return AllWords(kFillWords);
  if (key == "rename") return AllWords(kRenameWords);
  if (key == "order") return AllWords(kOrderWords);
  if (key == "sync") return AllWords(kSyncWords);
  return {};
}

}  // namespace faultfs
