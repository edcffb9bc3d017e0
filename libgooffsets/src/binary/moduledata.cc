#include "binary/moduledata.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "binary/moduledata_layouts.h"
#include "binary/moduledata_search.h"
#include "binary/runtime_types_links.h"

namespace gooffsets {
namespace {

constexpr uint64_t kMostTextSections = 4096;   // the linker splits the text every 100 MB and less
constexpr uint32_t kMostWords = 4096;          // of a moduledata: Go 1.27 has about 70
constexpr uint64_t kMostLinks = uint64_t{1} << 26;
constexpr size_t kSmallBlock = size_t{4} << 10, kSomeBlocks = 256;

using Words = std::vector<uint64_t>;

struct Attempt {
  Moduledata module;
  std::optional<ModuledataLayout> described;  // by runtime.moduledata's own descriptor
};

class Reading {
 public:
  Reading(const Image& image, const Pclntab& pclntab) : image_(image), pclntab_(pclntab) {}

  // The module at `address` by `layout`, or why it cannot be.
  Result<Attempt> Try(uint64_t address, const ModuledataLayout& layout) const;

 private:
  uint64_t Word(const Words& words, const ModuledataLayout& layout, std::string_view field, uint32_t plus = 0) const {
    const std::optional<uint32_t> word = layout.Word(field);
    return word && *word + plus < words.size() ? words[*word + plus] : 0;
  }
  Result<AddressRange> Slice(const Words& words, const ModuledataLayout& layout, std::string_view field,
                             uint64_t element_size, uint64_t most) const;
  Result<void> CheckText(const Moduledata& module) const;
  Result<void> ReadTextMap(const AddressRange& sections, bool lengths, Moduledata* module) const;

  const Image& image_;
  const Pclntab& pclntab_;
};

tl::unexpected<Error> Refuse(std::string why) { return Fail(ErrorCode::kBadInput, std::move(why)); }

Result<AddressRange> Reading::Slice(const Words& words, const ModuledataLayout& layout, std::string_view field,
                                    uint64_t element_size, uint64_t most) const {
  AddressRange range{Word(words, layout, field), Word(words, layout, field, 1)};
  if (range.count == 0) return AddressRange{};
  const Segment* segment = image_.SegmentAt(range.address);
  if (range.count > most || Word(words, layout, field, 2) < range.count || segment == nullptr ||
      !segment->Holds(range.address, range.count * element_size)) {
    return Refuse(fmt::format("{} is no slice within a segment", field));
  }
  return range;
}

Result<void> Reading::CheckText(const Moduledata& module) const {
  const Segment* text = image_.SegmentAt(module.text);
  if (text == nullptr || !text->executable) return Refuse("text is not executable");
  if (module.text > module.minpc || module.minpc >= module.maxpc || module.maxpc > module.etext) {
    return Refuse("the functions do not lie within the text");
  }
  return {};
}

Result<void> Reading::ReadTextMap(const AddressRange& sections, bool lengths, Moduledata* module) const {
  module->text_map = {module->text, module->etext, module->gofunc, {}};
  std::vector<uint64_t> words(static_cast<size_t>(sections.count) * 3);
  GOOFFSETS_CHECK_OK(image_.Read(sections.address, std::as_writable_bytes(std::span(words))));
  for (size_t i = 0; i < words.size(); i += 3) {
    TextMap::Section section{words[i], words[i + 1], words[i + 2]};
    // Up to Go 1.17 the second word of a textsect is its length (src: runtime/symtab.go).
    if (lengths && __builtin_add_overflow(section.offset, section.end_offset, &section.end_offset)) {
      return Refuse("a text section that is larger than memory");
    }
    if (section.end_offset < section.offset) return Refuse("a text section that ends before it begins");
    module->text_map.sections.push_back(section);
  }
  return {};
}

Result<Attempt> Reading::Try(uint64_t address, const ModuledataLayout& layout) const {
  uint32_t words_needed = 0;
  for (const ModuledataLayout::Item& item : layout.items) {
    // A layout that the program describes may say anything.
    if (item.word > kMostWords) return Refuse("it is larger than any moduledata");
    words_needed = std::max(words_needed, item.word + 3);
  }
  Words words(words_needed);
  GOOFFSETS_CHECK_OK(image_.Read(address, std::as_writable_bytes(std::span(words))));
  Attempt attempt;
  Moduledata& module = attempt.module;
  module.address = address;
  module.layout = layout.name;
  module.minpc = Word(words, layout, "minpc");
  module.maxpc = Word(words, layout, "maxpc");
  module.text = Word(words, layout, "text");
  module.etext = Word(words, layout, "etext");
  module.types = Word(words, layout, "types");
  module.etypes = Word(words, layout, "etypes");
  module.rodata = Word(words, layout, "rodata");
  module.gofunc = Word(words, layout, "gofunc");
  GOOFFSETS_CHECK_OK(CheckText(module));
  const uint64_t functions = Word(words, layout, "ftab", 1);
  if (Word(words, layout, "ftab") != pclntab_.functab() ||
      (functions != pclntab_.functions() && functions != pclntab_.functions() + 1)) {
    return Refuse("its ftab is not that of the pclntab");
  }
  const Segment* types = image_.SegmentAt(module.types);
  if (types == nullptr || types->executable || module.etypes <= module.types ||
      !types->Holds(module.types, module.etypes - module.types)) {
    return Refuse("its types do not lie within a segment");
  }
  GOOFFSETS_TRY(const AddressRange sections, Slice(words, layout, "textsectmap", 24, kMostTextSections));
  GOOFFSETS_CHECK_OK(ReadTextMap(sections, pclntab_.format() == Pclntab::Format::kGo116, &module));
  GOOFFSETS_TRY(module.typelinks, Slice(words, layout, "typelinks", 4, kMostLinks));
  GOOFFSETS_TRY(module.itablinks, Slice(words, layout, "itablinks", 8, kMostLinks));
  module.typedesc_len = Word(words, layout, "typedesclen");
  module.itab_offset = Word(words, layout, "itaboffset");
  module.itab_size = Word(words, layout, "itabsize");
  const uint64_t range = module.etypes - module.types;
  if (module.typedesc_len > range || module.itab_offset > range || module.itab_size > range - module.itab_offset) {
    return Refuse("its itabs do not lie within its types");
  }
  if (module.typelinks.count == 0 && module.typedesc_len == 0) return Refuse("it has no types");

  TypeReader reader(&image_, module.types, module.etypes, DetectTypeFormat(image_, module), kSmallBlock, kSomeBlocks);
  GOOFFSETS_TRY(const std::optional<uint64_t> type, FindModuledataType(reader, module));
  if (type) {
    GOOFFSETS_TRY(attempt.described, DescribedLayout(reader, *type));
  }
  return attempt;
}

}  // namespace

Result<Moduledata> FindModuledataBy(const Image& image, const Pclntab& pclntab,
                                    std::span<const ModuledataLayout> layouts) {
  const Reading reading(image, pclntab);
  std::vector<Moduledata> unverified;
  std::string refusals;
  std::vector<ModuledataCandidate> seen;
  std::optional<Moduledata> result;
  // Candidates come one by one, the likeliest first; the first that describes itself as it was read is the one.
  GOOFFSETS_CHECK_OK(ForEachModuledataCandidate(image, pclntab, [&](const ModuledataCandidate& candidate) {
    constexpr size_t kMostCandidates = 64;
    if (seen.size() >= kMostCandidates) return false;
    if (std::ranges::find(seen, candidate.address, &ModuledataCandidate::address) != seen.end()) return true;
    seen.push_back(candidate);
    for (const ModuledataLayout& layout : layouts) {
      Result<Attempt> attempt = reading.Try(candidate.address, layout);
      if (attempt) attempt->module.found_by = candidate.found_by;
      if (attempt && attempt->described && attempt->described->items == layout.items) {
        attempt->module.self_checked = true;
        result = std::move(attempt->module);
        return false;
      }
      if (attempt && !attempt->described) {
        unverified.push_back(std::move(attempt->module));
        continue;
      }
      const std::string why =
          attempt ? "the binary describes runtime.moduledata otherwise" : std::move(attempt).error().message;
      refusals += fmt::format("{}{} at {:#x}: {}", refusals.empty() ? "" : "; ", layout.name, candidate.address, why);
    }
    return true;
  }));
  if (result) return std::move(*result);
  // A release that is not known: what the binary says of runtime.moduledata is all there is.
  for (const ModuledataCandidate& candidate : seen) {
    Result<std::optional<ModuledataLayout>> searched = SearchModuledataLayout(image, candidate.address);
    if (!searched || !*searched) continue;
    Result<Attempt> attempt = reading.Try(candidate.address, **searched);
    if (!attempt || !attempt->described || attempt->described->items != (*searched)->items) continue;
    attempt->module.found_by = candidate.found_by;
    attempt->module.self_checked = true;
    return std::move(attempt->module);
  }
  if (unverified.size() == 1) return std::move(unverified.front());
  if (seen.empty()) {
    return Fail(ErrorCode::kNotFound, image.name() + ": no moduledata: nothing in its data refers to the pclntab");
  }
  if (unverified.size() > 1) refusals = "several layouts fit, and nothing tells which";
  return Fail(ErrorCode::kBadInput, image.name() + ": its moduledata fits no known layout: " + refusals,
              "a newer release of gooffsets may know this Go release");
}

Result<Moduledata> FindModuledata(const Image& image, const Pclntab& pclntab) {
  return FindModuledataBy(image, pclntab, KnownModuledataLayouts());
}

}  // namespace gooffsets
