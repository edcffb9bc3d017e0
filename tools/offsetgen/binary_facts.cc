#include "binary_facts.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <tuple>

#include "base/file.h"
#include "base/quote.h"
#include "gooffsets/version.h"
#include "text.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::GoArch;
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

std::string OtherFormat(const std::array<unsigned char, 20>& head) {
  if (head[0] == 'M' && head[1] == 'Z') return "a Windows program";
  const uint32_t magic = uint32_t{head[0]} << 24 | uint32_t{head[1]} << 16 | uint32_t{head[2]} << 8 | head[3];
  if (magic == 0xcffaedfe || magic == 0xcefaedfe || magic == 0xfeedfacf || magic == 0xfeedface || magic == 0xcafebabe) {
    return "a macOS program";
  }
  if (head[0] == 0 && head[1] == 'a' && head[2] == 's' && head[3] == 'm') return "a WebAssembly program";
  return "";
}

constexpr const char* kSupported = "linux/amd64 and linux/arm64 programs are supported";

// src: ELF-64 Object File Format, "ELF header": class at 4, data encoding at 5, e_machine at 18.
Result<GoArch> ReadArch(const std::string& path) {
  GOOFFSETS_TRY(gooffsets::UniqueFd fd, gooffsets::OpenForReading(path));
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0) return gooffsets::ErrnoError(errno, "cannot look at " + path);
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kBadInput, path + " is not a file", "name the program itself");
  std::array<unsigned char, 20> head = {};
  const auto read = gooffsets::ReadAt(fd, 0, reinterpret_cast<char*>(head.data()), head.size(), path);
  if (!read || head[0] != 0x7f || head[1] != 'E' || head[2] != 'L' || head[3] != 'F') {
    const std::string other = read ? OtherFormat(head) : "";
    if (!other.empty()) return Fail(ErrorCode::kUnsupported, path + " is " + other, kSupported);
    return Fail(ErrorCode::kBadInput, path + " is not an ELF file, so not a Go program of Linux",
                "name the program itself, not a script or an archive that holds it");
  }
  const bool is_64 = head[4] == 2, little = head[5] == 1;
  const unsigned machine = head[18] | static_cast<unsigned>(head[19]) << 8;
  if (is_64 && little && machine == 62) return GoArch::kAmd64;
  if (is_64 && little && machine == 183) return GoArch::kArm64;
  return Fail(ErrorCode::kUnsupported,
              little ? fmt::format("{} is a {}-bit ELF file for machine {}", path, is_64 ? 64 : 32, machine)
                     : path + " is a big-endian ELF file",
              kSupported);
}

// Values with spaces, quotes or line breaks are written as Go strings (src: runtime/debug/mod.go, quoteValue).
std::string Unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back() || (text.front() != '"' && text.front() != '`')) {
    return std::string(text);
  }
  const bool raw = text.front() == '`';
  text = text.substr(1, text.size() - 2);
  if (raw) return std::string(text);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
  }
  return out;
}

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

Result<void> ReadSetting(std::string_view line, BinaryFacts* facts) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view key = line.substr(0, equals);
  const std::string value = Unquote(line.substr(equals + 1));
  auto refuse = [&] {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: the build info says {}={}, which Go cannot have written",
                                                  facts->file, key, Quote(value)));
  };
  if (key == "GOARCH") {
    const auto arch = gooffsets::ParseGoArch(value);
    if (!arch) return Fail(ErrorCode::kUnsupported, facts->file + " is a program for " + Quote(value), kSupported);
    if (*arch != facts->goarch) return refuse();
  } else if (key == "GOOS") {
    facts->goos = value;
  } else if (key == "CGO_ENABLED") {
    facts->cgo_enabled = value == "1";
  } else if (key == "-tags") {
    facts->tags = SortedWords(value, ", ");
    if (!std::all_of(facts->tags.begin(), facts->tags.end(), IsTag)) return refuse();
  } else if (key == "GOEXPERIMENT") {
    facts->goexperiment = Join(SortedWords(value, ","));
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
  if (!m.replacement) return {{m.path, WithoutV(m.version)}, WhyNotAVersion(m.path, m.version)};
  const BinaryModule::Replacement& r = *m.replacement;
  const bool local = r.path.starts_with('.') || r.path.starts_with('/') || r.version.empty() || r.version == kDevel;
  if (local) return {{}, "replaced by a local directory, " + Printable(r.path)};
  return {{r.path, WithoutV(r.version)}, WhyNotAVersion(r.path, r.version)};
}

PlannedModule Planned(std::string module, Version version, const BinaryFacts& facts) {
  PlannedModule planned;
  planned.module = std::move(module);
  planned.versions = {std::move(version)};
  planned.arches = {facts.goarch};
  planned.tags = facts.tags;
  planned.goexperiment = facts.goexperiment;
  planned.go = {GoPolicy::Kind::kList, {*facts.go.release}};
  return planned;
}

// Some files cannot be read by `go version` as they are: it insists on an execute bit, and a name with a line break
// would be read as two lines.
class ReadableCopy {
 public:
  static Result<ReadableCopy> Make(Cache* cache, const std::string& path) {
    std::error_code ec;
    const std::string absolute = fs::canonical(path, ec).string();
    if (ec) return gooffsets::ErrnoError(ec.value(), "cannot read " + path);
    struct stat status = {};
    if (stat(absolute.c_str(), &status) != 0) return gooffsets::ErrnoError(errno, "cannot read " + path);
    if ((status.st_mode & 0111) != 0 && absolute.find_first_of("\n\r") == std::string::npos) {
      return ReadableCopy(nullptr, "", absolute);
    }
    GOOFFSETS_TRY(std::string work, cache->MakeWork("binary"));
    ReadableCopy copy(cache, work, work + "/program");
    fs::copy_file(absolute, copy.path_, ec);
    if (ec) return gooffsets::ErrnoError(ec.value(), "cannot copy " + path + " into the cache");
    fs::permissions(copy.path_, fs::perms::owner_all, ec);
    return copy;
  }
  ReadableCopy(ReadableCopy&& other) noexcept
      : cache_(std::exchange(other.cache_, nullptr)), work_(std::move(other.work_)), path_(std::move(other.path_)) {}
  ReadableCopy& operator=(ReadableCopy&&) = delete;
  ~ReadableCopy() {
    if (cache_ != nullptr) cache_->RemoveWork(work_);
  }
  const std::string& path() const { return path_; }

 private:
  ReadableCopy(Cache* cache, std::string work, std::string path)
      : cache_(cache), work_(std::move(work)), path_(std::move(path)) {}
  Cache* cache_;
  std::string work_, path_;
};

}  // namespace

Result<BinaryFacts> ParseBuildInfo(std::string_view text, const std::string& file, GoArch elf_arch) {
  BinaryFacts facts;
  facts.file = file;
  facts.goarch = elf_arch;
  BinaryModule* last = nullptr;
  bool first = true;
  for (std::string_view line : Split(text, '\n')) {
    if (std::exchange(first, false)) {
      facts.go_text = std::string(Trim(line));
      GOOFFSETS_TRY(facts.go, gooffsets::ParseGoVersionString(facts.go_text));
      continue;
    }
    if (!line.starts_with('\t')) continue;
    line.remove_prefix(1);
    const std::vector<std::string_view> words = Split(line, '\t');
    auto word = [&](size_t i) { return i < words.size() ? std::string(words[i]) : std::string(); };
    if (words[0] == "path") {
      facts.main_package = word(1);
    } else if (words[0] == "mod") {
      facts.main = BinaryModule{word(1), word(2), !word(3).empty(), std::nullopt};
      last = &*facts.main;
    } else if (words[0] == "dep") {
      if (facts.dependencies.size() == kMostModules) {
        return Fail(ErrorCode::kBadInput, fmt::format("{} lists more than {} modules", file, kMostModules));
      }
      last = &facts.dependencies.emplace_back(BinaryModule{word(1), word(2), !word(3).empty(), std::nullopt});
    } else if (words[0] == "=>" && last != nullptr) {
      last->replacement = BinaryModule::Replacement{word(1), word(2)};
    } else if (words[0] == "build") {
      GOOFFSETS_CHECK_OK(ReadSetting(line.substr(std::min(line.size(), size_t{6})), &facts));
    }
  }
  // The version names the experiments that are on, in either spelling; the setting what the user wrote.
  if (!facts.go.experiments.empty()) {
    std::vector<std::string> experiments = facts.go.experiments;
    std::sort(experiments.begin(), experiments.end());
    experiments.erase(std::unique(experiments.begin(), experiments.end()), experiments.end());
    facts.goexperiment = Join(experiments);
  }
  for (const std::string& experiment : SortedWords(facts.goexperiment, ",")) {
    if (!IsTag(experiment)) {
      return Fail(ErrorCode::kBadInput, file + ": " + Quote(experiment) + " is no name of a GOEXPERIMENT");
    }
  }
  if (!facts.goos.empty() && facts.goos != "linux") {
    return Fail(ErrorCode::kUnsupported, file + " is a program for " + Quote(facts.goos), kSupported);
  }
  if (facts.goos.empty()) facts.goos = "linux";
  return facts;
}

Result<BinaryFacts> ReadBinaryFacts(GoCommand& go, const std::string& path) {
  GOOFFSETS_TRY(const GoArch arch, ReadArch(path));
  GOOFFSETS_TRY(const ReadableCopy copy, ReadableCopy::Make(&go.cache(), path));
  GOOFFSETS_TRY(const ProcessOutput out, go.Run({"version", "-m", copy.path()}, go.cache().Path("work")));
  if (out.timed_out) return Fail(ErrorCode::kTimeout, "reading the build info of " + path + ": the time limit ran out");
  const std::string before = copy.path() + ": ";
  // Go up to 1.22 and so ends with 0 whatever happened; the answer itself begins with the name.
  if (out.exit_code != 0 || !out.stdout_text.starts_with(before)) {
    if (out.stderr_text.find("permission denied") != std::string::npos) {
      return Fail(ErrorCode::kPermission, path + " cannot be read: permission denied");
    }
    return Fail(ErrorCode::kBadInput,
                path + " has no Go build info: it is no Go program, or garble or another tool removed it",
                "add what it was built from by name: offsetgen --module M --versions V --go RELEASE");
  }
  return ParseBuildInfo(std::string_view(out.stdout_text).substr(before.size()), path, arch);
}

Result<BinaryPlan> ModulesForBinary(const BinaryFacts& facts, const Targets& targets) {
  if (!facts.go.release) {
    const bool old_devel = facts.go.language.empty();
    return Fail(
        ErrorCode::kUnsupported,
        fmt::format("{} was built with {}, which is no published Go release", facts.file, Quote(facts.go_text)),
        old_devel ? "" : "add a release near it: offsetgen --module std --versions \"~" + facts.go.language + "\"");
  }
  const Version oldest = *Version::Parse(VersionScheme::kGo, kOldestGo);
  if (*facts.go.release < oldest) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{} was built with Go {}; releases from {} on can be measured",
                                                     facts.file, facts.go.release->text(), kOldestGo));
  }
  BinaryPlan plan;
  if (!facts.go.suffix.empty()) {
    plan.notes.push_back(fmt::format("{} is a vendor's build of Go: Go {} as published is measured",
                                     Quote(facts.go_text), facts.go.release->text()));
  }
  if (facts.cgo_enabled.value_or(false)) {
    plan.notes.push_back("it was built with cgo, and is measured without: packages that use cgo may differ");
  }
  plan.modules.push_back(Planned(std::string(gooffsets::kStdModule), *facts.go.release, facts));
  if (!facts.main) {
    plan.notes.push_back(
        facts.file +
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
  for (const BinaryModule& m : facts.dependencies) add(m, true);
  if (facts.main) {
    // A main module that came out of a module cache (`go install M@V`) can be downloaded as any other; a version that
    // was made up from a checkout's commit is nobody else's to find.
    if (facts.main->has_sum) {
      add(*facts.main, false);
    } else {
      plan.left_out.push_back({facts.main->path, facts.main->version,
                               "the program itself, built from a checkout: offsetgen --source DIR adds it"});
    }
  }
  std::sort(plan.pinned.begin(), plan.pinned.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (auto& [untracked, module, version] : wanted) {
    PlannedModule& planned = plan.modules.emplace_back(Planned(std::move(module), std::move(version), facts));
    for (const PinnedModule& p : plan.pinned) planned.pinned.push_back(p.code);
  }
  return plan;
}

}  // namespace offsetgen
