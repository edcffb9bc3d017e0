#include "installed_go.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "text.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::Result;

namespace {

// src: the first line of VERSION in a distribution's root, "go1.19.8".
bool IsRelease(const fs::path& root, const std::string& release) {
  std::ifstream file(root / "VERSION");
  std::string line;
  std::error_code ec;
  return std::getline(file, line) && Trim(line) == "go" + release && fs::exists(root / "bin/go", ec) &&
         fs::exists(root / "pkg/tool/linux_amd64/compile", ec);
}

// The tree of the first go command on PATH.
std::optional<fs::path> TreeOnPath() {
  const char* path = getenv("PATH");
  if (path == nullptr) return std::nullopt;
  for (std::string_view dir : Split(path, ':')) {
    if (dir.empty()) continue;  // the current directory is no installation
    std::error_code ec;
    const fs::path program = fs::canonical(fs::path(dir) / "go", ec);
    if (!ec) return program.parent_path().parent_path();
  }
  return std::nullopt;
}

// Directories can be written whatever they were (packages are put below GOROOT/src); links become what they point at,
// but for those to nothing and to a directory above. `above`: the directories that lead here, as they really are.
void CopyDirectory(const fs::path& from, const fs::path& to, std::vector<fs::path>* above, std::error_code& ec) {
  const fs::path here = fs::canonical(from, ec);
  if (!ec) fs::create_directories(to, ec);
  if (ec) return;
  above->push_back(here);
  for (fs::directory_iterator it(from, ec); !ec && it != fs::directory_iterator(); it.increment(ec)) {
    const fs::path source = it->path(), target = to / source.filename();
    std::error_code none;
    if (it->is_regular_file(none)) {
      fs::copy_file(source, target, ec);
    } else if (it->is_directory(none)) {
      const fs::path real = fs::canonical(source, ec);
      if (!ec && std::ranges::find(*above, real) == above->end()) CopyDirectory(source, target, above, ec);
    }
    if (ec) break;  // increment() would clear it
  }
  above->pop_back();
}

}  // namespace

std::optional<std::string> FindInstalledGo(const std::string& release) {
  std::vector<fs::path> roots;
  if (const char* home = getenv("HOME")) roots.push_back(fs::path(home) / "sdk" / ("go" + release));
  const size_t patch = release.find('.', release.find('.') + 1);
  roots.push_back("/usr/lib/go-" + release.substr(0, patch));
  roots.push_back("/usr/local/go");
  if (const std::optional<fs::path> tree = TreeOnPath()) roots.push_back(*tree);
  for (const fs::path& root : roots) {
    if (IsRelease(root, release)) return root.string();
  }
  return std::nullopt;
}

Result<void> CopyGoTree(const std::string& from, const std::string& to) {
  std::error_code ec;
  std::vector<fs::path> above;
  for (const char* part : {"bin", "pkg", "src"}) {
    if (!ec) CopyDirectory(fs::path(from) / part, fs::path(to) / part, &above, ec);
  }
  if (!ec) fs::copy_file(fs::path(from) / "VERSION", fs::path(to) / "VERSION", ec);
  if (ec) return gooffsets::ErrnoError(ec.value(), "cannot copy the Go installation " + from + " to " + to);
  return {};
}

}  // namespace offsetgen
