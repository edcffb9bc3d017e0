#include "gooffsets/debug_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <filesystem>
#include <optional>

#include "base/byte_reader.h"
#include "base/file.h"
#include "base/quote.h"
#include "binary/go_binary_impl.h"

namespace gooffsets {

namespace fs = std::filesystem;

namespace {

struct DebugLink {
  std::string name;
  uint32_t crc = 0;
};

// The file's name, NUL, padding to a multiple of four, CRC-32 (GDB manual, "Separate Debug Files").
Result<std::optional<DebugLink>> ReadDebugLink(const Image& image) {
  const ByteSource& file = image.source();
  const Section* section = image.FindSection(".gnu_debuglink");
  if (section == nullptr) return std::nullopt;
  if (section->size < 8 || section->size > 4096) return Fail(ErrorCode::kBadInput, file.name() + ": .gnu_debuglink has an odd size");
  std::string bytes(section->size, '\0');
  GOOFFSETS_CHECK_OK(file.Read(section->offset, std::as_writable_bytes(std::span(bytes))));
  CheckedReader reader(bytes);
  const std::optional<std::string_view> name = reader.CString();
  if (!name || name->empty() || !reader.Seek((reader.position() + 3) / 4 * 4)) {
    return Fail(ErrorCode::kBadInput, file.name() + ": .gnu_debuglink holds no name");
  }
  const std::optional<uint32_t> crc = reader.U32();
  // It is a name and no path: one with a slash could point anywhere.
  if (!crc || name->find('/') != std::string_view::npos || *name == "." || *name == "..") {
    return Fail(ErrorCode::kBadInput, file.name() + ": .gnu_debuglink holds " + Quote(*name) + ", which is no file's name");
  }
  return DebugLink{std::string(*name), *crc};
}

Result<uint32_t> CrcOf(const std::string& path) {
  GOOFFSETS_TRY(std::shared_ptr<const ByteSource> file, OpenFileSource(path));
  std::vector<std::byte> buffer(size_t{256} << 10);
  uLong crc = crc32(0, nullptr, 0);
  for (uint64_t at = 0; at < file->size(); at += buffer.size()) {
    const size_t count = std::min<uint64_t>(buffer.size(), file->size() - at);
    GOOFFSETS_CHECK_OK(file->Read(at, std::span(buffer).first(count)));
    crc = crc32(crc, reinterpret_cast<const Bytef*>(buffer.data()), static_cast<uInt>(count));
  }
  return static_cast<uint32_t>(crc);
}

// What a program says of its debug file.
struct Marks {
  std::string gnu_build_id, go_build_id;
  std::optional<DebugLink> link;
};
Result<Marks> MarksOf(const GoBinary& binary) {
  const Image& image = binary.impl().image();
  Marks marks{image.GnuBuildId(), image.GoBuildId(), std::nullopt};
  if (image.is_memory()) return marks;
  GOOFFSETS_TRY(marks.link, ReadDebugLink(image));
  return marks;
}

// How `path` is known to belong to the program; the error says what differs.
Result<std::string> Matches(const Marks& marks, const std::string& path) {
  GOOFFSETS_TRY(std::shared_ptr<const ByteSource> source, OpenFileSource(path));
  GOOFFSETS_TRY(Image debug, Image::Open(std::move(source)));
  if (!marks.gnu_build_id.empty()) {
    if (debug.GnuBuildId() == marks.gnu_build_id) return "build id";
    return Fail(ErrorCode::kBadInput, path + " has another build id: it belongs to another build");
  }
  // objcopy --only-keep-debug keeps notes; Go's own build id names the build as well.
  if (!marks.go_build_id.empty() && debug.GoBuildId() == marks.go_build_id) return "Go build id";
  if (marks.link) {
    GOOFFSETS_TRY(uint32_t crc, CrcOf(path));
    if (crc == marks.link->crc) return "debuglink and CRC";
    return Fail(ErrorCode::kBadInput, fmt::format("{} has the CRC {:08x}, the program names {:08x}: it belongs to another build", path,
                                                  crc, marks.link->crc));
  }
  return Fail(ErrorCode::kBadInput, path + " cannot be told to belong to this program: it has neither a build id nor a debuglink");
}

}  // namespace

Result<DebugFile> FindDebugFile(const GoBinary& binary, const std::vector<std::string>& directories) {
  GOOFFSETS_TRY(Marks marks, MarksOf(binary));
  std::vector<std::string> candidates;
  std::error_code ec;
  const fs::path program = fs::canonical(binary.info().file, ec);
  for (const std::string& directory : directories) {
    if (marks.gnu_build_id.size() > 2) {
      candidates.push_back(directory + "/.build-id/" + marks.gnu_build_id.substr(0, 2) + "/" + marks.gnu_build_id.substr(2) + ".debug");
    }
  }
  if (marks.link && !ec) {
    const fs::path folder = program.parent_path();
    candidates.push_back(folder / marks.link->name);
    candidates.push_back(folder / ".debug" / marks.link->name);
    for (const std::string& directory : directories) {
      candidates.push_back(fs::path(directory) / folder.relative_path() / marks.link->name);
    }
  }
  DebugFile found;
  if (candidates.empty()) found.how = "the program names no debug file: it has neither a GNU build id nor a debuglink";
  for (const std::string& candidate : candidates) {
    if (!fs::is_regular_file(candidate, ec) || fs::equivalent(candidate, program, ec)) continue;
    Result<std::string> how = Matches(marks, candidate);
    if (how) return DebugFile{candidate, *how};
    found.how += (found.how.empty() ? "" : "; ") + how.error().message;
  }
  if (found.how.empty()) found.how = "none of these exists: " + fmt::format("{}", fmt::join(candidates, ", "));
  return found;
}

Result<void> CheckDebugFile(const GoBinary& binary, const std::string& path) {
  GOOFFSETS_TRY(Marks marks, MarksOf(binary));
  GOOFFSETS_CHECK_OK(Matches(marks, path));
  return {};
}

}  // namespace gooffsets
