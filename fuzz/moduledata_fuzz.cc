// A data segment of any bytes beside a small whole pclntab: whatever is taken for moduledata lies where it may.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "binary/image.h"
#include "binary/moduledata.h"
#include "binary/moduledata_layouts.h"
#include "binary/pclntab.h"
#include "require.h"

namespace {

constexpr uint64_t kCode = 0x400000, kText = kCode + 0x100, kTable = kCode + 0x200, kData = 0x500000;
constexpr size_t kCodeSize = 0x300;

void Put(std::string* file, size_t at, uint64_t value, size_t bytes) { std::memcpy(file->data() + at, &value, bytes); }

// The pclntab of Go 1.20 of one function, main.main, 64 bytes at kText.
void PutTable(std::string* file, size_t at) {
  Put(file, at, 0xfffffff1, 4);
  Put(file, at + 6, 1, 1);  // quantum
  Put(file, at + 7, 8, 1);  // pointer size
  const uint64_t words[] = {1, 1, kText, 0x48, 0x58, 0x5c, 0x64, 0x68};
  for (size_t i = 0; i < 8; ++i) Put(file, at + 8 + i * 8, words[i], 8);
  std::memcpy(file->data() + at + 0x48, "main.main", 9);
  std::memcpy(file->data() + at + 0x5c, "a.go", 4);
  Put(file, at + 0x68, 0, 4);         // functab: pc, record
  Put(file, at + 0x68 + 4, 12, 4);
  Put(file, at + 0x68 + 8, 0x40, 4);  // the pc behind the last function
}

std::string ModuleImage(const uint8_t* data, size_t size) {
  std::string file(kCodeSize, '\0');
  std::memcpy(file.data(), "\x7f" "ELF\x02\x01\x01", 7);
  Put(&file, 16, 2, 2);   // ET_EXEC
  Put(&file, 18, 62, 2);  // EM_X86_64
  Put(&file, 20, 1, 4);
  Put(&file, 24, kText, 8);
  Put(&file, 32, 64, 8);  // e_phoff
  Put(&file, 52, 64, 2);
  Put(&file, 54, 56, 2);
  Put(&file, 56, 2, 2);
  const uint64_t segments[2][4] = {{5, 0, kCode, kCodeSize}, {6, kCodeSize, kData, size}};
  for (size_t i = 0; i < 2; ++i) {
    const size_t at = 64 + i * 56;
    Put(&file, at, 1, 4);  // PT_LOAD
    Put(&file, at + 4, segments[i][0], 4);
    Put(&file, at + 8, segments[i][1], 8);
    Put(&file, at + 16, segments[i][2], 8);
    Put(&file, at + 24, segments[i][2], 8);
    Put(&file, at + 32, segments[i][3], 8);
    Put(&file, at + 40, segments[i][3], 8);
    Put(&file, at + 48, 1, 8);
  }
  PutTable(&file, kTable - kCode);
  file.append(reinterpret_cast<const char*>(data), size);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 8) return 0;
  auto image = gooffsets::Image::Open(gooffsets::MemorySource("fuzz", ModuleImage(data, size)));
  FUZZ_REQUIRE(image.has_value());
  auto table = gooffsets::Pclntab::Find(*image);
  FUZZ_REQUIRE(table.has_value());
  auto module = gooffsets::FindModuledata(*image, *table);
  if (!module) return 0;
  FUZZ_REQUIRE(module->text <= module->minpc && module->minpc < module->maxpc && module->maxpc <= module->etext);
  FUZZ_REQUIRE(module->types < module->etypes);
  const gooffsets::Segment* segment = image->SegmentAt(module->types);
  FUZZ_REQUIRE(segment != nullptr && segment->Holds(module->types, module->etypes - module->types));
  FUZZ_REQUIRE(image->SegmentAt(module->address) != nullptr);
  for (const auto& section : module->text_map.sections) FUZZ_REQUIRE(section.offset <= section.end_offset);
  FUZZ_REQUIRE(module->itab_offset + module->itab_size <= module->etypes - module->types);
  return 0;
}
