#include "lint_known.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "base/file.h"
#include "gooffsets/layout.h"
#include "gooffsets/version.h"
#include "text.h"

namespace offsetgen {
namespace {

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;

constexpr uint64_t kLargestFile = 4 << 20;
constexpr std::array kKinds = {LintKind::kSpike,        LintKind::kHole,        LintKind::kColumn,
                               LintKind::kDisagreement, LintKind::kNotCompared, LintKind::kAppearance,
                               LintKind::kReturn};
const std::vector<std::string> kTopKeys = {"format", "judged"};
const std::vector<std::string> kKeys = {"kind", "module", "symbol", "versions", "goarch", "reason"};

// Every error names the file and the line.
class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  Result<std::vector<Judgement>> Read(const toml::table& root) const {
    GOOFFSETS_CHECK_OK(CheckKeys(root, kTopKeys));
    const toml::node* format = root.get("format");
    if (format == nullptr) return Fail(ErrorCode::kBadInput, name_ + ": no \"format\" key", "format = 1");
    if (const auto value = format->value_exact<int64_t>(); !value || *value != 1) {
      return FailAt(*format, "\"format\" is not 1", "a newer offsetgen, if the file is newer");
    }
    std::vector<Judgement> judgements;
    const toml::node* list = root.get("judged");
    if (list == nullptr) return judgements;
    if (!list->is_array_of_tables()) return FailAt(*list, "\"judged\" is not a list of tables", "[[judged]]");
    for (const toml::node& node : *list->as_array()) {
      GOOFFSETS_TRY(Judgement judgement, ReadOne(*node.as_table()));
      judgements.push_back(std::move(judgement));
    }
    return judgements;
  }

 private:
  tl::unexpected<gooffsets::Error> FailAt(const toml::node& node, const std::string& what,
                                          std::string hint = {}) const {
    return Fail(ErrorCode::kBadInput, name_ + ":" + std::to_string(node.source().begin.line) + ": " + what,
                std::move(hint));
  }

  Result<void> CheckKeys(const toml::table& table, const std::vector<std::string>& known) const {
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      const std::vector<std::string> near = NearSpellings(key.str(), known);
      return FailAt(value, "unknown key \"" + Printable(key.str()) + "\"", near.empty() ? "" : near.front());
    }
    return {};
  }

  Result<std::string> Text(const toml::table& table, const char* key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return FailAt(table, std::string("a judgement without \"") + key + "\"");
    const auto value = node->value_exact<std::string>();
    if (!value || Trim(*value).empty()) return FailAt(*node, std::string("\"") + key + "\" is not a text");
    return *value;
  }

  Result<Judgement> ReadOne(const toml::table& table) const {
    GOOFFSETS_CHECK_OK(CheckKeys(table, kKeys));
    Judgement judgement;
    judgement.line = table.source().begin.line;
    GOOFFSETS_TRY(const std::string kind, Text(table, "kind"));
    const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](LintKind one) { return ToString(one) == kind; });
    if (found == kKinds.end()) {
      return FailAt(*table.get("kind"), "\"" + Printable(kind) + "\" is no kind of finding",
                    "spike, hole, column, disagreement, not-compared, appearance or return");
    }
    judgement.kind = *found;
    GOOFFSETS_TRY(judgement.module, Text(table, "module"));
    if (!IsModulePath(judgement.module)) {
      return FailAt(*table.get("module"), "\"" + Printable(judgement.module) + "\" is not a module path");
    }
    GOOFFSETS_TRY(judgement.symbol, Text(table, "symbol"));
    if (judgement.symbol == "*") {
      return FailAt(*table.get("symbol"), "\"*\" would judge everything", "a package path before the \"*\"");
    }
    GOOFFSETS_TRY(const std::string versions, Text(table, "versions"));
    if (versions != "*") {
      const size_t dots = versions.find("..");
      judgement.first = versions.substr(0, dots);
      judgement.last = dots == std::string::npos ? versions : versions.substr(dots + 2);
      const gooffsets::VersionScheme scheme = gooffsets::SchemeOf(judgement.module);
      for (std::string* text : {&judgement.first, &judgement.last}) {
        Result<gooffsets::Version> version = gooffsets::Version::Parse(scheme, *text);
        if (!version) return FailAt(*table.get("versions"), version.error().message, "1.26.0..1.26.3, 1.26.10 or *");
        *text = version->text();
      }
    }
    if (table.get("goarch") != nullptr) {
      GOOFFSETS_TRY(const std::string goarch, Text(table, "goarch"));
      Result<gooffsets::GoArch> arch = gooffsets::ParseGoArch(goarch);
      if (!arch) return FailAt(*table.get("goarch"), arch.error().message, arch.error().hint);
      judgement.goarch = std::string(gooffsets::ToString(*arch));
    }
    GOOFFSETS_TRY(judgement.reason, Text(table, "reason"));
    return judgement;
  }

  const std::string& name_;
};

}  // namespace

std::string_view ToString(LintKind kind) {
  switch (kind) {
    case LintKind::kSpike:
      return "spike";
    case LintKind::kHole:
      return "hole";
    case LintKind::kColumn:
      return "column";
    case LintKind::kDisagreement:
      return "disagreement";
    case LintKind::kNotCompared:
      return "not-compared";
    case LintKind::kUnused:
      return "unused";
    case LintKind::kAppearance:
      return "appearance";
    case LintKind::kReturn:
      return "return";
  }
  return "?";
}

Result<std::vector<Judgement>> ParseJudgements(std::string_view text, const std::string& name) {
  if (text.size() > kLargestFile) return Fail(ErrorCode::kBadInput, name + ": larger than 4 MiB");
  try {
    const toml::table root = toml::parse(text);
    return Reader(name).Read(root);
  } catch (const toml::parse_error& error) {
    return Fail(ErrorCode::kBadInput,
                name + ":" + std::to_string(error.source().begin.line) + ": " + Printable(error.description(), 400));
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kBadInput, name + ": " + Printable(error.what(), 400));
  }
}

Result<std::vector<Judgement>> LoadJudgements(const std::string& path) {
  GOOFFSETS_TRY(const std::string text, gooffsets::ReadFile(path, kLargestFile));
  return ParseJudgements(text, path);
}

}  // namespace offsetgen
