// Which functions the packages of a program declare: an index of small numbers, made in one pass.
//
// Names of the table stand nearly in the order of the functions (src: cmd/link/internal/ld/pcln.go,
// generateFuncnametab): the exceptions, functions that were inlined somewhere before, are read out of place.
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "binary/pclntab_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

constexpr size_t kNameBuffer = size_t{64} << 10;
// Packages and functions declared by hand have shorter names; what is longer is an instance or a closure.
constexpr size_t kMostPlainName = 1024;
constexpr size_t kMostPackages = size_t{1} << 20;

// What a character decides of where a name's own part begins, and whether it is plain.
enum CharacterClass : uint8_t { kLetter, kDot, kDash, kBracket, kSlash, kEnd };
constexpr std::array<uint8_t, 256> kClasses = [] {
  std::array<uint8_t, 256> classes{};
  classes['.'] = kDot;
  classes['-'] = kDash;
  classes['['] = classes['('] = classes['{'] = kBracket;
  classes['/'] = kSlash;
  classes[0] = kEnd;
  return classes;
}();

uint8_t ClassOf(char c) { return kClasses[static_cast<uint8_t>(c)]; }

// How many of eight letters of a name lie in front of the first that may be of another class: all of these are below
// '0' or, with the bit of small letters set, a brace.
size_t LettersIn(const char* at) {
  constexpr uint64_t kEach = 0x0101010101010101u, kHigh = kEach * 0x80;
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const uint64_t below = (word - kEach * '0') & ~word & kHigh;
  const uint64_t brace = (word | kEach * 0x20) ^ kEach * '{';
  const uint64_t stop = below | ((brace - kEach) & ~brace & kHigh);
  return stop == 0 ? sizeof word : static_cast<size_t>(std::countr_zero(stop)) / 8;
}

// Whether the own part that begins at `own` is a plain function's: no method (the compiler makes more of them than Go
// files declare), closure, instance or method value. nullopt: a slash follows, so that it is still the package's path.
std::optional<bool> IsPlain(std::string_view name, size_t own) {
  bool plain = true;
  for (size_t i = own; i < name.size();) {
    if (i + 8 <= name.size()) {
      const size_t letters = LettersIn(name.data() + i);
      i += letters;
      if (letters == 8) continue;
    }
    switch (ClassOf(name[i])) {
      case kEnd:
        return plain && i > own;
      case kBracket:
        return false;
      case kSlash:
        return std::nullopt;
      case kDot:
      case kDash:
        plain = false;
        break;
      default:
        break;
    }
    ++i;
  }
  return false;  // longer than a plain name
}

// What is read of a name.
struct NameParts {
  size_t own = 0;  // where its own part begins; 0: it has no package
  bool plain = false;
};

// Of an escaped name at the beginning of `name`. Its own part begins behind the first dot after the last slash; type
// arguments and receivers have slashes and dots of their own.
NameParts PartsOf(std::string_view name) {
  size_t dot = std::string_view::npos;
  for (size_t i = 0; i < name.size(); ++i) {
    const uint8_t what = ClassOf(name[i]);
    if (what == kLetter) continue;
    if (what == kSlash) dot = std::string_view::npos;
    if (what == kDot && dot == std::string_view::npos) dot = i;
    if (what == kBracket || what == kEnd) break;
  }
  if (dot == std::string_view::npos) return {};
  return {dot + 1, IsPlain(name, dot + 1).value_or(false)};
}

// The same of a name of the package `path`, which most names share with the one before; nullopt: it is of another one.
std::optional<NameParts> PartsIn(std::string_view path, std::string_view name) {
  if (path.empty() || name.size() <= path.size() || name[path.size()] != '.' || !name.starts_with(path)) {
    return std::nullopt;
  }
  const std::optional<bool> plain = IsPlain(name, path.size() + 1);
  return plain ? std::optional(NameParts{path.size() + 1, *plain}) : std::nullopt;
}

}  // namespace

Result<PackageIndex> Pclntab::State::IndexPackages() {
  PackageIndex index;
  std::unordered_map<std::string, uint32_t> known;  // escaped
  std::string last_path;
  uint32_t last_package = 0;
  const uint64_t names_end = header.cu;
  SequentialReader forwards(image, kNameBuffer, names_end);
  uint64_t reached = 0;
  GOOFFSETS_CHECK_OK(ForEachRecord(12, [&](uint64_t, uint32_t name, uint64_t, const std::byte*) {
    const uint64_t at = header.funcname + name;
    if (at >= names_end || index.packages.size() >= kMostPackages) return true;
    const auto most = static_cast<size_t>(std::min<uint64_t>(kMostPlainName, names_end - at));
    const std::byte* bytes = nullptr;
    if (at >= reached) {
      reached = at;
      bytes = forwards.At(at, most);
    } else if (const Result<std::span<const std::byte>> view = reader.View(at, most)) {
      bytes = view->data();
    }
    if (bytes == nullptr) return true;
    const auto* begin = reinterpret_cast<const char*>(bytes);
    const std::string_view area(begin, most);
    std::optional<NameParts> parts = PartsIn(last_path, area);
    if (!parts) {
      parts = PartsOf(area);
      if (parts->own == 0) return true;
      const std::string_view path = area.substr(0, parts->own - 1);
      if (path != last_path || index.packages.empty()) {
        last_path = path;
        auto [package, fresh] = known.try_emplace(last_path, static_cast<uint32_t>(index.packages.size()));
        if (fresh) index.packages.push_back(UnescapeName(path));
        last_package = package->second;
      }
    }
    if (parts->plain) index.functions.push_back({last_package, name, static_cast<uint16_t>(parts->own)});
    return true;
  }));
  return index;
}

Result<std::map<std::string, std::set<std::string>>> Pclntab::FunctionsOf(
    const std::function<bool(const std::string& package)>& wanted) {
  if (!state_->packages) {
    GOOFFSETS_TRY(state_->packages, state_->IndexPackages());
  }
  std::map<std::string, std::set<std::string>> functions;
  std::vector<std::set<std::string>*> lists;
  for (const std::string& package : state_->packages->packages) {
    lists.push_back(wanted(package) ? &functions[package] : nullptr);
  }
  for (const PackageIndex::Function& function : state_->packages->functions) {
    std::set<std::string>* list = lists[function.package];
    if (list == nullptr) continue;
    // A name that could be read before and cannot now: the file changes.
    GOOFFSETS_TRY(const std::string name, state_->Name(function.name));
    if (function.rest < name.size()) list->insert(UnescapeName(std::string_view(name).substr(function.rest)));
  }
  return functions;
}

}  // namespace gooffsets
