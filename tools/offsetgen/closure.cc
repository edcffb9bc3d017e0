#include "closure.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/digest.h"
#include "base/file.h"
#include "gooffsets/version.h"
#include "keepgen.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::Error;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;

namespace {

std::string CachePath(const GoCommand& go, const ModuleRequest& r) {
  std::string key = r.root.module + "@" + r.root.version + "\n" + std::string(gooffsets::ToString(r.goarch));
  for (const auto* list : {&r.tags, &r.roots, &r.excludes}) {
    key += "\n";
    for (const std::string& item : *list) key += item + " ";
  }
  // Requests without pinned modules keep the key they always had.
  for (const PinnedModule& p : r.pinned) {
    key += "\n" + p.path + "@" + p.version + "=>" + p.code.module + "@" + p.code.version;
  }
  return go.cache().Path("closures/" + gooffsets::Blake2b128Hex(key) + ".json");
}

void Finish(Closure* closure) {
  std::sort(closure->modules.begin(), closure->modules.end(),
            [](const ClosureModule& a, const ClosureModule& b) { return a.path < b.path; });
  std::optional<gooffsets::Version> highest;
  for (const ClosureModule& m : closure->modules) {
    auto v = gooffsets::Version::Parse(gooffsets::VersionScheme::kGo, m.go);
    if (v && (!highest || *highest < *v)) highest = *v;
  }
  closure->max_go = highest ? highest->text() : "";
}

std::optional<Closure> ReadCached(const std::string& path) {
  auto text = gooffsets::ReadFile(path, 16 << 20);
  if (!text) return std::nullopt;
  auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_array()) return std::nullopt;
  Closure closure;
  for (const auto& m : json) {
    if (!m.is_object()) return std::nullopt;
    for (const auto& value : m) {
      if (!value.is_string()) return std::nullopt;
    }
    ClosureModule module{m.value("path", ""), m.value("version", ""),   m.value("dir", ""),
                         m.value("go", ""),   m.value("code_path", ""), m.value("code_version", "")};
    if (!fs::exists(module.dir)) return std::nullopt;
    closure.modules.push_back(std::move(module));
  }
  Finish(&closure);
  return closure;
}

void WriteCached(const std::string& path, const Closure& closure) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const ClosureModule& m : closure.modules) {
    json.push_back({{"path", m.path}, {"version", m.version}, {"dir", m.dir}, {"go", m.go}});
    if (!m.code_path.empty()) {
      json.back()["code_path"] = m.code_path;
      json.back()["code_version"] = m.code_version;
    }
  }
  // Only a cache: a failure to write costs a second resolution, nothing else.
  (void)gooffsets::WriteFileAtomic(path, json.dump());
}

// A go command's minor version for the probe's own go.mod.
std::string LanguageVersion(const Toolchain& newest) {
  auto v = gooffsets::Version::Parse(gooffsets::VersionScheme::kGo, newest.version);
  return v ? fmt::format("{}.{}", v->major(), v->minor()) : "1.21";
}

// The import path of the requested root: another one than its own if it replaces a pinned module.
std::string RootPath(const ModuleRequest& request) {
  for (const PinnedModule& p : request.pinned) {
    if (p.path == request.root.module) return p.path;
  }
  for (const PinnedModule& p : request.pinned) {
    if (p.code == request.root) return p.path;
  }
  return request.root.module;
}

std::string WithV(const std::string& version) { return version.starts_with("v") ? version : "v" + version; }

// The go.mod of the module that requires what is to be measured.
std::string ResolvingGoMod(const ModuleRequest& request, const Toolchain& newest, const std::string& root,
                           const std::string& version) {
  std::string mod = fmt::format("module gooffsets.invalid/probe\n\ngo {}\n", LanguageVersion(newest));
  bool root_is_pinned = false;
  for (const PinnedModule& p : request.pinned) {
    const bool is_root = p.path == root;
    root_is_pinned = root_is_pinned || is_root;
    mod += fmt::format("\nrequire {} {}\n", GoModWord(p.path), GoModWord(WithV(p.version)));
    if (is_root && !request.source_dir.empty()) continue;
    // A replacement of every version: requirements of other modules cannot raise it, so that the result is what the
    // binary lists even where its own resolution knew of more (exclude directives, other build systems).
    mod += fmt::format("replace {} => {} {}\n", GoModWord(p.path), GoModWord(p.code.module),
                       GoModWord(WithV(p.code.version)));
  }
  if (!root_is_pinned) mod += fmt::format("\nrequire {} {}\n", GoModWord(root), GoModWord(version));
  if (!request.source_dir.empty()) {
    mod += fmt::format("\nreplace {} => {}\n", GoModWord(root), GoModWord(request.source_dir));
  }
  return mod;
}

}  // namespace

gooffsets::ModuleVersion ClosureModule::Owner() const {
  const std::string& text = code_path.empty() ? version : code_version;
  return {code_path.empty() ? path : code_path, text.starts_with("v") ? text.substr(1) : text};
}

gooffsets::ModuleVersion Closure::OwnerOf(const gooffsets::ModuleVersion& other) const {
  for (const ClosureModule& m : modules) {
    if (m.path == other.module) return m.Owner();
  }
  return other;
}

std::string GoModWord(const std::string& text) {
  if (!text.empty() && text.find_first_of(" \t\r\n\"'`()[]{},\\") == std::string::npos &&
      text.find("//") == std::string::npos && text.find("/*") == std::string::npos) {
    return text;
  }
  // An interpreted Go string; bytes above 0x7f stay, because paths are bytes.
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

Result<Closure> ResolveClosure(GoCommand& go, const std::string& keepgen, const Toolchain& newest,
                               const ModuleRequest& request) {
  std::string cached = CachePath(go, request);
  if (request.source_dir.empty()) {
    if (auto closure = ReadCached(cached)) {
      closure->root = RootPath(request);
      return *std::move(closure);
    }
  }
  std::string dir = request.source_dir, version = "v" + request.root.version;
  if (dir.empty()) {
    GOOFFSETS_TRY(GoCommand::Download d, go.DownloadModule(request.root.module, request.root.version));
    dir = d.dir;
    version = d.version;
  }
  PrepareSpec spec;
  spec.toolchain_root = newest.root;
  spec.go = newest.version;
  spec.goarch = request.goarch;
  spec.tags = request.tags;
  const std::string root = RootPath(request);
  spec.modules = {{root, version, dir, "", "", ""}};
  spec.root_module = root;
  spec.roots = request.roots;
  spec.excludes = request.excludes;
  GOOFFSETS_TRY(std::vector<std::string> packages, ListRoots(go, keepgen, newest, spec));
  if (packages.empty()) {
    return Fail(ErrorCode::kNotFound, fmt::format("{} {} has no package to measure", request.root.module, request.root.version),
                "check the roots of this module in data/targets.toml");
  }
  GOOFFSETS_TRY(std::string work, go.cache().MakeWork("resolve"));
  struct Cleanup {
    Cache& cache;
    std::string path;
    ~Cleanup() { cache.RemoveWork(path); }
  } cleanup{go.cache(), work};
  GOOFFSETS_CHECK_OK(
      gooffsets::WriteFileAtomic(work + "/go.mod", ResolvingGoMod(request, newest, root, version)));
  Command list;
  list.argv = {newest.go(), "list", "-mod=mod", "-e", "-deps"};
  if (!request.tags.empty()) {
    std::string tags;
    for (const std::string& t : request.tags) tags += (tags.empty() ? "" : ",") + t;
    list.argv.push_back("-tags=" + tags);
  }
  list.argv.push_back("-f={{with .Module}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{.GoVersion}}\t"
                      "{{with .Replace}}{{.Path}}\t{{.Version}}{{end}}{{end}}");
  list.argv.insert(list.argv.end(), packages.begin(), packages.end());
  list.env = go.DownloadEnv(go.cache().Path("gocache-bootstrap"), newest.root);
  list.env.push_back("GOARCH=" + std::string(gooffsets::ToString(request.goarch)));
  list.cwd = work;
  list.timeout = go.timeout();
  GOOFFSETS_TRY(ProcessOutput out, RunProcess(list));
  std::string what = fmt::format("cannot resolve the dependencies of {} {}", request.root.module, request.root.version);
  if (out.timed_out) return Fail(ErrorCode::kTimeout, what + ": the time limit ran out", "run again, or raise --timeout");
  if (out.exit_code != 0) return tl::unexpected(ClassifyGoFailure(what, out.stderr_text));
  std::map<std::string, ClosureModule> modules;
  std::istringstream lines(out.stdout_text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream parts(line);
    ClosureModule m;
    std::getline(parts, m.path, '\t');
    std::getline(parts, m.version, '\t');
    std::getline(parts, m.dir, '\t');
    std::getline(parts, m.go, '\t');
    std::getline(parts, m.code_path, '\t');
    std::getline(parts, m.code_version, '\t');
    if (m.code_version.empty()) m.code_path.clear();  // a directory: the checkout of --source
    if (m.code_path == m.path) {
      m.version = m.code_version;
      m.code_path.clear();
      m.code_version.clear();
    }
    if (m.path.empty() || m.path == "gooffsets.invalid/probe") continue;
    if (m.dir.empty()) {
      return tl::unexpected(ClassifyGoFailure(what + ": " + m.path + " " + m.version + " was not downloaded", out.stderr_text));
    }
    modules[m.path] = m;
  }
  Closure closure;
  for (auto& [path, m] : modules) closure.modules.push_back(std::move(m));
  if (!modules.contains(root)) {
    return tl::unexpected(ClassifyGoFailure(what, out.stderr_text.empty() ? "no package could be loaded" : out.stderr_text));
  }
  Finish(&closure);
  closure.root = root;
  if (request.source_dir.empty()) WriteCached(cached, closure);
  return closure;
}

}  // namespace offsetgen
