// A directory that is gone when the test ends.
#ifndef GOOFFSETS_TESTS_UNIT_STORE_TEMP_DIR_H_
#define GOOFFSETS_TESTS_UNIT_STORE_TEMP_DIR_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace gooffsets::testing {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gooffsets-store-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_STORE_TEMP_DIR_H_
