// A pclntab of any bytes, in a program of one segment: whatever it says, every question ends, and what is answered lies
// where it may.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binary/build_info.h"
#include "binary/image.h"
#include "binary/instructions.h"
#include "binary/pclntab.h"
#include "binary/probe_points.h"
#include "require.h"

namespace {

// The first byte of the input says which machine; the rest lies behind an ELF header, which FuzzImage writes.
constexpr uint64_t kFuzzBase = 0x400000;
constexpr size_t kFuzzHeaders = 128;

std::string FuzzImage(const uint8_t* data, size_t size) {
  std::string file(kFuzzHeaders, '\0');
  auto put = [&file](size_t at, uint64_t value, size_t bytes) { std::memcpy(file.data() + at, &value, bytes); };
  std::memcpy(file.data(), "\x7f" "ELF\x02\x01\x01", 7);
  put(16, 2, 2);                              // ET_EXEC
  put(18, (data[0] & 1) != 0 ? 183 : 62, 2);  // EM_AARCH64, EM_X86_64
  put(20, 1, 4);
  put(24, kFuzzBase + kFuzzHeaders, 8);  // e_entry
  put(32, 64, 8);                        // e_phoff
  put(52, 64, 2);
  put(54, 56, 2);
  put(56, 1, 2);
  put(64, 1, 4);  // PT_LOAD
  put(68, 5, 4);  // readable, executable
  put(64 + 16, kFuzzBase, 8);
  put(64 + 24, kFuzzBase, 8);
  put(64 + 32, kFuzzHeaders + size - 1, 8);
  put(64 + 40, kFuzzHeaders + size - 1, 8);
  put(64 + 48, 0x1000, 8);
  file.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  return file;
}

void AskFunction(const gooffsets::Image& image, gooffsets::Pclntab* table, const gooffsets::FunctionEntry& function) {
  FUZZ_REQUIRE(function.end >= function.entry);
  if (auto deltas = table->SpDelta(function)) {
    uint64_t at = function.entry;
    for (const auto& range : *deltas) {
      FUZZ_REQUIRE(range.begin == at && range.end >= range.begin);
      at = range.end;
    }
  }
  (void)table->Inlined(function);
  (void)table->ArgInfo(function);
  auto points = gooffsets::FindProbePoints(image, table, function);
  if (!points) return;
  FUZZ_REQUIRE(points->entry.address >= function.entry && points->entry.address < function.end);
  uint64_t last = 0;
  for (const auto& point : points->returns) {
    FUZZ_REQUIRE(point.address >= function.entry && point.address < function.end && point.address >= last);
    last = point.address;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  auto image = gooffsets::Image::Open(gooffsets::MemorySource("fuzz", FuzzImage(data, size)));
  if (!image) return 0;
  auto table = gooffsets::Pclntab::Find(*image);
  if (!table) return 0;
  FUZZ_REQUIRE(table->address() >= kFuzzBase + kFuzzHeaders);
  table->SetText({.text = kFuzzBase, .etext = kFuzzBase + size, .gofunc = kFuzzBase, .sections = {}});
  std::vector<std::string> names = {"main.main", "a", "example.com/x.v1.F"};
  size_t seen = 0;
  (void)table->ForEachFunction([&](const gooffsets::FunctionEntry& function) {
    if (seen < 8) {
      AskFunction(*image, &*table, function);
      names.push_back(function.name);
      auto at = table->FunctionAt(function.entry);
      if (at && *at) FUZZ_REQUIRE((*at)->entry <= function.entry && (*at)->end > function.entry);
    }
    return ++seen < 4096;
  });
  if (auto answers = table->FindFunctions(names)) {
    FUZZ_REQUIRE(answers->size() == names.size());
    for (const auto& answer : *answers) {
      for (const auto& body : answer.bodies) FUZZ_REQUIRE(body.name == answer.name);
    }
  }
  (void)table->CountInlined(names);
  if (auto packages = table->FunctionsOf([](const std::string&) { return true; })) {
    for (const auto& [package, functions] : *packages) {
      FUZZ_REQUIRE(!package.empty());
      for (const auto& function : functions) FUZZ_REQUIRE(!function.empty());
    }
  }
  if (auto raw = gooffsets::ReadBuildVariables(*image, &*table)) FUZZ_REQUIRE(!raw->go_version.empty());
  const auto code = std::as_bytes(std::span(data, size)).first(std::min<size_t>(size, 4096));
  FUZZ_REQUIRE(gooffsets::ReferencesAmd64(code, kFuzzBase).size() <= size);
  (void)gooffsets::ReferencesArm64(code, kFuzzBase);
  return 0;
}
