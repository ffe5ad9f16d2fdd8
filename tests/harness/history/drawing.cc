#include "tests/harness/history/drawing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

uint64_t NumberIn(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  EXPECT_TRUE(error == std::errc() && end == text.data() + text.size()) << text;
  return number;
}

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// "1" or "1.2".
std::string ValueNamed(const std::vector<Call>& calls, std::string_view name) {
  const size_t dot = name.find('.');
  const uint64_t number = NumberIn(name.substr(0, dot));
  const uint64_t edit = dot == name.npos ? 0 : NumberIn(name.substr(dot + 1));
  const Operation& operation = calls.at(number - 1).operation;
  const uint64_t bytes =
      operation.verb == Verb::kBatch ? operation.batch.at(edit).value_bytes : operation.value_bytes;
  return ValueOf(static_cast<OpNumber>(number), edit, bytes);
}

Dump ContentNamed(const std::vector<Call>& calls, std::string_view content) {
  Dump dump;
  while (!(content = Trimmed(content)).empty()) {
    const std::string_view entry = content.substr(0, content.find(' '));
    content.remove_prefix(entry.size());
    const size_t equals = entry.find('=');
    const std::string_view value = entry.substr(equals + 1);
    dump.emplace_back(entry.substr(0, equals),
                      value == "junk" ? "nobody wrote this" : ValueNamed(calls, value));
  }
  std::sort(dump.begin(), dump.end());
  return dump;
}

struct Pending {
  Call call;
  std::string_view gave;
};

Pending CallOf(std::string_view text) {
  Pending pending;
  if (const size_t hash = text.rfind('#'); hash != text.npos) {
    pending.call.sequence = NumberIn(Trimmed(text.substr(hash + 1)));
    text = text.substr(0, hash);
  }
  if (const size_t colon = text.find(" : "); colon != text.npos) {
    pending.gave = Trimmed(text.substr(colon + 3));
    text = text.substr(0, colon);
  }
  const Program program = ProgramOf(Trimmed(text));
  EXPECT_EQ(program.size(), 1u) << text;
  pending.call.operation = program.at(0);
  return pending;
}

/// Calls of one line. Ticks: no two lines share one.
void Draw(std::string_view line, uint32_t client, std::vector<Pending>& calls) {
  constexpr uint64_t kMostClients = 16;
  const auto tick = [client](size_t column) { return column * kMostClients + client + 1; };
  for (size_t open = line.find('['); open != line.npos; open = line.find('[', open + 1)) {
    const size_t next = line.find('[', open + 1);
    size_t close = line.find(']', open);
    if (close > next) close = line.npos;
    const size_t end = std::min({close, next, line.size()});
    Pending pending = CallOf(line.substr(open + 1, end - open - 1));
    pending.call.client = client;
    pending.call.invoked = tick(open);
    if (close != line.npos) {
      pending.call.returned = tick(close);
      const char how = close + 1 < line.size() ? line[close + 1] : ' ';
      pending.call.outcome = how == '!'   ? Outcome::kInfo
                             : how == 'x' ? Outcome::kFail
                                          : Outcome::kOk;
    }
    calls.push_back(std::move(pending));
  }
}

}  // namespace

History Drawn(std::string_view drawing) {
  std::vector<Pending> pending;
  for (uint32_t client = 0; !drawing.empty(); ++client) {
    const std::string_view line = drawing.substr(0, drawing.find('\n'));
    drawing.remove_prefix(std::min(line.size() + 1, drawing.size()));
    // Lines of a raw string are indented; columns count from the name of the client.
    Draw(Trimmed(line), client, pending);
  }
  std::sort(pending.begin(), pending.end(),
            [](const Pending& a, const Pending& b) { return a.call.invoked < b.call.invoked; });
  History history;
  for (size_t i = 0; i < pending.size(); ++i) {
    pending[i].call.number = static_cast<OpNumber>(i + 1);
    history.calls.push_back(pending[i].call);
  }
  for (size_t i = 0; i < pending.size(); ++i) {
    const std::string_view gave = pending[i].gave;
    Reply& reply = history.calls[i].reply;
    switch (history.calls[i].operation.verb) {
      case Verb::kGet:
        if (!gave.empty() && gave != "nothing") reply.value = ValueNamed(history.calls, gave);
        break;
      case Verb::kContains:
      case Verb::kSize:
        if (!gave.empty()) reply.number = NumberIn(gave);
        break;
      case Verb::kForEach:
        reply.dump = ContentNamed(history.calls, gave);
        break;
      default:
        break;
    }
  }
  return history;
}

History PowerLossShows(History history, std::string_view content) {
  history.power_lost = true;
  history.recovered = ContentNamed(history.calls, content);
  return history;
}

History ProcessDeathShows(History history, std::string_view content) {
  history.power_lost = false;
  history.recovered = ContentNamed(history.calls, content);
  return history;
}

const Contract& KvContract() {
  static const AdapterSet adapters(BuiltinAdapters());
  return (*adapters.Find("kv"))->contract();
}

}  // namespace crashlab
