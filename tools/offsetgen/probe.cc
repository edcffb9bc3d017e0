#include "probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <set>

#include "base/digest.h"
#include "base/file.h"
#include "dwarf/read_dwarf.h"
#include "extract.h"
#include "go_policy.h"
#include "gooffsets/version.h"
#include "keepgen.h"
#include "store/record_json.h"
#include "unbuildable.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::BuildStatus;
using gooffsets::Error;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Version;
using gooffsets::VersionScheme;

namespace {

constexpr int kMaxKeepAttempts = 6;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// The first line that says what is wrong, for the record.
std::string FirstError(const std::string& output) {
  size_t begin = 0;
  while (begin < output.size()) {
    size_t end = output.find('\n', begin);
    if (end == std::string::npos) end = output.size();
    std::string line = output.substr(begin, end - begin);
    if (!line.empty() && line[0] != '#' && !line.starts_with("go: downloading")) {
      return line.substr(0, 300);
    }
    begin = end + 1;
  }
  return "go build failed without a message";
}

std::string WithoutPaths(std::string text, const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) text.erase(at, prefix.size());
  }
  return text;
}

}  // namespace

Result<ProbeResult> Prober::Run(const ProbeJob& job, const StageCallback& stage) const {
  auto start = std::chrono::steady_clock::now();
  const ModuleRequest& request = job.request;
  bool std_job = request.root.module == gooffsets::kStdModule;
  ProbeResult result;
  gooffsets::BuildInfo& info = result.record.build;
  info.root = request.root;
  info.go = job.go;
  info.goarch = request.goarch;
  info.goexperiment = job.goexperiment;
  info.tags = request.tags;
  info.tool_version = GOOFFSETS_VERSION;

  Closure closure;
  if (!std_job) {
    stage("resolve");
    GOOFFSETS_TRY(closure, ResolveClosure(*go_, keepgen_, newest_, request));
    for (const ClosureModule& m : closure.modules) info.closure.push_back(m.Owner());
    std::sort(info.closure.begin(), info.closure.end());
    result.max_go = closure.max_go;
  }
  info.id = gooffsets::BuildId(info);
  std::string raw = go_->cache().Path("raw/" + info.id + job.raw_suffix + ".jsonl.zst");
  std::error_code ec;
  const bool cacheable = request.source_dir.empty();  // a checkout's content is not in the name
  if (cacheable && !job.fresh && job.keep_probe.empty() && fs::exists(raw, ec)) {
    // An unreadable one (another program's, an older format's) is made anew.
    if (auto record = gooffsets::ReadRecordFile(raw); record && record->build.id == info.id) {
      result.record = std::move(*record);
      result.reused = true;
      result.times.total = Seconds(start);
      return result;
    }
  }
  // The plan leaves out releases that refuse the module, where it knows: builds that were imported do not say it.
  if (auto directive = Version::Parse(VersionScheme::kGo, closure.max_go); directive) {
    GOOFFSETS_TRY(Version go, Version::Parse(VersionScheme::kGo, job.go));
    if (RefusesDirective(go, *directive)) {
      info.status = BuildStatus::kCompileFailed;
      info.reason = "go" + job.go + " refuses modules that need go" + directive->text();
      result.times.total = Seconds(start);
      return result;
    }
  }
  stage("toolchain");
  GOOFFSETS_TRY(Toolchain toolchain, go_->Bring(job.go));

  result.sources.push_back({std::string(gooffsets::kStdModule), toolchain.root + "/src"});
  for (const ClosureModule& m : closure.modules) result.sources.push_back({m.path, m.dir});
  result.hold_sources = toolchain.hold;

  stage("prepare");
  GOOFFSETS_TRY(std::string work, go_->cache().MakeWork("probe"));
  struct Cleanup {
    Cache& cache;
    std::string path;
    ~Cleanup() { cache.RemoveWork(path); }
  } cleanup{go_->cache(), work};
  PrepareSpec spec;
  spec.toolchain_root = toolchain.root;
  spec.go = job.go;
  spec.goarch = request.goarch;
  spec.tags = request.tags;
  spec.std = std_job;
  spec.modules = closure.modules;
  spec.root_module = std_job ? request.root.module : closure.root;
  spec.roots = request.roots;
  spec.excludes = request.excludes;
  spec.out = work;
  if (!std_job) spec.minors = minors_;
  GOOFFSETS_CHECK_OK(FillContextTags(*go_, toolchain, job.goexperiment, &spec));

  // Std builds share nothing with any later build; third-party builds of one release share std and dependencies.
  std::string gocache = work + "/gocache";
  std::shared_ptr<void> hold_cache;
  if (!std_job) {
    std::string unit = "gocache/go" + job.go;
    gocache = go_->cache().Path(unit);
    go_->cache().Use(unit);
    hold_cache = std::shared_ptr<void>(&go_->cache(), [unit](void* c) { static_cast<Cache*>(c)->Release(unit); });
  }

  Command build;
  build.argv = {toolchain.go(), "build", "-trimpath", "-mod=mod", "-overlay", work + "/overlay.json", "-o", work + "/probe"};
  GOOFFSETS_TRY(gooffsets::Version go_version, gooffsets::Version::Parse(gooffsets::VersionScheme::kGo, job.go));
  // -checklinkname=0: old releases of modules reach into std by linkname, which 1.23 and later refuse by default.
  bool checks_linkname = go_version.minor() >= 23;
  build.argv.push_back(checks_linkname ? "-ldflags=-compressdwarf=false -checklinkname=0" : "-ldflags=-compressdwarf=false");
  if (go_version.minor() >= 18) build.argv.push_back("-buildvcs=false");
  if (!request.tags.empty()) {
    std::string tags;
    for (const std::string& t : request.tags) tags += (tags.empty() ? "" : ",") + t;
    build.argv.push_back("-tags=" + tags);
  }
  if (std_job) {
    build.argv.erase(std::find(build.argv.begin(), build.argv.end(), "-mod=mod"));
    build.argv.push_back("gooffsetsprobe");
  } else {
    build.argv.push_back(closure.root + "/gooffsetsprobe");
    // Every module is a directory of its own without requirements, so no module graph is loaded and nothing is fetched.
    std::string mod = "module gooffsets.invalid/probe\n\ngo " + (closure.max_go.empty() ? "1.16" : closure.max_go) + "\n";
    for (const ClosureModule& m : closure.modules) {
      // The linker writes the replacement's path into the binary: relative, it is the same wherever the cache lies, and so
      // is the probe's digest.
      const bool cached = m.dir.starts_with(go_->cache().dir() + "/");
      const std::string dir = cached ? std::filesystem::path(m.dir).lexically_relative(work).string() : m.dir;
      mod += fmt::format("\nrequire {} {}\nreplace {} => {}\n", m.path, m.version, m.path, GoModWord(dir));
    }
    GOOFFSETS_CHECK_OK(gooffsets::WriteFileAtomic(work + "/go.mod", mod));
  }
  // Without inlining the compiler has a third less to do, and nothing that is measured changes: layouts and the ABI do not
  // depend on it, and every function keeps its own body (docs/how-it-works.md, "What the probes are built with").
  build.argv.insert(build.argv.begin() + 2, "-gcflags=all=-l");
  build.env = go_->BuildEnv(toolchain, request.goarch, job.goexperiment, gocache);
  build.cwd = work;
  build.timeout = go_->timeout();

  ProcessOutput output;
  for (int attempt = 0;; ++attempt) {
    auto prepare_start = std::chrono::steady_clock::now();
    GOOFFSETS_TRY(ProcessOutput prepared, Prepare(*go_, keepgen_, spec));
    result.times.prepare += Seconds(prepare_start);
    stage("build");
    GOOFFSETS_TRY(output, RunProcess(build));
    result.times.build += output.wall_seconds;
    result.times.build_cpu += output.user_seconds;
    if (output.exit_code == 0 || output.timed_out || attempt == kMaxKeepAttempts) break;
    // Without inlining, chains of //go:nosplit functions may need more stack than the linker allows.
    auto no_inline = std::find(build.argv.begin(), build.argv.end(), "-gcflags=all=-l");
    if (no_inline != build.argv.end() && output.stderr_text.find("nosplit stack") != std::string::npos) {
      build.argv.erase(no_inline);
      continue;
    }
    // A symbol that cannot be kept must not cost the others.
    std::set<std::string> culprits = UnbuildableSymbols(output.stderr_text, work);
    size_t before = spec.unbuildable.size();
    for (const std::string& symbol : culprits) {
      if (std::find(spec.unbuildable.begin(), spec.unbuildable.end(), symbol) == spec.unbuildable.end()) {
        spec.unbuildable.push_back(symbol);
      }
    }
    if (spec.unbuildable.size() == before) break;
  }
  std::string what = fmt::format("{} {} with go{} for {}", request.root.module, request.root.version, job.go,
                                 gooffsets::ToString(request.goarch));
  if (output.timed_out) {
    return Fail(ErrorCode::kTimeout, what + ": the build ran into the time limit", "raise --timeout and run again");
  }
  if (output.exit_code != 0) {
    result.log = output.stderr_text + output.stdout_text;
    Error error = ClassifyGoFailure("building " + what, result.log);
    if (error.code == ErrorCode::kNoSpace) return tl::unexpected(error);
    if (output.exit_code >= 128 || result.log.find("signal: killed") != std::string::npos) {
      return Fail(ErrorCode::kTimeout, what + ": the build was killed", "run again; it may need more memory");
    }
    info.status = BuildStatus::kCompileFailed;
    info.reason = WithoutPaths(FirstError(result.log), {work + "/", go_->cache().dir() + "/mod/", go_->cache().dir() + "/"});
    result.times.total = Seconds(start);
    return result;
  }

  stage("read");
  auto read_start = std::chrono::steady_clock::now();
  result.times.probe_size = fs::file_size(work + "/probe", ec);
  std::vector<KeptPackage> facts;
  FactsSink sink;
  sink.package = [&](KeptPackage p) {
    p.owner = closure.OwnerOf(p.owner);
    facts.push_back(std::move(p));
  };
  sink.module = [&](gooffsets::ModulePackages m) {
    m.owner = closure.OwnerOf(m.owner);
    result.record.modules.push_back(std::move(m));
  };
  sink.missing = [](const std::string&, const std::string&) {};
  GOOFFSETS_CHECK_OK(ReadFacts(work + "/facts.jsonl", sink));
  auto digest = std::async(std::launch::async, [&] { return gooffsets::Sha256HexOfFile(work + "/probe"); });
  auto dwarf = gooffsets::ReadDwarf(work + "/probe", WantsOf(facts));
  GOOFFSETS_TRY(info.probe_digest, digest.get());
  if (!dwarf) return tl::unexpected(dwarf.error());
  GOOFFSETS_CHECK_OK(Join(std::move(facts), *dwarf, &result.record));
  // A module that takes another's place is imported by the other's path, and filed under its own.
  for (gooffsets::PackageRecord& p : result.record.packages) p.owner = closure.OwnerOf(p.owner);
  for (gooffsets::ModulePackages& m : result.record.modules) m.owner = closure.OwnerOf(m.owner);
  result.times.read = Seconds(read_start);
  if (cacheable) GOOFFSETS_CHECK_OK(gooffsets::WriteRecordFile(raw, result.record));
  if (!job.keep_probe.empty()) fs::rename(work + "/probe", job.keep_probe, ec);
  result.times.total = Seconds(start);
  return result;
}

}  // namespace offsetgen
