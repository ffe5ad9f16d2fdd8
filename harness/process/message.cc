#include "harness/process/internal/message.h"

#include <utility>

namespace crashlab {
namespace {

class Writer {
 public:
  void Number(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) out_.push_back(static_cast<char>(value >> shift));
  }
  void Bytes(std::string_view value) {
    Number(value.size());
    out_.append(value);
  }
  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Reads what Writer wrote. After an error everything reads as 0 or empty.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  uint64_t Number() {
    if (in_.size() < 8) return Refuse();
    uint64_t value = 0;
    for (size_t i = 0; i < 8; ++i) {
      value |= uint64_t{static_cast<unsigned char>(in_[i])} << (8 * i);
    }
    in_.remove_prefix(8);
    return value;
  }
  /// Below `bound`.
  uint64_t Number(uint64_t bound) {
    const uint64_t value = Number();
    return value < bound ? value : Refuse();
  }
  bool Flag() { return Number(2) == 1; }
  std::string Bytes() {
    const uint64_t size = Number();
    if (size > in_.size()) {
      Refuse();
      return {};
    }
    std::string value(in_.substr(0, size));
    in_.remove_prefix(size);
    return value;
  }
  /// Of a list: no more elements than there are bytes.
  uint64_t Count() { return Number(in_.size() + 1); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool complete() const { return ok_ && in_.empty(); }

 private:
  uint64_t Refuse() {
    ok_ = false;
    in_ = {};
    return 0;
  }

  std::string_view in_;
  bool ok_ = true;
};

constexpr uint64_t kCodes = static_cast<uint64_t>(Code::kInterrupted) + 1;

void Put(Writer& out, const Status& status) {
  out.Number(static_cast<uint64_t>(status.code()));
  std::string text(status.message());
  if (!status.file().empty()) text += " (file " + std::string(status.file()) + ")";
  out.Bytes(text);
}
Status GetStatus(Reader& in) {
  const auto code = static_cast<Code>(in.Number(kCodes));
  std::string text = in.Bytes();
  return code == Code::kOk ? Status() : Status::Error(code, std::move(text));
}

void Put(Writer& out, const Dump& dump) {
  out.Number(dump.size());
  for (const auto& [key, value] : dump) {
    out.Bytes(key);
    out.Bytes(value);
  }
}
Dump GetDump(Reader& in) {
  Dump dump;
  for (uint64_t left = in.Count(); left > 0 && in.ok(); --left) {
    std::string key = in.Bytes();
    dump.emplace_back(std::move(key), in.Bytes());
  }
  return dump;
}

void Put(Writer& out, const Event& event) {
  out.Number(static_cast<uint64_t>(event.kind));
  out.Number(event.op);
  out.Number(static_cast<uint64_t>(event.outcome));
  out.Number(static_cast<uint64_t>(event.code));
}
Event GetEvent(Reader& in) {
  Event event{};
  constexpr auto kLast = static_cast<uint64_t>(Event::Kind::kRotted);
  event.kind = static_cast<Event::Kind>(in.Number(kLast + 1));
  event.op = static_cast<OpNumber>(in.Number(uint64_t{kMaxOperations} + 1));
  event.outcome = static_cast<Outcome>(in.Number(uint64_t{3}));
  event.code = static_cast<Code>(in.Number(kCodes));
  return event;
}

void Put(Writer& out, const Reply& reply) {
  Put(out, reply.status);
  out.Number(reply.value.has_value() ? 1 : 0);
  out.Bytes(reply.value.value_or(""));
  out.Number(reply.number);
  Put(out, reply.dump);
  out.Number(reply.sequence.has_value() ? 1 : 0);
  out.Number(reply.sequence.value_or(0));
}
Reply GetReply(Reader& in) {
  Reply reply;
  reply.status = GetStatus(in);
  const bool has_value = in.Flag();
  std::string value = in.Bytes();
  if (has_value) reply.value = std::move(value);
  reply.number = in.Number();
  reply.dump = GetDump(in);
  const bool has_sequence = in.Flag();
  const uint64_t sequence = in.Number();
  if (has_sequence) reply.sequence = sequence;
  return reply;
}

void Put(Writer& out, const Observation& seen) {
  Put(out, seen.open);
  Put(out, seen.dump);
}
Observation GetObservation(Reader& in) {
  Observation seen;
  seen.open = GetStatus(in);
  seen.dump = GetDump(in);
  seen.hash = HashOf(seen.dump);
  return seen;
}

void Put(Writer& out, const Life& life) {
  Put(out, life.seen);
  out.Number(life.violation.has_value() ? 1 : 0);
  const Violation violation = life.violation.value_or(Violation{Verdict::kCrash, ""});
  out.Number(static_cast<uint64_t>(violation.verdict));
  out.Bytes(violation.detail);
  out.Number(life.reopened.has_value() ? 1 : 0);
  Put(out, life.reopened.value_or(Observation()));
}
Life GetLife(Reader& in) {
  Life life;
  life.seen = GetObservation(in);
  const bool violated = in.Flag();
  const auto verdict = static_cast<Verdict>(in.Number(uint64_t{kVerdictCount}));
  std::string detail = in.Bytes();
  if (violated) life.violation = Violation{verdict, std::move(detail)};
  const bool reopened = in.Flag();
  Observation again = GetObservation(in);
  if (reopened) life.reopened = std::move(again);
  return life;
}

}  // namespace

std::string Encode(const Message& message) {
  Writer out;
  out.Number(static_cast<uint64_t>(message.kind));
  Put(out, message.event);
  Put(out, message.reply);
  Put(out, message.background);
  out.Number(message.provocation.any ? 1 : 0);
  out.Number(message.provocation.harmful ? 1 : 0);
  out.Bytes(message.text);
  out.Number(message.number);
  out.Number(message.wide.size());
  for (const uint64_t call : message.wide) out.Number(call);
  Put(out, message.life);
  return out.Take();
}

std::optional<Message> DecodeMessage(std::string_view bytes) {
  Reader in(bytes);
  Message message;
  message.kind = static_cast<Message::Kind>(in.Number(uint64_t{Message::kKinds}));
  message.event = GetEvent(in);
  message.reply = GetReply(in);
  message.background = GetStatus(in);
  message.provocation.any = in.Flag();
  message.provocation.harmful = in.Flag();
  message.text = in.Bytes();
  message.number = in.Number();
  for (uint64_t left = in.Count(); left > 0 && in.ok(); --left) message.wide.push_back(in.Number());
  message.life = GetLife(in);
  if (!in.complete()) return std::nullopt;
  return message;
}

}  // namespace crashlab
