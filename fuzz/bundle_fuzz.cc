// Bundles from any bytes: every entry lies inside the file, and each byte of it can be read.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "feed/bundle.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int fd = memfd_create("bundle", 0);
  FUZZ_REQUIRE(fd >= 0 && write(fd, data, size) == static_cast<ssize_t>(size));
  auto bundle = gooffsets::BundleReader::Open("/proc/self/fd/" + std::to_string(fd));
  close(fd);
  if (!bundle) return 0;
  for (const auto& [name, entry] : bundle->entries()) {
    FUZZ_REQUIRE(entry.offset <= size && entry.size <= size - entry.offset);
    std::string bytes(static_cast<size_t>(entry.size), '\0');
    FUZZ_REQUIRE(bundle->Read(entry, 0, bytes.data(), bytes.size()));
    FUZZ_REQUIRE(!bundle->Read(entry, entry.size, bytes.data(), 1));
  }
  return 0;
}
