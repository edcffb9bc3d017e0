// ReadBuildVariables of build_info.h: what the build info was made of, by the code that refers to it.
#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "binary/build_info.h"
#include "binary/instructions.h"

namespace gooffsets {
namespace {

// schedinit has 2 KB of code and some hundred references; of a hostile table's claims no more is tried.
constexpr uint64_t kMostCode = uint64_t{64} << 10;
constexpr size_t kMostTried = 4096;
constexpr size_t kMostBodies = 4;  // one, and what assembly calls it through
constexpr uint64_t kMostVersionBytes = 4096;
constexpr uint64_t kMostTextBytes = uint64_t{8} << 20;
// src: cmd/go/internal/modload/build.go, infoStart and infoEnd.
constexpr size_t kMark = 16;
constexpr std::string_view kInfoStart("\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6", kMark);
constexpr std::string_view kInfoEnd("\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2", kMark);

// What lies there; empty where it cannot be read.
std::string Bytes(const Image& image, uint64_t address, uint64_t size) {
  std::string text(static_cast<size_t>(size), '\0');
  return image.Read(address, std::as_writable_bytes(std::span(text))) ? text : std::string();
}

// Takes the Go string whose header lies there, if it is one of the two that are wanted. Most of what is tried is none,
// which its first and last bytes tell.
void TakeString(const Image& image, uint64_t header, RawBuildInfo* info) {
  const Result<uint64_t> data = image.U64(header);
  const Result<uint64_t> size = image.U64(header + sizeof(uint64_t));
  if (!data || !size || *size == 0 || *size > kMostTextBytes) return;
  const std::string begin = Bytes(image, *data, std::min<uint64_t>(*size, kMark));
  const auto is_version = [](std::string_view text) {
    return text.starts_with("go1.") || text.starts_with("devel ") || text == "unknown";
  };
  if (info->go_version.empty() && is_version(begin) && *size <= kMostVersionBytes) {
    std::string text = Bytes(image, *data, *size);
    if (IsUtf8(text) && std::none_of(text.begin(), text.end(), IsControl)) info->go_version = std::move(text);
  } else if (info->text.empty() && begin == kInfoStart && *size > 2 * kMark &&
             Bytes(image, *data + *size - kMark, kMark) == kInfoEnd) {
    info->text = WithoutMarks(Bytes(image, *data, *size));
  }
}

}  // namespace

Result<RawBuildInfo> ReadBuildVariables(const Image& image, Pclntab* pclntab) {
  const auto none = [&](const char* why) {
    return Fail(ErrorCode::kNotFound, image.name() + ": runtime.buildVersion cannot be found: " + why);
  };
  const std::vector<std::string> names = {"runtime.schedinit"};
  GOOFFSETS_TRY(const std::vector<FunctionAnswer> found, pclntab->FindFunctions(names));
  if (found.front().bodies.empty()) return none("there is no runtime.schedinit");
  RawBuildInfo info;
  info.found_by = "runtime.buildVersion";
  std::set<uint64_t> tried;
  for (size_t i = 0; i < std::min(found.front().bodies.size(), kMostBodies); ++i) {
    const FunctionEntry& function = found.front().bodies[i];
    std::vector<std::byte> code(static_cast<size_t>(std::min(function.end - function.entry, kMostCode)));
    if (!image.Read(function.entry, code)) continue;
    const std::vector<uint64_t> addresses = image.goarch() == GoArch::kArm64 ? ReferencesArm64(code, function.entry)
                                                                             : ReferencesAmd64(code, function.entry);
    for (const uint64_t address : addresses) {
      // Its length is compared with a number, so that the code refers to the second word; or to both.
      for (const uint64_t header : {address - sizeof(uint64_t), address}) {
        if (tried.size() < kMostTried && tried.insert(header).second) TakeString(image, header, &info);
      }
    }
  }
  if (info.go_version.empty()) return none("runtime.schedinit refers to no Go version");
  return info;
}

}  // namespace gooffsets
