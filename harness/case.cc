#include "harness/case.h"

#include <fmt/format.h>

#include "faultfs/env/check.h"
#include "harness/internal/count_fields.h"

namespace crashlab {

std::string_view Name(CrashKind kind) {
  switch (kind) {
    case CrashKind::kPowerLoss:
      return "power-loss";
    case CrashKind::kProcessDeath:
      return "process-death";
  }
  FAULTFS_CHECK(false, "every kind of crash has a name");
  return {};
}

std::optional<CrashKind> CrashKindFromName(std::string_view name) {
  for (const CrashKind kind : {CrashKind::kPowerLoss, CrashKind::kProcessDeath}) {
    if (Name(kind) == name) return kind;
  }
  return std::nullopt;
}

Counts& Counts::operator+=(const Counts& other) {
  for (const CountField& row : kCountFields) this->*row.field += other.*row.field;
  return *this;
}

ModelCounts& ModelCounts::operator+=(const ModelCounts& other) {
  programs += other.programs;
  exhausted_programs += other.exhausted_programs;
  states += other.states;
  recoveries += other.recoveries;
  judgements += other.judgements;
  process_deaths += other.process_deaths;
  return *this;
}

std::string ModelName(const faultfs::PersistenceModel& model) {
  std::string text(model.name);
  const Result<faultfs::PersistenceModel> row = faultfs::FindModel(model.name);
  if (!row.ok()) return text;
  const std::vector<faultfs::ModelField> plain = faultfs::FieldsOf(*row);
  const std::vector<faultfs::ModelField> fields = faultfs::FieldsOf(model);
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].word == plain[i].word) continue;
    text += fmt::format(" {}={}", fields[i].key, fields[i].word);
  }
  return text;
}

}  // namespace crashlab
