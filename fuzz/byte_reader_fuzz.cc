// The checked reader, driven by the bytes it reads: no sequence of calls leaves the buffer.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/byte_reader.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gooffsets::CheckedReader reader(std::string_view(reinterpret_cast<const char*>(data), size));
  for (int step = 0; step < 1000; ++step) {
    const size_t before = reader.position();
    auto operation = reader.U8();
    if (!operation) break;
    uint64_t number = 0;
    switch (*operation % 10) {
      case 0:
        number = reader.U16().value_or(0);
        break;
      case 1:
        number = reader.U32().value_or(0);
        break;
      case 2:
        number = reader.U64().value_or(0);
        break;
      case 3:
        number = reader.Uvarint().value_or(0);
        break;
      case 4:
        (void)reader.Skip(reader.U64().value_or(1));
        break;
      case 5:
        (void)reader.Seek(reader.Uvarint().value_or(UINT64_MAX));
        break;
      case 6:
        if (auto text = reader.CString()) number = text->size();
        break;
      case 7:
        if (auto part = reader.Take(reader.Uvarint().value_or(UINT64_MAX))) number = part->size();
        break;
      case 8: {
        const uint64_t offset = reader.U64().value_or(0), count = reader.Uvarint().value_or(0);
        if (auto part = reader.Subspan(offset, count)) {
          FUZZ_REQUIRE(part->size() == count && offset + count <= size);
          if (count > 0) number = std::to_integer<uint64_t>(part->back());
        }
        break;
      }
      default:
        if (auto text = reader.TakeText(reader.U8().value_or(0)); text && !text->empty()) {
          number = static_cast<unsigned char>(text->back());
        }
    }
    asm volatile("" : : "r"(number));  // what was read counts as used
    FUZZ_REQUIRE(reader.position() <= size && reader.position() + reader.remaining() == size);
    if (reader.position() < before && step > 100) break;
  }
  return 0;
}
