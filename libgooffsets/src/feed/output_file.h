// A file that is written from the beginning or continued, and synced before anybody may rename it.
//
// One thread at a time.
//
//   GOOFFSETS_TRY(OutputFile out, OutputFile::Open("download/3f78.part", OutputFile::Mode::kContinue));
//   GOOFFSETS_CHECK_OK(out.Write(bytes));
//   GOOFFSETS_CHECK_OK(out.Sync());
#ifndef GOOFFSETS_FEED_OUTPUT_FILE_H_
#define GOOFFSETS_FEED_OUTPUT_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "gooffsets/result.h"

namespace gooffsets {

class OutputFile {
 public:
  enum class Mode { kNew, kContinue, kAppend };  // kNew empties what is there; the others write at its end
  // Never through a symbolic link: the directory may be one that others write to.
  static Result<OutputFile> Open(const std::string& path, Mode mode);

  Result<void> Write(std::string_view bytes);
  Result<void> Empty();  // back to the beginning
  Result<void> Sync();
  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  OutputFile() = default;
  UniqueFd fd_;
  std::string path_;
  uint64_t size_ = 0;
};

// With its parents; 0755.
Result<void> MakeDirectories(const std::string& path);
// Not being there is no error.
Result<void> RemoveFile(const std::string& path);
bool FileExists(const std::string& path);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_OUTPUT_FILE_H_
