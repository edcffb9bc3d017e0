// ParseBuildInfo of build_info.h: what the lines of the module text say (src: runtime/debug/mod.go, ParseBuildInfo).
#include "binary/build_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/quote.h"
#include "binary/go_quoted.h"
#include "go/go_version_string.h"

namespace gooffsets {
namespace {

// More than any program has.
constexpr size_t kMostModules = 50'000, kMostSettings = 1'000;

std::vector<std::string> SortedWords(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end != 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::vector<std::string_view> Columns(std::string_view text) {
  std::vector<std::string_view> columns;
  while (true) {
    const size_t tab = text.find('\t');
    columns.push_back(text.substr(0, tab));
    if (tab == std::string_view::npos) return columns;
    text.remove_prefix(tab + 1);
  }
}

struct Setting {
  std::string key, value;
};
// `key=value`, either of them quoted where it holds spaces or quotes. Go 1.18 did not quote, so that spaces are let by.
std::optional<Setting> ParseSetting(std::string_view text) {
  Setting setting;
  size_t length = 0;
  if (text.starts_with('"') || text.starts_with('`')) {
    std::optional<std::string> key = UnquoteGo(text, &length);
    if (!key || text.substr(length, 1) != "=") return std::nullopt;
    setting.key = *std::move(key);
    text.remove_prefix(length + 1);
  } else {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    setting.key = text.substr(0, equals);
    text.remove_prefix(equals + 1);
  }
  if (!text.starts_with('"') && !text.starts_with('`')) {
    setting.value = text;
    return setting;
  }
  std::optional<std::string> value = UnquoteGo(text, &length);
  if (!value || length != text.size()) return std::nullopt;
  setting.value = *std::move(value);
  return setting;
}

// Line by line; what does not fit is counted.
class Parser {
 public:
  explicit Parser(BinaryInfo* info) : info_(*info) {}

  Result<void> Run(std::string_view text) {
    while (!text.empty()) {
      const size_t end = text.find('\n');
      if (end == std::string_view::npos) break;  // as Go does: a line has an end
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end + 1);
      if (!Line(line)) {
        if (odd_ == 0) first_odd_ = Quote(line);
        ++odd_;
      }
      if (info_.modules.size() > kMostModules || info_.settings.size() > kMostSettings) {
        return Fail(ErrorCode::kBadInput,
                    fmt::format("{}: its build info lists more than {} modules or {} settings", info_.file, kMostModules,
                                kMostSettings));
      }
    }
    if (odd_ > 0) {
      info_.notes.push_back(fmt::format("{} {} of the build info {} left out: {}{}", odd_, odd_ == 1 ? "line" : "lines",
                                        odd_ == 1 ? "is" : "are", first_odd_, odd_ == 1 ? "" : " and others"));
    }
    return {};
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1), kMain = static_cast<size_t>(-2);

  bool Line(std::string_view line) {
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) return line.empty();
    const std::string_view word = line.substr(0, tab), rest = line.substr(tab + 1);
    if (word == "path") {
      info_.main_package = rest;
      return true;
    }
    if (word == "mod" || word == "dep") {
      const std::vector<std::string_view> columns = Columns(rest);
      last_ = kNone;
      if (columns.size() < 2 || columns.size() > 3 || columns[0].empty()) return false;
      BinaryModule module;
      module.path = columns[0];
      module.version = columns[1];
      if (columns.size() == 3) module.sum = columns[2];
      if (word == "mod") {
        info_.main_module = std::move(module);
        last_ = kMain;
      } else {
        last_ = info_.modules.size();
        info_.modules.push_back(std::move(module));
      }
      return true;
    }
    if (word == "=>") {
      const std::vector<std::string_view> columns = Columns(rest);
      if (last_ == kNone || columns.size() != 3 || columns[0].empty()) return false;
      BinaryModule& module = last_ == kMain ? *info_.main_module : info_.modules[last_];
      last_ = kNone;
      module.replaced = true;
      module.replacement_path = columns[0];
      module.replacement_version = columns[1];
      // Sums are of the code that was used; a replaced module has none of its own.
      module.sum = columns[2];
      return true;
    }
    if (word == "build") {
      std::optional<Setting> setting = ParseSetting(rest);
      if (!setting) return false;
      return info_.settings.emplace(std::move(setting->key), std::move(setting->value)).second;
    }
    return false;
  }

  BinaryInfo& info_;
  size_t last_ = kNone;  // the module that a "=>" line is about
  size_t odd_ = 0;
  std::string first_odd_;
};

void FillGoVersion(const std::string& text, BinaryInfo* info) {
  info->go_text = text;
  Result<GoVersionString> go = ParseGoVersionString(text);
  if (!go) {
    info->notes.push_back(go.error().message);
    return;
  }
  if (go->release) info->go_version = go->release->text();
  info->go_language = go->language;
  info->go_suffix = go->suffix;
  info->go_devel = go->devel;
  info->experiments = std::move(go->experiments);
  std::sort(info->experiments.begin(), info->experiments.end());
  info->experiments.erase(std::unique(info->experiments.begin(), info->experiments.end()), info->experiments.end());
}

}  // namespace

Result<void> ParseBuildInfo(const RawBuildInfo& raw, BinaryInfo* info) {
  FillGoVersion(raw.go_version, info);
  GOOFFSETS_CHECK_OK(Parser(info).Run(raw.text));
  const auto setting = [&](const char* key) {
    const auto found = info->settings.find(key);
    return found == info->settings.end() ? std::string_view() : std::string_view(found->second);
  };
  info->tags = SortedWords(setting("-tags"), ", ");
  // The version names the experiments that are on; the setting what was asked for.
  if (info->experiments.empty()) info->experiments = SortedWords(setting("GOEXPERIMENT"), ",");
  if (const std::string_view cgo = setting("CGO_ENABLED"); !cgo.empty()) info->cgo = cgo == "1";
  const std::string_view fips = setting("GOFIPS140");
  info->fips = (!fips.empty() && fips != "off") || info->go_suffix.find("fips") != std::string::npos;
  return {};
}

}  // namespace gooffsets
