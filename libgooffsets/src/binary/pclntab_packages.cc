// Which functions the packages of a program declare: stretches of names that were found in one pass.
//
// Names stand nearly in the order of the functions, each in front of those that were inlined into it (src:
// cmd/link/internal/ld/pcln.go, generateFuncnametab), so that most stand beside others of their package.
#include <algorithm>

#include "binary/pclntab_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

constexpr size_t kMostPackages = size_t{1} << 20;
constexpr size_t kMostRuns = size_t{1} << 22;
constexpr size_t kMostPath = 1024;
constexpr uint32_t kNear = 4096;  // bytes that are read rather than skipped

bool IsBracket(char c) { return c == '(' || c == '[' || c == '{'; }

// Where a name's own part begins, behind the first dot after the last slash; type arguments and receivers have slashes
// and dots of their own. 0: it has no package.
size_t OwnPart(std::string_view name) {
  size_t own = 0;
  for (size_t i = 0; i < name.size() && !IsBracket(name[i]); ++i) {
    if (name[i] == '/') own = 0;
    if (name[i] == '.' && own == 0) own = i + 1;
  }
  return own;
}

// Whether this is a name of the package `path`, which most names share with the one before. A slash behind it belongs
// to another package's path, if no bracket stands in front of it.
bool IsIn(std::string_view path, std::string_view name) {
  if (name.size() < path.size() + 2 || name[path.size()] != '.' || !name.starts_with(path)) return false;
  const std::string_view own = name.substr(path.size() + 1);
  if (own.front() == '(') return true;
  const size_t slash = own.find('/');
  return slash == std::string_view::npos || std::any_of(own.begin(), own.begin() + slash, IsBracket);
}

// What a Go file declares as a function: no method (the compiler makes more of them), closure, instance or method
// value.
bool IsPlain(std::string_view own) {
  return !own.empty() &&
         std::none_of(own.begin(), own.end(), [](char c) { return c == '.' || c == '-' || IsBracket(c); });
}

}  // namespace

void PackageRunsBuilder::Add(std::string_view name, uint64_t offset) {
  if (full_ || IsIn(path_, name)) return;
  size_t own = OwnPart(name);
  if (own > kMostPath) own = 0;
  std::string_view package = name.substr(0, own == 0 ? 0 : own - 1);
  if (package == path_) return;
  full_ = made_.packages.size() >= kMostPackages || made_.runs.size() >= kMostRuns;
  if (full_) package = {};  // what follows is filed under no package
  path_ = package;
  const auto [index, fresh] = known_.try_emplace(path_, static_cast<uint32_t>(made_.packages.size()));
  if (fresh) made_.packages.push_back(path_);
  made_.runs.push_back({static_cast<uint32_t>(offset), index->second});
}

PackageRuns PackageRunsBuilder::Finish(uint64_t names_size) {
  made_.runs.push_back({static_cast<uint32_t>(names_size), 0});
  return std::move(made_);
}

Result<std::map<std::string, std::set<std::string>>> Pclntab::FunctionsOf(
    const std::function<bool(const std::string& package)>& wanted) {
  if (!state_->packages) GOOFFSETS_CHECK_OK(state_->FindNames({}, true));
  const PackageRuns& found = *state_->packages;
  std::map<std::string, std::set<std::string>> functions;
  std::vector<std::set<std::string>*> lists = {nullptr};
  for (size_t i = 1; i < found.packages.size(); ++i) {
    const std::string package = UnescapeName(found.packages[i]);
    lists.push_back(wanted(package) ? &functions[package] : nullptr);
  }
  const auto is_wanted = [&](size_t run) { return lists[found.runs[run].package] != nullptr; };
  const size_t last = found.runs.size() - 1;
  for (size_t first = 0; first < last; ++first) {
    if (!is_wanted(first)) continue;
    // Wanted stretches that lie near each other are read as one.
    size_t end = first + 1;
    for (size_t i = end; i < last && found.runs[i].begin - found.runs[end].begin <= kNear; ++i) {
      if (is_wanted(i)) end = i + 1;
    }
    size_t at = first;
    const auto add = [&](std::string_view name, uint64_t offset, bool escaped) {
      while (found.runs[at + 1].begin <= offset) ++at;
      std::set<std::string>* list = lists[found.runs[at].package];
      const size_t own = found.packages[found.runs[at].package].size() + 1;
      if (list == nullptr || name.size() <= own || !IsPlain(name.substr(own))) return;
      list->insert(escaped ? UnescapeName(name.substr(own)) : std::string(name.substr(own)));
    };
    GOOFFSETS_CHECK_OK(state_->ForEachName(found.runs[first].begin, found.runs[end].begin, add));
    first = end - 1;
  }
  return functions;
}

}  // namespace gooffsets
