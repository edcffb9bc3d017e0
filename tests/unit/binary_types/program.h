// The fixture program of tests/fixtures/twins, built one way with symbols and DWARF, and once more stripped: what is
// read out of the second must be what others say of the first. Built once a process for each way.
//
//   const Twins& twins = BuildTwins({"amd64", "pie"});
//   if (!twins.why_not.empty()) GTEST_SKIP() << twins.why_not;
#ifndef GOOFFSETS_TESTS_UNIT_BINARY_TYPES_PROGRAM_H_
#define GOOFFSETS_TESTS_UNIT_BINARY_TYPES_PROGRAM_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "binary/image.h"
#include "binary/moduledata.h"
#include "binary/pclntab.h"
#include "binary/runtime_types.h"

namespace gooffsets::testing {

struct Way {
  std::string goarch;
  std::string kind;  // "plain" or "pie"
  std::string Name() const { return goarch + "_" + kind; }
};

struct Twins {
  std::string why_not;  // not empty: they could not be built, and why
  std::string plain, stripped;  // paths
  // `go tool nm` of the plain one: by name, unescaped.
  std::map<std::string, uint64_t> symbols;
  std::map<uint64_t, std::string> functions;
};
const Twins& BuildTwins(const Way& way);

// An opened program; what could not be opened is in `error`.
struct Opened {
  std::unique_ptr<Image> image;
  std::optional<Pclntab> pclntab;
  std::optional<Moduledata> module;
  std::optional<RuntimeTypes> types;
  std::string error;
};
Opened Open(std::shared_ptr<const ByteSource> source);
Opened Open(const std::string& path);

// Whether the go command on PATH is of Go 1.N or later.
bool GoIsAtLeast(int minor);

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_BINARY_TYPES_PROGRAM_H_
