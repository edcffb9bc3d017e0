#include "go_command.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "gooffsets/version.h"
#include "installed_go.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::Error;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;

namespace {

// The user's settings that decide where modules come from and how they are verified.
constexpr const char* kUserSettings[] = {"GOPROXY", "GONOPROXY",  "GOSUMDB", "GONOSUMDB", "GOPRIVATE",
                                         "GOINSECURE", "GOVCS", "GOAUTH"};
// Plain environment that the go command and git need to reach a network.
constexpr const char* kPassThrough[] = {"PATH",       "HOME",       "USER",         "TMPDIR",       "SSL_CERT_FILE",
                                        "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",     "http_proxy",
                                        "https_proxy", "no_proxy",  "NETRC",        "GIT_SSL_CAINFO", "SSH_AUTH_SOCK",
                                        "GIT_SSH_COMMAND", "XDG_CONFIG_HOME", "LANG"};

void AddPassThrough(std::vector<std::string>* env) {
  for (const char* name : kPassThrough) {
    if (const char* value = getenv(name)) env->push_back(std::string(name) + "=" + value);
  }
}

std::string LastLines(const std::string& text, size_t lines) {
  size_t end = text.find_last_not_of("\n");
  if (end == std::string::npos) return "";
  size_t begin = end;
  while (begin > 0) {
    size_t previous = text.rfind('\n', begin - 1);
    if (previous == std::string::npos) {
      begin = 0;
      break;
    }
    begin = previous;
    if (--lines == 0) {
      ++begin;
      break;
    }
  }
  return text.substr(begin, end - begin + 1);
}

bool Has(const std::string& text, std::initializer_list<const char*> needles) {
  for (const char* n : needles) {
    if (text.find(n) != std::string::npos) return true;
  }
  return false;
}

// Toolchains arrive read-only and without execute bits (go-facts: the go command sets them only for its own use).
void MakeUsable(const fs::path& root) {
  std::error_code ec;
  for (auto it = fs::recursive_directory_iterator(root, ec); !ec && it != fs::recursive_directory_iterator();
       it.increment(ec)) {
    if (it->is_directory(ec)) chmod(it->path().c_str(), 0755);
  }
  chmod(root.c_str(), 0755);
  for (const char* dir : {"bin", "pkg/tool/linux_amd64"}) {
    for (const auto& entry : fs::directory_iterator(root / dir, ec)) chmod(entry.path().c_str(), 0755);
  }
}

}  // namespace

Error ClassifyGoFailure(const std::string& what, const std::string& output) {
  std::string last = LastLines(output, 3);
  for (char& c : last) {
    if (c == '\n') c = ' ';
  }
  std::string message = what + ": " + (last.empty() ? "the go command failed without a message" : last);
  if (Has(output, {"checksum mismatch", "SECURITY ERROR", "verifying"})) {
    // The go command ends with a paragraph of advice; which module it is stands on the line before.
    const size_t at = output.find("checksum mismatch");
    if (at != std::string::npos) {
      const size_t begin = output.rfind('\n', at) + 1;  // npos + 1 is 0: the first line
      message = what + ": " + output.substr(begin, output.find('\n', at) - begin);
    }
    return {ErrorCode::kNetwork, message, "what the proxy sent differs from its recorded checksum: do not use it; check GOPROXY"};
  }
  if (Has(output, {"no space left on device", "disk quota exceeded"})) {
    return {ErrorCode::kNoSpace, message, "free some space, or set --cache-dir to a larger disk"};
  }
  // Some proxies refuse with 403 what they do not carry, and say so in words; that is no question of credentials.
  if (Has(output, {"403 Forbidden"}) && Has(output, {"version is not available"})) {
    return {ErrorCode::kNotFound, message, "this proxy does not have it: check GOPROXY"};
  }
  if (Has(output, {"403 Forbidden", "401 Unauthorized", "407 Proxy"})) {
    return {ErrorCode::kNetwork, message, "the proxy refuses: check GOPROXY, GOPRIVATE and your credentials"};
  }
  if (Has(output, {"module lookup disabled", "dial tcp", "no such host", "connection refused", "i/o timeout", "TLS handshake",
                   "500 Internal", "502 Bad", "503 Service", "504 Gateway", "unexpected EOF", "connection reset",
                   "network is unreachable", "Temporary failure", "context deadline exceeded", "server misbehaving",
                   "429 Too Many"})) {
    return {ErrorCode::kNetwork, message, "check the network and `go env GOPROXY`, then run the same command again"};
  }
  if (Has(output, {"404 Not Found", "410 Gone", "unknown revision", "not found", "no matching versions", "invalid version",
                   "not available", "no such file or directory"})) {
    return {ErrorCode::kNotFound, message, "check the module's spelling and version"};
  }
  return {ErrorCode::kToolchain, message, ""};
}

Result<std::unique_ptr<GoCommand>> GoCommand::Open(Cache* cache, std::chrono::seconds timeout) {
  std::unique_ptr<GoCommand> go(new GoCommand(cache, timeout));
  Command version{.argv = {"go", "version"}};
  AddPassThrough(&version.env);
  version.env.push_back("GOTOOLCHAIN=local");
  auto out = RunProcess(version);
  if (!out) {
    if (out.error().code == ErrorCode::kInterrupted) return tl::unexpected(out.error());
    return Fail(ErrorCode::kToolchain, "there is no go command on PATH", "install Go 1.19 or newer (Debian: apt-get install golang-go)");
  }
  // "go version go1.26.8 linux/amd64"
  size_t at = out->stdout_text.find(" go1.");
  if (out->exit_code != 0 || at == std::string::npos) {
    return Fail(ErrorCode::kToolchain, "`go version` does not answer as a go command does: " + LastLines(out->stdout_text + out->stderr_text, 2),
                "install Go 1.19 or newer");
  }
  int minor = atoi(out->stdout_text.c_str() + at + 5);
  if (minor < 19) {
    return Fail(ErrorCode::kToolchain, fmt::format("the go command on PATH is 1.{}, too old to bring toolchains", minor),
                "install Go 1.19 or newer");
  }
  Command env{.argv = {"go", "env", "-json"}};
  AddPassThrough(&env.env);
  for (const char* name : kUserSettings) {
    if (const char* value = getenv(name)) env.env.push_back(std::string(name) + "=" + value);
  }
  if (const char* goenv = getenv("GOENV")) env.env.push_back(std::string("GOENV=") + goenv);
  env.env.push_back("GOTOOLCHAIN=local");
  GOOFFSETS_TRY(ProcessOutput json_out, RunProcess(env));
  auto json = nlohmann::json::parse(json_out.stdout_text, nullptr, false);
  if (!json.is_object()) {
    return Fail(ErrorCode::kToolchain, "`go env -json` failed: " + LastLines(json_out.stderr_text, 2));
  }
  for (const char* name : kUserSettings) {
    if (json.contains(name) && json[name].is_string()) go->user_env_[name] = json[name].get<std::string>();
  }
  return go;
}

std::vector<std::string> GoCommand::DownloadEnv(const std::string& gocache, const std::string& goroot) const {
  std::vector<std::string> env;
  AddPassThrough(&env);
  for (const auto& [name, value] : user_env_) env.push_back(name + "=" + value);
  for (std::string fixed : {"GOENV=off", "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local", "GOWORK=off", "CGO_ENABLED=0",
                            "GOOS=linux", "GO111MODULE=on", "GIT_TERMINAL_PROMPT=0"}) {
    env.push_back(fixed);
  }
  env.push_back("GOMODCACHE=" + cache_->Path("mod"));
  env.push_back("GOPATH=" + cache_->Path("gopath"));
  env.push_back("GOCACHE=" + gocache);
  if (!goroot.empty()) env.push_back("GOROOT=" + goroot);
  return env;
}

std::vector<std::string> GoCommand::BuildEnv(const Toolchain& toolchain, gooffsets::GoArch arch,
                                             const std::string& goexperiment, const std::string& gocache) const {
  std::vector<std::string> env;
  AddPassThrough(&env);
  // goindex=0: the index of GOROOT's packages that the go command keeps does not know overlays.
  for (std::string fixed : {"GOENV=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GOWORK=off", "CGO_ENABLED=0", "GOOS=linux",
                            "GO111MODULE=on", "GOPROXY=off", "GOSUMDB=off", "GODEBUG=goindex=0"}) {
    env.push_back(fixed);
  }
  env.push_back("GOROOT=" + toolchain.root);
  env.push_back("GOARCH=" + std::string(gooffsets::ToString(arch)));
  env.push_back("GOMODCACHE=" + cache_->Path("nomod"));
  env.push_back("GOPATH=" + cache_->Path("gopath"));
  env.push_back("GOCACHE=" + gocache);
  if (!goexperiment.empty()) env.push_back("GOEXPERIMENT=" + goexperiment);
  return env;
}

Result<ProcessOutput> GoCommand::Run(const std::vector<std::string>& args, const std::string& cwd) const {
  Command command{.argv = {bootstrap_}, .env = DownloadEnv(cache_->Path("gocache-bootstrap")), .cwd = cwd, .stdin_text = {}, .timeout = timeout_};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  return RunProcess(command);
}

Result<GoCommand::Download> GoCommand::DownloadModule(const std::string& module, const std::string& version) {
  std::string v = version.starts_with("v") ? version : "v" + version;
  GOOFFSETS_TRY(ProcessOutput out, Run({"mod", "download", "-json", module + "@" + v}, cache_->Path("work")));
  auto json = nlohmann::json::parse(out.stdout_text, nullptr, false);
  std::string what = "cannot download " + module + "@" + v;
  if (out.timed_out) return Fail(ErrorCode::kTimeout, what + ": the time limit ran out", "run again, or raise --timeout");
  if (json.is_object() && json.contains("Error") && json["Error"].is_string()) {
    return tl::unexpected(ClassifyGoFailure(what, json["Error"].get<std::string>()));
  }
  if (out.exit_code != 0 || !json.is_object() || !json.contains("Dir") || !json["Dir"].is_string()) {
    return tl::unexpected(ClassifyGoFailure(what, out.stderr_text + out.stdout_text));
  }
  Download d;
  d.dir = json["Dir"].get<std::string>();
  d.version = json.value("Version", v);
  d.go_mod = json.value("GoMod", "");
  return d;
}

// By way of a work directory, so that a kill leaves no half toolchain under its name.
Result<void> GoCommand::CopyInstalled(const std::string& from, const std::string& root) {
  GOOFFSETS_TRY(const std::string work, cache_->MakeWork("toolchain"));
  Result<void> copied = CopyGoTree(from, work + "/go");
  std::error_code ec;
  if (copied) fs::rename(work + "/go", root, ec);
  cache_->RemoveWork(work);
  if (ec && !fs::exists(root + "/bin/go")) {
    return gooffsets::ErrnoError(ec.value(), "cannot move the toolchain to " + root);
  }
  return copied;
}

Result<Toolchain> GoCommand::Bring(const std::string& version) {
  std::shared_ptr<std::mutex> one;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    auto& slot = bringing_[version];
    if (!slot) slot = std::make_shared<std::mutex>();
    one = slot;
  }
  std::lock_guard<std::mutex> lock(*one);
  std::string unit = "toolchains/go" + version;
  std::string root = cache_->Path(unit);
  cache_->Use(unit);
  Cache* cache = cache_;
  Toolchain result{version, root, std::shared_ptr<void>(cache, [unit](void* c) { static_cast<Cache*>(c)->Release(unit); })};
  if (fs::exists(root + "/bin/go")) return result;
  Result<Download> downloaded = DownloadModule("golang.org/toolchain", "v0.0.1-go" + version + ".linux-amd64");
  if (!downloaded) {
    if (downloaded.error().code != ErrorCode::kNotFound) return tl::unexpected(downloaded.error());
    const std::optional<std::string> installed = FindInstalledGo(version);
    if (!installed) {
      downloaded.error().hint =
          "check GOPROXY, or install Go " + version + " in ~/sdk/go" + version + ", which is used then";
      return tl::unexpected(downloaded.error());
    }
    GOOFFSETS_CHECK_OK(CopyInstalled(*installed, root));
    cache_->Evict();
    return result;
  }
  const Download& d = *downloaded;
  MakeUsable(d.dir);
  // Moved out of the module cache: the go command refuses overlays below GOMODCACHE, and eviction removes one directory.
  std::error_code ec;
  fs::rename(d.dir, root, ec);
  if (ec && !fs::exists(root + "/bin/go")) {
    return gooffsets::ErrnoError(ec.value(), "cannot move the toolchain to " + root);
  }
  // The zip (70 MB) has done its work. Its other files stay: they are small and hold the verified checksum.
  fs::remove(cache_->Path("mod/cache/download/golang.org/toolchain/@v/v0.0.1-go" + version + ".linux-amd64.zip"), ec);
  cache_->Evict();
  return result;
}

}  // namespace offsetgen
