#include "binary/elf_headers.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/byte_reader.h"

namespace gooffsets {
namespace {

constexpr const char* kSupported = "linux/amd64 and linux/arm64 programs are supported";
constexpr char kCopyAgain[] = "copy the program again, whole; readelf -hl shows what its headers say";
// Linux gives processes at most 57 bits of addresses (five-level page tables), so sums below cannot overflow.
constexpr uint64_t kAddressLimit = uint64_t{1} << 57;

// What the first bytes say a file is, if they say something that people do pass to such a tool.
std::string OtherFormat(std::span<const std::byte> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (text.starts_with("MZ")) return "a Windows program";
  for (std::string_view magic : {"\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce"}) {
    if (text.starts_with(magic)) return "a macOS program";
  }
  if (text.starts_with("\xca\xfe\xba\xbe")) return "a macOS program";
  if (text.starts_with(std::string_view("\0asm", 4))) return "a WebAssembly program";
  return "";
}

std::string MachineName(uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "386";
    case EM_ARM:
      return "arm";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390x";
    case EM_RISCV:
      return "riscv64";
    case EM_MIPS:
      return "mips";
    case 258:  // EM_LOONGARCH, which glibc's <elf.h> of Debian 12 has and older ones lack
      return "loong64";
    default:
      return fmt::format("machine {}", machine);
  }
}

std::string WrongType(uint16_t type) {
  if (type == ET_REL) return "an object file, which is not linked yet";
  if (type == ET_CORE) return "a core dump";
  return fmt::format("an ELF file of type {}, which is no program", type);
}

}  // namespace

Result<ElfHeader> ReadElfHeader(const ByteSource& source, uint64_t at) {
  const std::string& name = source.name();
  std::array<std::byte, sizeof(Elf64_Ehdr)> bytes = {};
  const uint64_t left = source.size() - std::min(at, source.size());
  const size_t most = static_cast<size_t>(std::min<uint64_t>(bytes.size(), left));
  const std::span<std::byte> head = std::span(bytes).first(most);
  GOOFFSETS_CHECK_OK(source.Read(at, head));
  if (head.size() < SELFMAG || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) {
    const std::string other = OtherFormat(head);
    if (!other.empty()) return Fail(ErrorCode::kUnsupported, name + " is " + other, kSupported);
    return Fail(ErrorCode::kBadInput, name + " is not an ELF file, so not a Go program of Linux",
                "name the program itself, not a script or an archive that holds it");
  }
  const auto ident = [&](size_t i) { return std::to_integer<unsigned>(bytes[i]); };  // zero where it is cut off
  if (ident(EI_CLASS) == ELFCLASS32) return Fail(ErrorCode::kUnsupported, name + " is a 32-bit ELF file", kSupported);
  if (ident(EI_DATA) == ELFDATA2MSB) {
    return Fail(ErrorCode::kUnsupported, name + " is a big-endian ELF file", kSupported);
  }
  if (head.size() < bytes.size())
    return Fail(ErrorCode::kBadInput, name + " is cut off within its ELF header", kCopyAgain);
  if (ident(EI_CLASS) != ELFCLASS64 || ident(EI_DATA) != ELFDATA2LSB || ident(EI_VERSION) != EV_CURRENT) {
    return Fail(ErrorCode::kBadInput,
                name + " has a damaged ELF header: its word size, byte order or version is none that there is",
                kCopyAgain);
  }
  // Go's linker writes 0 for Linux (src: cmd/link/internal/ld/elf.go, Asmbelf), GNU ld 3 where it uses GNU extensions.
  if (ident(EI_OSABI) != ELFOSABI_NONE && ident(EI_OSABI) != ELFOSABI_LINUX) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{} is a program for another system than Linux (ELF OS ABI {})", name, ident(EI_OSABI)),
                kSupported);
  }
  Elf64_Ehdr raw;
  static_assert(sizeof raw == 64);
  std::memcpy(&raw, bytes.data(), sizeof raw);
  ElfHeader header;
  if (raw.e_machine == EM_X86_64) {
    header.goarch = GoArch::kAmd64;
  } else if (raw.e_machine == EM_AARCH64) {
    header.goarch = GoArch::kArm64;
  } else {
    return Fail(ErrorCode::kUnsupported, name + " is a program for " + MachineName(raw.e_machine), kSupported);
  }
  if (raw.e_type != ET_EXEC && raw.e_type != ET_DYN) {
    return Fail(ErrorCode::kUnsupported, name + " is " + WrongType(raw.e_type), "name the linked program");
  }
  if (raw.e_phnum == 0) {
    return Fail(ErrorCode::kBadInput, name + " has no program headers: nothing of it would be loaded",
                "name the linked program: Linux could not run this file");
  }
  // PN_XNUM moves the count to a section header; no program has 65,535 segments, and Linux does not load such a file.
  if (raw.e_phnum == PN_XNUM || raw.e_phentsize != sizeof(Elf64_Phdr)) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{} has a damaged ELF header: {} program headers of {} bytes each", name, raw.e_phnum,
                            raw.e_phentsize),
                kCopyAgain);
  }
  header.pie = raw.e_type == ET_DYN;
  header.entry = raw.e_entry;
  header.program_offset = raw.e_phoff;
  header.program_count = raw.e_phnum;
  header.section_offset = raw.e_shoff;
  header.section_count = raw.e_shnum;
  header.section_entry_size = raw.e_shentsize;
  header.names_index = raw.e_shstrndx;
  return header;
}

Result<std::vector<ProgramHeader>> ReadProgramHeaders(const ByteSource& source, uint64_t base,
                                                      const ElfHeader& header) {
  if (header.program_offset > kAddressLimit || base > kAddressLimit) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{} has a damaged ELF header: its program headers would begin at {:#x}", source.name(),
                            header.program_offset),
                kCopyAgain);
  }
  std::vector<std::byte> bytes(size_t{header.program_count} * sizeof(Elf64_Phdr));
  GOOFFSETS_CHECK_OK(source.Read(base + header.program_offset, bytes));
  std::vector<ProgramHeader> programs(header.program_count);
  for (size_t i = 0; i < programs.size(); ++i) {
    Elf64_Phdr raw;
    std::memcpy(&raw, bytes.data() + i * sizeof raw, sizeof raw);
    programs[i] = {raw.p_type, raw.p_flags, raw.p_offset, raw.p_vaddr, raw.p_filesz, raw.p_memsz, raw.p_align};
  }
  return programs;
}

Result<std::vector<Segment>> LoadedSegments(const std::vector<ProgramHeader>& programs, uint64_t bias,
                                            const std::string& name) {
  std::vector<Segment> segments;
  for (const ProgramHeader& program : programs) {
    if (program.type != PT_LOAD || program.memory_size == 0) continue;
    const uint64_t address = program.address + bias;  // modulo 2^64, as the loader adds
    if (address >= kAddressLimit || program.memory_size > kAddressLimit - address) {
      return Fail(ErrorCode::kBadInput,
                  fmt::format("{}: a segment of {:#x} bytes at {:#x} lies beyond any address space", name,
                              program.memory_size, address),
                  kCopyAgain);
    }
    if (program.file_size > program.memory_size) {
      return Fail(ErrorCode::kBadInput,
                  fmt::format("{}: the segment at {:#x} is larger in the file than in memory", name, address),
                  kCopyAgain);
    }
    segments.push_back({address, program.memory_size, program.offset, program.file_size, (program.flags & PF_X) != 0,
                        (program.flags & PF_W) != 0});
  }
  if (segments.empty())
    return Fail(ErrorCode::kBadInput, name + " has no segment to load: it is no program", "name the linked program");
  std::sort(segments.begin(), segments.end(),
            [](const Segment& a, const Segment& b) { return a.address < b.address; });
  for (size_t i = 1; i < segments.size(); ++i) {
    const Segment& before = segments[i - 1];
    if (segments[i].address - before.address < before.memory_size) {
      return Fail(ErrorCode::kBadInput,
                  fmt::format("{}: the segments at {:#x} and {:#x} overlap", name, before.address, segments[i].address),
                  kCopyAgain);
    }
  }
  return segments;
}

}  // namespace gooffsets
