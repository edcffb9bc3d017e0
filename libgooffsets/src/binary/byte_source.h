// Where the bytes of a program come from: a file, or the memory of a running process.
//
// Reads are positioned and bounded (pread into our own memory, never a mapping: a mapped file that is truncated kills
// its reader). A source is immutable from our side; what it holds may change under us, which readers meet as bad input.
// Reads are const and thread-safe.
//
//   GOOFFSETS_TRY(std::shared_ptr<const ByteSource> source, OpenFileSource("server"));
//   GOOFFSETS_CHECK_OK(source->Read(0, std::as_writable_bytes(std::span(head))));
#ifndef GOOFFSETS_BINARY_BYTE_SOURCE_H_
#define GOOFFSETS_BINARY_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gooffsets/result.h"

namespace gooffsets {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // What to call it in messages: the path as given, "process 42".
  virtual const std::string& name() const = 0;
  virtual uint64_t size() const = 0;
  // Fills `out` wholly from `offset`; what reaches beyond the end is kBadInput ("... ends at N"), a refused read kIo or
  // kPermission.
  virtual Result<void> Read(uint64_t offset, std::span<std::byte> out) const = 0;
};

// A regular file (a link to one, /proc/PID/exe). kNotFound, kPermission, kBadInput for a directory or a device.
Result<std::shared_ptr<const ByteSource>> OpenFileSource(const std::string& path);
// Bytes in memory, for tests and fuzzing; the source keeps its own copy.
std::shared_ptr<const ByteSource> MemorySource(std::string name, std::string bytes);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_BYTE_SOURCE_H_
