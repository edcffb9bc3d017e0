// A package line of a shard from any text: never a crash, and what it decodes to survives being encoded and decoded again.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "require.h"
#include "store/record_json.h"
#include "store/shard_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const nlohmann::json line = nlohmann::json::parse(data, data + size, nullptr, false);
  if (!line.is_object()) return 0;
  gooffsets::ShardDecoder decoder;
  auto symbols = decoder.Decode("p/q", line);
  if (!symbols) return 0;
  for (const auto& [symbol, entry] : *symbols) {
    // An import refuses what breaks a rule before anything else sees it.
    const auto* layout = std::get_if<gooffsets::Layout>(&entry.value);
    if (!gooffsets::CheckSymbolName(symbol) || (layout != nullptr && !gooffsets::CheckLayout(symbol, *layout))) return 0;
  }
  const std::string written = "{" + gooffsets::ShardEncoder().Encode("p/q", *symbols) + "}";
  auto again = gooffsets::ShardDecoder().Decode("p/q", nlohmann::json::parse(written, nullptr, false));
  FUZZ_REQUIRE(again && again->size() == symbols->size());
  for (const auto& [symbol, entry] : *symbols) FUZZ_REQUIRE((*again)[symbol].value == entry.value);
  return 0;
}
