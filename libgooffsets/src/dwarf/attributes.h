// Small checked accessors over libdw's DIEs: one place that knows how libdw says "absent" and "damaged".
//
// Absent attributes are nullopt; attributes of the wrong form are absent as well, so that a caller decides once whether
// it can do without. Names are returned as libdw holds them, still escaped; views live as long as the Dwarf handle.
// Pure reads, but libdw caches inside its handle: one thread per handle.
//
//   std::string_view name = AttrString(&die, DW_AT_name, info_end);   // "" when there is none
//   std::optional<uint64_t> size = AttrUnsigned(&die, DW_AT_byte_size);
#ifndef GOOFFSETS_DWARF_ATTRIBUTES_H_
#define GOOFFSETS_DWARF_ATTRIBUTES_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gooffsets/result.h"

namespace gooffsets {

// Go's own attributes (src: cmd/internal/dwarf/dwarf.go).
inline constexpr unsigned kAttrGoKind = 0x2900;
inline constexpr unsigned kAttrGoEmbeddedField = 0x2903;

// These look into the DIE itself only. A string that stands in the DIE must end before `info_end`, the end of
// .debug_info in memory (DwarfFile::info_end): libdw 0.188 hands it out without looking for its end. One that does not
// is absent.
std::string_view AttrString(Dwarf_Die* die, unsigned attribute, const char* info_end);
std::optional<uint64_t> AttrUnsigned(Dwarf_Die* die, unsigned attribute);
bool AttrFlag(Dwarf_Die* die, unsigned attribute);
std::optional<Dwarf_Die> AttrDie(Dwarf_Die* die, unsigned attribute);

// The same, following DW_AT_abstract_origin: what an out-of-line copy of an inlined function leaves to the original.
std::string_view InheritedString(Dwarf_Die* die, unsigned attribute, const char* info_end);
bool InheritedFlag(Dwarf_Die* die, unsigned attribute);
std::optional<Dwarf_Die> InheritedDie(Dwarf_Die* die, unsigned attribute);

// "DWARF is damaged at <offset>: what (libdw's reason)".
tl::unexpected<Error> DwarfDamaged(Dwarf_Die* die, std::string_view what);

// Walks the direct children of a DIE: for (ChildCursor c(&die); c.Next();) use(c.die()). After the loop, ok() tells the
// end of the list from damage.
class ChildCursor {
 public:
  explicit ChildCursor(Dwarf_Die* parent) : parent_(*parent) {}
  bool Next();
  Dwarf_Die* die() { return &die_; }
  bool ok() const { return state_ != State::kDamaged; }

 private:
  enum class State { kStart, kWalking, kEnd, kDamaged };
  Dwarf_Die parent_;
  Dwarf_Die die_{};
  State state_ = State::kStart;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_DWARF_ATTRIBUTES_H_
