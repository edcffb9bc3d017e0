// Functions by name without an index: one pass over the names, one over the functions' records.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "binary/pclntab_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

// Instances of one generic function share a name: some hundred bodies. A hostile table may give one to every record.
constexpr size_t kMostBodies = size_t{1} << 14;

// What is wanted, made to be asked two hundred thousand times: a bit for the length and the last eight bytes, and only
// behind that a real comparison.
class WantedNames {
 public:
  explicit WantedNames(std::span<const std::string> names) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i].empty()) continue;
      // Asked twice: the first stands for both.
      if (!index_.emplace(names[i], static_cast<uint32_t>(i)).second) continue;
      const uint32_t bit = Bit(names[i]);
      bits_[bit / 64] |= uint64_t{1} << (bit % 64);
    }
  }
  bool empty() const { return index_.empty(); }

  // Whether it may be wanted. `name` has eight readable bytes in front of its end if it is that long.
  bool May(std::string_view name) const {
    const uint32_t bit = Bit(name);
    return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
  }
  std::optional<uint32_t> Find(std::string_view name) const {
    auto at = index_.find(name);
    return at == index_.end() ? std::nullopt : std::optional<uint32_t>(at->second);
  }

 private:
  static uint32_t Bit(std::string_view name) {
    uint64_t tail = 0;
    if (name.size() >= 8) {
      std::memcpy(&tail, name.data() + name.size() - 8, 8);
    } else {
      std::memcpy(&tail, name.data(), name.size());
    }
    return static_cast<uint32_t>((tail + name.size()) * 0x9e3779b97f4a7c15u >> 49);  // 15 bits
  }

  std::unordered_map<std::string_view, uint32_t> index_;
  std::array<uint64_t, (1 << 15) / 64> bits_ = {};
};

}  // namespace

Result<std::vector<NameHit>> Pclntab::State::FindNames(std::span<const std::string> names, bool and_packages) {
  std::vector<NameHit> hits;
  const WantedNames wanted(names);
  std::optional<PackageRunsBuilder> runs;
  if (and_packages && !packages) runs.emplace();
  if (wanted.empty() && !runs) return hits;
  auto look = [&](std::string_view name, uint64_t offset) {
    if (!wanted.May(name)) return;
    if (auto want = wanted.Find(name)) hits.push_back({static_cast<uint32_t>(offset), *want});
  };
  GOOFFSETS_CHECK_OK(ForEachName(0, NamesSize(), [&](std::string_view name, uint64_t offset, bool escaped) {
    if (runs) runs->Add(name, offset);
    if (escaped) {
      look(UnescapeName(name), offset);
    } else {
      look(name, offset);
    }
  }));
  if (runs) packages = runs->Finish(NamesSize());
  return hits;
}

Result<std::vector<FunctionAnswer>> Pclntab::FindFunctions(std::span<const std::string> names, bool packages_next) {
  GOOFFSETS_CHECK_OK(state_->NeedText());
  GOOFFSETS_TRY(std::vector<NameHit> hits, state_->FindNames(names, packages_next));
  std::vector<FunctionAnswer> answers(names.size());
  std::unordered_map<std::string_view, size_t> first;
  for (size_t i = 0; i < names.size(); ++i) {
    answers[i].name = names[i];
    first.emplace(names[i], i);
  }
  for (const NameHit& hit : hits) answers[hit.want].named = true;
  if (!hits.empty()) {
    const NameOffsets table(hits);
    std::vector<std::pair<uint64_t, uint32_t>> found;  // function, name asked for
    GOOFFSETS_CHECK_OK(state_->ForEachRecord(12, [&](uint64_t i, uint32_t name, uint64_t, const std::byte*) {
      if (const NameHit* hit = table.Find(name)) found.emplace_back(i, hit->want);
      return found.size() < kMostBodies;
    }));
    for (const auto& [index, want] : found) {
      GOOFFSETS_TRY(FunctionEntry function, state_->MakeEntry(index));
      answers[want].bodies.push_back(std::move(function));
    }
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const FunctionAnswer& same = answers[first[names[i]]];
    if (&same == &answers[i]) continue;
    answers[i].bodies = same.bodies;
    answers[i].named = same.named;
  }
  return answers;
}

}  // namespace gooffsets
