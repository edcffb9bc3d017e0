#include "keepgen.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/digest.h"
#include "base/file.h"
#include "keepgen_sources.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using Json = nlohmann::json;

namespace {

Json SpecJson(const PrepareSpec& spec) {
  Json modules = Json::array();
  for (const ClosureModule& m : spec.modules) {
    modules.push_back({{"path", m.path}, {"version", m.version}, {"dir", m.dir}, {"go", m.go}});
  }
  return {{"goroot", spec.toolchain_root}, {"go", spec.go}, {"goarch", std::string(gooffsets::ToString(spec.goarch))},
          {"tags", spec.tags}, {"tool_tags", spec.tool_tags}, {"release_tags", spec.release_tags}, {"std", spec.std},
          {"modules", modules}, {"root_module", spec.root_module}, {"roots", spec.roots}, {"exclude", spec.excludes},
          {"out", spec.out}, {"minors", spec.minors}, {"unbuildable", spec.unbuildable}};
}

Result<ProcessOutput> RunHelper(GoCommand& go, const std::string& keepgen, const char* verb, const PrepareSpec& spec) {
  Command command;
  command.argv = {keepgen, verb};
  command.env = {"GOROOT=" + spec.toolchain_root, "HOME=/nonexistent"};
  command.stdin_text = SpecJson(spec).dump();
  command.timeout = go.timeout();
  GOOFFSETS_TRY(ProcessOutput out, RunProcess(command));
  if (out.timed_out) return Fail(ErrorCode::kTimeout, "preparing keep-files: the time limit ran out", "raise --timeout");
  if (out.exit_code != 0) {
    std::string text = out.stderr_text.substr(0, 500);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (text.find("no space left") != std::string::npos) {
      return Fail(ErrorCode::kNoSpace, text, "free some space, or set --cache-dir to a larger disk");
    }
    return Fail(ErrorCode::kBadInput, text.empty() ? fmt::format("keepgen ended with {}", out.exit_code) : text);
  }
  return out;
}

gooffsets::Parameter ParseParameter(const Json& j) {
  gooffsets::Parameter p;
  p.name = j.at("n").get<std::string>();
  p.type = j.at("t").get<std::string>();
  p.size = j.at("s").get<uint64_t>();
  p.align = j.at("a").get<uint32_t>();
  p.register_assignable = !j.value("m", false);
  if (j.contains("w")) {
    for (const Json& w : j.at("w")) {
      p.words.push_back({w.at(0).get<uint32_t>(), w.at(1).get<uint32_t>(), w.at(2).get<int>() != 0});
    }
  }
  return p;
}

// The helper writes canonical versions with "v", records are without.
std::string Canonical(std::string version) { return version.starts_with("v") ? version.substr(1) : version; }

KeptPackage ParsePackage(const Json& j) {
  KeptPackage p;
  p.owner = {j.at("module").get<std::string>(), Canonical(j.at("version").get<std::string>())};
  p.path = j.at("path").get<std::string>();
  p.selection = j.at("selection").get<std::string>();
  auto strings = [&](const char* key, std::vector<std::string>* to) {
    if (j.contains(key) && j.at(key).is_array()) *to = j.at(key).get<std::vector<std::string>>();
  };
  strings("files", &p.files);
  strings("wrappers", &p.wrappers);
  strings("held", &p.held);
  strings("std_by_value", &p.std_by_value);
  strings("errors", &p.errors);
  if (j.contains("ranges") && j.at("ranges").is_array()) {
    for (const Json& r : j.at("ranges")) {
      p.ranges.push_back({r.at("first").get<std::string>(), r.at("last").get<std::string>(), r.at("selection").get<std::string>()});
    }
  }
  if (j.contains("links")) p.links = j.at("links").get<std::map<std::string, std::string>>();
  for (const auto& [name, kind] : j.at("symbols").items()) p.symbols[name] = kind.get<std::string>();
  for (const auto& [name, s] : j.at("structs").items()) {
    StructFacts f{s.at("size").get<uint64_t>(), s.at("align").get<uint32_t>(), {}};
    for (const Json& field : s.at("fields")) {
      f.fields.push_back({field.at("n").get<std::string>(), field.at("o").get<uint64_t>(), field.at("s").get<uint64_t>()});
    }
    p.structs[name] = std::move(f);
  }
  for (const auto& [name, f] : j.at("funcs").items()) {
    FunctionFacts function;
    for (const Json& x : f.at("params")) function.params.push_back(ParseParameter(x));
    for (const Json& x : f.at("results")) function.results.push_back(ParseParameter(x));
    p.functions[name] = std::move(function);
  }
  return p;
}

}  // namespace

Result<std::string> BuildKeepgen(GoCommand& go, const Toolchain& newest) {
  std::string key = newest.version;
  for (const auto& [name, text] : gooffsets::kKeepgenSources) key.append("\n").append(name).append("\n").append(text);
  std::string path = go.cache().Path("helper/keepgen-" + gooffsets::Blake2b128Hex(key));
  if (fs::exists(path)) return path;
  GOOFFSETS_TRY(std::string work, go.cache().MakeWork("keepgen"));
  for (const auto& [name, text] : gooffsets::kKeepgenSources) {
    GOOFFSETS_CHECK_OK(gooffsets::WriteFileAtomic((work + "/").append(name), text));
  }
  Command build;
  build.argv = {newest.go(), "build", "-o", work + "/keepgen", "."};
  // The helper runs on this machine, whatever the probes are built for.
  build.env = go.BuildEnv(newest, gooffsets::GoArch::kAmd64, "", go.cache().Path("gocache-bootstrap"));
  build.cwd = work;
  build.timeout = go.timeout();
  GOOFFSETS_TRY(ProcessOutput out, RunProcess(build));
  if (out.exit_code != 0) {
    go.cache().RemoveWork(work);
    return tl::unexpected(ClassifyGoFailure("cannot build the Go helper with go" + newest.version, out.stderr_text));
  }
  std::error_code ec;
  fs::rename(work + "/keepgen", path, ec);
  go.cache().RemoveWork(work);
  if (ec) return gooffsets::ErrnoError(ec.value(), "cannot keep the Go helper at " + path);
  return path;
}

Result<std::vector<std::string>> ListRoots(GoCommand& go, const std::string& keepgen, const Toolchain& newest,
                                           const PrepareSpec& input) {
  PrepareSpec spec = input;
  GOOFFSETS_CHECK_OK(FillContextTags(go, newest, "", &spec));
  GOOFFSETS_TRY(ProcessOutput out, RunHelper(go, keepgen, "roots", spec));
  std::vector<std::string> packages;
  std::istringstream lines(out.stdout_text);
  for (std::string line; std::getline(lines, line);) {
    size_t tab = line.find('\t');
    if (tab != std::string::npos && tab + 1 == line.size()) packages.push_back(line.substr(0, tab));
  }
  return packages;
}

Result<void> FillContextTags(GoCommand& go, const Toolchain& toolchain, const std::string& goexperiment, PrepareSpec* spec) {
  Command list;
  list.argv = {toolchain.go(), "list", "-f", "{{range context.ReleaseTags}}{{.}} {{end}}|{{range context.ToolTags}}{{.}} {{end}}", "unsafe"};
  list.env = go.BuildEnv(toolchain, spec->goarch, goexperiment, go.cache().Path("gocache-bootstrap"));
  list.cwd = go.cache().Path("work");
  list.timeout = go.timeout();
  GOOFFSETS_TRY(ProcessOutput out, RunProcess(list));
  size_t bar = out.stdout_text.find('|');
  if (out.exit_code != 0 || bar == std::string::npos) {
    return tl::unexpected(ClassifyGoFailure("go" + toolchain.version + " does not say its build context", out.stderr_text));
  }
  auto split = [](const std::string& text) {
    std::vector<std::string> words;
    std::istringstream in(text);
    for (std::string w; in >> w;) words.push_back(w);
    return words;
  };
  spec->release_tags = split(out.stdout_text.substr(0, bar));
  spec->tool_tags = split(out.stdout_text.substr(bar + 1));
  return {};
}

Result<ProcessOutput> Prepare(GoCommand& go, const std::string& keepgen, const PrepareSpec& spec) {
  return RunHelper(go, keepgen, "prepare", spec);
}

Result<void> ReadFacts(const std::string& path, const FactsSink& sink) {
  std::ifstream in(path);
  if (!in) return Fail(ErrorCode::kIo, "cannot read " + path);
  try {
    for (std::string line; std::getline(in, line);) {
      Json j = Json::parse(line);
      if (j.contains("package")) {
        sink.package(ParsePackage(j["package"]));
      } else if (j.contains("missing")) {
        sink.missing(j["missing"].at("import").get<std::string>(), j["missing"].at("from").get<std::string>());
      } else if (j.contains("module")) {
        const Json& m = j["module"];
        gooffsets::ModulePackages packages;
        packages.owner = {m.at("path").get<std::string>(), Canonical(m.at("version").get<std::string>())};
        for (const Json& p : m.at("packages")) {
          std::string why = p.value("why", "");
          packages.packages.push_back({p.at("path").get<std::string>(), why.empty(), why,
                                       p.at("tags").get<std::vector<std::string>>()});
        }
        sink.module(std::move(packages));
      }
    }
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kInternal, "the Go helper's answer cannot be read: " + std::string(e.what()));
  }
  return {};
}

}  // namespace offsetgen
