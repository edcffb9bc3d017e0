// Names of the enumerations in layout.h.
#include <array>
#include <utility>

#include "base/quote.h"
#include "gooffsets/layout.h"

namespace gooffsets {
namespace {

// In the order of TypeKind, spelled as reflect.Kind.String spells them (src: reflect/type.go, kindNames).
constexpr std::array<std::string_view, 27> kKindNames = {
    "invalid", "bool",   "int",       "int8",    "int16",   "int32",   "int64",     "uint",       "uint8",
    "uint16",  "uint32", "uint64",    "uintptr", "float32", "float64", "complex64", "complex128", "array",
    "chan",    "func",   "interface", "map",     "ptr",     "slice",   "string",    "struct",     "unsafe.Pointer",
};
static_assert(kKindNames.size() == static_cast<size_t>(TypeKind::kUnsafePointer) + 1);

}  // namespace

std::string_view ToString(GoArch arch) { return arch == GoArch::kAmd64 ? "amd64" : "arm64"; }

Result<GoArch> ParseGoArch(std::string_view text) {
  if (text == "amd64" || text == "x86_64") return GoArch::kAmd64;
  if (text == "arm64" || text == "aarch64") return GoArch::kArm64;
  return Fail(ErrorCode::kUsage, "unknown architecture " + Quote(text), "amd64 or arm64");
}

std::string_view ToString(TypeKind kind) {
  auto index = static_cast<size_t>(kind);
  return index < kKindNames.size() ? kKindNames[index] : kKindNames[0];
}

Result<TypeKind> ParseTypeKind(std::string_view text) {
  for (size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == text) return static_cast<TypeKind>(i);
  }
  if (text == "pointer") return TypeKind::kPointer;  // the name of the constant
  return Fail(ErrorCode::kBadInput, "unknown kind of type " + Quote(text));
}

}  // namespace gooffsets
