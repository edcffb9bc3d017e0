// The inside of Pclntab, shared by the files that implement it.
//
// Not thread-safe, like Pclntab. Does not own the image.
//
//   GOOFFSETS_TRY(FuncRecord func, state.ReadFunc(state.header.pcln + entry.func));
#ifndef GOOFFSETS_BINARY_PCLNTAB_STATE_H_
#define GOOFFSETS_BINARY_PCLNTAB_STATE_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "binary/image.h"
#include "binary/pclntab.h"
#include "binary/pclntab_header.h"
#include "gooffsets/result.h"

namespace gooffsets {

Result<PclntabHeader> FindPclntabHeader(const Image& image, std::string* found_by);

// runtime._func without its variable part.
struct FuncRecord {
  uint64_t address = 0;
  uint64_t entry = 0;  // 1.16: an address; from 1.18 on an offset from text
  uint32_t name = 0;   // offset in the names
  int32_t args = 0;
  uint32_t pcsp = 0, pcfile = 0, npcdata = 0, cu = 0, start_line = 0;
  uint8_t nfuncdata = 0;
};

// src internal/abi/symtab.go; the same numbers in every release from Go 1.16 on.
inline constexpr uint32_t kPcdataInlTreeIndex = 2;
inline constexpr uint32_t kFuncdataInlTree = 3;
inline constexpr uint32_t kFuncdataArgInfo = 5;  // from Go 1.17 on

// A stretch of the image read front to back in large pieces; small reads go on where the last one ended.
class SequentialReader {
 public:
  SequentialReader(const Image* image, size_t buffer_bytes, uint64_t end) : image_(image), end_(end) {
    buffer_.resize(buffer_bytes);
  }
  // `size` bytes at `address`, valid until the next call; null: they do not lie in front of the end, or cannot be read.
  const std::byte* At(uint64_t address, size_t size) {
    if (address >= begin_ && address - begin_ <= filled_ && size <= filled_ - (address - begin_)) {
      return buffer_.data() + (address - begin_);
    }
    return Refill(address, size);
  }

 private:
  const std::byte* Refill(uint64_t address, size_t size);

  const Image* image_;
  uint64_t end_, begin_ = 0;
  size_t filled_ = 0;
  std::vector<std::byte> buffer_;
};

// A wanted name and where the name table has it.
struct NameHit {
  uint32_t offset = 0;
  uint32_t want = 0;  // index in the names asked for
};

// A set of name offsets that is asked for every function: open addressing, at most half full.
class NameOffsets {
 public:
  explicit NameOffsets(std::span<const NameHit> hits) {
    const size_t size = std::bit_ceil(std::max<size_t>(hits.size() * 4, 64));
    shift_ = 64 - std::countr_zero(size);
    slots_.assign(size, {kNone, 0});
    for (const NameHit& hit : hits) {
      size_t slot = Slot(hit.offset);
      while (slots_[slot].offset != kNone) slot = (slot + 1) & (size - 1);
      slots_[slot] = hit;
    }
  }
  const NameHit* Find(uint32_t offset) const {
    size_t slot = Slot(offset);
    while (slots_[slot].offset != kNone) {
      if (slots_[slot].offset == offset) return &slots_[slot];
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return nullptr;
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};  // no name can begin there: the names end in front of it
  size_t Slot(uint32_t offset) const { return static_cast<size_t>(offset * 0x9e3779b97f4a7c15u >> shift_); }

  std::vector<NameHit> slots_;
  int shift_ = 0;
};

// Whose names stand where in the name table: stretches of names of one package each, in order.
struct PackageRuns {
  struct Run {
    uint32_t begin = 0;    // offset in the names; the next run's begin is the end
    uint32_t package = 0;  // index in `packages`
  };
  std::vector<std::string> packages = {""};  // as stored; the first: of names without a package
  std::vector<Run> runs;                     // the last one is the end of the names
};

// Makes them of all names in order.
class PackageRunsBuilder {
 public:
  void Add(std::string_view name, uint64_t offset);
  PackageRuns Finish(uint64_t names_size);

 private:
  PackageRuns made_;
  std::unordered_map<std::string, uint32_t> known_ = {{"", 0}};
  std::string path_ = "/";  // of the last name; at first no package's
  bool full_ = false;       // nothing more is told apart
};

struct Pclntab::State {
  const Image* image = nullptr;
  PclntabHeader header;
  std::string found_by;
  BlockReader reader;
  TextMap text;
  bool has_text = false;
  std::optional<PackageRuns> packages;  // found when they are first asked for

  State(const Image* of, PclntabHeader table, std::string by)
      : image(of), header(table), found_by(std::move(by)), reader(of, size_t{16} << 10, 64) {}

  struct TabEntry {
    uint64_t pc = 0;    // as stored
    uint64_t func = 0;  // address of the record; 0 for the entry behind the last function
  };
  Result<TabEntry> Entry(uint64_t index);
  Result<FuncRecord> ReadFunc(uint64_t address);
  FuncRecord ParseFunc(uint64_t address, const std::byte* record) const;  // of func_size() bytes
  // As stored: escaped.
  Result<std::string> Name(uint32_t offset);
  // Where an offset of the table lies, as runtime textAddr does (src runtime/symtab.go).
  uint64_t Address(uint64_t pc) const;
  uint64_t EndAddress(uint64_t begin_pc, uint64_t end_pc) const;
  // The other way round; nullopt: in no section of text.
  std::optional<uint64_t> Stored(uint64_t address) const;
  Result<void> NeedText() const;

  // Entry of pcdata table `index`: the address of its pc-value table; nullopt: none.
  Result<std::optional<uint64_t>> Pcdata(const FuncRecord& func, uint32_t index);
  Result<std::optional<uint64_t>> Funcdata(const FuncRecord& func, uint32_t index);
  Result<FunctionEntry> MakeEntry(uint64_t index);
  Result<FunctionEntry> MakeEntry(const TabEntry& at, const TabEntry& next);
  // The entries of an inline tree that have code, ascending, by the function's index table.
  Result<void> TreeEntries(uint64_t table, uint64_t entry, uint64_t end, std::vector<uint32_t>* entries);
  Result<std::string> FileOf(const FuncRecord& func, uint64_t entry, uint64_t end);

  uint64_t NamesSize() const { return std::min<uint64_t>(header.cu - header.funcname, ~uint32_t{0}); }
  // Calls each(name as stored, its offset, whether it has a percent sign) for all names between these offsets, in
  // order: one pass. A name of 128 KB and more is left out.
  template <typename Each>
  Result<void> ForEachName(uint64_t begin, uint64_t end, Each each);
  // Where these names stand, ascending by offset: one pass over the names, which may find `packages` too.
  Result<std::vector<NameHit>> FindNames(std::span<const std::string> names, bool and_packages);
  // Calls each(index, name offset, record address) for every function in order, until it returns false: one pass over
  // the table and the records.
  template <typename Each>
  Result<void> ForEachRecord(size_t record_bytes, Each each);
};

template <typename Each>
Result<void> Pclntab::State::ForEachRecord(size_t record_bytes, Each each) {
  const uint64_t entry_size = header.functab_entry_size();
  SequentialReader table(image, size_t{32} << 10, header.segment_end);
  SequentialReader records(image, size_t{64} << 10, header.segment_end);
  const bool old = header.format == Format::kGo116;
  for (uint64_t i = 0; i < header.functions; ++i) {
    const std::byte* entry = table.At(header.pcln + i * entry_size, entry_size);
    if (entry == nullptr) {
      return Fail(ErrorCode::kBadInput, image->name() + ": the functions of the pclntab cannot be read");
    }
    uint64_t func = 0;
    if (old) {
      std::memcpy(&func, entry + 8, 8);
    } else {
      uint32_t offset = 0;
      std::memcpy(&offset, entry + 4, 4);
      func = offset;
    }
    if (func > header.segment_end - header.pcln) continue;  // a broken entry costs itself only
    const std::byte* record = records.At(header.pcln + func, record_bytes);
    if (record == nullptr) continue;
    uint32_t name = 0;
    std::memcpy(&name, record + (old ? 8 : 4), 4);
    if (!each(i, name, header.pcln + func, record)) break;
  }
  return {};
}

template <typename Each>
Result<void> Pclntab::State::ForEachName(uint64_t begin, uint64_t end, Each each) {
  constexpr size_t kBuffer = size_t{128} << 10;
  std::vector<char> buffer(static_cast<size_t>(std::min<uint64_t>(kBuffer, end - begin)));
  uint64_t read = begin;  // offset of what follows the buffer
  size_t kept = 0;        // bytes of a name that began in the piece before
  bool skipping = false;  // within a name that is longer than the buffer
  while (read < end) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(buffer.size() - kept, end - read));
    const auto piece = std::as_writable_bytes(std::span(buffer).subspan(kept, count));
    GOOFFSETS_CHECK_OK(image->Read(header.funcname + read, piece));
    const uint64_t base = read - kept;
    const char* at = buffer.data();
    const char* const filled = at + kept + count;
    read += count;
    // Escaped names are few: the next percent sign is looked for once for all names in front of it.
    auto percent_from = [&](const char* from) {
      const void* found = std::memchr(from, '%', static_cast<size_t>(filled - from));
      return found == nullptr ? filled : static_cast<const char*>(found);
    };
    const char* percent = percent_from(at);
    while (at < filled) {
      const void* nul = std::memchr(at, 0, static_cast<size_t>(filled - at));
      if (nul == nullptr) break;
      const auto* stop = static_cast<const char*>(nul);
      if (!skipping) {
        const uint64_t offset = base + static_cast<uint64_t>(at - buffer.data());
        each(std::string_view(at, static_cast<size_t>(stop - at)), offset, percent < stop);
      }
      skipping = false;
      at = stop + 1;
      if (percent < at) percent = percent_from(at);
    }
    kept = static_cast<size_t>(filled - at);
    if (kept == buffer.size()) {
      skipping = true;
      kept = 0;
    } else {
      std::memmove(buffer.data(), at, kept);
    }
  }
  return {};
}

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_PCLNTAB_STATE_H_
