// What a Go binary says of how it was built, and what `--for-binary` therefore adds to the database.
//
// The build info is read by the user's own `go version -m FILE` (any go >= 1.19 reads binaries of every release).
// Nothing of the binary is run. What it says is a claim of a hostile file: every path and version is checked before it
// becomes a module to download. ModulesForBinary is pure; ReadBinaryFacts is thread-safe.
//
//   GOOFFSETS_TRY(BinaryFacts facts, ReadBinaryFacts(*go, "./server"));
//   GOOFFSETS_TRY(BinaryPlan plan, ModulesForBinary(facts, targets));
//   for (const PlannedModule& module : plan.modules) Add(module);      // std first
//   request.pinned = plan.pinned;                                      // closures as in this binary (closure.h)
//   for (const LeftOut& left : plan.left_out) Say(left.module, left.why);
#ifndef OFFSETGEN_BINARY_FACTS_H_
#define OFFSETGEN_BINARY_FACTS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "closure.h"
#include "go/go_version_string.h"
#include "go_command.h"
#include "plan.h"
#include "targets.h"

namespace offsetgen {

// One line of the module list, as the binary spells it ("v1.60.1", "(devel)", "./local").
struct BinaryModule {
  struct Replacement {
    std::string path, version;  // a local directory has no version
    bool operator==(const Replacement&) const = default;
  };
  std::string path, version;
  bool has_sum = false;  // it came out of a module cache, so others can download it too
  std::optional<Replacement> replacement;

  bool operator==(const BinaryModule&) const = default;
};

struct BinaryFacts {
  std::string file;
  std::string go_text;  // as in the file: "go1.22.5 X:nocoverageredesign"
  gooffsets::GoVersionString go;
  std::string goos;  // "linux"
  gooffsets::GoArch goarch = gooffsets::GoArch::kAmd64;
  std::vector<std::string> tags;     // sorted
  std::string goexperiment;          // "" = the release's defaults; sorted, with commas: "arenas,fieldtrack"
  std::optional<bool> cgo_enabled;   // nullopt: not said (before Go 1.18, and some build systems)
  std::string main_package;          // "example.com/app/cmd/server"; may be empty
  std::optional<BinaryModule> main;  // absent: no module list (Debian's packages, many Bazel builds, GOPATH builds)
  std::vector<BinaryModule> dependencies;
};

// kNotFound: no such file; kBadInput: no Go program, or one without build info; kUnsupported: another operating system
// or architecture than linux/amd64 and linux/arm64.
gooffsets::Result<BinaryFacts> ReadBinaryFacts(GoCommand& go, const std::string& path);

// The pure part: what `go version -m` printed behind "FILE: ". `elf_arch` is what the file's ELF header says; build
// info before Go 1.18 has no settings.
gooffsets::Result<BinaryFacts> ParseBuildInfo(std::string_view text, const std::string& file,
                                              gooffsets::GoArch elf_arch);

// What of a binary is not added, and why.
struct LeftOut {
  std::string module, version, why;
  bool operator==(const LeftOut&) const = default;
};

struct BinaryPlan {
  std::vector<PlannedModule> modules;  // std, then tracked modules, then the others; each with exactly one version
  std::vector<PinnedModule> pinned;    // every dependency that can be downloaded, sorted: ModuleRequest::pinned
  std::vector<LeftOut> left_out;
  std::vector<std::string> notes;  // what makes the binary differ from what is measured: cgo, a vendor's Go
};

// kUnsupported: its Go release is no published one, or older than kOldestGo. Tracked modules only decide the order.
gooffsets::Result<BinaryPlan> ModulesForBinary(const BinaryFacts& facts, const Targets& targets);

}  // namespace offsetgen

#endif  // OFFSETGEN_BINARY_FACTS_H_
