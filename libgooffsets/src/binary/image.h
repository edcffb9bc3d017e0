// A Go program as the loader sees it: segments at virtual addresses, RELATIVE relocations applied as it reads.
//
// Made from a file or from a process's memory. Program headers are what counts; section headers are a hint that may be
// missing, cut off or lying, and are dropped with a note where they do not fit the file. Only linux/amd64 and
// linux/arm64 (64-bit, little-endian) images exist: everything else is refused with a reason. All reads are bounded by
// the segments; bytes of a segment behind its file part are zero. Addresses are virtual addresses of the image as
// linked (of a process: as loaded).
// Movable; const reads are safe from any thread (a BlockReader is not).
//
//   GOOFFSETS_TRY(Image image, Image::Open(source));
//   GOOFFSETS_TRY(uint64_t word, image.U64(address));          // relocated in a PIE
//   BlockReader reader(&image);                                // the same, for many small reads
#ifndef GOOFFSETS_BINARY_IMAGE_H_
#define GOOFFSETS_BINARY_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binary/byte_source.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct Segment {  // PT_LOAD only, ascending by address, not overlapping
  uint64_t address = 0, memory_size = 0;
  uint64_t file_offset = 0, file_size = 0;
  bool executable = false, writable = false;
  bool Holds(uint64_t at, uint64_t size) const {
    return at >= address && at - address <= memory_size && size <= memory_size - (at - address);
  }
};

struct Section {
  std::string name;
  uint64_t address = 0, offset = 0, size = 0, flags = 0;
  uint32_t type = 0;
};

class Image {
 public:
  // kBadInput: not ELF, cut off, headers that contradict each other. kUnsupported: 32-bit, big-endian, another machine
  // or operating system, an object file or shared library's core dump.
  static Result<Image> Open(std::shared_ptr<const ByteSource> source);
  // The program that a process runs, out of its memory (packed programs: file and memory differ). `pid`'s
  // /proc/PID/mem must be readable: kPermission says what is needed.
  static Result<Image> OpenProcessMemory(int pid);

  Image(Image&&) noexcept;
  Image& operator=(Image&&) noexcept;
  ~Image();

  GoArch goarch() const;
  bool is_pie() const;             // ET_DYN
  bool is_memory() const;          // of a process: offsets in the file are not known, addresses are as loaded
  uint64_t entry() const;          // e_entry
  bool has_interpreter() const;    // PT_INTERP: linked dynamically
  const std::string& name() const;  // for messages
  // The file itself, for what is not loaded (debug sections); of a process its memory, by address.
  const ByteSource& source() const;
  bool is_debug_file() const;        // a separate debug file: only its notes and sections can be read
  // Why the relocations of a PIE are not applied; empty when they are, or when there are none.
  const std::string& relocations_note() const;
  std::vector<std::string> NeededLibraries() const;  // DT_NEEDED; none of a process
  const std::vector<Segment>& segments() const;
  const std::vector<Section>& sections() const;  // empty: none, or not to be trusted
  const std::string& sections_note() const;      // why there are none; may be empty
  const Section* FindSection(std::string_view name) const;
  // Notes of the linker: the Go build id ("Go", type 4) and the GNU build id (hex); empty when there is none.
  std::string GoBuildId() const;
  std::string GnuBuildId() const;

  const Segment* SegmentAt(uint64_t address) const;
  // Where a byte of the image lies in the file (what a uprobe needs). nullopt: nowhere (bss), or a memory image.
  std::optional<uint64_t> FileOffset(uint64_t address) const;

  // Fills `out` from one segment, relocations applied. kBadInput where the range leaves it.
  Result<void> Read(uint64_t address, std::span<std::byte> out) const;
  Result<uint64_t> U64(uint64_t address) const;
  Result<uint32_t> U32(uint64_t address) const;
  // Calls `each` with consecutive pieces of at most `chunk` bytes of [address, address+size), until it returns false.
  // A piece begins `overlap` bytes before the end of the one before, so that what crosses a border is seen whole once.
  // Ends with the segment's file part: what follows is zero, and a hostile file may claim any amount of it.
  Result<void> Scan(uint64_t address, uint64_t size, size_t chunk, size_t overlap,
                    const std::function<bool(uint64_t at, std::span<const std::byte>)>& each) const;
  // The same with the bytes as they are stored, for what is no address: relocations of whole segments cost more than
  // reading them.
  Result<void> ScanStored(uint64_t address, uint64_t size, size_t chunk, size_t overlap,
                          const std::function<bool(uint64_t at, std::span<const std::byte>)>& each) const;

 private:
  Result<void> ScanPieces(uint64_t address, uint64_t size, size_t chunk, size_t overlap, bool relocate,
                          const std::function<bool(uint64_t at, std::span<const std::byte>)>& each) const;

  struct State;  // image_state.h
  explicit Image(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Many small reads of an image through a bounded cache of blocks: memory does not grow with what is read.
// Reads are cheap where they are near each other. Not thread-safe. Does not own the image.
class BlockReader {
 public:
  // `block_bytes` is a power of two; at most `most_blocks` are held (default: 64 KiB x 48 = 3 MiB).
  explicit BlockReader(const Image* image, size_t block_bytes = size_t{64} << 10, size_t most_blocks = 48);
  ~BlockReader();
  BlockReader(BlockReader&&) noexcept;
  BlockReader& operator=(BlockReader&&) noexcept;

  // At once, at most: a larger View is kBadInput, a larger ViewUpTo gives less.
  static constexpr size_t kMostAtOnce = size_t{4} << 20;
  // `size` bytes at `address`, valid until the next call. kBadInput where they are not within one segment.
  Result<std::span<const std::byte>> View(uint64_t address, size_t size);
  // As many of `size` bytes as the segment still holds.
  Result<std::span<const std::byte>> ViewUpTo(uint64_t address, size_t size);
  Result<uint64_t> U64(uint64_t address);
  Result<uint32_t> U32(uint64_t address);
  Result<uint8_t> U8(uint64_t address);
  const Image& image() const { return *image_; }

 private:
  struct Cache;
  const Image* image_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_IMAGE_H_
