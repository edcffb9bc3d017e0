#include "binary/image.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "binary/dynamic.h"
#include "binary/elf_notes.h"
#include "binary/image_state.h"

namespace gooffsets {
namespace {

constexpr uint64_t kMostDynamicBytes = uint64_t{64} << 10;
constexpr size_t kMostLibraryName = 256;

// Segments must be in the file as a whole: a program that was cut off would die of the missing page.
Result<void> MustFit(const std::vector<Segment>& segments, const ByteSource& source) {
  for (const Segment& segment : segments) {
    if (segment.file_offset <= source.size() && segment.file_size <= source.size() - segment.file_offset) continue;
    return Fail(ErrorCode::kBadInput,
                fmt::format("{} is cut off: its segment at {:#x} needs {:#x} bytes at {:#x}, and the file has {:#x}",
                            source.name(), segment.address, segment.file_size, segment.file_offset, source.size()),
                "copy the program again");
  }
  return {};
}

}  // namespace

const Segment* Image::State::Find(uint64_t address) const {
  auto after = std::upper_bound(segments.begin(), segments.end(), address,
                                [](uint64_t at, const Segment& segment) { return at < segment.address; });
  if (after == segments.begin()) return nullptr;
  const Segment& segment = *std::prev(after);
  return address - segment.address < segment.memory_size ? &segment : nullptr;
}

Result<void> Image::State::ReadRaw(const Segment& segment, uint64_t address, std::span<std::byte> out) const {
  const uint64_t at = address - segment.address;
  const size_t stored =
      static_cast<size_t>(at < segment.file_size ? std::min<uint64_t>(segment.file_size - at, out.size()) : 0);
  if (stored > 0) {
    GOOFFSETS_CHECK_OK(source->Read(memory ? address : segment.file_offset + at, out.first(stored)));
  }
  std::fill(out.begin() + static_cast<ptrdiff_t>(stored), out.end(), std::byte{0});
  return {};
}

Result<void> Image::State::Relocate(const Segment& segment, uint64_t address, std::span<std::byte> out) const {
  if (rela_size == 0 || !(segment.writable || relocate_all)) return {};
  if (address - segment.address >= segment.file_size) return {};
  std::call_once(relocations_once, [this] {
    std::vector<Segment> relocated;
    std::copy_if(segments.begin(), segments.end(), std::back_inserter(relocated),
                 [this](const Segment& s) { return s.writable || relocate_all; });
    relocations = RelativeRelocations::Load(
        rela_size, segments.front().address, relocated, header.goarch,
        [this](uint64_t offset, std::span<std::byte> bytes) { return source->Read(rela_offset + offset, bytes); });
  });
  if (!relocations) {
    return Fail(relocations.error().code, source->name() + ": its relocations: " + relocations.error().message);
  }
  relocations->Apply(address, out);
  return {};
}

namespace {

// Where PT_DYNAMIC says what. Nothing of it is needed to read a program that is not relocated, so that oddities become
// notes.
Result<std::vector<std::byte>> DynamicBytes(const ByteSource& source, const ProgramHeader& program) {
  if (program.offset > source.size() || program.file_size > source.size() - program.offset) {
    return Fail(ErrorCode::kBadInput, "the dynamic section would lie behind the end of the file");
  }
  std::vector<std::byte> bytes(static_cast<size_t>(std::min(program.file_size, kMostDynamicBytes)));
  GOOFFSETS_CHECK_OK(source.Read(program.offset, bytes));
  return bytes;
}

// Offset in the file of a relocation table, or why it is none.
Result<uint64_t> RelaOffset(const DynamicInfo& dynamic, const Segment* segment) {
  if (dynamic.rela_entry_size != sizeof(Elf64_Rela)) {
    return Fail(ErrorCode::kBadInput, fmt::format("its entries would have {} bytes", dynamic.rela_entry_size));
  }
  const uint64_t at = segment == nullptr ? 0 : dynamic.rela - segment->address;
  if (segment == nullptr || at > segment->file_size || dynamic.rela_size > segment->file_size - at) {
    return Fail(ErrorCode::kBadInput, fmt::format("{} bytes at {:#x} are not within one segment of the file",
                                                  dynamic.rela_size, dynamic.rela));
  }
  return segment->file_offset + at;
}

}  // namespace

Result<Image> Image::Open(std::shared_ptr<const ByteSource> source) {
  auto state = std::make_unique<State>();
  state->source = std::move(source);
  const ByteSource& file = *state->source;
  GOOFFSETS_TRY(state->header, ReadElfHeader(file, 0));
  GOOFFSETS_TRY(const std::vector<ProgramHeader> programs, ReadProgramHeaders(file, 0, state->header));
  GOOFFSETS_TRY(state->segments, LoadedSegments(programs, 0, file.name()));
  SectionTable table = ReadSections(file, state->header, state->segments);
  state->sections = std::move(table.sections);
  state->sections_note = std::move(table.note);
  const Result<void> fit = MustFit(state->segments, file);
  // Program headers of a debug file are the program's own, whose bytes it does not have (eu-strip), or have no bytes of
  // code (objcopy). Section headers alone do not make a program unreadable.
  const Segment* begin = state->Find(state->header.entry);
  const bool code = begin != nullptr && state->header.entry - begin->address < begin->file_size;
  state->debug_file = table.debug_file && (!fit || !code);
  if (!fit && !state->debug_file) return tl::unexpected(fit.error());
  if (state->debug_file) {
    for (Segment& segment : state->segments) segment.file_offset = segment.file_size = 0;
  }

  const ProgramHeader* dynamic_header = nullptr;
  for (const ProgramHeader& program : programs) {
    if (program.type == PT_INTERP) state->interpreter = true;
    if (program.type == PT_DYNAMIC && !state->debug_file) dynamic_header = &program;
    if (program.type == PT_NOTE && !state->debug_file) {
      state->notes.push_back({program.offset, State::NoteBytes(program.file_size), program.align});
    }
  }
  // Of program headers that were zeroed or misled, sections may still know.
  for (const Section& section : state->sections) {
    if (section.type == SHT_NOTE) state->notes.push_back({section.offset, section.size, 4});
  }
  if (dynamic_header == nullptr) return Image(std::move(state));

  const Result<std::vector<std::byte>> bytes = DynamicBytes(file, *dynamic_header);
  if (!bytes) {
    if (state->header.pie) state->relocations_note = "relocations are not applied: " + bytes.error().message;
    return Image(std::move(state));
  }
  DynamicInfo dynamic = ParseDynamic(*bytes);
  state->strings = dynamic.strings;
  state->strings_size = dynamic.strings_size;
  state->needed = std::move(dynamic.needed);
  if (!state->header.pie || dynamic.rela_size == 0) return Image(std::move(state));
  if (Result<uint64_t> offset = RelaOffset(dynamic, state->Find(dynamic.rela))) {
    state->rela_offset = *offset;
    state->rela_size = dynamic.rela_size;
    state->relocate_all = dynamic.text_relocations;
  } else {
    state->relocations_note = "relocations are not applied: the table is damaged: " + offset.error().message;
  }
  return Image(std::move(state));
}

Image::Image(std::unique_ptr<State> state) : state_(std::move(state)) {}
Image::Image(Image&&) noexcept = default;
Image& Image::operator=(Image&&) noexcept = default;
Image::~Image() = default;

GoArch Image::goarch() const { return state_->header.goarch; }
bool Image::is_pie() const { return state_->header.pie; }
bool Image::is_memory() const { return state_->memory; }
bool Image::is_debug_file() const { return state_->debug_file; }
uint64_t Image::entry() const { return state_->header.entry; }
bool Image::has_interpreter() const { return state_->interpreter; }
const std::string& Image::name() const { return state_->source->name(); }
const ByteSource& Image::source() const { return *state_->source; }
const std::vector<Segment>& Image::segments() const { return state_->segments; }
const std::vector<Section>& Image::sections() const { return state_->sections; }
const std::string& Image::sections_note() const { return state_->sections_note; }
const std::string& Image::relocations_note() const { return state_->relocations_note; }

const Section* Image::FindSection(std::string_view name) const {
  const auto found = std::find_if(state_->sections.begin(), state_->sections.end(),
                                  [&](const Section& section) { return section.name == name; });
  return found == state_->sections.end() ? nullptr : &*found;
}

namespace {

// `parts`: where notes lie in `source`; `most`: of each of them at most so many bytes.
template <typename Parts>
std::string NoteContent(const ByteSource& source, const Parts& parts, uint64_t most, std::string_view name,
                        uint32_t type) {
  for (const auto& part : parts) {
    if (part.offset > source.size()) continue;
    std::vector<std::byte> bytes(
        static_cast<size_t>(std::min({part.size, most, source.size() - part.offset})));
    if (!source.Read(part.offset, bytes)) continue;
    if (auto content = FindNote(bytes, part.align, name, type)) return std::string(*content);
  }
  return "";
}

}  // namespace

std::string Image::GoBuildId() const {
  return NoteContent(*state_->source, state_->notes, State::NoteBytes(UINT64_MAX), "Go", kGoBuildIdNote);
}

std::string Image::GnuBuildId() const {
  const std::string id =
      NoteContent(*state_->source, state_->notes, State::NoteBytes(UINT64_MAX), "GNU", kGnuBuildIdNote);
  std::string hex;
  for (const char c : id) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return hex;
}

std::vector<std::string> Image::NeededLibraries() const {
  std::vector<std::string> libraries;
  for (const uint64_t offset : state_->needed) {
    if (offset >= state_->strings_size) continue;
    const uint64_t address = state_->strings + offset;
    const Segment* segment = SegmentAt(address);
    if (segment == nullptr) continue;
    std::string name(static_cast<size_t>(std::min<uint64_t>(
                         {kMostLibraryName, state_->strings_size - offset,
                          segment->memory_size - (address - segment->address)})),
                     '\0');
    if (!state_->ReadRaw(*segment, address, std::as_writable_bytes(std::span(name)))) continue;
    const size_t end = name.find('\0');
    if (end != std::string::npos && end > 0) libraries.push_back(name.substr(0, end));
  }
  return libraries;
}

const Segment* Image::SegmentAt(uint64_t address) const { return state_->Find(address); }

std::optional<uint64_t> Image::FileOffset(uint64_t address) const {
  const Segment* segment = SegmentAt(address);
  if (segment == nullptr || is_memory() || address - segment->address >= segment->file_size) return std::nullopt;
  return segment->file_offset + (address - segment->address);
}

Result<void> Image::Read(uint64_t address, std::span<std::byte> out) const {
  const Segment* segment = SegmentAt(address);
  if (segment == nullptr || !segment->Holds(address, out.size())) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{}: {} bytes at {:#x} are not within one segment", name(), out.size(), address));
  }
  GOOFFSETS_CHECK_OK(state_->ReadRaw(*segment, address, out));
  return state_->Relocate(*segment, address, out);
}

Result<uint64_t> Image::U64(uint64_t address) const {
  uint64_t value = 0;
  GOOFFSETS_CHECK_OK(Read(address, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}

Result<uint32_t> Image::U32(uint64_t address) const {
  uint32_t value = 0;
  GOOFFSETS_CHECK_OK(Read(address, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}

Result<void> Image::Scan(uint64_t address, uint64_t size, size_t chunk, size_t overlap,
                         const std::function<bool(uint64_t at, std::span<const std::byte>)>& each) const {
  return ScanPieces(address, size, chunk, overlap, true, each);
}

Result<void> Image::ScanStored(uint64_t address, uint64_t size, size_t chunk, size_t overlap,
                               const std::function<bool(uint64_t at, std::span<const std::byte>)>& each) const {
  return ScanPieces(address, size, chunk, overlap, false, each);
}

Result<void> Image::ScanPieces(uint64_t address, uint64_t size, size_t chunk, size_t overlap, bool relocate,
                               const std::function<bool(uint64_t at, std::span<const std::byte>)>& each) const {
  if (size == 0) return {};
  if (chunk <= overlap) return Fail(ErrorCode::kUsage, "a piece to scan must be larger than what it overlaps");
  const Segment* segment = SegmentAt(address);
  if (segment == nullptr || !segment->Holds(address, size)) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{}: {} bytes at {:#x} are not within one segment", name(), size, address));
  }
  const uint64_t end = std::min(address + size, segment->address + segment->file_size);
  if (address >= end) return {};
  std::vector<std::byte> buffer(static_cast<size_t>(std::min<uint64_t>(chunk, end - address)));
  for (uint64_t at = address;;) {
    const std::span<std::byte> piece =
        std::span(buffer).first(static_cast<size_t>(std::min<uint64_t>(buffer.size(), end - at)));
    GOOFFSETS_CHECK_OK(state_->ReadRaw(*segment, at, piece));
    if (relocate) GOOFFSETS_CHECK_OK(state_->Relocate(*segment, at, piece));
    if (!each(at, piece) || end - at == piece.size()) return {};
    at += piece.size() - overlap;
  }
}

}  // namespace gooffsets
