// How long the checker takes that knows the answers alone (harness/history/black_box.h), over
// generated histories of several kinds, half of them spoiled: 4 clients with 10 calls each, unless
// told otherwise.
//
// Steps (calls tried at a place of the order) are the same on every machine; times are those of
// this one. The goal is that 99 % are decided within a second each; the exit code is 1 if not.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "faultfs/env/check.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/history/black_box.h"
#include "harness/history/generated_history.h"

namespace crashlab {
namespace {

constexpr double kGoalSeconds = 1;
constexpr double kGoalShare = 0.99;

struct Kind {
  const char* name;
  HistoryShape shape;
};

// Clients, calls and whether they are wrong are filled in.
constexpr Kind kKinds[] = {
    {"one hot key", {.keys = 1}},
    {"three keys", {.keys = 3}},
    {"eight keys", {.keys = 8}},
    {"overlapping batches", {.keys = 5, .batches = true}},
    {"size, for-each, clear", {.keys = 4, .whole_reads = true}},
    {"size etc., and batches", {.keys = 8, .whole_reads = true, .batches = true}},
    {"many errors", {.keys = 3, .one_error_in = 2}},
    {"size etc., and many errors", {.keys = 3, .whole_reads = true, .one_error_in = 2}},
    {"slow clients", {.keys = 2, .slow_clients = 3}},
    {"size etc., and slow clients", {.keys = 4, .whole_reads = true, .slow_clients = 3}},
};

struct Tally {
  uint64_t legal = 0;
  uint64_t illegal = 0;
  uint64_t unknown = 0;
  uint64_t in_time = 0;
  std::vector<double> seconds;
  std::vector<double> steps;

  void Add(const BlackBoxAnswer& answer, double took_seconds) {
    const bool decided = answer.answer != Answer::kUnknown;
    ++(answer.answer == Answer::kLegal     ? legal
       : answer.answer == Answer::kIllegal ? illegal
                                           : unknown);
    if (decided && took_seconds <= kGoalSeconds) ++in_time;
    seconds.push_back(took_seconds);
    steps.push_back(static_cast<double>(answer.steps));
  }
  void Add(const Tally& other) {
    legal += other.legal;
    illegal += other.illegal;
    unknown += other.unknown;
    in_time += other.in_time;
    seconds.insert(seconds.end(), other.seconds.begin(), other.seconds.end());
    steps.insert(steps.end(), other.steps.begin(), other.steps.end());
  }
  [[nodiscard]] double Share() const {
    return static_cast<double>(in_time) / static_cast<double>(seconds.size());
  }
};

/// 0.5: the median; 1: the largest.
double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto place = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(place, values.size() - 1)];
}

void PrintHead() {
  std::printf("%-26s %-8s %5s %5s %7s %7s %8s | %9s %9s %9s | %8s %8s %9s\n", "", "", "legal",
              "not", "unknown", "of all", "in 1 s", "median ms", "99 % ms", "worst ms", "median",
              "99 %", "worst steps");
}

void Print(const std::string& name, const char* durability, const Tally& tally) {
  const auto ms = [&](double share) { return Quantile(tally.seconds, share) * 1000; };
  const auto steps = [&](double share) { return Quantile(tally.steps, share); };
  std::printf(
      "%-26s %-8s %5llu %5llu %7llu %7zu %6.1f %% | %9.3f %9.1f %9.1f | %8.0f %8.0f %9.0f\n",
      name.c_str(), durability, static_cast<unsigned long long>(tally.legal),
      static_cast<unsigned long long>(tally.illegal),
      static_cast<unsigned long long>(tally.unknown), tally.seconds.size(), tally.Share() * 100,
      ms(0.5), ms(0.99), ms(1), steps(0.5), steps(0.99), steps(1));
  std::fflush(stdout);
}

/// Adds those that are not legal to `all_illegal` too: every order had to be tried.
Tally Measure(HistoryShape shape, Durability durability, uint64_t histories, faultfs::Random random,
              Tally* all_illegal) {
  const Contract& contract = KvAdapter().contract();
  Tally tally;
  for (uint64_t i = 0; i < histories; ++i) {
    shape.wrong = i % 2 != 0;
    const History history = GenerateHistory(shape, durability, contract, random.Fork(i));
    const auto begin = std::chrono::steady_clock::now();
    const BlackBoxAnswer answer = CheckBlackBox(history, contract, durability);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    FAULTFS_CHECK(shape.wrong || answer.answer != Answer::kIllegal, "what the engine did is legal");
    tally.Add(answer, took.count());
    if (answer.answer == Answer::kIllegal) all_illegal->Add(answer, took.count());
  }
  return tally;
}

int Run(int argc, char** argv) {
  uint64_t seed = 1;
  uint64_t histories = 100;
  uint32_t clients = 4;
  uint32_t calls = 10;
  CLI::App app{"The checker of histories without the engine's help: time and steps."};
  app.add_option("--seed", seed, "of all histories");
  app.add_option("--histories", histories, "of each kind and durability")
      ->check(CLI::PositiveNumber);
  app.add_option("--clients", clients, "of a history")->check(CLI::Range(1, 16));
  app.add_option("--calls", calls, "of a client")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);

  std::printf("histories of %u clients x %u calls, %llu of each kind, seed %llu\n", clients, calls,
              static_cast<unsigned long long>(histories), static_cast<unsigned long long>(seed));
  PrintHead();
  Tally all;
  Tally all_illegal;
  uint64_t kind_number = 0;
  for (const Kind& kind : kKinds) {
    HistoryShape shape = kind.shape;
    shape.clients = clients;
    shape.calls = calls;
    shape.ends_after_all = true;
    for (const Durability durability : {Durability::kSync, Durability::kBuffered}) {
      const auto random = faultfs::Random(seed).Fork(kind_number++);
      const Tally tally = Measure(shape, durability, histories, random, &all_illegal);
      Print(kind.name, durability == Durability::kSync ? "sync" : "buffered", tally);
      all.Add(tally);
    }
  }
  Print("all", "", all);
  if (all_illegal.illegal > 0) Print("of them not legal", "", all_illegal);
  const bool reached = all.Share() >= kGoalShare;
  std::printf("%.2f %% decided within %.0f s each; the goal is %.0f %%: %s\n", all.Share() * 100,
              kGoalSeconds, kGoalShare * 100, reached ? "reached" : "missed");
  return reached ? 0 : 1;
}

}  // namespace
}  // namespace crashlab

int main(int argc, char** argv) { return crashlab::Run(argc, argv); }
