// A struct byte by byte, padding included; the table of its fields; and what changed between two layouts of it.
//
// The picture has a row for every eight bytes. The middle of what covers many rows is left out and says so, and a
// picture ends after kMaxRows rows: the table always has every field. Pure; safe from any thread.
//
//   Html html;
//   DrawStruct(&html, layout, "net/http.Request");
#ifndef GOOFFSETS_TOOLS_SITE_STRUCT_DRAWING_H_
#define GOOFFSETS_TOOLS_SITE_STRUCT_DRAWING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/layout.h"
#include "site/html.h"

namespace gooffsets {

inline constexpr size_t kMaxRows = 300;

// Bytes [begin, end) of a struct: a field, or padding (field == kPadding).
struct Extent {
  static constexpr size_t kPadding = static_cast<size_t>(-1);
  uint64_t begin = 0, end = 0;
  size_t field = kPadding;
};
// Covers the struct from 0 to its size without overlaps; fields without size and what lies outside are left out.
std::vector<Extent> ExtentsOf(const StructLayout& layout);

void DrawStruct(Html* html, const StructLayout& layout, std::string_view symbol);
// `link` gives the address of a type's page, or of a field's; empty: it has none.
void FieldTable(Html* html, const StructLayout& layout, const std::function<std::string(const std::string&)>& type_link,
                const std::function<std::string(const std::string&)>& field_link);

// Sentences: "URL moved from 16 to 24".
std::vector<std::string> ChangesBetween(const StructLayout& before, const StructLayout& after);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_STRUCT_DRAWING_H_
