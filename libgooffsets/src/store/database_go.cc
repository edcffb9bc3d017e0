// Whether what a build with one Go release saw holds for another release: same source files, same sizes of std types.
//
// A package's layouts depend on the Go release in these two ways only (docs/how-it-works.md): build constraints may select
// other files, and a type held by value may have another size. Functions also depend on the calling convention.
#include <algorithm>
#include <array>

#include "go/abi.h"
#include "gooffsets/version.h"
#include "store/database_impl.h"
#include "store/selections.h"

namespace gooffsets {
namespace {

// Types whose flattened words are the same in every release: pointers, and what Go itself defines.
bool HasFixedWords(std::string_view type) {
  static constexpr std::array<std::string_view, 20> kPredeclared = {
      "bool",   "int",     "int8",   "int16",   "int32",   "int64",     "uint",       "uint8",  "uint16", "uint32",
      "uint64", "uintptr", "string", "float32", "float64", "complex64", "complex128", "error",  "interface {}",
      "unsafe.Pointer"};
  if (type.starts_with('*') || type.starts_with("[]") || type.starts_with("map[") || type.starts_with("func(") ||
      type.starts_with("chan ") || type.starts_with("<-chan ") || type.starts_with("chan<- ")) {
    return true;
  }
  return std::find(kPredeclared.begin(), kPredeclared.end(), type) != kPredeclared.end();
}

bool HasFixedWords(const FunctionLayout& function) {
  auto fixed = [](const Parameter& param) { return HasFixedWords(param.type); };
  return std::all_of(function.params.begin(), function.params.end(), fixed) &&
         std::all_of(function.results.begin(), function.results.end(), fixed);
}

}  // namespace

Result<std::optional<Database::Impl::Doubt>> Database::Impl::DoubtAbout(const Sighting& sighting, const Outcome& outcome,
                                                                        const Query& query) {
  const std::string& built = sighting.evidence.go;
  Result<Version> wanted = Version::Parse(VersionScheme::kGo, query.go);
  Result<Version> seen = Version::Parse(VersionScheme::kGo, built);
  const std::string build_it = BuildCommand(query);
  auto doubt = [](std::string reason, std::string hint) {
    return std::optional<Doubt>(Doubt{std::move(reason), std::move(hint)});
  };
  if (!wanted || !seen) return doubt("Go " + built + " or Go " + query.go + " is no release", build_it);
  const bool is_function = outcome.kind == Outcome::Kind::kFound && outcome.value.kind == SymbolKind::kFunction;
  if (is_function && UsesRegisterAbi(*wanted, query.goarch) != UsesRegisterAbi(*seen, query.goarch)) {
    return doubt("Go " + query.go + " passes arguments otherwise than Go " + built, build_it);
  }
  for (int64_t id : outcome.used_states) {
    GOOFFSETS_TRY(const CatalogReader::State* state, StateOf(id));
    const PackageRecord& package = state->package;
    // Parts of std are looked up at the release asked for, so that they need no transfer.
    GOOFFSETS_TRY(const auto* std_packages, std_types_.Packages(&db_, query.go, query.goarch));
    if (std_packages->contains(package.path)) continue;
    const std::optional<std::string_view> selection = SelectionFor(package, *wanted);
    if (!selection || package.selection.empty()) {
      return doubt("which source files of " + package.path + " Go " + query.go + " selects was not recorded", build_it);
    }
    if (*selection != package.selection) {
      return doubt("Go " + query.go + " selects other source files of " + package.path + " than Go " + built, build_it);
    }
    for (const std::string& type : package.std_by_value) {
      GOOFFSETS_TRY(StdTypeSize there, std_types_.Size(&db_, built, query.goarch, type));
      GOOFFSETS_TRY(StdTypeSize here, std_types_.Size(&db_, query.go, query.goarch, type));
      for (const auto& [size, go] : {std::pair(&there, &built), std::pair(&here, &query.go)}) {
        if (size->state == StdTypeSize::State::kKnown) continue;
        return doubt("the size of " + type + ", which " + package.path + " holds by value, is not known for Go " + *go,
                     ModuleCommand(std::string(kStdModule), *go, query.goarch));
      }
      if (!(there == here)) {
        return doubt(type + ", which " + package.path + " holds by value, has " + std::to_string(here.size) +
                         " bytes with Go " + query.go + " and " + std::to_string(there.size) + " with Go " + built,
                     build_it);
      }
      if (!is_function || HasFixedWords(outcome.value.function)) continue;
      GOOFFSETS_TRY(int64_t left, std_types_.LayoutOf(&db_, built, query.goarch, type));
      GOOFFSETS_TRY(int64_t right, std_types_.LayoutOf(&db_, query.go, query.goarch, type));
      if (left != right) {
        return doubt(type + " has other fields with Go " + query.go + ", so arguments may lie in other registers", build_it);
      }
    }
  }
  return std::optional<Doubt>();
}

}  // namespace gooffsets
