// Image::OpenProcessMemory of image.h.
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <limits>
#include <optional>
#include <utility>

#include "base/byte_reader.h"
#include "base/file.h"
#include "binary/image_state.h"

namespace gooffsets {
namespace {

// src: Linux, include/linux/mm_types.h: AT_VECTOR_SIZE is some dozens of pairs.
constexpr uint64_t kMostAuxvBytes = 16 << 10;

class ProcessSource : public ByteSource {
 public:
  ProcessSource(std::string name, UniqueFd fd) : name_(std::move(name)), fd_(std::move(fd)) {}
  const std::string& name() const override { return name_; }
  uint64_t size() const override { return std::numeric_limits<int64_t>::max(); }
  Result<void> Read(uint64_t offset, std::span<std::byte> out) const override {
    auto read = ReadAt(fd_, offset, reinterpret_cast<char*>(out.data()), out.size(), name_);
    if (read || read.error().code == ErrorCode::kPermission) return read;
    // Reading nothing at all is how the kernel says that the process has ended (src: proc(5), /proc/pid/mem).
    if (read.error().code == ErrorCode::kBadInput) return Fail(ErrorCode::kNotFound, name_ + " has ended");
    return Fail(ErrorCode::kIo,
                fmt::format("{}: {} bytes at {:#x} are not mapped, or not readable", name_, out.size(), offset));
  }

 private:
  std::string name_;
  UniqueFd fd_;
};

tl::unexpected<Error> CannotRead(const std::string& name, const Error& error) {
  if (error.code == ErrorCode::kNotFound) return Fail(ErrorCode::kNotFound, "there is no " + name);
  if (error.code != ErrorCode::kPermission) return tl::unexpected(error);
  return Fail(ErrorCode::kPermission, "the memory of " + name + " may not be read",
              "run as its user, or with CAP_SYS_PTRACE, which /proc/sys/kernel/yama/ptrace_scope may ask for");
}

struct Auxv {
  uint64_t programs = 0, program_count = 0, program_size = 0, entry = 0;
};
Auxv ParseAuxv(std::string_view bytes) {
  Auxv auxv;
  CheckedReader reader(bytes);
  while (true) {
    const std::optional<uint64_t> type = reader.U64(), value = reader.U64();
    if (!type || !value || *type == AT_NULL) return auxv;
    if (*type == AT_PHDR) auxv.programs = *value;
    if (*type == AT_PHNUM) auxv.program_count = *value;
    if (*type == AT_PHENT) auxv.program_size = *value;
    if (*type == AT_ENTRY) auxv.entry = *value;
  }
}

// How far the program lies from where it was linked, by its program headers, which lie at `at`.
std::optional<uint64_t> LoadBias(const std::vector<ProgramHeader>& programs, const ElfHeader& header, uint64_t at) {
  for (const ProgramHeader& program : programs) {
    if (program.type == PT_PHDR) return at - program.address;
  }
  for (const ProgramHeader& program : programs) {
    if (program.type == PT_LOAD && header.program_offset >= program.offset &&
        header.program_offset - program.offset < program.file_size) {
      return at - (program.address + (header.program_offset - program.offset));
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Image> Image::OpenProcessMemory(int pid) {
  const std::string name = fmt::format("process {}", pid), folder = fmt::format("/proc/{}/", pid);
  Result<std::string> auxv_bytes = ReadFile(folder + "auxv", kMostAuxvBytes);
  if (!auxv_bytes) return CannotRead(name, auxv_bytes.error());
  // A kernel thread and a process that has ended have none.
  const Auxv auxv = ParseAuxv(*auxv_bytes);
  if (auxv.programs == 0) return Fail(ErrorCode::kNotFound, name + " has ended, or runs no program");
  Result<UniqueFd> fd = OpenForReading(folder + "mem");
  if (!fd) return CannotRead(name, fd.error());

  auto state = std::make_unique<State>();
  state->memory = true;
  state->source = std::make_shared<ProcessSource>(name, *std::move(fd));
  state->sections_note = "no section headers are used: they are not part of a process's memory";
  // The ELF header lies before the program headers, and is the one that counts: a packed program's own headers stand
  // there once it has unpacked itself, and their number is not the one that the kernel saw.
  constexpr uint64_t kUsualOffset = sizeof(Elf64_Ehdr);
  if (auxv.programs < kUsualOffset) return Fail(ErrorCode::kBadInput, name + " has no program headers in its memory");
  const uint64_t base = auxv.programs - kUsualOffset;
  GOOFFSETS_TRY(state->header, ReadElfHeader(*state->source, base));
  GOOFFSETS_TRY(const std::vector<ProgramHeader> programs, ReadProgramHeaders(*state->source, base, state->header));
  const std::optional<uint64_t> bias = LoadBias(programs, state->header, base + state->header.program_offset);
  if (!bias) return Fail(ErrorCode::kBadInput, name + ": its program headers do not say where they are loaded");
  state->header.entry += *bias;
  GOOFFSETS_TRY(state->segments, LoadedSegments(programs, *bias, name));
  for (Segment& segment : state->segments) {
    segment.file_offset = 0;
    segment.file_size = segment.memory_size;  // all of it is there to be read
  }
  for (const ProgramHeader& program : programs) {
    if (program.type == PT_INTERP) state->interpreter = true;
    if (program.type != PT_NOTE) continue;
    state->notes.push_back({program.address + *bias, State::NoteBytes(program.file_size), program.align});
  }
  return Image(std::move(state));
}

}  // namespace gooffsets
