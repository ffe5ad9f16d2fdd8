#include "harness/runner/internal/one_job.h"

#include <cstdint>
#include <string_view>
#include <utility>

namespace crashlab {
namespace {

// The first byte of an answer.
constexpr char kText = 't';
constexpr char kError = 'e';

class OneJob final : public PoolClient {
 public:
  bool Done(uint64_t, std::string_view bytes, uint64_t) override {
    if (bytes.empty() || (bytes.front() != kText && bytes.front() != kError)) return false;
    std::string rest(bytes.substr(1));
    if (bytes.front() == kText) {
      answer.text = std::move(rest);
    } else {
      answer.status = Status::Error(Code::kNotFound, std::move(rest));
    }
    return true;
  }
  void Died(uint64_t, Death death) override { answer.death = std::move(death); }
  void Found(uint64_t, const Finding&) override {}
  uint64_t Limit() const override { return 1; }
  bool Tick(const Counts&) override { return true; }

  JobAnswer answer;
};

}  // namespace

Result<JobAnswer> RunOneJob(const std::function<Result<std::string>(Monitor& monitor)>& work,
                            const PoolOptions& options) {
  OneJob job;
  const WorkFunction encoded = [&work](uint64_t, Monitor& monitor) {
    const Result<std::string> result = work(monitor);
    return result.ok() ? kText + *result : kError + result.status().ToString();
  };
  PoolOptions alone = options;
  alone.workers = 1;
  FAULTFS_RETURN_IF_ERROR(RunPool(1, encoded, alone, job));
  return std::move(job.answer);
}

}  // namespace crashlab
