#include "resolve/world.h"

#include <algorithm>

namespace gooffsets {

Result<World::Named> World::Split(std::string_view type) {
  // Type arguments and receivers are no part of a path (src: golang.org/x/mod/module, CheckImportPath).
  const std::string_view head = type.substr(0, std::min(type.find_first_of("[({"), type.size()));
  const size_t slash = head.rfind('/');
  const size_t first = head.find('.', slash == std::string_view::npos ? 0 : slash);
  Named named;
  if (first == std::string_view::npos) {
    named.choice.missing.reason = std::string(type) + " belongs to no package";
    return named;
  }
  for (size_t dot = head.rfind('.');; dot = head.rfind('.', dot - 1)) {
    std::string path(head.substr(0, dot));
    GOOFFSETS_TRY(Choice choice, Package(path));
    // The shortest path is what the linker's own rule would say, so its reason is told when none is a package.
    if (choice.seen || dot == first)
      return Named{std::move(choice), std::move(path), std::string(type.substr(dot + 1))};
  }
}

Result<bool> World::SameSource(const SeenPackage& scope, const std::string& path, const SeenPackage& here) {
  GOOFFSETS_TRY(const std::optional<int64_t> state, reader_->StateInBuild(scope.build, path));
  int64_t there = state.value_or(0);
  if (!state) {
    GOOFFSETS_TRY(const SeenBuild* build, reader_->Build(scope.build));
    GOOFFSETS_TRY(std::optional<SeenPackage> std_package, StdPackage(reader_, build->evidence.go, build->goarch, path));
    if (!std_package) return false;
    there = std_package->state;
  }
  if (there == here.state) return true;
  GOOFFSETS_TRY(const CatalogReader::State* left, reader_->State(there));
  GOOFFSETS_TRY(const CatalogReader::State* right, reader_->State(here.state));
  return !left->package.selection.empty() && left->package.selection == right->package.selection;
}

Result<std::optional<SeenPackage>> StdPackage(ModuleViewReader* reader, const std::string& go, GoArch goarch,
                                              const std::string& path) {
  GOOFFSETS_TRY(const auto* seen, reader->Seen(std::string(kStdModule), go, path, goarch));
  for (const SeenPackage& package : *seen) {
    GOOFFSETS_TRY(const SeenBuild* build, reader->Build(package.build));
    if (build->goexperiment.empty() && build->tags.empty()) return std::optional<SeenPackage>(package);
  }
  return std::optional<SeenPackage>();
}

Result<World::Choice> BuildWorld::Package(const std::string& path) {
  GOOFFSETS_TRY(const std::optional<int64_t> state, reader()->StateInBuild(build_, path));
  if (state) return Choice{SeenPackage{build_, *state}, {}};
  GOOFFSETS_TRY(const SeenBuild* build, reader()->Build(build_));
  GOOFFSETS_TRY(std::optional<SeenPackage> std_package, StdPackage(reader(), build->evidence.go, build->goarch, path));
  if (std_package) return Choice{std_package, {}};
  return Choice{std::nullopt, {"package " + path + " was not seen by build " + build->evidence.build, ""}};
}

}  // namespace gooffsets
