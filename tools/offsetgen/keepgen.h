// The Go helper (tools/offsetgen/keepgen, embedded): writes keep-files and says what go/types knows.
//
// It is built once with the newest Go into cache/helper and reads the sources of any release. Its facts are plain
// structs here; nothing else of it leaks. Thread-safe.
#ifndef OFFSETGEN_KEEPGEN_H_
#define OFFSETGEN_KEEPGEN_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "closure.h"
#include "go_command.h"
#include "store/record.h"

namespace offsetgen {

struct PrepareSpec {
  std::string toolchain_root, go;
  gooffsets::GoArch goarch = gooffsets::GoArch::kAmd64;
  std::vector<std::string> tags, tool_tags, release_tags;
  bool std = false;
  std::vector<ClosureModule> modules;
  std::string root_module;
  std::vector<std::string> roots, excludes;
  std::string out;                       // directory for keep-files, overlay.json, facts.jsonl
  std::vector<int> minors;               // Go minors to compute the file selection for
  std::vector<std::string> unbuildable;  // full symbols left out of the keep-files
};

struct FieldFacts {
  std::string name;
  uint64_t offset = 0, size = 0;
};
struct StructFacts {
  uint64_t size = 0;
  uint32_t align = 1;
  std::vector<FieldFacts> fields;
};
struct FunctionFacts {
  // Without pieces: these come from the ABI rules.
  std::vector<gooffsets::Parameter> params, results;
};
struct KeptPackage {
  gooffsets::ModuleVersion owner;
  std::string path, selection;
  std::vector<std::string> files;
  std::vector<gooffsets::PackageRecord::SelectionRange> ranges;
  std::map<std::string, std::string> symbols;  // name -> "struct", "func", "generic", "alias", "bodiless", ...
  std::vector<std::string> wrappers, held, std_by_value, errors;
  std::map<std::string, std::string> links;  // //go:linkname: declared name -> full symbol in the binary
  std::map<std::string, StructFacts> structs;
  std::map<std::string, FunctionFacts> functions;
};

// Builds the helper if its sources or the newest Go changed; returns its path.
gooffsets::Result<std::string> BuildKeepgen(GoCommand& go, const Toolchain& newest);

// Fills release_tags and tool_tags as this toolchain's own go/build context has them.
gooffsets::Result<void> FillContextTags(GoCommand& go, const Toolchain& toolchain, const std::string& goexperiment,
                                        PrepareSpec* spec);

// The packages of the root module that would be measured.
gooffsets::Result<std::vector<std::string>> ListRoots(GoCommand& go, const std::string& keepgen, const Toolchain& newest,
                                                      const PrepareSpec& spec);

gooffsets::Result<ProcessOutput> Prepare(GoCommand& go, const std::string& keepgen, const PrepareSpec& spec);

// Reads facts.jsonl line by line; each package is handed over and dropped.
struct FactsSink {
  std::function<void(gooffsets::ModulePackages)> module;
  std::function<void(KeptPackage)> package;
  std::function<void(std::string import, std::string from)> missing;
};
gooffsets::Result<void> ReadFacts(const std::string& path, const FactsSink& sink);

}  // namespace offsetgen

#endif  // OFFSETGEN_KEEPGEN_H_
