#include "common/database_path.h"

#include <cstdlib>
#include <filesystem>

namespace gooffsets {

std::vector<std::string> DatabasePlaces() {
  namespace fs = std::filesystem;
  std::vector<std::string> places;
  // An empty or relative XDG_DATA_HOME counts as unset (XDG Base Directory Specification, "Environment variables").
  const char* data_home = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  if (data_home != nullptr && data_home[0] == '/') {
    places.push_back(std::string(data_home) + "/gooffsets/current.db");
  } else if (home != nullptr && home[0] == '/') {
    places.push_back(std::string(home) + "/.local/share/gooffsets/current.db");
  }
  places.emplace_back("/var/lib/gooffsets/current.db");
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    places.push_back((program.parent_path().parent_path() / "share" / "gooffsets" / "offsets.db").string());
  }
  places.emplace_back(GOOFFSETS_BUILD_TREE_DATABASE);
  return places;
}

Result<std::string> FindDatabase(const std::string& named) {
  if (!named.empty()) return named;
  std::string looked;
  for (const std::string& place : DatabasePlaces()) {
    std::error_code error;
    if (std::filesystem::is_regular_file(place, error)) return place;
    looked += (looked.empty() ? "" : ", ") + place;
  }
  return Fail(ErrorCode::kNotFound, "there is no offsets database (looked at " + looked + ")",
              "name one with --db, or make one with offsetgen");
}

}  // namespace gooffsets
