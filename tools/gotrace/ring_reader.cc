#include "gotrace/ring_reader.h"

#include <linux/bpf.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace gooffsets::trace {

// src: Linux Documentation/bpf/ringbuf.rst, kernel/bpf/ringbuf.c. Positions only grow; a record begins at a multiple of
// 8 with a header, whose first word is its length and two flags.
Result<RingReader> RingReader::Open(int map, size_t bytes, size_t most) {
  RingReader ring;
  ring.bytes_ = bytes;
  ring.most_ = most;
  ring.page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t beyond = (most + BPF_RINGBUF_HDR_SZ + ring.page_ - 1) / ring.page_ * ring.page_;
  void* consumer = mmap(nullptr, ring.page_, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (consumer == MAP_FAILED) return ErrnoError(errno, "cannot map the ring buffer");
  ring.consumer_ = consumer;
  const size_t size = ring.page_ + bytes + beyond;
  void* producer = mmap(nullptr, size, PROT_READ, MAP_SHARED, map, static_cast<off_t>(ring.page_));
  if (producer == MAP_FAILED) return ErrnoError(errno, "cannot map the ring buffer");
  ring.producer_ = producer;
  ring.mapped_ = size;
  ring.waiting_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  // Woken once for each time that the kernel asks for it: else every wait would end at once as long as anything is
  // there, which is nearly always.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {}};
  if (!ring.waiting_.valid() || epoll_ctl(ring.waiting_.get(), EPOLL_CTL_ADD, map, &event) != 0) {
    return ErrnoError(errno, "cannot wait for the ring buffer");
  }
  return ring;
}

RingReader::RingReader(RingReader&& other) noexcept
    : waiting_(std::move(other.waiting_)),
      bytes_(other.bytes_),
      most_(other.most_),
      page_(other.page_),
      mapped_(other.mapped_),
      consumer_(std::exchange(other.consumer_, nullptr)),
      producer_(std::exchange(other.producer_, nullptr)) {}

RingReader::~RingReader() {
  if (consumer_) munmap(consumer_, page_);
  if (producer_) munmap(producer_, mapped_);
}

void RingReader::Wait(std::chrono::milliseconds limit) {
  epoll_event event;
  epoll_wait(waiting_.get(), &event, 1, static_cast<int>(limit.count()));
}

void RingReader::Read(const Sink& sink) {
  // Both positions are an unsigned long of the kernel.
  auto* const consumer = static_cast<unsigned long*>(consumer_);
  const auto* const producer = static_cast<const unsigned long*>(producer_);
  const char* const data = static_cast<const char*>(producer_) + page_;
  unsigned long at = __atomic_load_n(consumer, __ATOMIC_ACQUIRE);
  const unsigned long end = __atomic_load_n(producer, __ATOMIC_ACQUIRE);
  while (at < end) {
    const char* const record = data + (at & (bytes_ - 1));
    const uint32_t header = __atomic_load_n(reinterpret_cast<const uint32_t*>(record), __ATOMIC_ACQUIRE);
    if (header & BPF_RINGBUF_BUSY_BIT) return;  // still being written
    const size_t size = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (!(header & BPF_RINGBUF_DISCARD_BIT) && size <= most_) sink(record + BPF_RINGBUF_HDR_SZ, size);
    at += (size + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
    __atomic_store_n(consumer, at, __ATOMIC_RELEASE);
  }
}

}  // namespace gooffsets::trace
