// An open ELF file with DWARF: owns the descriptor and the libelf and libdw handles, in the order they must be closed.
//
// Open() refuses what this project does not handle before libdw looks at it: other machines, 32-bit and big-endian
// files, files without DWARF, and files whose compressed sections claim to hold more than kMaxDebugBytes. Sections are
// read with pread, never mapped, and decompressed by libdw (.zdebug_* and SHF_COMPRESSED).
// Movable, not thread-safe; independent objects may be used in parallel.
//
//   Result<DwarfFile> file = DwarfFile::Open("server");
//   Dwarf* dwarf = file->dwarf();
#ifndef GOOFFSETS_DWARF_DWARF_FILE_H_
#define GOOFFSETS_DWARF_DWARF_FILE_H_

#include <elfutils/libdw.h>
#include <libelf.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/file.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

class DwarfFile {
 public:
  // All debug sections together, decompressed. The largest Go programs known have below 1 GiB.
  static constexpr uint64_t kMaxDebugBytes = uint64_t{4} << 30;

  static Result<DwarfFile> Open(const std::string& path);

  Dwarf* dwarf() const { return dwarf_.get(); }
  GoArch goarch() const { return goarch_; }
  // Where .debug_info ends in memory, decompressed; null if it has no unit that can be read.
  const char* info_end() const { return info_end_; }

 private:
  struct ElfCloser {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  struct DwarfCloser {
    void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
  };

  DwarfFile() = default;

  UniqueFd fd_;
  std::unique_ptr<Elf, ElfCloser> elf_;
  std::unique_ptr<Dwarf, DwarfCloser> dwarf_;
  GoArch goarch_ = GoArch::kAmd64;
  const char* info_end_ = nullptr;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_DWARF_DWARF_FILE_H_
