// Builds Go fixture programs with the go command on PATH, or with another release brought by it, into a directory that
// is removed at the end. Child processes get every Go variable explicitly.
#ifndef GOOFFSETS_TESTS_UNIT_DWARF_GO_FIXTURE_H_
#define GOOFFSETS_TESTS_UNIT_DWARF_GO_FIXTURE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "gooffsets/layout.h"

namespace gooffsets::testing {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct CommandResult {
  int status = -1;
  std::string output;  // stdout and stderr
};
CommandResult RunShell(const std::string& command);

// 'text', safe for a shell.
std::string Quote(const std::string& text);

// A go command: the one on PATH, or release `version` ("1.17.13") as a module of the user's own module proxy, kept in
// the cache that the end-to-end tests use as well. `go` is empty when it cannot be brought, and `why` says why.
struct GoCommand {
  std::string go;
  std::string why;
};
GoCommand GoOnPath();
GoCommand GoRelease(const std::string& version);

// `go <arguments>` in `directory`.
CommandResult RunGo(const GoCommand& go, const std::string& directory, const std::string& goarch,
                    const std::vector<std::string>& arguments);

// tests/fixtures/dwarf/<name>
std::string FixtureDir(const std::string& name);

std::vector<std::string> Lines(const std::string& text);
std::vector<std::string> Split(const std::string& line, char separator);

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_DWARF_GO_FIXTURE_H_
