// A vocabulary for histories as the oracle sees them:
//
//   OracleWorld w("set a 10; set b 10 buffered");
//   w.Opens().Ok().Ok();
//   EXPECT_EQ(w.PowerLossShows("a=1"), "legal");
//
// A content is written as entries "key=operation", or "key=operation.edit" for a batch; "key=junk"
// is a value that nobody wrote. Verdicts come back as their names, "legal" if there is none.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/oracle/oracle.h"

namespace crashlab {

/// One operation after the other, separated by ';' (edits of a batch: by ',') or by lines.
[[nodiscard]] Program ProgramOf(std::string_view text);

/// Of an engine whose writes promise nothing until somebody has read them.
[[nodiscard]] Contract ReadsCount();

class OracleWorld {
 public:
  explicit OracleWorld(std::string_view program, Durability durability = Durability::kSync);
  OracleWorld(std::string_view program, Durability durability, Contract contract);

  // What happens. Each gives the verdict of a live answer back through live().
  OracleWorld& Opens(std::string_view shown = "", std::optional<size_t> witnessed = {});
  OracleWorld& Begin();  // the next operation is invoked, and in flight
  OracleWorld& Ok(Reply reply = {});
  OracleWorld& Fail() { return End(Outcome::kFail, {}); }
  OracleWorld& Info() { return End(Outcome::kInfo, {}); }
  OracleWorld& Reverts();  // pages go back to what the disk holds
  // The next operation, a kill; the Open that follows may have read rot, if `witnessed` is set.
  OracleWorld& Kill(std::string_view shown, std::optional<size_t> witnessed = {});
  OracleWorld& Reopen(std::string_view shown, Outcome close = Outcome::kOk);
  // Answers of reads that are Ok.
  OracleWorld& Gets(std::string_view value);  // "operation", "operation.edit", "junk" or "nothing"
  OracleWorld& Counts(uint64_t number);
  OracleWorld& Lists(std::string_view content);

  /// Of the last answer: its verdict, "right" if there is none.
  [[nodiscard]] std::string live() const { return live_; }
  [[nodiscard]] std::string live_detail() const { return live_detail_; }
  [[nodiscard]] size_t events() const { return events_; }
  [[nodiscard]] const KvOracle& oracle() const { return oracle_; }

  [[nodiscard]] std::string PowerLossShows(std::string_view content) const;
  [[nodiscard]] std::string ProcessDeathShows(std::string_view content) const;
  /// As it was after so many events, whatever came later.
  [[nodiscard]] std::string ShowsAt(size_t events, bool power_lost, std::string_view content) const;
  /// An Open within the chain of crashes had shown `decided`.
  [[nodiscard]] std::string ShowsAfter(std::string_view decided, std::string_view content) const;
  [[nodiscard]] std::string OpenGives(faultfs::Code code) const;
  [[nodiscard]] std::string Detail(std::string_view content) const;  // of power loss
  /// "VERDICT: detail" of power loss, or "legal"; now, or after so many events.
  [[nodiscard]] std::string Says(std::string_view content) const {
    return SaysAt(events_, content);
  }
  [[nodiscard]] std::string SaysAt(size_t events, std::string_view content) const;
  /// Likewise, where an Open within the chain of crashes had shown `decided`.
  [[nodiscard]] std::string SaysAfter(std::string_view decided, std::string_view content) const;

  [[nodiscard]] Dump Content(std::string_view content) const;

 private:
  OracleWorld& End(Outcome outcome, const Reply& reply);
  void Take(const Event& event, const Reply& reply = {});
  [[nodiscard]] std::string Value(std::string_view name) const;
  [[nodiscard]] std::optional<Violation> Ask(const Question& question) const;
  [[nodiscard]] std::optional<Violation> AskOf(size_t events, std::string_view content,
                                               const Dump* decided) const;

  const Program program_;
  const Contract contract_;
  KvOracle oracle_;
  OpNumber op_ = 0;  // the last that was invoked
  bool in_flight_ = false;
  size_t events_ = 0;
  std::string live_ = "right";
  std::string live_detail_;
};

}  // namespace crashlab
