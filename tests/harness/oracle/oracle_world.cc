#include "tests/harness/oracle/oracle_world.h"

#include <algorithm>
#include <utility>

#include "faultfs/env/check.h"
#include "harness/adapters/kv_adapter.h"

namespace crashlab {
namespace {

std::vector<std::string> Split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(at), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string NameOf(const std::optional<Violation>& violation, std::string_view otherwise) {
  return std::string(violation.has_value() ? Name(violation->verdict) : otherwise);
}

std::string InWords(const std::optional<Violation>& violation) {
  if (!violation.has_value()) return "legal";
  return std::string(Name(violation->verdict)) + ": " + violation->detail;
}

}  // namespace

Program ProgramOf(std::string_view text) {
  std::string lines(text);
  std::replace(lines.begin(), lines.end(), ';', '\n');
  std::replace(lines.begin(), lines.end(), ',', ';');
  auto program = ParseProgram(lines);
  FAULTFS_CHECK(program.ok(), "a test's program parses");
  return std::move(program).value();
}

Contract ReadsCount() {
  return {.rows = {{Verb::kGet, Durability::kBuffered, Promise::kProcess},
                   {Verb::kGet, Durability::kSync, Promise::kPower},
                   {Verb::kSize, Durability::kSync, Promise::kPower}},
          .not_applied = {},
          .close = Promise::kNothing};
}

OracleWorld::OracleWorld(std::string_view program, Durability durability)
    : OracleWorld(program, durability, KvAdapter().contract()) {}

OracleWorld::OracleWorld(std::string_view program, Durability durability, Contract contract)
    : program_(ProgramOf(program)),
      contract_(std::move(contract)),
      oracle_(program_, contract_, durability) {}

void OracleWorld::Take(const Event& event, const Reply& reply) {
  ++events_;
  const std::optional<Violation> violation = oracle_.Take(event, reply);
  live_ = NameOf(violation, "right");
  live_detail_ = violation.has_value() ? violation->detail : "";
}

OracleWorld& OracleWorld::Opens(std::string_view shown, std::optional<size_t> witnessed) {
  Reply reply;
  reply.dump = Content(shown);
  Take({.kind = Event::Kind::kOpened, .op = op_, .witnessed = witnessed}, reply);
  return *this;
}

OracleWorld& OracleWorld::Begin() {
  FAULTFS_CHECK(!in_flight_ && op_ < program_.size(), "one operation after the other");
  in_flight_ = true;
  Take({.kind = Event::Kind::kInvoke, .op = ++op_});
  return *this;
}

OracleWorld& OracleWorld::End(Outcome outcome, const Reply& reply) {
  if (!in_flight_) Begin();
  in_flight_ = false;
  Take({.kind = Event::Kind::kReturn, .op = op_, .outcome = outcome}, reply);
  return *this;
}

OracleWorld& OracleWorld::Ok(Reply reply) { return End(Outcome::kOk, reply); }

OracleWorld& OracleWorld::Reverts() {
  Take({.kind = Event::Kind::kReverted, .op = op_});
  return *this;
}

OracleWorld& OracleWorld::Kill(std::string_view shown, std::optional<size_t> witnessed) {
  Begin();
  in_flight_ = false;
  Take({.kind = Event::Kind::kKilled, .op = op_});
  return Opens(shown, witnessed);
}

OracleWorld& OracleWorld::Reopen(std::string_view shown, Outcome close) {
  Begin();
  in_flight_ = false;
  Take({.kind = Event::Kind::kClosed, .op = op_, .outcome = close});
  return Opens(shown);
}

OracleWorld& OracleWorld::Gets(std::string_view value) {
  Reply reply;
  if (value != "nothing") reply.value = Value(value);
  return Ok(reply);
}

OracleWorld& OracleWorld::Counts(uint64_t number) {
  Reply reply;
  reply.number = number;
  return Ok(reply);
}

OracleWorld& OracleWorld::Lists(std::string_view content) {
  Reply reply;
  reply.dump = Content(content);
  return Ok(reply);
}

std::string OracleWorld::Value(std::string_view name) const {
  if (name == "junk") return "nobody wrote this";
  const size_t dot = name.find('.');
  const auto op = static_cast<OpNumber>(std::stoul(std::string(name)));
  const Operation& operation = program_.at(op - 1);
  if (dot == std::string_view::npos) return ValueOf(op, 0, operation.value_bytes);
  const size_t edit = std::stoul(std::string(name.substr(dot + 1)));
  return ValueOf(op, edit, operation.batch.at(edit).value_bytes);
}

Dump OracleWorld::Content(std::string_view content) const {
  Dump dump;
  for (const std::string& entry : Split(content, ' ')) {
    const size_t equals = entry.find('=');
    dump.emplace_back(entry.substr(0, equals), Value(entry.substr(equals + 1)));
  }
  return dump;
}

std::optional<Violation> OracleWorld::Ask(const Question& question) const {
  const auto violation = oracle_.Judge(question);
  FAULTFS_CHECK(oracle_.Judge(question) == violation, "asked twice, the oracle says the same");
  return violation;
}

std::string OracleWorld::ShowsAt(size_t events, bool power_lost, std::string_view content) const {
  if (oracle_.Undecided(events)) return "undecided";
  const Dump dump = Content(content);
  const Observation seen{.open = {}, .dump = dump, .hash = HashOf(dump)};
  return NameOf(Ask({.seen = seen, .events = events, .power_lost = power_lost, .decided = nullptr}),
                "legal");
}

std::string OracleWorld::PowerLossShows(std::string_view content) const {
  return ShowsAt(events_, true, content);
}

std::string OracleWorld::ProcessDeathShows(std::string_view content) const {
  return ShowsAt(events_, false, content);
}

std::string OracleWorld::ShowsAfter(std::string_view decided, std::string_view content) const {
  const Dump before = Content(decided);
  return NameOf(AskOf(events_, content, &before), "legal");
}

std::string OracleWorld::OpenGives(faultfs::Code code) const {
  const Observation seen{.open = Status::Error(code, "no"), .dump = {}, .hash = {}};
  return NameOf(Ask({.seen = seen, .events = events_, .power_lost = true, .decided = nullptr}),
                "legal");
}

std::optional<Violation> OracleWorld::AskOf(size_t events, std::string_view content,
                                            const Dump* decided) const {
  const Dump dump = Content(content);
  const Observation seen{.open = {}, .dump = dump, .hash = HashOf(dump)};
  return Ask({.seen = seen, .events = events, .power_lost = true, .decided = decided});
}

std::string OracleWorld::Detail(std::string_view content) const {
  const auto violation = AskOf(events_, content, nullptr);
  return violation.has_value() ? violation->detail : "";
}

std::string OracleWorld::SaysAt(size_t events, std::string_view content) const {
  return InWords(AskOf(events, content, nullptr));
}

std::string OracleWorld::SaysAfter(std::string_view decided, std::string_view content) const {
  const Dump before = Content(decided);
  return InWords(AskOf(events_, content, &before));
}

}  // namespace crashlab
