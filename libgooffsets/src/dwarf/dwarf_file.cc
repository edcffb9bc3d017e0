#include "dwarf/dwarf_file.h"

#include <gelf.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace gooffsets {
namespace {

tl::unexpected<Error> ElfError(const std::string& path, const char* what) {
  const char* reason = elf_errmsg(-1);
  return Fail(ErrorCode::kBadInput, path + ": " + what + ": " + (reason != nullptr ? reason : "damaged ELF file"));
}

// What a section will occupy once libdw has decompressed it.
Result<uint64_t> ExpandedSize(Elf_Scn* section, const GElf_Shdr& header, std::string_view name,
                              const std::string& path) {
  if ((header.sh_flags & SHF_COMPRESSED) != 0) {
    GElf_Chdr compression;
    if (gelf_getchdr(section, &compression) == nullptr) return ElfError(path, "cannot read a compression header");
    return compression.ch_size;
  }
  if (name.starts_with(".zdebug") && header.sh_size >= 12) {
    // GNU style: "ZLIB" and the size as 8 bytes, big-endian (src: cmd/link/internal/ld/lib.go, compressSyms).
    const Elf_Data* data = elf_rawdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr || data->d_size < 12) return ElfError(path, "cannot read a section");
    const auto* bytes = static_cast<const unsigned char*>(data->d_buf);
    uint64_t size = 0;
    for (size_t i = 4; i < 12; ++i) size = size << 8 | bytes[i];
    return std::memcmp(bytes, "ZLIB", 4) == 0 ? size : header.sh_size;
  }
  return header.sh_size;
}

// The file has a .debug_info, and its debug sections stay within the limit. Returns the section.
Result<Elf_Scn*> CheckSections(Elf* elf, const std::string& path) {
  size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return ElfError(path, "cannot read the section headers");
  uint64_t total = 0;
  Elf_Scn* info = nullptr;
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr; section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) return ElfError(path, "cannot read a section header");
    const char* raw_name = elf_strptr(elf, names, header.sh_name);
    if (raw_name == nullptr || header.sh_type == SHT_NOBITS) continue;
    const std::string_view name = raw_name;
    if (!name.starts_with(".debug_") && !name.starts_with(".zdebug_")) continue;
    if (name == ".debug_info" || name == ".zdebug_info") {
      // libdw would take one of them.
      if (info != nullptr) return Fail(ErrorCode::kBadInput, path + ": it has two sections .debug_info");
      info = section;
    }
    GOOFFSETS_TRY(const uint64_t size, ExpandedSize(section, header, name, path));
    total = size > DwarfFile::kMaxDebugBytes ? size : total + size;
    if (total > DwarfFile::kMaxDebugBytes) {
      return Fail(ErrorCode::kUnsupported, path + ": its debug sections claim to hold more than 4 GiB");
    }
  }
  if (info == nullptr) {
    return Fail(ErrorCode::kUnsupported, path + ": no DWARF: stripped?",
                "build it without -ldflags \"-s -w\" and without strip");
  }
  return info;
}

Result<GoArch> MachineOf(Elf* elf, const std::string& path) {
  GElf_Ehdr header;
  if (elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == nullptr) {
    return Fail(ErrorCode::kBadInput, path + ": not an ELF file");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64) {
    return Fail(ErrorCode::kUnsupported, path + ": a 32-bit program; only linux/amd64 and linux/arm64 are handled");
  }
  const bool little_endian = header.e_ident[EI_DATA] == ELFDATA2LSB;
  if (little_endian && header.e_machine == EM_X86_64) return GoArch::kAmd64;
  if (little_endian && header.e_machine == EM_AARCH64) return GoArch::kArm64;
  return Fail(ErrorCode::kUnsupported, path + ": built for ELF machine " + std::to_string(header.e_machine) +
                                           "; only linux/amd64 and linux/arm64 are handled");
}

}  // namespace

Result<DwarfFile> DwarfFile::Open(const std::string& path) {
  if (elf_version(EV_CURRENT) == EV_NONE) return Fail(ErrorCode::kInternal, "libelf refuses its own ELF version");
  DwarfFile file;
  GOOFFSETS_TRY(file.fd_, OpenForReading(path));
  file.elf_.reset(elf_begin(file.fd_.get(), ELF_C_READ, nullptr));
  if (file.elf_ == nullptr) return ElfError(path, "cannot read the file");
  GOOFFSETS_TRY(file.goarch_, MachineOf(file.elf_.get(), path));
  GOOFFSETS_TRY(Elf_Scn* const info, CheckSections(file.elf_.get(), path));
  file.dwarf_.reset(dwarf_begin_elf(file.elf_.get(), DWARF_C_READ, nullptr));
  if (file.dwarf_ == nullptr) {
    const char* reason = dwarf_errmsg(-1);
    return Fail(ErrorCode::kBadInput,
                path + ": cannot read its DWARF: " + (reason != nullptr ? reason : "damaged sections"));
  }
  // Once libdw has decompressed it.
  const Elf_Data* data = elf_rawdata(info, nullptr);
  if (data == nullptr) return ElfError(path, "cannot read .debug_info");
  // Every DIE knows its address and its offset; damage is told where the units are read.
  Dwarf_CU* unit = nullptr;
  Dwarf_Die first{};
  while (first.addr == nullptr) {  // a unit may have none
    Dwarf_CU* const before = unit;
    if (dwarf_get_units(file.dwarf_.get(), before, &unit, nullptr, nullptr, &first, nullptr) != 0) return file;
  }
  file.info_end_ = static_cast<const char*>(first.addr) - dwarf_dieoffset(&first) + data->d_size;
  return file;
}

}  // namespace gooffsets
