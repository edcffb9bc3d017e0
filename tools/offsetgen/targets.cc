#include "targets.h"

#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/file.h"
#include "package_pattern.h"
#include "text.h"

namespace offsetgen {
namespace {

using gooffsets::Constraint;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::GoArch;
using gooffsets::Result;

constexpr uint64_t kLargestFile = 1 << 20;
constexpr int64_t kFormat = 1;
const std::vector<std::string> kTopKeys = {"format", "module"};
const std::vector<std::string> kModuleKeys = {"path",   "why", "versions", "pseudo_versions", "roots",  "excludes",
                                              "arches", "go",  "tags",     "goexperiment",    "raises", "data",
                                              "notes"};

// Reads the tables of one file; every error names the file and the line.
class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  Result<Targets> Read(const toml::table& root) const {
    GOOFFSETS_CHECK_OK(CheckKeys(root, kTopKeys));
    const toml::node* format = root.get("format");
    if (format == nullptr) return Fail(ErrorCode::kBadInput, name_ + ": no \"format\" key", "format = 1");
    if (const auto value = format->value_exact<int64_t>(); !value || *value != kFormat) {
      return FailAt(*format, "\"format\" is not " + std::to_string(kFormat), "a newer offsetgen, if the file is newer");
    }
    Targets targets;
    const toml::node* modules = root.get("module");
    if (modules == nullptr) return targets;
    if (!modules->is_array_of_tables()) return FailAt(*modules, "\"module\" is not a list of tables", "[[module]]");
    std::set<std::string> seen;
    for (const toml::node& node : *modules->as_array()) {
      GOOFFSETS_TRY(Target target, ReadModule(*node.as_table()));
      if (!seen.insert(target.module).second)
        return FailAt(node, "module " + target.module + " is listed a second time");
      targets.targets.push_back(std::move(target));
    }
    for (const Target& target : targets.targets) {
      for (const std::string& raised : target.raises) {
        if (!seen.contains(raised)) {
          return FailLine(target.line,
                          "module " + target.module + " raises " + raised + ", which the file does not list");
        }
      }
    }
    return targets;
  }

 private:
  tl::unexpected<gooffsets::Error> FailLine(uint32_t line, const std::string& what, std::string hint = {}) const {
    return Fail(ErrorCode::kBadInput, name_ + ":" + std::to_string(line) + ": " + what, std::move(hint));
  }
  tl::unexpected<gooffsets::Error> FailAt(const toml::node& node, const std::string& what,
                                          std::string hint = {}) const {
    return FailLine(node.source().begin.line, what, std::move(hint));
  }

  Result<void> CheckKeys(const toml::table& table, const std::vector<std::string>& known) const {
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      const std::vector<std::string> near = NearSpellings(key.str(), known);
      return FailAt(value, "unknown key \"" + Printable(key.str()) + "\"", near.empty() ? "" : near.front());
    }
    return {};
  }

  Result<std::optional<std::string>> ReadText(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<std::string>();
    if (!value) return FailAt(*node, "\"" + std::string(key) + "\" is not a string");
    if (Trim(*value).empty()) return FailAt(*node, "\"" + std::string(key) + "\" is empty");
    return *value;
  }

  // A list of distinct strings that `valid` accepts; `what` says what one is.
  template <typename Valid>
  Result<std::vector<std::string>> ReadList(const toml::table& table, std::string_view key, std::string_view what,
                                            Valid valid) const {
    std::vector<std::string> out;
    const toml::node* node = table.get(key);
    if (node == nullptr) return out;
    const toml::array* list = node->as_array();
    if (list == nullptr) return FailAt(*node, "\"" + std::string(key) + "\" is not a list of strings");
    if (list->empty()) return FailAt(*node, "\"" + std::string(key) + "\" is an empty list", "leave the key out");
    for (const toml::node& element : *list) {
      const auto value = element.value_exact<std::string>();
      if (!value) return FailAt(element, "\"" + std::string(key) + "\" is not a list of strings");
      if (!valid(*value)) return FailAt(element, "\"" + Printable(*value) + "\" is not " + std::string(what));
      if (std::find(out.begin(), out.end(), *value) != out.end()) {
        return FailAt(element, "\"" + Printable(*value) + "\" is listed a second time in \"" + std::string(key) + "\"");
      }
      out.push_back(*value);
    }
    return out;
  }

  Result<Target> ReadModule(const toml::table& table) const {
    GOOFFSETS_CHECK_OK(CheckKeys(table, kModuleKeys));
    GOOFFSETS_TRY(const std::optional<std::string> path, ReadText(table, "path"));
    if (!path) return FailAt(table, "a module without \"path\"");
    if (!IsModulePath(*path)) return FailAt(*table.get("path"), "\"" + Printable(*path) + "\" is not a module path");
    Target target = DefaultTarget(*path);
    target.line = table.source().begin.line;

    GOOFFSETS_TRY(const std::optional<std::string> why, ReadText(table, "why"));
    if (!why) return FailAt(table, "module " + *path + " does not say \"why\" it is tracked");
    target.why = *why;
    GOOFFSETS_TRY(const std::optional<std::string> versions, ReadText(table, "versions"));
    if (!versions) return FailAt(table, "module " + *path + " has no \"versions\"", "versions = \"*\"");
    Result<Constraint> constraint = Constraint::Parse(gooffsets::SchemeOf(*path), *versions);
    if (!constraint) return FailAt(*table.get("versions"), constraint.error().message, constraint.error().hint);
    target.versions = *std::move(constraint);
    if (const toml::node* node = table.get("pseudo_versions"); node != nullptr) {
      const auto value = node->value_exact<bool>();
      if (!value) return FailAt(*node, "\"pseudo_versions\" is neither true nor false");
      target.pseudo_versions = *value;
    }

    const auto is_pattern = [&](const std::string& text) { return IsPatternOf(text, *path); };
    const std::string pattern = "a package pattern inside " + *path;
    GOOFFSETS_TRY(target.roots, ReadList(table, "roots", pattern, is_pattern));
    GOOFFSETS_TRY(target.excludes, ReadList(table, "excludes", pattern, is_pattern));
    GOOFFSETS_TRY(target.raises, ReadList(table, "raises", "a module path",
                                          [](const std::string& text) { return IsModulePath(text); }));
    // What a build constraint allows in a tag (src: go/build/constraint.isValidTag), in ASCII.
    GOOFFSETS_TRY(target.tags, ReadList(table, "tags", "a build tag", [](const std::string& text) {
                    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                             c == '.';
                    });
                  }));
    std::sort(target.tags.begin(), target.tags.end());
    GOOFFSETS_TRY(const std::vector<std::string> arches,
                  ReadList(table, "arches", "a GOARCH that is tracked",
                           [](const std::string& text) { return gooffsets::ParseGoArch(text).has_value(); }));
    if (!arches.empty()) target.arches.clear();
    for (const std::string& arch : arches) {
      const GoArch value = *gooffsets::ParseGoArch(arch);
      if (std::find(target.arches.begin(), target.arches.end(), value) != target.arches.end()) {
        return FailAt(*table.get("arches"), "\"" + arch + "\" is listed a second time in \"arches\"");
      }
      target.arches.push_back(value);
    }

    GOOFFSETS_TRY(const std::optional<std::string> go, ReadText(table, "go"));
    if (go) {
      Result<GoPolicy> policy = ParseGoPolicy(*go);
      if (!policy) return FailAt(*table.get("go"), policy.error().message, policy.error().hint);
      target.go = *std::move(policy);
    }
    GOOFFSETS_TRY(const std::optional<std::string> experiment, ReadText(table, "goexperiment"));
    target.goexperiment = experiment.value_or("");
    GOOFFSETS_TRY(const std::optional<std::string> notes, ReadText(table, "notes"));
    target.notes = notes.value_or("");
    GOOFFSETS_TRY(const std::optional<std::string> data, ReadText(table, "data"));
    if (data && *data != "released" && *data != "later") {
      return FailAt(*table.get("data"), "\"data\" is \"" + Printable(*data) + "\"", "\"released\" or \"later\"");
    }
    target.data = data == "later" ? Target::Data::kLater : Target::Data::kReleased;
    return target;
  }

  const std::string& name_;
};

}  // namespace

Result<Targets> ParseTargets(std::string_view text, const std::string& name) {
  if (text.size() > kLargestFile) return Fail(ErrorCode::kBadInput, name + ": larger than 1 MiB");
  try {
    const toml::table root = toml::parse(text);
    return Reader(name).Read(root);
  } catch (const toml::parse_error& error) {
    return Fail(ErrorCode::kBadInput,
                name + ":" + std::to_string(error.source().begin.line) + ": " + Printable(error.description(), 400),
                "correct this line: it is TOML (https://toml.io); data/targets.toml is an example");
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kBadInput, name + ": " + Printable(error.what(), 400));
  }
}

Result<Targets> LoadTargets(const std::string& path) {
  GOOFFSETS_TRY(const std::string text, gooffsets::ReadFile(path, kLargestFile));
  return ParseTargets(text, path);
}

const Target* FindTarget(const Targets& targets, std::string_view module) {
  const auto found = std::find_if(targets.targets.begin(), targets.targets.end(),
                                  [&](const Target& target) { return target.module == module; });
  return found == targets.targets.end() ? nullptr : &*found;
}

std::vector<const Target*> ReleasedTargets(const Targets& targets) {
  std::vector<const Target*> out;
  for (const Target& target : targets.targets) {
    if (target.data == Target::Data::kReleased) out.push_back(&target);
  }
  return out;
}

std::vector<std::string> ModuleNames(const Targets& targets) {
  std::vector<std::string> names;
  for (const Target& target : targets.targets) names.push_back(target.module);
  return names;
}

Target DefaultTarget(std::string_view module) {
  Target target;
  target.module = std::string(module);
  target.arches = {GoArch::kAmd64, GoArch::kArm64};
  return target;
}

}  // namespace offsetgen
