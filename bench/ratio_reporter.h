// Prints the usual table, then how each benchmark compares with its yardstick in the same run.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kv {

struct Yardstick {
  std::string_view benchmark;
  std::string_view yardstick;
};

/// A benchmark is one `benchmark/argument` that sets its items processed; the time of one item is
/// compared, as the clock on the wall has it. Of repetitions the last counts.
class RatioReporter final : public benchmark::ConsoleReporter {
 public:
  explicit RatioReporter(std::vector<Yardstick> yardsticks) : yardsticks_(std::move(yardsticks)) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto rate = run.counters.find("items_per_second");
      if (run.run_type != Run::RT_Iteration || rate == run.counters.end()) continue;
      const std::string& arguments = run.run_name.args;
      ns_per_item_[{run.run_name.function_name, arguments}] = 1e9 / rate->second.value;
      order_.emplace_back(run.run_name.function_name, arguments);
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void Finalize() override {
    ConsoleReporter::Finalize();
    for (const auto& [benchmark, yardstick] : yardsticks_) {
      for (const auto& [name, arguments] : order_) {
        if (name != benchmark) continue;
        const auto base = ns_per_item_.find({std::string(yardstick), arguments});
        if (base != ns_per_item_.end()) Print(name, arguments, *base);
      }
    }
  }

 private:
  using Key = std::pair<std::string, std::string>;

  void Print(const std::string& name, const std::string& arguments,
             const std::pair<const Key, double>& base) {
    const double ns = ns_per_item_[{name, arguments}];
    char line[200];
    std::snprintf(line, sizeof(line), "%-24s %8s: %9.1f ns an item, %8.1f x %s (%.1f ns)\n",
                  name.c_str(), arguments.c_str(), ns, ns / base.second, base.first.first.c_str(),
                  base.second);
    GetOutputStream() << line;
  }

  const std::vector<Yardstick> yardsticks_;
  std::map<Key, double> ns_per_item_;
  std::vector<Key> order_;
};

}  // namespace kv
