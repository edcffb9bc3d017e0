// Packed columns and short texts of a database from any bytes: never a crash; what can be read is written the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "require.h"
#include "store/catalog.h"
#include "store/layout_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto entries = gooffsets::UnpackEntries(bytes)) {
    for (const auto& entry : *entries) FUZZ_REQUIRE(entry.layout >= 0);
  }
  (void)gooffsets::ParseSelections(bytes);
  if (auto words = gooffsets::ParseWords(bytes)) FUZZ_REQUIRE(gooffsets::ParseWords(gooffsets::WordsText(*words)) == *words);
  if (auto pieces = gooffsets::ParsePieces(bytes)) {
    FUZZ_REQUIRE(gooffsets::ParsePieces(gooffsets::PiecesText(*pieces)) == *pieces);
  }
  return 0;
}
