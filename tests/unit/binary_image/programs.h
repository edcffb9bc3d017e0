// The programs of tests/fixtures/image, built with the go command on PATH or another release, and what Go's own readers
// say of them.
#ifndef GOOFFSETS_TESTS_UNIT_BINARY_IMAGE_PROGRAMS_H_
#define GOOFFSETS_TESTS_UNIT_BINARY_IMAGE_PROGRAMS_H_

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "../dwarf/go_fixture.h"
#include "binary/image.h"

namespace gooffsets::testing {

struct Variant {
  std::string name, goarch;
  std::vector<std::string> flags;  // of go build
  std::string release;             // empty: the go command on PATH
};

inline void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

// Builds fixture program `source` into `output`; the empty text, or what went wrong.
std::string BuildProgram(const std::string& source, const Variant& variant, const std::string& output);

// Asks the fixture `truth`, built into `dir` at the first call.
class Truth {
 public:
  explicit Truth(const TempDir& dir) : dir_(dir) {}
  nlohmann::json Ask(const std::vector<std::string>& arguments);

 private:
  const TempDir& dir_;
  bool built_ = false;
};

std::string ReadAll(const std::string& path);
void WriteAll(const std::string& path, const std::string& bytes);
// Overwrites a little-endian number of `size` bytes.
void Put(std::string* bytes, size_t at, uint64_t value, size_t size);
Result<Image> OpenBytes(std::string bytes);

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_BINARY_IMAGE_PROGRAMS_H_
