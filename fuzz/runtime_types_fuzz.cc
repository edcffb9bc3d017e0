// Type descriptors of any bytes: every question ends, and what is answered lies where it may.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "binary/image.h"
#include "binary/moduledata.h"
#include "binary/runtime_types.h"
#include "require.h"

namespace {

constexpr uint64_t kTypesBase = 0x400000;
constexpr size_t kTypesHeaders = 128;
constexpr uint64_t kTypes = kTypesBase + kTypesHeaders;

// An ELF file of one segment, whose content is the input but for the first eight bytes.
std::string TypesImage(const uint8_t* data, size_t size) {
  std::string file(kTypesHeaders, '\0');
  const auto put = [&file](size_t at, uint64_t value, size_t bytes) { std::memcpy(file.data() + at, &value, bytes); };
  std::memcpy(file.data(), "\x7f" "ELF\x02\x01\x01", 7);
  put(16, 2, 2);   // ET_EXEC
  put(18, 62, 2);  // EM_X86_64
  put(20, 1, 4);
  put(32, 64, 8);  // e_phoff
  put(52, 64, 2);
  put(54, 56, 2);
  put(56, 1, 2);
  put(64, 1, 4);  // PT_LOAD
  put(68, 4, 4);  // readable
  put(64 + 16, kTypesBase, 8);
  put(64 + 24, kTypesBase, 8);
  put(64 + 32, kTypesHeaders + size, 8);
  put(64 + 40, kTypesHeaders + size, 8);
  put(64 + 48, 0x1000, 8);
  file.append(reinterpret_cast<const char*>(data), size);
  return file;
}

void RequireWithin(const gooffsets::StructLayout& layout) {
  for (const gooffsets::Field& field : layout.fields) {
    FUZZ_REQUIRE(field.offset <= layout.size && field.size <= layout.size - field.offset);
    FUZZ_REQUIRE(!field.type.empty() && field.type.size() < (size_t{1} << 18));
  }
}

}  // namespace

// Input: how many type links (u16), how many itab links (u16), descriptors end (u32, from Go 1.27 on; else 0); then the
// types, which the links follow at the very end.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHead = 8;
  if (size < kHead + 64) return 0;
  uint16_t typelinks = 0, itablinks = 0;
  uint32_t contiguous = 0;
  std::memcpy(&typelinks, data, 2);
  std::memcpy(&itablinks, data + 2, 2);
  std::memcpy(&contiguous, data + 4, 4);
  const size_t body = size - kHead;
  auto image = gooffsets::Image::Open(gooffsets::MemorySource("fuzz", TypesImage(data + kHead, body)));
  if (!image) return 0;
  gooffsets::Moduledata module;
  module.types = kTypes;
  module.etypes = kTypes + body;
  const uint64_t links = uint64_t{typelinks} * 4 + uint64_t{itablinks} * 8;
  if (contiguous != 0 && contiguous < body) {
    module.typedesc_len = contiguous;
    module.itab_offset = contiguous;
    module.itab_size = body - contiguous;
  } else if (links < body) {
    module.itablinks = {kTypes + body - uint64_t{itablinks} * 8, itablinks};
    module.typelinks = {kTypes + body - links, typelinks};
  }
  auto types = gooffsets::RuntimeTypes::Open(*image, module);
  if (!types) return 0;
  std::vector<std::string> names = {"main.T", "int", "net/http.Request", "main.P[int]", "main.T·1"};
  uint64_t last = 0;
  (void)types->ForEachStruct([&](const gooffsets::RuntimeType& type) {
    FUZZ_REQUIRE(type.address > last && type.address >= kTypes && type.address < kTypes + body);
    last = type.address;
    RequireWithin(type.structure);
    if (names.size() < 16) names.push_back(type.name);
    return true;
  });
  if (auto found = types->FindTypes(names)) {
    FUZZ_REQUIRE(found->types.size() == names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      if (found->types[i]) FUZZ_REQUIRE(found->types[i]->name == names[i]);
    }
  }
  for (const std::string& name : names) (void)types->MethodOf("*" + name, "String");
  std::vector<gooffsets::RuntimeTypes::ItabWant> wants = {{"*main.T", "error"}};
  (void)types->ForEachItab([&](const gooffsets::Itab& itab) {
    FUZZ_REQUIRE(itab.address >= kTypesBase && itab.address < kTypes + body);
    if (wants.size() < 8) wants.push_back({itab.type, itab.interface});
    return true;
  });
  if (auto found = types->FindItabs(wants)) FUZZ_REQUIRE(found->size() == wants.size());
  return 0;
}
