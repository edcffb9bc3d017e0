// ReadBuildVariables of build_info.h: what the build info was made of, by the code that refers to it.
#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/utf8.h"
#include "binary/build_info.h"
#include "binary/instructions.h"

namespace gooffsets {
namespace {

// schedinit has 2 KB; of a hostile table's claim no more is read.
constexpr uint64_t kMostCode = uint64_t{64} << 10;
constexpr uint64_t kMostVersionBytes = 4096;
constexpr uint64_t kMostTextBytes = uint64_t{8} << 20;
// src: cmd/go/internal/modload/build.go.
constexpr std::string_view kInfoStart("\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6", 16);
constexpr std::string_view kInfoEnd("\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2", 16);

// The Go string whose header lies there; nullopt: there lies none that could be wanted.
std::optional<std::string> StringAt(const Image& image, uint64_t header) {
  const Result<uint64_t> data = image.U64(header);
  const Result<uint64_t> size = image.U64(header + sizeof(uint64_t));
  if (!data || !size || *size == 0 || *size > kMostTextBytes) return std::nullopt;
  // Most of what is tried is no string: a short read tells.
  std::array<char, 4> head = {};
  if (*size < head.size() || !image.Read(*data, std::as_writable_bytes(std::span(head)))) return std::nullopt;
  const std::string_view begins(head.data(), head.size());
  if (begins == "go1." || begins == "deve" || begins == "unkn") {
    if (*size > kMostVersionBytes) return std::nullopt;
  } else if (begins != kInfoStart.substr(0, head.size())) {
    return std::nullopt;
  }
  std::string text(static_cast<size_t>(*size), '\0');
  if (!image.Read(*data, std::as_writable_bytes(std::span(text)))) return std::nullopt;
  return text;
}

bool IsVersion(std::string_view text) {
  return (text.starts_with("go1.") || text.starts_with("devel ") || text == "unknown") && IsUtf8(text) &&
         std::none_of(text.begin(), text.end(), IsControl);
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
  for (const FunctionEntry& function : found.front().bodies) {
    if (function.end < function.entry) continue;
    std::vector<std::byte> code(static_cast<size_t>(std::min(function.end - function.entry, kMostCode)));
    GOOFFSETS_CHECK_OK(image.Read(function.entry, code));
    const std::vector<uint64_t> addresses = image.goarch() == GoArch::kArm64 ? ReferencesArm64(code, function.entry)
                                                                             : ReferencesAmd64(code, function.entry);
    for (const uint64_t address : addresses) {
      // Its length is compared with a number, so that the code refers to the second word; or to both.
      for (const uint64_t header : {address - sizeof(uint64_t), address}) {
        const std::optional<std::string> text = StringAt(image, header);
        if (!text) continue;
        if (info.go_version.empty() && IsVersion(*text)) info.go_version = *text;
        if (info.text.empty() && text->starts_with(kInfoStart) && text->ends_with(kInfoEnd)) {
          info.text = WithoutMarks(*text);
        }
      }
    }
  }
  if (info.go_version.empty()) return none("runtime.schedinit refers to no Go version");
  info.found_by = "runtime.buildVersion";
  return info;
}

}  // namespace gooffsets
