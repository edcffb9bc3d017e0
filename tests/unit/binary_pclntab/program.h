// The fixture program, built one way, with its image, its pclntab and what Go's own readers say of it. Built once a
// process for each way.
//
//   const Program& program = Build({"1.17.13", "amd64", "pie"});
//   if (!program.why_not.empty()) GTEST_SKIP() << program.why_not;
#ifndef GOOFFSETS_TESTS_UNIT_BINARY_PCLNTAB_PROGRAM_H_
#define GOOFFSETS_TESTS_UNIT_BINARY_PCLNTAB_PROGRAM_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binary/image.h"
#include "binary/pclntab.h"

namespace gooffsets::testing {

struct Way {
  std::string go;  // "1.17.13"; empty: the go command on PATH
  std::string goarch;
  std::string kind;  // "plain" or "pie"
  std::string Name() const { return (go.empty() ? "host" : go) + " " + goarch + " " + kind; }
};

inline const Way kHost = {"", "amd64", "plain"};

struct TrueFunction {
  uint64_t entry = 0, end = 0;
  std::string name;  // unescaped
};

struct Program {
  std::string why_not;  // not empty: it could not be built, and why
  Way way;
  std::string path;
  uint64_t text = 0, gofunc = 0;
  std::vector<TrueFunction> functions;  // debug/gosym's
  // Lines "outer\tinlined" of debug/dwarf, unescaped, sorted.
  std::vector<std::string> Inlined() const;
};

const Program& Build(const Way& way);

// The whole file.
std::string Bytes(const std::string& path);

// The pclntab of an image, told where text and function data are.
struct Opened {
  std::unique_ptr<Image> image;
  std::optional<Pclntab> table;
  std::string error;  // of Find
};
Opened Open(std::shared_ptr<const ByteSource> source, const Program& program);
Opened Open(const Program& program);

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_BINARY_PCLNTAB_PROGRAM_H_
