// Functions by name without an index: one pass over the names, one over the functions' records.
#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

#include "binary/pclntab_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

constexpr size_t kNameBuffer = size_t{128} << 10;

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

Result<std::vector<NameHit>> Pclntab::State::FindNames(std::span<const std::string> names) {
  std::vector<NameHit> hits;
  const WantedNames wanted(names);
  if (wanted.empty()) return hits;
  const uint64_t size = std::min<uint64_t>(header.cu - header.funcname, ~uint32_t{0});
  std::vector<char> buffer(kNameBuffer);
  uint64_t read = 0;      // offset in the names of what follows the buffer
  size_t kept = 0;        // bytes of a name that began in the piece before
  bool skipping = false;  // within a name that is longer than the buffer, which nobody wants
  auto look = [&](std::string_view name, uint64_t offset) {
    if (!wanted.May(name)) return;
    if (auto want = wanted.Find(name)) hits.push_back({static_cast<uint32_t>(offset), *want});
  };
  while (read < size) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(buffer.size() - kept, size - read));
    const auto piece = std::as_writable_bytes(std::span(buffer).subspan(kept, count));
    GOOFFSETS_CHECK_OK(image->Read(header.funcname + read, piece));
    const uint64_t base = read - kept;
    const size_t filled = kept + count;
    read += count;
    const char* begin = buffer.data();
    const char* const end = begin + filled;
    // Escaped names are few: the next percent sign is looked for once for all names in front of it.
    auto find = [end](const char* from, char c) {
      const void* at = std::memchr(from, c, static_cast<size_t>(end - from));
      return at == nullptr ? end : static_cast<const char*>(at);
    };
    const char* percent = find(begin, '%');
    while (begin < end) {
      const void* nul = std::memchr(begin, 0, static_cast<size_t>(end - begin));
      if (nul == nullptr) break;
      const auto* stop = static_cast<const char*>(nul);
      const std::string_view name(begin, static_cast<size_t>(stop - begin));
      const uint64_t offset = base + static_cast<uint64_t>(begin - buffer.data());
      if (skipping) {
        skipping = false;
      } else if (percent < stop) {
        look(UnescapeName(name), offset);
      } else {
        look(name, offset);
      }
      begin = stop + 1;
      if (percent < begin) percent = find(begin, '%');
    }
    kept = static_cast<size_t>(end - begin);
    if (kept == buffer.size()) {
      skipping = true;
      kept = 0;
    } else {
      std::memmove(buffer.data(), begin, kept);
    }
  }
  return hits;
}

Result<std::vector<FunctionAnswer>> Pclntab::FindFunctions(std::span<const std::string> names) {
  GOOFFSETS_CHECK_OK(state_->NeedText());
  GOOFFSETS_TRY(std::vector<NameHit> hits, state_->FindNames(names));
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
      return true;
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
