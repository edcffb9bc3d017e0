// Any bytes as a program: what is read stays within the segments, is the same by every way of reading, and recognising
// it fails with nothing but an error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "binary/recognise.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto image = gooffsets::Image::Open(
      gooffsets::MemorySource("program", std::string(reinterpret_cast<const char*>(data), size)));
  if (!image) return 0;
  FUZZ_REQUIRE(!image->segments().empty());
  gooffsets::BlockReader reader(&*image, 256, 3);
  uint64_t before = 0;
  size_t looked_at = 0;
  for (const gooffsets::Segment& segment : image->segments()) {
    FUZZ_REQUIRE(segment.address >= before && segment.memory_size > 0);
    FUZZ_REQUIRE(segment.file_size <= segment.memory_size);
    FUZZ_REQUIRE(segment.file_offset <= size && segment.file_size <= size - segment.file_offset);
    before = segment.address + segment.memory_size;
    FUZZ_REQUIRE(before > segment.address);
    FUZZ_REQUIRE(!image->U64(before - 7));
    if (++looked_at > 4) continue;
    std::vector<std::byte> whole(static_cast<size_t>(std::min<uint64_t>(segment.memory_size, 2000)));
    if (!image->Read(segment.address, whole)) continue;
    for (size_t at = 0, step = 1; at < whole.size(); at += step, step = step * 5 % 613) {
      const size_t count = std::min(step, whole.size() - at);
      auto view = reader.View(segment.address + at, count);
      FUZZ_REQUIRE(view && view->size() == count);
      FUZZ_REQUIRE(std::equal(view->begin(), view->end(), whole.begin() + static_cast<ptrdiff_t>(at)));
    }
    const auto offset = image->FileOffset(segment.address);
    FUZZ_REQUIRE(offset.has_value() == (segment.file_size > 0));
  }
  for (const gooffsets::Section& section : image->sections()) {
    if (section.type != 8 /* SHT_NOBITS */ && section.type != 0) {
      FUZZ_REQUIRE(section.offset <= size && section.size <= size - section.offset);
    }
  }
  auto info = gooffsets::Recognise(*image);
  if (info) {
    FUZZ_REQUIRE(!gooffsets::BinaryInfoJson(*info).empty());
    FUZZ_REQUIRE(info->build_info.found != info->go_text.empty());
  }
  return 0;
}
