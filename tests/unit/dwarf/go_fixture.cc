#include "go_fixture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <system_error>

namespace gooffsets::testing {
namespace fs = std::filesystem;
namespace {

std::string Environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

// Where the end-to-end tests keep toolchains too (tests/e2e/harness.py).
fs::path CacheRoot() {
  const std::string home = Environment("HOME", "/tmp");
  const fs::path root = fs::path(Environment("XDG_CACHE_HOME", home + "/.cache")) / "gooffsets" / "tests";
  fs::create_directories(root);
  return root;
}

std::string GoEnv(const char* name) {
  CommandResult result = RunShell(std::string("cd / && go env ") + name);
  while (!result.output.empty() && result.output.back() == '\n') result.output.pop_back();
  return result.status == 0 ? result.output : "";
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "gooffsets-dwarf-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

CommandResult RunShell(const std::string& command) {
  CommandResult result;
  FILE* pipe = popen(("{ " + command + "\n} 2>&1").c_str(), "re");
  if (pipe == nullptr) return result;
  std::array<char, 1 << 16> buffer;
  for (size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) result.output.append(buffer.data(), n);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string Quote(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

GoCommand GoOnPath() {
  CommandResult result = RunShell("command -v go");
  if (result.status != 0) return {"", "no go command on PATH"};
  while (!result.output.empty() && result.output.back() == '\n') result.output.pop_back();
  return {result.output, ""};
}

GoCommand GoRelease(const std::string& version) {
  const fs::path cache = CacheRoot();
  const fs::path goroot = cache / "mod" / "golang.org" / ("toolchain@v0.0.1-go" + version + ".linux-amd64");
  const fs::path ready = goroot.parent_path() / ("." + goroot.filename().string() + ".ready");
  const int lock = open((cache / ("toolchain-" + version + ".lock")).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (lock >= 0) flock(lock, LOCK_EX);  // tests run in parallel
  GoCommand command{(goroot / "bin" / "go").string(), ""};
  if (!fs::exists(ready)) {
    const CommandResult brought =
        RunShell("cd / && GOMODCACHE=" + Quote((cache / "mod").string()) +
                 " GOFLAGS=-mod=mod GOTOOLCHAIN=local GO111MODULE=on go mod download -json golang.org/toolchain@v0.0.1-go" +
                 version + ".linux-amd64 && chmod +x " + Quote(goroot.string()) + "/bin/* " + Quote(goroot.string()) +
                 "/pkg/tool/*/* && touch " + Quote(ready.string()));
    if (brought.status != 0) {
      command = {"", "Go " + version + " cannot be brought through this machine's Go configuration: " + brought.output};
    }
  }
  if (lock >= 0) close(lock);
  return command;
}

CommandResult RunGo(const GoCommand& go, const std::string& directory, const std::string& goarch,
                    const std::vector<std::string>& arguments) {
  std::string command = "cd " + Quote(directory) + " && env -u GOEXPERIMENT -u GOROOT GOFLAGS= GOENV=off GOWORK=off " +
                        "GOTOOLCHAIN=local CGO_ENABLED=0 GOOS=linux GOARCH=" + goarch + " GOPROXY=" +
                        Quote(GoEnv("GOPROXY")) + " GOCACHE=" + Quote((CacheRoot() / "gocache").string()) + " " +
                        Quote(go.go);
  for (const std::string& argument : arguments) command += " " + Quote(argument);
  return RunShell(command);
}

std::string FixtureDir(const std::string& name) {
  return std::string(GOOFFSETS_SOURCE_DIR) + "/tests/fixtures/dwarf/" + name;
}

std::vector<std::string> Lines(const std::string& text) { return Split(text, '\n'); }

std::vector<std::string> Split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(line);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

}  // namespace gooffsets::testing
