// BlockReader of image.h.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "binary/image.h"

namespace gooffsets {

// A block is the part that lies in one segment of an aligned range of addresses; where two segments share such a range
// (they need not begin on a block's border) each has its own block, so the segment belongs to the key.
//
// Blocks are kept in sets of a few, as in a processor's cache: where a block may be is known from its address, so that
// finding and replacing one cost the same however many there are.
struct BlockReader::Cache {
  static constexpr size_t kWays = 8;
  struct Block {
    uint64_t begin = 0, end = 0;  // addresses; empty: nothing was read
    uint64_t used = 0;            // clock of the last use
    std::unique_ptr<std::byte[]> bytes;
  };
  size_t block_bytes;
  int block_shift, set_bits;
  size_t ways;
  uint64_t clock = 0;
  std::vector<Block> blocks;         // `ways` for each set
  Block* last = nullptr;             // the block of the last read
  const Segment* segment = nullptr;  // of the last read
  std::vector<std::byte> joined;     // what crosses blocks

  Cache(size_t bytes, size_t most_blocks)
      : block_bytes(std::bit_ceil(std::max<size_t>(bytes, 16))),
        block_shift(std::countr_zero(block_bytes)),
        set_bits(std::bit_width(std::max<size_t>(most_blocks / kWays, 1)) - 1),
        ways(std::clamp<size_t>(most_blocks, 1, kWays)),
        blocks(ways << set_bits) {}

  std::span<Block> SetOf(uint64_t address) {
    const uint64_t hash = (address >> block_shift) * 0x9e3779b97f4a7c15u;
    const size_t set = set_bits == 0 ? 0 : static_cast<size_t>(hash >> (64 - set_bits));
    return std::span(blocks).subspan(set * ways, ways);
  }

  // The block that holds `at`, an address of `part`.
  Result<const Block*> Get(const Image& image, const Segment& part, uint64_t at) {
    const uint64_t begin = std::max(at & ~uint64_t{block_bytes - 1}, part.address);
    if (last != nullptr && last->begin == begin && last->end > at) return last;
    Block* oldest = nullptr;
    for (Block& block : SetOf(at)) {
      if (block.begin == begin && block.end > at) {
        block.used = ++clock;
        last = &block;
        return last;
      }
      if (oldest == nullptr || block.used < oldest->used) oldest = &block;
    }
    const uint64_t end = std::min((at | (block_bytes - 1)) + 1, part.address + part.memory_size);
    Block& block = *oldest;
    last = &block;
    if (!block.bytes) block.bytes = std::make_unique_for_overwrite<std::byte[]>(block_bytes);
    // Empty until it was read: an error leaves nothing half read behind.
    block.begin = block.end = block.used = 0;
    GOOFFSETS_CHECK_OK(image.Read(begin, std::span(block.bytes.get(), static_cast<size_t>(end - begin))));
    block.begin = begin;
    block.end = end;
    block.used = ++clock;
    return last;
  }
};

BlockReader::BlockReader(const Image* image, size_t block_bytes, size_t most_blocks)
    : image_(image), cache_(std::make_unique<Cache>(block_bytes, most_blocks)) {}
BlockReader::~BlockReader() = default;
BlockReader::BlockReader(BlockReader&&) noexcept = default;
BlockReader& BlockReader::operator=(BlockReader&&) noexcept = default;

Result<std::span<const std::byte>> BlockReader::View(uint64_t address, size_t size) {
  Cache& cache = *cache_;
  const Segment* segment = cache.segment;
  if (segment == nullptr || !segment->Holds(address, size)) segment = image_->SegmentAt(address);
  if (segment == nullptr || !segment->Holds(address, size)) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{}: {} bytes at {:#x} are not within one segment", image_->name(), size, address));
  }
  cache.segment = segment;
  if (size == 0) return std::span<const std::byte>();
  if (size > kMostAtOnce) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: {} bytes at {:#x} are more than anything of a program is",
                                                  image_->name(), size, address));
  }
  GOOFFSETS_TRY(const Cache::Block* block, cache.Get(*image_, *segment, address));
  if (size <= block->end - address) {
    return std::span<const std::byte>(block->bytes.get() + (address - block->begin), size);
  }
  cache.joined.resize(size);
  for (size_t done = 0; done < size;) {
    GOOFFSETS_TRY(const Cache::Block* part, cache.Get(*image_, *segment, address + done));
    const uint64_t at = address + done;
    const size_t count = static_cast<size_t>(std::min<uint64_t>(part->end - at, size - done));
    std::memcpy(cache.joined.data() + done, part->bytes.get() + (at - part->begin), count);
    done += count;
  }
  return std::span<const std::byte>(cache.joined);
}

Result<std::span<const std::byte>> BlockReader::ViewUpTo(uint64_t address, size_t size) {
  const Segment* segment = image_->SegmentAt(address);
  if (segment == nullptr) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: {:#x} is in no segment", image_->name(), address));
  }
  const uint64_t left = segment->memory_size - (address - segment->address);
  return View(address, static_cast<size_t>(std::min<uint64_t>({size, left, kMostAtOnce})));
}

Result<uint64_t> BlockReader::U64(uint64_t address) {
  GOOFFSETS_TRY(const std::span<const std::byte> bytes, View(address, sizeof(uint64_t)));
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Result<uint32_t> BlockReader::U32(uint64_t address) {
  GOOFFSETS_TRY(const std::span<const std::byte> bytes, View(address, sizeof(uint32_t)));
  uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Result<uint8_t> BlockReader::U8(uint64_t address) {
  GOOFFSETS_TRY(const std::span<const std::byte> bytes, View(address, 1));
  return std::to_integer<uint8_t>(bytes.front());
}

}  // namespace gooffsets
