// BlockReader of image.h.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "binary/image.h"

namespace gooffsets {

// A block is the part that lies in one segment of an aligned range of addresses; where two segments share such a range
// (they need not begin on a block's border) each has its own block, so the segment belongs to the key.
struct BlockReader::Cache {
  struct Block {
    uint64_t begin = 0, end = 0;  // addresses
    uint64_t used = 0;            // clock of the last use
    std::unique_ptr<std::byte[]> bytes;
  };
  size_t block_bytes, most_blocks;
  uint64_t clock = 0;
  std::vector<Block> blocks;
  std::unordered_map<uint64_t, size_t> index;  // by begin
  size_t last = 0;                             // the block of the last read
  const Segment* segment = nullptr;            // of the last read
  std::vector<std::byte> joined;               // what crosses blocks

  // The block that holds `at`, an address of `part`.
  Result<const Block*> Get(const Image& image, const Segment& part, uint64_t at) {
    const uint64_t begin = std::max(at & ~uint64_t{block_bytes - 1}, part.address);
    if (last < blocks.size() && blocks[last].begin == begin && blocks[last].end > at) return &blocks[last];
    if (const auto found = index.find(begin); found != index.end()) {
      last = found->second;
      blocks[last].used = ++clock;
      return &blocks[last];
    }
    const uint64_t end = std::min((at | (block_bytes - 1)) + 1, part.address + part.memory_size);
    if (blocks.size() < most_blocks) {
      last = blocks.size();
      blocks.push_back({0, 0, 0, std::make_unique<std::byte[]>(block_bytes)});
    } else {
      last = static_cast<size_t>(std::min_element(blocks.begin(), blocks.end(),
                                                  [](const Block& a, const Block& b) { return a.used < b.used; }) -
                                 blocks.begin());
      index.erase(blocks[last].begin);
    }
    Block& block = blocks[last];
    // Empty until it was read: an error leaves nothing half read behind.
    block.begin = block.end = block.used = 0;
    GOOFFSETS_CHECK_OK(image.Read(begin, std::span(block.bytes.get(), static_cast<size_t>(end - begin))));
    block.begin = begin;
    block.end = end;
    block.used = ++clock;
    index[begin] = last;
    return &block;
  }
};

BlockReader::BlockReader(const Image* image, size_t block_bytes, size_t most_blocks)
    : image_(image), cache_(std::make_unique<Cache>()) {
  cache_->block_bytes = std::bit_ceil(std::max<size_t>(block_bytes, 16));
  cache_->most_blocks = std::max<size_t>(most_blocks, 1);
  cache_->blocks.reserve(cache_->most_blocks);
}
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
