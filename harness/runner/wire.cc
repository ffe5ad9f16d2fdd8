#include "harness/runner/internal/wire.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <type_traits>
#include <utility>

#include "harness/internal/count_fields.h"

namespace crashlab {
namespace {

constexpr uint32_t kFrameMagic = 0x62414c43;  // "CLAb"
constexpr uint64_t kMaxPayloadBytes = uint64_t{256} << 20;
constexpr size_t kHeaderBytes = 4 + 1 + 3 * 8;

/// Writes the fields it is called with.
class Encoder {
 public:
  static constexpr bool kReading = false;

  void Number(const uint64_t& value) {
    for (int shift = 0; shift < 64; shift += 8) out_.push_back(static_cast<char>(value >> shift));
  }
  void Bytes(const std::string& value) {
    Number(value.size());
    out_.append(value);
  }
  [[nodiscard]] bool ok() const { return true; }
  void Refuse() {}
  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Reads them back in the same order. After an error everything reads as 0 or empty.
class Decoder {
 public:
  static constexpr bool kReading = true;

  explicit Decoder(std::string_view in) : in_(in) {}
  void Number(uint64_t& value) {
    value = 0;
    if (in_.size() < 8) return Refuse();
    for (size_t i = 0; i < 8; ++i) {
      value |= uint64_t{static_cast<unsigned char>(in_[i])} << (8 * i);
    }
    in_.remove_prefix(8);
  }
  void Bytes(std::string& value) {
    uint64_t size = 0;
    Number(size);
    if (size > in_.size()) return Refuse();
    value.assign(in_.substr(0, size));
    in_.remove_prefix(size);
  }
  /// More elements than bytes are a lie: nothing is allocated for it.
  [[nodiscard]] bool CanHold(uint64_t elements) const { return elements <= in_.size(); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool complete() const { return ok_ && in_.empty(); }
  void Refuse() {
    ok_ = false;
    in_ = {};
  }

 private:
  std::string_view in_;
  bool ok_ = true;
};

// One list of fields for each type serves both directions. The bindings name every field: one more
// in the struct does not compile until it is sent as well.

template <typename Archive, typename Int>
requires std::is_integral_v<std::remove_const_t<Int>>
void Visit(Archive& archive, Int& value) {
  uint64_t number = static_cast<uint64_t>(value);
  archive.Number(number);
  if constexpr (Archive::kReading) {
    value = static_cast<Int>(number);
    if (static_cast<uint64_t>(value) != number) archive.Refuse();  // it does not fit
  }
}

template <typename Archive, typename E>
requires std::is_enum_v<std::remove_const_t<E>>
void VisitEnum(Archive& archive, E& value, uint64_t count) {
  uint64_t number = static_cast<uint64_t>(value);
  archive.Number(number);
  if constexpr (Archive::kReading) {
    if (number >= count) {
      archive.Refuse();
      number = 0;
    }
    value = static_cast<E>(number);
  }
}

template <typename Archive>
void Visit(Archive& archive, std::string& value) {
  archive.Bytes(value);
}

template <typename Archive, typename List, typename Element>
void VisitList(Archive& archive, List& list, Element element) {
  uint64_t size = list.size();
  archive.Number(size);
  if constexpr (Archive::kReading) {
    if (!archive.CanHold(size)) return archive.Refuse();
    list.clear();
    for (uint64_t i = 0; i < size && archive.ok(); ++i) element(list.emplace_back());
  } else {
    for (auto& value : list) element(value);
  }
}

template <typename Archive>
void Visit(Archive& archive, std::vector<std::string>& list) {
  VisitList(archive, list, [&](std::string& value) { archive.Bytes(value); });
}

template <typename Archive>
void Visit(Archive& archive, std::map<std::string, std::string>& map) {
  std::vector<std::pair<std::string, std::string>> list(map.begin(), map.end());
  VisitList(archive, list, [&](auto& entry) {
    archive.Bytes(entry.first);
    archive.Bytes(entry.second);
  });
  if constexpr (Archive::kReading) map = {list.begin(), list.end()};
}

template <typename Archive, typename T, typename Value>
void VisitOptional(Archive& archive, std::optional<T>& optional, Value value) {
  uint64_t present = optional.has_value();
  archive.Number(present);
  if constexpr (Archive::kReading) {
    if (present > 1) return archive.Refuse();
    if (present == 1) {
      optional.emplace();
    } else {
      optional.reset();
    }
  }
  if (optional) value(*optional);
}

template <typename Archive>
void Visit(Archive& archive, faultfs::Hash128& hash) {
  Visit(archive, hash.low);
  Visit(archive, hash.high);
}

template <typename Archive>
void Visit(Archive& archive, Counts& counts) {
  for (const CountField& row : kCountFields) Visit(archive, counts.*row.field);
}

template <typename Archive>
void Visit(Archive& archive, ModelCounts& counts) {
  auto& [programs, exhausted_programs, states, recoveries, judgements, process_deaths] = counts;
  Visit(archive, programs);
  Visit(archive, exhausted_programs);
  Visit(archive, states);
  Visit(archive, recoveries);
  Visit(archive, judgements);
  Visit(archive, process_deaths);
}

template <typename Archive>
void Visit(Archive& archive, Coverage& coverage) {
  std::vector<std::pair<Coverage::Call, FaultClasses>> list(coverage.calls.begin(),
                                                            coverage.calls.end());
  VisitList(archive, list, [&](auto& entry) {
    archive.Bytes(entry.first.file);
    archive.Bytes(entry.first.tag);
    Visit(archive, entry.second);
  });
  if constexpr (Archive::kReading) coverage.calls = {list.begin(), list.end()};
}

template <typename Archive>
void VisitDurability(Archive& archive, Durability& durability) {
  VisitEnum(archive, durability, 3);
}

template <typename Archive>
void VisitEdit(Archive& archive, Edit& edit) {
  auto& [erase, key, value_bytes] = edit;
  Visit(archive, erase);
  Visit(archive, key);
  Visit(archive, value_bytes);
}

template <typename Archive>
void Visit(Archive& archive, Operation& operation) {
  auto& [verb, key, value_bytes, durability, batch, call, client] = operation;
  VisitEnum(archive, verb, kVerbCount);
  Visit(archive, key);
  Visit(archive, value_bytes);
  VisitOptional(archive, durability, [&](Durability& value) { VisitDurability(archive, value); });
  VisitList(archive, batch, [&](Edit& edit) { VisitEdit(archive, edit); });
  Visit(archive, call);
  Visit(archive, client);
}

template <typename Archive>
void Visit(Archive& archive, StoreConfig& store) {
  auto& [adapter, durability, segment_bytes, options] = store;
  Visit(archive, adapter);
  VisitDurability(archive, durability);
  Visit(archive, segment_bytes);
  Visit(archive, options);
}

template <typename Archive>
void Visit(Archive& archive, faultfs::PersistenceModel& model) {
  std::string name(model.name);
  Visit(archive, name);
  if constexpr (Archive::kReading) {
    auto row = faultfs::FindModel(name);  // names live in the table
    if (!row.ok()) return archive.Refuse();
    model = *row;
  }
  for (const faultfs::ModelField& field : faultfs::FieldsOf(model)) {
    std::string word(field.word);
    Visit(archive, word);
    if constexpr (Archive::kReading) {
      if (!faultfs::SetSwitch(model, field.key, word).ok()) return archive.Refuse();
    }
  }
}

template <typename Archive>
void Visit(Archive& archive, CrashStep& step) {
  auto& [kind, state, rot] = step;
  auto& [at, lost, tears, fill] = state;
  VisitEnum(archive, kind, 2);
  Visit(archive, at);
  Visit(archive, lost);
  Visit(archive, tears);
  Visit(archive, fill);
  Visit(archive, rot);
}

template <typename Archive>
void Visit(Archive& archive, std::vector<CrashStep>& chain) {
  VisitList(archive, chain, [&](CrashStep& step) { Visit(archive, step); });
}

template <typename Archive>
void Visit(Archive& archive, CrashPlan& plan) {
  auto& [models, kinds, budget, depth, inner, inner_budget, rot, rot_kinds, probe, chain] = plan;
  VisitList(archive, models, [&](faultfs::PersistenceModel& model) { Visit(archive, model); });
  VisitList(archive, kinds, [&](CrashKind& kind) { VisitEnum(archive, kind, 2); });
  Visit(archive, budget);
  Visit(archive, depth);
  Visit(archive, inner);
  Visit(archive, inner_budget);
  Visit(archive, rot);
  VisitList(archive, rot_kinds,
            [&](faultfs::RotKind& kind) { VisitEnum(archive, kind, faultfs::kRotKindCount); });
  Visit(archive, probe);
  Visit(archive, chain);
}

template <typename Archive>
void Visit(Archive& archive, KillPoint& point) {
  auto& [when, number] = point;
  VisitEnum(archive, when, kKillWhenCount);
  Visit(archive, number);
}

template <typename Archive>
void Visit(Archive& archive, ProcessPlan& plan) {
  auto& [kills, when, tmpfs_bytes, file_size_limit_bytes, depth, inner, kill] = plan;
  Visit(archive, kills);
  VisitList(archive, when, [&](KillWhen& value) { VisitEnum(archive, value, kKillWhenCount); });
  VisitOptional(archive, tmpfs_bytes, [&](uint64_t& value) { Visit(archive, value); });
  VisitOptional(archive, file_size_limit_bytes, [&](uint64_t& value) { Visit(archive, value); });
  Visit(archive, depth);
  Visit(archive, inner);
  VisitList(archive, kill, [&](KillPoint& value) { Visit(archive, value); });
}

template <typename Archive>
void Visit(Archive& archive, ClientPlan& plan) {
  auto& [least, most, schedules, kinds, depth, preemptions, real_threads, schedule] = plan;
  Visit(archive, least);
  Visit(archive, most);
  Visit(archive, schedules);
  VisitList(archive, kinds,
            [&](ScheduleKind& kind) { VisitEnum(archive, kind, kScheduleKindCount); });
  Visit(archive, depth);
  Visit(archive, preemptions);
  Visit(archive, real_threads);
  VisitOptional(archive, schedule, [&](std::string& text) { Visit(archive, text); });
}

template <typename Archive>
void Visit(Archive& archive, Case& c) {
  auto& [store, program, seed, faults, sweep, crash, process, clients] = c;
  Visit(archive, store);
  VisitList(archive, program, [&](Operation& operation) { Visit(archive, operation); });
  Visit(archive, seed);
  Visit(archive, faults);
  Visit(archive, sweep);
  Visit(archive, crash);
  VisitOptional(archive, process, [&](ProcessPlan& plan) { Visit(archive, plan); });
  VisitOptional(archive, clients, [&](ClientPlan& plan) { Visit(archive, plan); });
}

template <typename Archive>
void Visit(Archive& archive, Finding& finding) {
  auto& [verdict, signature, detail, model, reproducer, story, disk] = finding;
  VisitEnum(archive, verdict, kVerdictCount);
  Visit(archive, signature);
  Visit(archive, detail);
  Visit(archive, model);
  Visit(archive, reproducer);
  Visit(archive, story);
  VisitList(archive, disk, [&](auto& file) {
    archive.Bytes(file.first);
    archive.Bytes(file.second);
  });
}

template <typename Archive>
void Visit(Archive& archive, CaseResult& result) {
  auto& [counts, models, findings, coverage, digest] = result;
  Visit(archive, counts);
  VisitList(archive, models, [&](ModelCounts& model) { Visit(archive, model); });
  VisitList(archive, findings, [&](Finding& finding) { Visit(archive, finding); });
  Visit(archive, coverage);
  Visit(archive, digest);
}

template <typename Archive>
void Visit(Archive& archive, Minimized& minimized) {
  auto& [finding, program_runs, recoveries, one_minimal] = minimized;
  Visit(archive, finding);
  Visit(archive, program_runs);
  Visit(archive, recoveries);
  Visit(archive, one_minimal);
}

template <typename Archive>
void Visit(Archive& archive, Place& place) {
  Visit(archive, place.chain);
  Visit(archive, place.fault);
  Visit(archive, place.schedule);
  VisitOptional(archive, place.model,
                [&](faultfs::PersistenceModel& model) { Visit(archive, model); });
}

template <typename T>
std::string EncodeAny(const T& value) {
  Encoder encoder;
  T copy = value;  // one Visit for both directions takes a mutable value
  Visit(encoder, copy);
  return encoder.Take();
}

template <typename T>
std::optional<T> DecodeAny(std::string_view bytes) {
  Decoder decoder(bytes);
  T value{};
  Visit(decoder, value);
  if (!decoder.complete()) return std::nullopt;
  return value;
}

}  // namespace

std::string Encode(const CaseResult& result) { return EncodeAny(result); }
std::optional<CaseResult> DecodeCaseResult(std::string_view bytes) {
  return DecodeAny<CaseResult>(bytes);
}

std::string Encode(const Minimized& minimized) { return EncodeAny(minimized); }
std::optional<Minimized> DecodeMinimized(std::string_view bytes) {
  return DecodeAny<Minimized>(bytes);
}

std::string Encode(const Finding& finding) { return EncodeAny(finding); }
std::optional<Finding> DecodeFinding(std::string_view bytes) { return DecodeAny<Finding>(bytes); }

std::string Encode(const Place& place) { return EncodeAny(place); }
std::optional<Place> DecodePlace(std::string_view bytes) { return DecodeAny<Place>(bytes); }

std::string Encode(const Frame& frame) {
  std::string header(sizeof kFrameMagic, '\0');
  std::memcpy(header.data(), &kFrameMagic, sizeof kFrameMagic);
  header.push_back(static_cast<char>(frame.kind));
  Encoder rest;
  rest.Number(frame.job);
  rest.Number(frame.duration_ns);
  rest.Bytes(frame.payload);
  return header + rest.Take();
}

std::optional<Frame> FrameReader::Next() {
  if (broken_ || pending_.empty()) return std::nullopt;
  const size_t known = std::min(pending_.size(), sizeof kFrameMagic);
  broken_ = std::memcmp(pending_.data(), &kFrameMagic, known) != 0;
  if (broken_ || pending_.size() < kHeaderBytes) return std::nullopt;

  const std::string_view bytes = pending_;
  Frame frame;
  const uint8_t kind = static_cast<uint8_t>(bytes[4]);
  uint64_t payload_bytes = 0;
  Decoder header(bytes.substr(5, kHeaderBytes - 5));
  header.Number(frame.job);
  header.Number(frame.duration_ns);
  header.Number(payload_bytes);
  broken_ = kind >= Frame::kKinds || payload_bytes > kMaxPayloadBytes;
  if (broken_ || bytes.size() - kHeaderBytes < payload_bytes) return std::nullopt;

  frame.kind = static_cast<Frame::Kind>(kind);
  frame.payload.assign(bytes.substr(kHeaderBytes, payload_bytes));
  pending_.erase(0, kHeaderBytes + payload_bytes);
  return frame;
}

}  // namespace crashlab
