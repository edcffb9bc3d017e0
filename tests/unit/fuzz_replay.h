// Replays a fuzz target's checked-in corpus: every input must end as it does under the fuzzer, without a finding.
//
//   #define LLVMFuzzerTestOneInput FuzzZstd
//   #include "../../../fuzz/zstd_fuzz.cc"
//   #undef LLVMFuzzerTestOneInput
//   TEST(FuzzReplay, Zstd) { EXPECT_GE(Replay("zstd", FuzzZstd), 4U); }
#ifndef GOOFFSETS_TESTS_UNIT_FUZZ_REPLAY_H_
#define GOOFFSETS_TESTS_UNIT_FUZZ_REPLAY_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace gooffsets::testing {

inline std::string Seed(const std::string& target, const std::string& name) {
  std::ifstream file(std::string(GOOFFSETS_SOURCE_DIR) + "/fuzz/corpus/" + target + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// How many inputs there were.
inline size_t Replay(const std::string& target, int (*run)(const uint8_t*, size_t)) {
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(GOOFFSETS_SOURCE_DIR) + "/fuzz/corpus/" + target)) {
    const std::string bytes = Seed(target, entry.path().filename().string());
    SCOPED_TRACE(entry.path().string());
    EXPECT_EQ(run(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0);
    ++count;
  }
  return count;
}

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_FUZZ_REPLAY_H_
