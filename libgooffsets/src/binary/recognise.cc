#include "binary/recognise.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/byte_reader.h"
#include "base/quote.h"
#include "binary/build_info.h"

namespace gooffsets {
namespace {

bool HasBytes(const Image& image, std::string_view name) {
  const Section* section = image.FindSection(name);
  return section != nullptr && section->type != SHT_NOBITS && section->size > 0;
}

// The file's name, NUL, padding, a CRC (GDB manual, "Separate Debug Files").
std::string Debuglink(const Image& image) {
  constexpr uint64_t kMost = 4096;
  const Section* section = image.FindSection(".gnu_debuglink");
  if (section == nullptr || section->type == SHT_NOBITS) return "";
  std::string bytes(static_cast<size_t>(std::min(section->size, kMost)), '\0');
  if (!image.source().Read(section->offset, std::as_writable_bytes(std::span(bytes)))) return "";
  CheckedReader reader(bytes);
  return std::string(reader.CString().value_or(""));
}

// UPX leaves its mark behind the program headers (l_info) and in the pack header at the end of the file (src of UPX:
// stub/src/include/linux.h, l_info; packhead.cpp).
std::string Packing(const Image& image) {
  constexpr std::string_view kMark = "UPX!";
  constexpr uint64_t kHead = 1024, kTail = 256;
  if (image.is_memory()) return "";
  const ByteSource& source = image.source();
  const auto holds_mark = [&](uint64_t from, uint64_t size) {
    std::string bytes(static_cast<size_t>(size), '\0');
    return source.Read(from, std::as_writable_bytes(std::span(bytes))) && bytes.find(kMark) != std::string::npos;
  };
  const uint64_t size = source.size();
  if (holds_mark(0, std::min(size, kHead))) return "UPX: its mark follows the program headers";
  if (holds_mark(size - std::min(size, kTail), std::min(size, kTail))) return "UPX: its mark is at the end of the file";
  return "";
}

// What the link shows of cgo when no setting says it. C code that the system's linker added brings start files and
// unwind tables; Go's own linker writes neither. Needed libraries alone prove nothing: they can be asked for without C.
std::optional<bool> CgoByLink(const Image& image) {
  if (image.sections().empty()) return std::nullopt;
  const bool system_linker = image.FindSection(".init_array") != nullptr && image.FindSection(".eh_frame") != nullptr;
  if (system_linker) return true;
  if (image.NeededLibraries().empty()) return false;
  return std::nullopt;
}

void CheckAgainstHeader(const Image& image, BinaryInfo* info) {
  if (const auto arch = info->settings.find("GOARCH");
      arch != info->settings.end() && arch->second != ToString(image.goarch())) {
    info->notes.push_back(fmt::format("its build info says GOARCH={}, its ELF header {}", Quote(arch->second),
                                      ToString(image.goarch())));
  }
  if (const auto os = info->settings.find("GOOS"); os != info->settings.end() && os->second != "linux") {
    info->notes.push_back(fmt::format("its build info says GOOS={}", Quote(os->second)));
  }
}

}  // namespace

void TakeBuildInfo(const Image& image, const RawBuildInfo& raw, BinaryInfo* info) {
  info->build_info = {true, raw.found_by};
  if (auto parsed = ParseBuildInfo(raw, info); !parsed) info->notes.push_back(parsed.error().message);
  CheckAgainstHeader(image, info);
  // What garble has the linker write instead of the version; it leaves no module list either.
  if (raw.go_version == "unknown") info->obfuscation = "garble: the build info names the Go version \"unknown\"";
}

Result<BinaryInfo> Recognise(const Image& image) {
  BinaryInfo info;
  info.file = image.name();
  info.goarch = image.goarch();
  info.file_size = image.is_memory() ? 0 : image.source().size();
  info.pie = image.is_pie();
  info.dynamic = image.has_interpreter();
  info.stripped = !HasBytes(image, ".symtab");
  info.has_dwarf = HasBytes(image, ".debug_info") || HasBytes(image, ".zdebug_info");
  info.go_build_id = image.GoBuildId();
  info.gnu_build_id = image.GnuBuildId();
  info.debuglink = Debuglink(image);
  if (image.is_debug_file()) info.notes.push_back("it is a separate debug file: it holds no code and no data");
  for (const std::string* note : {&image.sections_note(), &image.relocations_note()}) {
    if (!note->empty()) info.notes.push_back(*note);
  }

  const Result<RawBuildInfo> raw = ReadRawBuildInfo(image);
  if (raw) {
    TakeBuildInfo(image, *raw, &info);
  } else {
    const ErrorCode code = raw.error().code;
    // Of a process, memory that is not mapped where its headers say is one more oddity.
    if (!image.is_memory() && (code == ErrorCode::kIo || code == ErrorCode::kPermission)) {
      return tl::unexpected(raw.error());
    }
    info.build_info.how = raw.error().message;
    info.packing = Packing(image);
  }
  if (!info.cgo) info.cgo = CgoByLink(image);
  return info;
}

}  // namespace gooffsets
