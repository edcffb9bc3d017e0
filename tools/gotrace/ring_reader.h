// Reads the kernel's ring buffer (BPF_MAP_TYPE_RINGBUF): each record once, in order, as one piece of memory.
//
// Of the buffer's second mapping, which continues its end at its beginning, only as much is mapped as one record may
// take: the whole would count as twice the memory. Waits end when a program of the kernel wakes the reader, not because
// something is there. Belongs to one thread.
//
//   GOOFFSETS_TRY(RingReader ring, RingReader::Open(map_fd, 8 << 20, sizeof(gt_span)));
//   ring.Wait(milliseconds(20));
//   ring.Read([](const void* record, size_t size) { ... });
#ifndef GOOFFSETS_TOOLS_GOTRACE_RING_READER_H_
#define GOOFFSETS_TOOLS_GOTRACE_RING_READER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/file.h"
#include "gooffsets/result.h"

namespace gooffsets::trace {

class RingReader {
 public:
  // `bytes`: the map's size, a power of two. Records longer than `most` are passed over.
  static Result<RingReader> Open(int map, size_t bytes, size_t most);
  RingReader(RingReader&& other) noexcept;
  RingReader& operator=(RingReader&&) = delete;
  ~RingReader();

  // Until the reader is woken, or so long.
  void Wait(std::chrono::milliseconds limit);
  // What is there now; the room of each record is free again when `sink` returns.
  using Sink = std::function<void(const void* record, size_t size)>;
  void Read(const Sink& sink);

 private:
  RingReader() = default;

  UniqueFd waiting_;
  size_t bytes_ = 0, most_ = 0, page_ = 0, mapped_ = 0;
  void* consumer_ = nullptr;  // a page that begins with how far was read
  void* producer_ = nullptr;  // a page that begins with how far was written, and the data behind it
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_RING_READER_H_
