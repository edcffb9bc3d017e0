#include "std_sizes.h"

namespace offsetgen {

using gooffsets::GoArch;

void StdSizes::AddRelease(GoArch arch, std::string_view go) {
  Table& table = tables_[arch];
  table.releases.try_emplace(std::string(go), table.releases.size());
}

StdSizes::Cell& StdSizes::At(GoArch arch, std::string_view go, std::string_view type) {
  AddRelease(arch, go);
  Table& table = tables_[arch];
  const size_t number = table.releases.at(std::string(go));
  std::vector<Cell>& row = table.rows[std::string(type)];
  if (row.size() <= number) row.resize(number + 1);
  return row[number];
}

void StdSizes::Add(GoArch arch, std::string_view go, std::string_view type, uint64_t size, uint32_t align) {
  At(arch, go, type) = {true, {SizeFact::Kind::kKnown, size, align}};
}

void StdSizes::AddUnknown(GoArch arch, std::string_view go, std::string_view type) {
  At(arch, go, type) = {true, SizeFact{}};
}

bool StdSizes::IsStored(GoArch arch, std::string_view go) const { return ReleaseNumber(arch, go) != kNoRelease; }

size_t StdSizes::ReleaseNumber(GoArch arch, std::string_view go) const {
  const auto table = tables_.find(arch);
  if (table == tables_.end()) return kNoRelease;
  const auto release = table->second.releases.find(std::string(go));
  return release == table->second.releases.end() ? kNoRelease : release->second;
}

const std::vector<StdSizes::Cell>* StdSizes::Row(GoArch arch, std::string_view type) const {
  const auto table = tables_.find(arch);
  if (table == tables_.end()) return nullptr;
  const auto row = table->second.rows.find(std::string(type));
  return row == table->second.rows.end() ? nullptr : &row->second;
}

SizeFact StdSizes::Get(GoArch arch, std::string_view go, std::string_view type) const {
  const size_t number = ReleaseNumber(arch, go);
  if (number == kNoRelease) return {};
  const std::vector<Cell>* row = Row(arch, type);
  if (row == nullptr || row->size() <= number || !(*row)[number].added) return {SizeFact::Kind::kAbsent, 0, 0};
  return (*row)[number].fact;
}

}  // namespace offsetgen
