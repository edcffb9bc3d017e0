#include "coverage.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/version_order.h"

namespace offsetgen {
namespace {

using gooffsets::GoArch;

constexpr size_t kLongest = 300;
constexpr size_t kShownPackages = 40;

// Text of unknown origin inside Markdown: on one line, of bounded length, and nothing in it is markup.
std::string Plain(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      out += ' ';
      continue;
    }
    if (std::string_view("\\`*_[]<>|#&").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  // A character that the limit cut in two would make the file invalid UTF-8.
  if (text.size() > kLongest) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80) != 0) out.pop_back();
    out += "...";
  }
  return out;
}

// 28800 -> "28,800".
std::string Number(uint64_t value) {
  std::string out = std::to_string(value);
  for (size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(at, ",");
  }
  return out;
}

std::string Count(uint64_t value, const std::string& what) {
  return Number(value) + " " + what + (value == 1 ? "" : "s");
}

std::string GoText(std::vector<std::string> releases) {
  std::sort(releases.begin(), releases.end(), gooffsets::VersionLess(gooffsets::VersionScheme::kGo));
  constexpr size_t kListed = 4;
  if (releases.empty()) return "";
  if (releases.size() > kListed) {
    return Plain(releases.front()) + " to " + Plain(releases.back()) + " (" + Count(releases.size(), "release") + ")";
  }
  std::string out;
  for (const std::string& go : releases) out += (out.empty() ? "" : ", ") + Plain(go);
  return out;
}

std::string Join(const std::vector<std::string>& texts, size_t limit) {
  std::string out;
  for (size_t i = 0; i < texts.size() && i < limit; ++i) out += (i == 0 ? "" : ", ") + Plain(texts[i]);
  if (texts.size() > limit) out += " and " + Number(texts.size() - limit) + " more";
  return out;
}

void Summary(const StatusReport& report, std::string* out) {
  *out += "| module | arch | versions observed / known | newest | builds | packages | structs | functions |\n";
  *out += "|---|---|---:|---|---:|---:|---:|---:|\n";
  for (const StatusModule& module : report.modules) {
    for (const StatusArch& arch : module.arches) {
      if (arch.builds == 0 && module.later) continue;
      *out += "| " + Plain(module.module) + " | " + std::string(ToString(arch.goarch)) + " | " + Number(arch.built) +
              " / " + Number(arch.known) + " | " + Plain(arch.newest) + " | " + Number(arch.builds) + " | " +
              Number(arch.packages) + " | " + Number(arch.structs) + " | " + Number(arch.functions) + " |\n";
    }
  }
  *out += "\nPackages, structs and functions: distinct names of the module itself over all its versions. " +
          Count(report.builds, "build") + " in all, with " + Count(report.package_layouts, "distinct package layout") +
          " and " + Count(report.layouts, "distinct layout") + " of structs and functions.\n";
}

void Lines(const StatusModule& module, std::string* out) {
  *out += "\n| line |";
  std::string rule = "|---|";
  for (const StatusArch& arch : module.arches) {
    *out += " " + std::string(ToString(arch.goarch)) + " |";
    rule += "---:|";
  }
  *out += " built with Go |\n" + rule + "---|\n";
  for (const StatusLine& line : module.lines) {
    *out += "| " + Plain(line.line) + " |";
    for (const StatusArch& arch : module.arches) {
      const auto built = line.built.find(arch.goarch);
      *out += " " + Number(built == line.built.end() ? 0 : built->second) + " / " + Number(line.known) + " |";
    }
    *out += " " + GoText(line.go) + " |\n";
  }
}

// Reasons with the same versions on several architectures are told once.
void NotCovered(const StatusModule& module, std::string* out) {
  std::vector<std::pair<StatusReason, std::vector<GoArch>>> reasons;
  for (const StatusArch& arch : module.arches) {
    for (const StatusReason& reason : arch.reasons) {
      const auto same =
          std::find_if(reasons.begin(), reasons.end(), [&](const auto& one) { return one.first == reason; });
      if (same != reasons.end()) {
        same->second.push_back(arch.goarch);
      } else {
        reasons.push_back({reason, {arch.goarch}});
      }
    }
  }
  if (reasons.empty()) return;
  *out += "\nNot covered, and why:\n\n";
  for (const auto& [reason, arches] : reasons) {
    *out += "- " + std::string(ToString(reason.state)) + ", " + Count(reason.versions.size(), "version");
    for (size_t i = 0; i < arches.size(); ++i) *out += (i == 0 ? " (" : ", ") + std::string(ToString(arches[i]));
    const std::vector<std::string> ranges = VersionRanges(reason.versions, module.known);
    *out += "): " + Join(ranges, ranges.size());
    if (!reason.reason.empty()) *out += ". " + Plain(reason.reason);
    *out += "\n";
  }
}

void LeftOut(const StatusModule& module, std::string* out) {
  if (module.not_measured.empty()) return;
  std::string newest;
  const gooffsets::VersionLess less(gooffsets::SchemeOf(module.module));
  for (const StatusArch& arch : module.arches) {
    if (!arch.newest.empty() && (newest.empty() || less(newest, arch.newest))) newest = arch.newest;
  }
  *out += "\nLeft out of " + Plain(newest) + ":\n\n";
  for (const auto& [why, packages] : module.not_measured) {
    *out += "- " + Count(packages.size(), "package") + ", " + (why.empty() ? "no reason told" : Plain(why)) + ": " +
            Join(packages, kShownPackages) + "\n";
  }
}

void Compared(const StatusModule& module, std::string* out) {
  for (const StatusArch& arch : module.arches) {
    if (arch.builds == 0) continue;
    *out += "\n" + std::string(ToString(arch.goarch)) + ": " + Count(arch.fields_compared, "field") + " and " +
            Count(arch.params_compared, "parameter location") + " compared with their second derivation, " +
            Count(arch.disagreements, "disagreement") + " (" + Number(arch.explained_disagreements) +
            " more are explained); not compared: " + Count(arch.structs_not_compared, "struct") + ", " +
            Count(arch.params_not_compared, "parameter") + ". " + Plain(arch.newest) + " has " +
            Count(arch.newest_packages, "package") + ", " + Count(arch.newest_structs, "struct") + ", " +
            Count(arch.newest_functions, "function") + ".\n";
  }
}

}  // namespace

std::vector<std::string> VersionRanges(const std::vector<std::string>& versions, const std::vector<std::string>& known) {
  constexpr size_t kShortest = 3;  // two are shorter named than counted
  std::unordered_map<std::string_view, size_t> position;
  for (size_t i = 0; i < known.size(); ++i) position.emplace(known[i], i);
  const auto follows = [&](const std::string& before, const std::string& after) {
    const auto a = position.find(before), b = position.find(after);
    return a != position.end() && b != position.end() && a->second + 1 == b->second;
  };
  std::vector<std::string> out;
  for (size_t begin = 0, end = 0; begin < versions.size(); begin = end) {
    end = begin + 1;
    while (end < versions.size() && follows(versions[end - 1], versions[end])) ++end;
    if (end - begin >= kShortest) {
      out.push_back(versions[begin] + " .. " + versions[end - 1] + " (" + Count(end - begin, "version") + ")");
    } else {
      out.insert(out.end(), versions.begin() + static_cast<ptrdiff_t>(begin),
                 versions.begin() + static_cast<ptrdiff_t>(end));
    }
  }
  return out;
}

std::string CoverageMarkdown(const StatusReport& report) {
  std::string out =
      "# What the data covers\n\nMade by `offsetgen coverage`; not edited by hand. What stands here as failed, missing "
      "or left out is answered with *unknown*, never with *absent*.\n\n";
  Summary(report, &out);
  std::vector<const StatusModule*> later;
  for (const StatusModule& module : report.modules) {
    const bool has_builds =
        std::any_of(module.arches.begin(), module.arches.end(), [](const StatusArch& arch) { return arch.builds > 0; });
    if (module.later && !has_builds) {
      later.push_back(&module);
      continue;
    }
    out += "\n## " + Plain(module.module) + "\n";
    if (!module.why.empty()) out += "\n" + Plain(module.why) + ".\n";
    if (module.is_target) {
      out += "\nVersions " + Plain(module.constraint) + ".";
      if (!module.roots.empty()) out += " Of its packages: " + Join(module.roots, module.roots.size()) + ".";
      if (!module.excludes.empty()) out += " Without " + Join(module.excludes, module.excludes.size()) + ".";
      out += "\n";
    }
    Lines(module, &out);
    Compared(module, &out);
    NotCovered(module, &out);
    LeftOut(module, &out);
  }
  if (!report.harvested.empty()) {
    out += "\n## Measured where others link them\n\n| module | versions | oldest | newest | packages |\n";
    out += "|---|---:|---|---|---:|\n";
    for (const StatusHarvested& one : report.harvested) {
      out += "| " + Plain(one.module) + " | " + Number(one.versions) + " | " + Plain(one.oldest) + " | " +
             Plain(one.newest) + " | " + Number(one.packages) + " |\n";
    }
  }
  if (!later.empty()) {
    out += "\n## Tracked, without data so far\n\n";
    for (const StatusModule* module : later) {
      out += "- " + Plain(module->module) + " " + Plain(module->constraint) + ": " + Plain(module->why) + "\n";
    }
  }
  return out;
}

}  // namespace offsetgen
