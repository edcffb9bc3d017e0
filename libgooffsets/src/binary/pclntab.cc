#include "binary/pclntab.h"

#include <fmt/format.h>

#include "base/byte_reader.h"
#include "binary/pc_values.h"
#include "binary/pclntab_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

// Generated code has names of some kilobytes.
constexpr size_t kMostNameBytes = size_t{64} << 10;
constexpr uint64_t kMostFileNameBytes = 4096;  // PATH_MAX
// A hostile table may claim any number of ranges for a function of any size.
constexpr size_t kMostRanges = size_t{1} << 22;

}  // namespace

const std::byte* SequentialReader::Refill(uint64_t address, size_t size) {
  if (size > buffer_.size() || address >= end_ || size > end_ - address) return nullptr;
  // Only what goes forward is worth a large read: records in a mad order must not cost a buffer each.
  const size_t want = address >= begin_ ? buffer_.size() : size;
  const size_t count = static_cast<size_t>(std::min<uint64_t>(want, end_ - address));
  filled_ = 0;
  begin_ = address;
  if (!image_->Read(address, std::span(buffer_).first(count))) return nullptr;
  filled_ = count;
  return buffer_.data();
}

Result<Pclntab> Pclntab::Find(const Image& image) {
  std::string found_by;
  GOOFFSETS_TRY(PclntabHeader header, FindPclntabHeader(image, &found_by));
  auto state = std::make_unique<State>(&image, header, std::move(found_by));
  if (header.format == Format::kGo116) {
    state->has_text = true;  // the table holds addresses
  } else if (header.text_start != 0) {
    state->text.text = header.text_start;
    state->has_text = true;
  }
  return Pclntab(std::move(state));
}

Pclntab::Pclntab(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pclntab::Pclntab(Pclntab&&) noexcept = default;
Pclntab& Pclntab::operator=(Pclntab&&) noexcept = default;
Pclntab::~Pclntab() = default;

Pclntab::Format Pclntab::format() const { return state_->header.format; }
uint64_t Pclntab::address() const { return state_->header.address; }
uint64_t Pclntab::functions() const { return state_->header.functions; }
uint64_t Pclntab::header_text() const { return state_->header.text_start; }
uint64_t Pclntab::functab() const { return state_->header.pcln; }
uint64_t Pclntab::functab_entries() const { return state_->header.functions + 1; }
const std::string& Pclntab::found_by() const { return state_->found_by; }

void Pclntab::SetText(TextMap text) {
  state_->text = std::move(text);
  state_->has_text = true;
}

Result<void> Pclntab::State::NeedText() const {
  if (has_text) return {};
  return Fail(ErrorCode::kUsage,
              image->name() + ": the pclntab of Go 1.26 and later does not say where the text begins, and nobody did",
              "find moduledata and call SetText first");
}

uint64_t Pclntab::State::Address(uint64_t pc) const {
  if (header.format == Format::kGo116) return pc;
  if (text.sections.size() > 1) {
    for (const TextMap::Section& section : text.sections) {
      const bool last = &section == &text.sections.back();
      if (pc >= section.offset && (pc < section.end_offset || (last && pc == section.end_offset))) {
        return section.address + (pc - section.offset);
      }
    }
  }
  return text.text + pc;
}

uint64_t Pclntab::State::EndAddress(uint64_t begin_pc, uint64_t end_pc) const {
  if (header.format != Format::kGo116 && text.sections.size() > 1) {
    // The next function may begin in the next section, which lies elsewhere.
    for (const TextMap::Section& section : text.sections) {
      if (begin_pc >= section.offset && begin_pc < section.end_offset && end_pc >= section.end_offset) {
        return section.address + (section.end_offset - section.offset);
      }
    }
  }
  return Address(end_pc);
}

std::optional<uint64_t> Pclntab::State::Stored(uint64_t address) const {
  if (header.format == Format::kGo116) return address;
  if (text.sections.size() > 1) {
    for (const TextMap::Section& section : text.sections) {
      if (address >= section.address && address - section.address < section.end_offset - section.offset) {
        return section.offset + (address - section.address);
      }
    }
    return std::nullopt;
  }
  if (address < text.text || address - text.text > ~uint32_t{0}) return std::nullopt;
  return address - text.text;
}

Result<Pclntab::State::TabEntry> Pclntab::State::Entry(uint64_t index) {
  const bool last = index >= header.functions;
  const size_t word = header.format == Format::kGo116 ? 8 : 4;
  GOOFFSETS_TRY(auto view, reader.View(header.pcln + index * header.functab_entry_size(), last ? word : 2 * word));
  CheckedReader bytes(view);
  TabEntry entry;
  entry.pc = word == 8 ? bytes.U64().value_or(0) : bytes.U32().value_or(0);
  if (!last) {
    const uint64_t offset = word == 8 ? bytes.U64().value_or(0) : bytes.U32().value_or(0);
    if (offset >= header.segment_end - header.pcln) {
      return Fail(ErrorCode::kBadInput,
                  fmt::format("{}: the record of function {} lies outside of the pclntab", image->name(), index));
    }
    entry.func = header.pcln + offset;
  }
  return entry;
}

Result<FuncRecord> Pclntab::State::ReadFunc(uint64_t address) {
  GOOFFSETS_TRY(auto view, reader.View(address, header.func_size()));
  return ParseFunc(address, view.data());
}

FuncRecord Pclntab::State::ParseFunc(uint64_t address, const std::byte* record) const {
  CheckedReader bytes(std::span(record, header.func_size()));
  FuncRecord func;
  func.address = address;
  func.entry = header.format == Format::kGo116 ? bytes.U64().value_or(0) : bytes.U32().value_or(0);
  func.name = bytes.U32().value_or(0);
  func.args = static_cast<int32_t>(bytes.U32().value_or(0));
  (void)bytes.U32();  // deferreturn
  func.pcsp = bytes.U32().value_or(0);
  func.pcfile = bytes.U32().value_or(0);
  (void)bytes.U32();  // pcln
  func.npcdata = bytes.U32().value_or(0);
  func.cu = bytes.U32().value_or(0);
  if (header.format == Format::kGo120) func.start_line = bytes.U32().value_or(0);
  (void)bytes.Skip(3);  // funcID, flag, padding
  func.nfuncdata = bytes.U8().value_or(0);
  return func;
}

Result<std::string> Pclntab::State::Name(uint32_t offset) {
  const uint64_t room = header.cu - header.funcname;
  if (offset >= room) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: a name lies outside of the pclntab's names", image->name()));
  }
  for (size_t size = 256;; size *= 16) {
    const size_t want = static_cast<size_t>(std::min<uint64_t>(std::min(size, kMostNameBytes), room - offset));
    GOOFFSETS_TRY(auto view, reader.ViewUpTo(header.funcname + offset, want));
    const void* nul = std::memchr(view.data(), 0, view.size());
    if (nul != nullptr) {
      return std::string(reinterpret_cast<const char*>(view.data()), static_cast<const char*>(nul));
    }
    if (want < size || view.size() < want) {
      return Fail(ErrorCode::kBadInput, fmt::format("{}: a name of the pclntab does not end", image->name()));
    }
  }
}

Result<std::optional<uint64_t>> Pclntab::State::Pcdata(const FuncRecord& func, uint32_t index) {
  if (index >= func.npcdata) return std::nullopt;
  GOOFFSETS_TRY(uint32_t offset, reader.U32(func.address + header.func_size() + uint64_t{index} * 4));
  if (offset == 0) return std::nullopt;  // src runtime/symtab.go (pcdatastart): 0 is no table
  return header.pctab + offset;
}

Result<std::optional<uint64_t>> Pclntab::State::Funcdata(const FuncRecord& func, uint32_t index) {
  if (index >= func.nfuncdata) return std::nullopt;
  uint64_t at = func.address + header.func_size() + uint64_t{func.npcdata} * 4;
  if (header.format == Format::kGo116) {
    // Pointers, aligned (src runtime/symtab.go of Go 1.17, funcdata).
    at = (at + 7) & ~uint64_t{7};
    GOOFFSETS_TRY(uint64_t pointer, reader.U64(at + uint64_t{index} * 8));
    if (pointer == 0) return std::nullopt;
    return pointer;
  }
  GOOFFSETS_TRY(uint32_t offset, reader.U32(at + uint64_t{index} * 4));
  if (offset == ~uint32_t{0}) return std::nullopt;
  if (text.gofunc == 0) {
    return Fail(ErrorCode::kUsage, image->name() + ": where function data lies is not known",
                "find moduledata and call SetText first");
  }
  return text.gofunc + offset;
}

Result<std::string> Pclntab::State::FileOf(const FuncRecord& func, uint64_t entry, uint64_t end) {
  // src runtime/symtab.go (funcfile): a file number of the compilation unit, then an offset in the file names.
  if (func.pcfile == 0) return std::string();
  PcValueCursor cursor(&reader, header.pctab + func.pcfile, entry, end, header.quantum);
  PcRange first;
  if (!cursor.Next(&first) || first.value < 0) return std::string();
  const uint64_t slot = header.cu + (uint64_t{func.cu} + static_cast<uint32_t>(first.value)) * 4;
  if (slot >= header.filetab) return std::string();
  GOOFFSETS_TRY(uint32_t offset, reader.U32(slot));
  const uint64_t room = header.pctab - header.filetab;
  if (offset >= room) return std::string();  // ^0: no file
  const auto most = static_cast<size_t>(std::min<uint64_t>(room - offset, kMostFileNameBytes));
  GOOFFSETS_TRY(auto view, reader.ViewUpTo(header.filetab + offset, most));
  CheckedReader bytes(view);
  return std::string(bytes.CString().value_or(std::string_view()));
}

Result<FunctionEntry> Pclntab::State::MakeEntry(uint64_t index) {
  GOOFFSETS_TRY(TabEntry at, Entry(index));
  GOOFFSETS_TRY(TabEntry next, Entry(index + 1));
  return MakeEntry(at, next);
}

Result<FunctionEntry> Pclntab::State::MakeEntry(const TabEntry& at, const TabEntry& next) {
  FunctionEntry function;
  function.entry = Address(at.pc);
  function.end = EndAddress(at.pc, next.pc);
  if (function.end < function.entry) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{}: the function at {:#x} ends before it begins", image->name(), function.entry));
  }
  function.func_address = at.func;
  GOOFFSETS_TRY(FuncRecord func, ReadFunc(at.func));
  function.args_size = func.args;
  function.start_line = func.start_line;
  GOOFFSETS_TRY(std::string name, Name(func.name));
  function.name = UnescapeName(name);
  GOOFFSETS_TRY(function.file, FileOf(func, function.entry, function.end));
  return function;
}

Result<void> Pclntab::ForEachFunction(const std::function<bool(const FunctionEntry&)>& each) {
  GOOFFSETS_CHECK_OK(state_->NeedText());
  GOOFFSETS_TRY(State::TabEntry at, state_->Entry(0));
  for (uint64_t i = 0; i < state_->header.functions; ++i) {
    GOOFFSETS_TRY(State::TabEntry next, state_->Entry(i + 1));
    GOOFFSETS_TRY(FunctionEntry function, state_->MakeEntry(at, next));
    if (!each(function)) break;
    at = next;
  }
  return {};
}

Result<std::optional<FunctionEntry>> Pclntab::FunctionAt(uint64_t pc) {
  GOOFFSETS_CHECK_OK(state_->NeedText());
  const std::optional<uint64_t> stored = state_->Stored(pc);
  if (!stored) return std::nullopt;
  // The last function that does not begin behind the pc.
  uint64_t low = 0, high = state_->header.functions;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    GOOFFSETS_TRY(State::TabEntry entry, state_->Entry(middle));
    if (entry.pc <= *stored) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  GOOFFSETS_TRY(FunctionEntry function, state_->MakeEntry(low - 1));
  if (pc < function.entry || pc >= function.end) return std::nullopt;
  return function;
}

Result<std::vector<PcRange>> Pclntab::SpDelta(const FunctionEntry& function) {
  GOOFFSETS_TRY(FuncRecord func, state_->ReadFunc(function.func_address));
  std::vector<PcRange> ranges;
  if (func.pcsp == 0) return ranges;
  PcValueCursor cursor(&state_->reader, state_->header.pctab + func.pcsp, function.entry, function.end,
                       state_->header.quantum);
  PcRange range;
  while (ranges.size() < kMostRanges && cursor.Next(&range)) ranges.push_back(range);
  if (cursor.broken()) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{}: the SP deltas of {} are broken", state_->image->name(), function.name));
  }
  return ranges;
}

Result<std::optional<uint64_t>> Pclntab::ArgInfo(const FunctionEntry& function) {
  GOOFFSETS_TRY(FuncRecord func, state_->ReadFunc(function.func_address));
  return state_->Funcdata(func, kFuncdataArgInfo);
}

}  // namespace gooffsets
