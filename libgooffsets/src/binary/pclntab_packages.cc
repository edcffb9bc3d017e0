// Which functions the packages of a program declare: an index of small numbers, made in one pass.
//
// Names of the table stand nearly in the order of the functions (src: cmd/link/internal/ld/pcln.go,
// generateFuncnametab): the exceptions, functions that were inlined somewhere before, are read out of place.
#include <array>
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

// Where an escaped name's own part begins, behind the first dot after the last slash; 0: it has no package. Type
// arguments and receivers have slashes and dots of their own.
size_t OwnPart(std::string_view name) {
  size_t dot = std::string_view::npos;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '/') {
      dot = std::string_view::npos;
    } else if (c == '.') {
      if (dot == std::string_view::npos) dot = i;
    } else if (c == '[' || c == '(' || c == '{') {
      break;
    }
  }
  return dot == std::string_view::npos ? 0 : dot + 1;
}

// No methods (the compiler makes more of them than Go files declare), closures, instances and method values.
bool IsPlain(std::string_view own) { return !own.empty() && own.find_first_of(".[({-") == std::string_view::npos; }

// What is read of a name: its own part, as OwnPart and IsPlain tell.
struct NameParts {
  size_t own = 0;
  bool plain = false;
};

NameParts PartsOf(std::string_view whole) {
  const size_t own = OwnPart(whole);
  return {own, own != 0 && IsPlain(whole.substr(own))};
}

// What a character of a name's own part decides.
enum CharacterClass : uint8_t { kLetter, kNotPlain, kBracket, kSlash, kEnd };
constexpr std::array<uint8_t, 256> kClasses = [] {
  std::array<uint8_t, 256> classes{};
  classes['.'] = classes['-'] = kNotPlain;
  classes['['] = classes['('] = classes['{'] = kBracket;
  classes['/'] = kSlash;
  classes[0] = kEnd;
  return classes;
}();

// The same as PartsOf for a name of the package `path` at the beginning of `bytes`, which most names share with the one
// before, in one look at what follows it; nullopt: it is of another package, or takes a longer look.
std::optional<NameParts> PartsIn(std::string_view path, std::string_view bytes) {
  if (path.empty() || bytes.size() <= path.size() || bytes[path.size()] != '.' || !bytes.starts_with(path)) {
    return std::nullopt;
  }
  NameParts parts{path.size() + 1, true};
  for (size_t i = parts.own; i < bytes.size(); ++i) {
    switch (kClasses[static_cast<uint8_t>(bytes[i])]) {
      case kEnd:
        parts.plain = parts.plain && i > parts.own;
        return parts;
      case kBracket:
        parts.plain = false;
        return parts;
      case kSlash:
        return std::nullopt;
      case kNotPlain:
        parts.plain = false;
        break;
      default:
        break;
    }
  }
  parts.plain = false;  // longer than a plain name
  return parts;
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
      const std::string_view whole(begin, strnlen(begin, most));
      parts = PartsOf(whole);
      if (parts->own == 0) return true;
      if (whole.size() == most) parts->plain = false;
      const std::string_view path = whole.substr(0, parts->own - 1);
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
