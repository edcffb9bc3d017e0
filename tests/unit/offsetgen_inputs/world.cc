#include "world.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace offsetgen {

namespace fs = std::filesystem;

namespace {

std::string OneLine(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "re");
  std::string text;
  std::array<char, 4096> buffer;
  while (pipe != nullptr && fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
  if (pipe != nullptr) pclose(pipe);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// Where the end-to-end tests keep their build cache too.
std::string SharedGoCache() {
  const char* xdg = getenv("XDG_CACHE_HOME");
  const char* home = getenv("HOME");
  fs::path root = xdg != nullptr && *xdg != '\0' ? fs::path(xdg) : fs::path(home != nullptr ? home : "/tmp") / ".cache";
  root = root / "gooffsets" / "tests" / "gocache";
  fs::create_directories(root);
  return root.string();
}

}  // namespace

World::World() {
  std::string name = (fs::temp_directory_path() / "offsetgen_inputs.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
  dir_ = name;
  const std::string gocache = SharedGoCache();
  Write("home/.gitconfig",
        "[user]\n\tname = T\n\temail = t@example.test\n[init]\n\tdefaultBranch = main\n[tag]\n\tgpgSign = "
        "false\n[url \"file://" +
            dir_ + "/repos/\"]\n\tinsteadOf = https://example.test/\n");
  setenv("HOME", Path("home").c_str(), 1);
  setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
  for (const char* unset : {"XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_DIR", "GOROOT", "GOEXPERIMENT"})
    unsetenv(unset);
  setenv("GOENV", "off", 1);
  setenv("GOFLAGS", "", 1);
  setenv("GOWORK", "off", 1);
  setenv("GOTOOLCHAIN", "local", 1);
  setenv("GOPRIVATE", "example.test", 1);
  setenv("GOPROXY", "off", 1);  // GOPRIVATE goes to the repositories; anything else would be a mistake of a test
  setenv("GOCACHE", gocache.c_str(), 1);
  setenv("GOMODCACHE", Path("gomod").c_str(), 1);
  setenv("CGO_ENABLED", "0", 1);
  auto cache = Cache::Open(Path("cache"), 0);
  if (!cache) {
    ADD_FAILURE() << cache.error().ToString();
    return;
  }
  cache_ = std::make_unique<Cache>(std::move(*cache));
  // Standard packages are compiled once for all tests, not once a world.
  fs::create_directory_symlink(gocache, cache_->Path("gocache-bootstrap"));
  auto go = GoCommand::Open(cache_.get(), std::chrono::seconds(300));
  if (!go) {
    ADD_FAILURE() << go.error().ToString();
    return;
  }
  go_ = std::move(*go);
}

World::~World() { RemoveTree(dir_); }

void World::Write(const std::string& name, const std::string& text) const {
  fs::create_directories(fs::path(Path(name)).parent_path());
  std::ofstream(Path(name), std::ios::binary) << text;
}

ShellResult World::Try(const std::string& directory, const std::string& command) const {
  FILE* pipe = popen(("cd '" + Path(directory) + "' && { " + command + "\n}").c_str(), "re");
  ShellResult result;
  if (pipe == nullptr) return result;
  std::array<char, 1 << 16> buffer;
  for (size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) result.out.append(buffer.data(), n);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string World::Run(const std::string& directory, const std::string& command) const {
  ShellResult result = Try(directory, command);
  EXPECT_EQ(result.status, 0) << command << "\n" << result.out;
  while (result.out.ends_with('\n')) result.out.pop_back();
  return result.out;
}

void World::InitRepository(const std::string& name) const {
  fs::create_directories(Path("repos/" + name + ".git"));
  Run("repos/" + name + ".git", "git init -q");
}

std::string World::Commit(const std::string& name) {
  const int minute = commits_++ % 60;
  const std::string when = "2021-03-04T23:" + std::string(minute < 10 ? "0" : "") + std::to_string(minute) + ":05-0500";
  return Run("repos/" + name + ".git", "git add -A && GIT_AUTHOR_DATE=2001-01-01T00:00:00Z GIT_COMMITTER_DATE=" + when +
                                           " git commit -q --allow-empty -m change && git rev-parse HEAD");
}

void World::Tag(const std::string& name, const std::string& tag, bool annotated) const {
  Run("repos/" + name + ".git", std::string("git tag ") + (annotated ? "-a -m note " : "") + tag);
}

Toolchain World::toolchain() const {
  std::string version = OneLine("go env GOVERSION");
  if (version.starts_with("go")) version = version.substr(2);
  return {version.substr(0, version.find_first_of(" -")), OneLine("go env GOROOT"), nullptr};
}

}  // namespace offsetgen
