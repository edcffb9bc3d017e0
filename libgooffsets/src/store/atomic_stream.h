// A stream into a file that appears under its name only when it is complete.
//
// Writes go to a temporary file beside the final one; Commit() flushes, syncs and renames; without it the temporary file is
// removed. Belongs to one thread.
//
//   GOOFFSETS_TRY(AtomicStream file, AtomicStream::Create("offsets.json"));
//   file.stream() << "{}";
//   GOOFFSETS_CHECK_OK(file.Commit());
#ifndef GOOFFSETS_STORE_ATOMIC_STREAM_H_
#define GOOFFSETS_STORE_ATOMIC_STREAM_H_

#include <fstream>
#include <string>

#include "gooffsets/result.h"

namespace gooffsets {

class AtomicStream {
 public:
  static Result<AtomicStream> Create(const std::string& path);
  AtomicStream(AtomicStream&& other) noexcept;
  AtomicStream& operator=(AtomicStream&&) = delete;
  ~AtomicStream();

  std::ofstream& stream() { return stream_; }
  Result<void> Commit();

 private:
  AtomicStream() = default;
  std::ofstream stream_;
  std::string path_;
  std::string temporary_;  // empty once there is nothing to remove
};

// Syncs a complete file and renames it to its final name, then syncs the directory.
Result<void> RenameIntoPlace(const std::string& temporary, const std::string& path);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_ATOMIC_STREAM_H_
