// The pclntab's header: where its parts lie, and whether a place in the image really holds such a table.
//
// A magic number alone proves nothing (programs that read Go binaries hold it in their code and data), so the table's
// own structure is walked: offsets ascend and stay inside the segment, functions ascend, their records repeat their
// entry, their names are text. Format: src runtime/symtab.go (pcHeader), debug/gosym/pclntab.go. Pure reading.
//
//   PclntabHeader header = ...;
//   if (auto why = ReadPclntabHeader(&reader, section->address, &header); !why.empty()) ... not a table, and why
#ifndef GOOFFSETS_BINARY_PCLNTAB_HEADER_H_
#define GOOFFSETS_BINARY_PCLNTAB_HEADER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "binary/image.h"
#include "binary/pclntab.h"

namespace gooffsets {

inline constexpr uint32_t kMagicGo12 = 0xfffffffb;   // Go 1.2 to 1.15
inline constexpr uint32_t kMagicGo116 = 0xfffffffa;  // Go 1.16 and 1.17
inline constexpr uint32_t kMagicGo118 = 0xfffffff0;  // Go 1.18 and 1.19
inline constexpr uint32_t kMagicGo120 = 0xfffffff1;  // from Go 1.20 on

// The format that a magic number stands for; nullopt: none that is read here.
std::optional<Pclntab::Format> FormatOfMagic(uint32_t magic);

struct PclntabHeader {
  Pclntab::Format format = Pclntab::Format::kGo120;
  uint32_t magic = 0;
  uint32_t quantum = 1;  // pcHeader.minLC: the smallest instruction
  uint64_t address = 0;
  uint64_t functions = 0;   // nfunc
  uint64_t text_start = 0;  // 1.18 to 1.25, relocated; else 0
  // Addresses of the parts. The names end where cu begins.
  uint64_t funcname = 0, cu = 0, filetab = 0, pctab = 0, pcln = 0;
  uint64_t segment_end = 0;  // nothing of the table lies behind

  uint64_t functab_entry_size() const { return format == Pclntab::Format::kGo116 ? 16 : 8; }
  // Bytes of a _func before its pcdata.
  uint64_t func_size() const {
    return format == Pclntab::Format::kGo118 ? 40 : 44;  // 1.16: a 64-bit entry; 1.20: startLine
  }
};

// Reads the header at `address` as `format` and walks the table. Empty: it is one; else why it is not. With `names`
// false the functions' records are not looked at, as garble scrambles them.
std::string ReadPclntabHeader(BlockReader* reader, uint64_t address, Pclntab::Format format, bool names,
                              PclntabHeader* header);

// Whether a table of Go 1.2 to 1.15 lies at `address`: its functions follow the header at once.
bool LooksLikeGo12Table(BlockReader* reader, uint64_t address);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_PCLNTAB_HEADER_H_
