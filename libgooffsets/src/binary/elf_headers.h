// The headers of an ELF file or process: what is checked before anything else of it is believed.
//
// Program headers must make sense, because the kernel needs them too; section headers are a hint and are given up as a
// whole when one of them does not fit. Formats: System V ABI (gabi), chapters 4 and 5. Reads are bounded copies:
// headers only, never contents. Pure functions over a ByteSource; safe from any thread.
//
//   GOOFFSETS_TRY(ElfHeader header, ReadElfHeader(*source, 0));
//   GOOFFSETS_TRY(std::vector<ProgramHeader> programs, ReadProgramHeaders(*source, 0, header));
#ifndef GOOFFSETS_BINARY_ELF_HEADERS_H_
#define GOOFFSETS_BINARY_ELF_HEADERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "binary/byte_source.h"
#include "binary/image.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct ElfHeader {
  GoArch goarch = GoArch::kAmd64;
  bool pie = false;  // ET_DYN
  uint64_t entry = 0;
  uint64_t program_offset = 0, section_offset = 0;
  uint16_t program_count = 0, section_count = 0, section_entry_size = 0, names_index = 0;
};

// kBadInput: not ELF, cut off. kUnsupported: another class, byte order, machine, system or kind of file.
Result<ElfHeader> ReadElfHeader(const ByteSource& source, uint64_t at);

struct ProgramHeader {
  uint32_t type = 0, flags = 0;
  uint64_t offset = 0, address = 0, file_size = 0, memory_size = 0, align = 0;
};

// The table at `base` + header.program_offset.
Result<std::vector<ProgramHeader>> ReadProgramHeaders(const ByteSource& source, uint64_t base, const ElfHeader& header);

// The PT_LOAD ones as segments, ascending. `bias` is added to their addresses (a process's load bias). kBadInput: none,
// overlapping, larger in the file than in memory, beyond any address space. Whether they fit the file is not asked.
Result<std::vector<Segment>> LoadedSegments(const std::vector<ProgramHeader>& programs, uint64_t bias,
                                            const std::string& name);

struct SectionTable {
  std::vector<Section> sections;  // without the null section; empty: see `note`
  std::string note;
  // A separate debug file: code has a header and no bytes (objcopy --only-keep-debug, eu-strip -f). Then only offsets
  // of sections are true, program headers may still describe the program.
  bool debug_file = false;
};
// Believed only if every one of them fits the file and the segments.
SectionTable ReadSections(const ByteSource& source, const ElfHeader& header, const std::vector<Segment>& segments);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_ELF_HEADERS_H_
