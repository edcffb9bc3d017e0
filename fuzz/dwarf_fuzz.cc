// Any bytes as a program with DWARF: reading it gives contents in order, or an error; with wants, a part of the same.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "dwarf/read_dwarf.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int file = memfd_create("program", MFD_CLOEXEC);
  if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) __builtin_trap();
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const auto contents = gooffsets::ReadDwarf(path);
  const bool fine = contents.has_value();
  if (fine) {
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    FUZZ_REQUIRE(std::is_sorted(contents->structs.begin(), contents->structs.end(), by_name));
    FUZZ_REQUIRE(std::is_sorted(contents->functions.begin(), contents->functions.end(), by_name));
    gooffsets::DwarfWants wants;
    wants.function = [](std::string_view) { return false; };
    wants.structure = [](std::string_view name) { return name == "main.outer"; };
    const auto part = gooffsets::ReadDwarf(path, wants);
    FUZZ_REQUIRE(part && part->functions.empty() && part->structs.size() <= 1);
  }
  close(file);
  return 0;
}
