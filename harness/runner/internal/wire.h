// What worker processes send their parent, as bytes. Sender and receiver are one binary, one the
// fork of the other, so there is no version; but what arrives may be garbage (an engine that writes
// to descriptors not its own), so every decoder checks and answers nullopt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "harness/case.h"
#include "harness/explore/minimizer.h"

namespace crashlab {

[[nodiscard]] std::string Encode(const CaseResult& result);
[[nodiscard]] std::optional<CaseResult> DecodeCaseResult(std::string_view bytes);

[[nodiscard]] std::string Encode(const Finding& finding);
[[nodiscard]] std::optional<Finding> DecodeFinding(std::string_view bytes);

[[nodiscard]] std::string Encode(const Minimized& minimized);
[[nodiscard]] std::optional<Minimized> DecodeMinimized(std::string_view bytes);

/// Where in a case an exploration was: what it was about to recover from.
struct Place {
  std::vector<CrashStep> chain;
  std::optional<faultfs::PersistenceModel> model;  // none: not told
  std::string fault = {};                          // of a sweep: its rule, with `nth`
  std::string schedule = {};                       // of several clients: as ClientPlan has it

  friend bool operator==(const Place&, const Place&) = default;
};
[[nodiscard]] std::string Encode(const Place& place);
[[nodiscard]] std::optional<Place> DecodePlace(std::string_view bytes);

/// A message and its place in the stream.
struct Frame {
  enum class Kind : uint8_t { kResult, kFinding, kPlace };
  static constexpr uint8_t kKinds = 3;
  Kind kind = Kind::kResult;
  uint64_t job = 0;
  uint64_t duration_ns = 0;  // kResult: how long the job took
  std::string payload;

  friend bool operator==(const Frame&, const Frame&) = default;
};
[[nodiscard]] std::string Encode(const Frame& frame);

/// Cuts a stream into frames.
class FrameReader {
 public:
  void Append(std::string_view bytes) { pending_.append(bytes); }
  /// The next whole frame; nullopt if there is none yet, or never will be (broken()).
  [[nodiscard]] std::optional<Frame> Next();
  /// The stream holds something that no worker of ours sends.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::string pending_;
  bool broken_ = false;
};

}  // namespace crashlab
