#include "harness/cli/internal/cli_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <system_error>

#include "faultfs/env/nearest_name.h"

namespace crashlab {
namespace {

using faultfs::Code;
using faultfs::kModels;
using faultfs::PersistenceModel;
using faultfs::Result;
using faultfs::Status;

constexpr uint64_t kMaxShards = 10'000;
constexpr std::string_view kAllModels = "all";
constexpr uint64_t kMaxDurationMs = uint64_t{1000} * 60 * 60 * 24 * 365;

Status Wrong(std::string message) {
  return Status::Error(Code::kInvalidArgument, std::move(message));
}

Result<PersistenceModel> NamedModel(std::string_view name) {
  std::vector<std::string_view> names = {kAllModels};
  std::string kinds;  // of "ext4", say
  for (const PersistenceModel& model : kModels) {
    if (model.name == name) return model;
    names.push_back(model.name);
    if (name.empty() || !model.name.starts_with(name)) continue;
    kinds += fmt::format("{}\"{}\"", kinds.empty() ? "" : " or ", model.name);
  }
  if (!kinds.empty()) return Wrong(fmt::format("no model \"{}\"; did you mean {}?", name, kinds));
  return Wrong(fmt::format("no model \"{}\"; did you mean \"{}\"?", name,
                           faultfs::NearestName(name, names)));
}

}  // namespace

Result<uint64_t> ParseNumber(std::string_view text, uint64_t low, uint64_t high) {
  std::string_view digits = text;
  int base = 10;
  if (digits.starts_with("0x")) {
    digits.remove_prefix(2);
    base = 16;
  }
  uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error == std::errc() && end == digits.data() + digits.size() && low <= value &&
      value <= high) {
    return value;
  }
  if (high == std::numeric_limits<uint64_t>::max()) {
    return Wrong(fmt::format("not a whole number from {} up, of 64 bits", low));
  }
  return Wrong(fmt::format("not a whole number from {} to {}", low, high));
}

Result<uint64_t> ParseDuration(std::string_view text) {
  const struct {
    std::string_view unit;
    uint64_t ms;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  for (const auto& [unit, ms] : units) {
    if (!text.ends_with(unit)) continue;
    const auto number =
        ParseNumber(text.substr(0, text.size() - unit.size()), 1, kMaxDurationMs / ms);
    if (number.ok()) return *number * ms;
  }
  return Wrong("not a time such as 30s, 5m or 1h");
}

Result<std::vector<PersistenceModel>> ParseModels(std::string_view text) {
  if (text == kAllModels) return std::vector(std::begin(kModels), std::end(kModels));
  std::vector<PersistenceModel> models;
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    FAULTFS_ASSIGN_OR_RETURN(const PersistenceModel model, NamedModel(text.substr(0, comma)));
    if (std::find(models.begin(), models.end(), model) != models.end()) {
      return Wrong(fmt::format("\"{}\" is there twice", model.name));
    }
    models.push_back(model);
    if (comma == text.size()) return models;
    text.remove_prefix(comma + 1);
  }
}

Result<Shard> ParseShard(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash != text.npos) {
    const auto index = ParseNumber(text.substr(0, slash), 1, kMaxShards);
    const auto count = ParseNumber(text.substr(slash + 1), 1, kMaxShards);
    if (index.ok() && count.ok()) {
      if (*index > *count) {
        return Wrong(fmt::format("there is no shard {} of {}", *index, *count));
      }
      return Shard{static_cast<uint32_t>(*index), static_cast<uint32_t>(*count)};
    }
  }
  return Wrong("not a shard such as 1/2 (the first of two)");
}

}  // namespace crashlab
