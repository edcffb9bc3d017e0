// Inline trees: which functions' bodies were copied into which others.
//
// Format: src runtime/symtabinl.go (inlinedCall; before Go 1.21 runtime/symtab.go). A tree does not say how long it is:
// its entries are those that the function's PCDATA_InlTreeIndex table names, which holds every entry that has code.
#include <fmt/format.h>

#include <algorithm>

#include "base/byte_reader.h"
#include "binary/pc_values.h"
#include "binary/pclntab_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

// The runtime itself indexes at most this many (src runtime/symtabinl.go, inlTree).
constexpr int32_t kMostTreeEntries = 1 << 20;

struct TreeShape {
  uint64_t size, name, parent_pc, start_line;  // start_line 0: none
};
// Up to Go 1.19: parent int16, funcID, pad, file, line, func_, parentPc; from Go 1.20 on: funcID, pad, nameOff,
// parentPc, startLine.
TreeShape ShapeOf(Pclntab::Format format) {
  if (format == Pclntab::Format::kGo120) return {16, 4, 8, 12};
  return {20, 12, 16, 0};
}

}  // namespace

Result<void> Pclntab::State::TreeEntries(uint64_t table, uint64_t entry, uint64_t end, std::vector<uint32_t>* entries) {
  entries->clear();
  PcValueCursor cursor(&reader, table, entry, end, header.quantum);
  PcRange range;
  while (cursor.Next(&range)) {
    if (range.value < 0) continue;  // the function's own code
    if (range.value >= kMostTreeEntries) {
      return Fail(ErrorCode::kBadInput,
                  fmt::format("{}: the inline tree index at {:#x} names too many entries", image->name(), table));
    }
    entries->push_back(static_cast<uint32_t>(range.value));
  }
  if (cursor.broken()) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{}: the inline tree index at {:#x} is broken", image->name(), table));
  }
  std::sort(entries->begin(), entries->end());
  entries->erase(std::unique(entries->begin(), entries->end()), entries->end());
  return {};
}

Result<std::vector<InlinedCall>> Pclntab::Inlined(const FunctionEntry& function) {
  std::vector<InlinedCall> calls;
  GOOFFSETS_TRY(FuncRecord func, state_->ReadFunc(function.func_address));
  GOOFFSETS_TRY(std::optional<uint64_t> tree, state_->Funcdata(func, kFuncdataInlTree));
  GOOFFSETS_TRY(std::optional<uint64_t> table, state_->Pcdata(func, kPcdataInlTreeIndex));
  if (!tree || !table) return calls;
  std::vector<uint32_t> entries;
  GOOFFSETS_CHECK_OK(state_->TreeEntries(*table, function.entry, function.end, &entries));
  const TreeShape shape = ShapeOf(state_->header.format);
  calls.reserve(entries.size());
  for (uint32_t entry : entries) {
    const uint64_t at = *tree + entry * shape.size;
    InlinedCall call;
    GOOFFSETS_TRY(uint32_t name, state_->reader.U32(at + shape.name));
    GOOFFSETS_TRY(uint32_t parent_pc, state_->reader.U32(at + shape.parent_pc));
    call.parent_pc = static_cast<int32_t>(parent_pc);
    if (shape.start_line != 0) {
      GOOFFSETS_TRY(call.start_line, state_->reader.U32(at + shape.start_line));
    }
    GOOFFSETS_TRY(std::string text, state_->Name(name));
    call.name = UnescapeName(text);
    calls.push_back(std::move(call));
  }
  return calls;
}

Result<std::map<std::string, uint64_t>> Pclntab::CountInlined(std::span<const std::string> names) {
  GOOFFSETS_CHECK_OK(state_->NeedText());
  std::map<std::string, uint64_t> counts;
  for (const std::string& name : names) counts.emplace(name, 0);
  GOOFFSETS_TRY(std::vector<NameHit> hits, state_->FindNames(names, false));
  if (hits.empty()) return counts;
  std::vector<uint64_t> found(names.size(), 0);
  const NameOffsets wanted(hits);
  const TreeShape shape = ShapeOf(state_->header.format);
  std::vector<uint32_t> entries;
  auto count = [&](uint64_t i, const FuncRecord& func) -> Result<void> {
    GOOFFSETS_TRY(std::optional<uint64_t> tree, state_->Funcdata(func, kFuncdataInlTree));
    if (!tree) return {};
    GOOFFSETS_TRY(std::optional<uint64_t> table, state_->Pcdata(func, kPcdataInlTreeIndex));
    if (!table) return {};
    GOOFFSETS_TRY(State::TabEntry at, state_->Entry(i));
    GOOFFSETS_TRY(State::TabEntry next, state_->Entry(i + 1));
    GOOFFSETS_CHECK_OK(state_->TreeEntries(*table, at.pc, next.pc, &entries));
    for (uint32_t entry : entries) {
      GOOFFSETS_TRY(uint32_t name, state_->reader.U32(*tree + entry * shape.size + shape.name));
      if (const NameHit* hit = wanted.Find(name)) ++found[hit->want];
    }
    return {};
  };
  Result<void> status;
  Result<void> passed = state_->ForEachRecord(
      state_->header.func_size(), [&](uint64_t i, uint32_t, uint64_t address, const std::byte* record) {
        const FuncRecord func = state_->ParseFunc(address, record);
        if (func.npcdata <= kPcdataInlTreeIndex || func.nfuncdata <= kFuncdataInlTree) return true;
        status = count(i, func);
        return status.has_value();
      });
  if (!passed) return tl::unexpected(std::move(passed).error());
  if (!status) return tl::unexpected(std::move(status).error());
  for (size_t i = 0; i < names.size(); ++i) counts[names[i]] += found[i];
  return counts;
}

}  // namespace gooffsets
