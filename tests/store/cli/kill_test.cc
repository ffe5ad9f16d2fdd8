// SIGKILL in the middle of a stream of SETs, a hundred times: nothing acknowledged is missing.
//
// When the signal arrives is the machine's choice. What is checked is not: the answers that came
// out before it, against what the next kv_store finds.
#include <signal.h>

#include <algorithm>
#include <iostream>

#include "faultfs/env/random.h"
#include "store/cli/console.h"
#include "tests/store/cli/program.h"

namespace kv::cli {
namespace {

constexpr int kKills = 100;
constexpr int kSetsPerRound = 1000;

std::string KeyOf(int round, int set) {
  return "round" + std::to_string(round) + "-" + std::to_string(set);
}
std::string ValueOf(int round, int set) {
  return "value" + std::to_string(round * kSetsPerRound + set);
}

struct Round {
  int acknowledged = 0;
  int found = 0;
  bool ended_by_itself = false;
};

class KillTest : public ProgramTest {
 protected:
  /// Feeds SETs until `wanted` answers came out, kills, and reads the answers that were under way.
  Round FeedAndKill(int round, int wanted) const {
    const bool sync = round % 2 == 0;
    Running program({db_, "--quiet", "--durability", sync ? "sync" : "buffered", "--segment-bytes",
                     "20000", "--checkpoint-bytes", "60000"});
    std::string input;
    for (int set = 0; set < kSetsPerRound; ++set) {
      input += "SET " + KeyOf(round, set) + " " + ValueOf(round, set) + "\n";
    }
    Round result;
    std::string_view rest = input;
    while (result.acknowledged < wanted) {
      const ssize_t taken = program.Offer(rest);
      if (taken > 0) rest.remove_prefix(static_cast<size_t>(taken));
      if (program.NextLine() != "OK") break;
      ++result.acknowledged;
    }
    program.Signal(SIGKILL);
    while (program.NextLine() == "OK") ++result.acknowledged;
    const Ended ended = program.Feed();
    EXPECT_EQ(ended.err, "");
    result.ended_by_itself = ended.exit_code != 128 + SIGKILL;
    return result;
  }

  /// How many SETs of the round are there: the first so many and no other.
  int CountFound(int round) const {
    std::string ask = "SIZE\n";
    for (int set = 0; set < kSetsPerRound; ++set) ask += "GET " + KeyOf(round, set) + "\n";
    Running program({db_, "--quiet"});
    const Ended ended = program.Feed(ask);
    EXPECT_EQ(ended.exit_code, kExitDone) << ended.err;
    std::string_view rest = ended.out;
    const auto next_line = [&rest] {
      const size_t newline = rest.find('\n');
      const std::string_view line = rest.substr(0, newline);
      rest.remove_prefix(newline == rest.npos ? rest.size() : newline + 1);
      return line;
    };
    size_ = std::stoi(std::string(next_line()));
    int found = 0;
    for (int set = 0; set < kSetsPerRound; ++set) {
      const std::string_view value = next_line();
      if (value == "(nil)") continue;
      EXPECT_EQ(value, ValueOf(round, set));
      EXPECT_EQ(found, set) << "a hole before " << KeyOf(round, set);
      ++found;
    }
    return found;
  }

  mutable int size_ = 0;  // of the store, when CountFound looked
};

TEST_F(KillTest, NothingAcknowledgedIsMissing) {
  faultfs::Random random(11);
  std::vector<Round> rounds;
  int total_acknowledged = 0;
  int total_found = 0;
  for (int round = 0; round < kKills; ++round) {
    Round result = FeedAndKill(round, 1 + static_cast<int>(random.Below(60)));
    result.found = CountFound(round);
    EXPECT_FALSE(result.ended_by_itself) << "round " << round;
    EXPECT_GE(result.found, result.acknowledged) << "round " << round;
    total_acknowledged += result.acknowledged;
    total_found += result.found;
    EXPECT_EQ(size_, total_found) << "what earlier rounds left, in round " << round;
    rounds.push_back(result);
  }
  std::cout << "kills " << rounds.size() << ", acknowledged " << total_acknowledged << ", found "
            << total_found << ", acknowledged and missing "
            << std::max(0, total_acknowledged - total_found) << "\n";
}

}  // namespace
}  // namespace kv::cli
