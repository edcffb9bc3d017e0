#include "binary_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/quote.h"
#include "gooffsets/version.h"
#include "text.h"

namespace offsetgen {

using gooffsets::BinaryInfo;
using gooffsets::BinaryModule;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Quote;
using gooffsets::Result;
using gooffsets::Version;
using gooffsets::VersionScheme;

namespace {

// More than any program has; a hostile file must not make a million downloads.
constexpr size_t kMostModules = 5000;
constexpr std::string_view kDevel = "(devel)";
// The version that the go command requires a module at which is only there through a local replacement
// (src: cmd/go/internal/modload, "v0.0.0-00010101000000-000000000000").
constexpr std::string_view kZeroPseudo = "v0.0.0-00010101000000-000000000000";

constexpr const char* kSupported = "linux/amd64 and linux/arm64 programs are supported";

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// A build tag or experiment that may become a part of a command line (src: cmd/go, -tags; go/build/constraint.isTag
// allows letters, digits, '_' and '.').
bool IsTag(std::string_view tag) {
  return !tag.empty() && tag.size() <= 200 && std::all_of(tag.begin(), tag.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

// What Go cannot have written into the build info, or what is not for this tool.
Result<void> CheckSettings(const BinaryInfo& info) {
  auto refuse = [&](std::string_view what, std::string_view value) {
    return Fail(
        ErrorCode::kBadInput,
        fmt::format("{}: the build info says {}={}, which Go cannot have written", info.file, what, Quote(value)),
        "name the program as it was built; add what it was built from by name: offsetgen --module M --versions V");
  };
  if (info.modules.size() > kMostModules) {
    return Fail(ErrorCode::kBadInput, fmt::format("{} lists more than {} modules", info.file, kMostModules),
                "add what it was built from by name: offsetgen --module M --versions V");
  }
  if (const auto os = info.settings.find("GOOS"); os != info.settings.end() && os->second != "linux") {
    return Fail(ErrorCode::kUnsupported, info.file + " is a program for " + Quote(os->second), kSupported);
  }
  if (const auto arch = info.settings.find("GOARCH"); arch != info.settings.end()) {
    const auto parsed = gooffsets::ParseGoArch(arch->second);
    if (!parsed)
      return Fail(ErrorCode::kUnsupported, info.file + " is a program for " + Quote(arch->second), kSupported);
    if (*parsed != info.goarch) return refuse("GOARCH", arch->second);
  }
  for (const std::string& tag : info.tags) {
    if (!IsTag(tag)) return refuse("-tags", tag);
  }
  for (const std::string& experiment : info.experiments) {
    if (!IsTag(experiment)) return refuse("GOEXPERIMENT", experiment);
  }
  return {};
}

std::string WithoutV(std::string_view version) {
  return std::string(version.starts_with('v') ? version.substr(1) : version);
}

// Why a path and version cannot be downloaded; empty if they can.
std::string WhyNotAVersion(const std::string& path, const std::string& version) {
  if (version == kDevel || version.empty()) return "it was built from a local directory: no version of it is known";
  if (version == kZeroPseudo) return "it stands for a local directory: no version of it exists";
  if (version.ends_with("+dirty")) return "it was built from a checkout with changes of its own";
  if (!IsModulePath(path)) return "its path is none that Go allows";
  const Result<Version> parsed = Version::Parse(VersionScheme::kModule, version);
  if (!version.starts_with('v') || !parsed) return "its version is none that Go allows";
  return "";
}

// What was compiled for this line of the module list, or why that cannot be known.
struct Code {
  gooffsets::ModuleVersion module;
  std::string why_not;
};
Code CodeOf(const BinaryModule& m) {
  if (!m.replaced) return {{m.path, WithoutV(m.version)}, WhyNotAVersion(m.path, m.version)};
  const std::string& path = m.replacement_path;
  const std::string& version = m.replacement_version;
  const bool local = path.starts_with('.') || path.starts_with('/') || version.empty() || version == kDevel;
  if (local) return {{}, "replaced by a local directory, " + Printable(path)};
  return {{path, WithoutV(version)}, WhyNotAVersion(path, version)};
}

PlannedModule Planned(std::string module, Version version, const BinaryInfo& info, const Version& go) {
  PlannedModule planned;
  planned.module = std::move(module);
  planned.versions = {std::move(version)};
  planned.arches = {info.goarch};
  planned.tags = info.tags;
  planned.goexperiment = Join(info.experiments);
  planned.go = {GoPolicy::Kind::kList, {go}};
  return planned;
}

}  // namespace

Result<BinaryInfo> ReadBinaryInfo(const std::string& path) {
  Result<gooffsets::GoBinary> binary = gooffsets::GoBinary::Open(path);
  if (!binary) return tl::unexpected(binary.error());
  const BinaryInfo& info = binary->info();
  if (!info.build_info.found || !info.obfuscation.empty() || !info.packing.empty()) {
    const std::string& why = !info.obfuscation.empty() ? info.obfuscation
                             : !info.packing.empty()   ? "it is packed, " + info.packing
                                                       : info.build_info.how;
    return Fail(ErrorCode::kBadInput, fmt::format("{} does not say what it was built from: {}", path, Printable(why)),
                "add what it was built from by name: offsetgen --module M --versions V --go RELEASE");
  }
  return info;
}

Result<BinaryPlan> ModulesForBinary(const BinaryInfo& info, const Targets& targets) {
  GOOFFSETS_CHECK_OK(CheckSettings(info));
  const Result<Version> go = Version::Parse(VersionScheme::kGo, info.go_version);
  if (info.go_version.empty() || !go) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{} was built with {}, which is no published Go release", info.file, Quote(info.go_text)),
                "add a release near it: offsetgen --module std --versions " +
                    (info.go_language.empty() ? "RELEASE" : "\"~" + info.go_language + "\""));
  }
  if (*go < *Version::Parse(VersionScheme::kGo, kOldestGo)) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{} was built with Go {}; releases from {} on can be measured",
                                                     info.file, go->text(), kOldestGo));
  }
  BinaryPlan plan;
  plan.notes = info.notes;
  if (!info.go_suffix.empty()) {
    plan.notes.push_back(
        fmt::format("{} is a vendor's build of Go: Go {} as published is measured", Quote(info.go_text), go->text()));
  }
  if (info.cgo.value_or(false)) {
    plan.notes.push_back("it was built with cgo, and is measured without: packages that use cgo may differ");
  }
  plan.modules.push_back(Planned(std::string(gooffsets::kStdModule), *go, info, *go));
  if (!info.main_module) {
    plan.notes.push_back(
        info.file +
        " has no module list (as Debian's packages and many Bazel builds): only its Go release is added; "
        "name modules with --module and --versions");
  }

  // Tracked modules first: what a tracer asks for is there even if the run is stopped.
  std::vector<std::tuple<bool, std::string, Version>> wanted;
  std::set<std::string> paths;
  auto add = [&](const BinaryModule& m, bool pin) {
    const Code code = CodeOf(m);
    if (!code.why_not.empty()) {
      plan.left_out.push_back({m.path, m.version, code.why_not});
      return;
    }
    // The required version may name what never existed, next to a replacement of it.
    const bool required_is_a_version = WhyNotAVersion(m.path, m.version).empty();
    if (!IsModulePath(m.path) || !paths.insert(m.path).second) {
      plan.left_out.push_back({m.path, m.version, "listed twice, or its path is none that Go allows"});
      return;
    }
    wanted.emplace_back(FindTarget(targets, code.module.module) == nullptr, code.module.module,
                        *Version::Parse(VersionScheme::kModule, code.module.version));
    if (pin && (required_is_a_version || m.version == kZeroPseudo)) {
      plan.pinned.push_back({m.path, WithoutV(m.version), code.module});
    }
  };
  for (const BinaryModule& m : info.modules) add(m, true);
  if (info.main_module) {
    // A main module that came out of a module cache (`go install M@V`) can be downloaded as any other; a version that
    // was made up from a checkout's commit is nobody else's to find.
    if (!info.main_module->sum.empty()) {
      add(*info.main_module, false);
    } else {
      plan.left_out.push_back({info.main_module->path, info.main_module->version,
                               "the program itself, built from a checkout: offsetgen --source DIR adds it"});
    }
  }
  std::sort(plan.pinned.begin(), plan.pinned.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (auto& [untracked, module, version] : wanted) {
    PlannedModule& planned = plan.modules.emplace_back(Planned(std::move(module), std::move(version), info, *go));
    for (const PinnedModule& p : plan.pinned) planned.pinned.push_back(p.code);
  }
  return plan;
}

}  // namespace offsetgen
