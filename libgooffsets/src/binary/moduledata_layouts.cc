#include "binary/moduledata_layouts.h"

#include <algorithm>
#include <array>

namespace gooffsets {
namespace {

constexpr std::array<std::string_view, 16> kFields = {
    "pcHeader", "ftab",       "minpc",     "maxpc",  "text",   "etext",       "types",     "typedesclen",
    "etypes",   "itaboffset", "itabsize",  "rodata", "gofunc", "textsectmap", "typelinks", "itablinks"};

std::vector<ModuledataLayout> MakeLayouts() {
  // The first 24 words are the same in all of them: pcHeader, five slices, ftab at 16, findfunctab, minpc at 20.
  const std::vector<ModuledataLayout::Item> head = {{"pcHeader", 0}, {"ftab", 16}, {"minpc", 20},
                                                    {"maxpc", 21},   {"text", 22}, {"etext", 23}};
  std::vector<ModuledataLayout> layouts = {
      {"1.16-1.17", {{"types", 35}, {"etypes", 36}, {"textsectmap", 37}, {"typelinks", 40}, {"itablinks", 43}}, 16, 17},
      {"1.18-1.19",
       {{"types", 35},
        {"etypes", 36},
        {"rodata", 37},
        {"gofunc", 38},
        {"textsectmap", 39},
        {"typelinks", 42},
        {"itablinks", 45}},
       18,
       19},
      // 1.20 put covctrs and ecovctrs before types, 1.26 epclntab behind gofunc.
      {"1.20-1.25",
       {{"types", 37},
        {"etypes", 38},
        {"rodata", 39},
        {"gofunc", 40},
        {"textsectmap", 41},
        {"typelinks", 44},
        {"itablinks", 47}},
       20,
       25},
      {"1.26",
       {{"types", 37},
        {"etypes", 38},
        {"rodata", 39},
        {"gofunc", 40},
        {"textsectmap", 42},
        {"typelinks", 45},
        {"itablinks", 48}},
       26,
       26},
      {"1.27",
       {{"types", 37},
        {"typedesclen", 38},
        {"etypes", 39},
        {"itaboffset", 40},
        {"itabsize", 41},
        {"rodata", 42},
        {"gofunc", 43},
        {"textsectmap", 45}},
       27,
       ModuledataLayout::kNewest},
  };
  for (ModuledataLayout& layout : layouts) layout.items.insert(layout.items.begin(), head.begin(), head.end());
  return layouts;
}

}  // namespace

std::optional<uint32_t> ModuledataLayout::Word(std::string_view field) const {
  const auto found = std::ranges::find(items, field, &Item::field);
  if (found == items.end()) return std::nullopt;
  return found->word;
}

std::span<const std::string_view> KnownModuledataFields() { return kFields; }

std::span<const ModuledataLayout> KnownModuledataLayouts() {
  static const std::vector<ModuledataLayout> kLayouts = MakeLayouts();
  return kLayouts;
}

bool MayHaveLayout(const Version& go, std::string_view layout) {
  const auto known = std::ranges::find(KnownModuledataLayouts(), layout, &ModuledataLayout::name);
  if (known == KnownModuledataLayouts().end()) return true;
  return go.major() == 1 && known->first_minor <= go.minor() && go.minor() <= known->last_minor;
}

Result<ModuledataLayout> DescribedLayout(TypeReader& reader, uint64_t address) {
  GOOFFSETS_TRY(const TypeHeader header, reader.Header(address));
  if (header.kind != TypeKind::kStruct) return reader.Damaged(address, "runtime.moduledata is no struct");
  GOOFFSETS_TRY(const TypeList fields, reader.Fields(header));
  constexpr uint32_t kMostFields = 256;
  ModuledataLayout layout{"described", {}};
  for (uint32_t i = 0; i < std::min(fields.count, kMostFields); ++i) {
    GOOFFSETS_TRY(const TypeField field, reader.FieldAt(fields, i));
    GOOFFSETS_TRY(const TypeReader::NameText name, reader.Name(field.name));
    const auto known = std::ranges::find(kFields, name.text);
    if (known == kFields.end() || field.offset % 8 != 0 || field.offset > header.size) continue;
    layout.items.push_back({*known, static_cast<uint32_t>(field.offset / 8)});
  }
  return layout;
}

}  // namespace gooffsets
