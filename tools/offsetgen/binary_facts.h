// What a Go binary says of how it was built, and what `--for-binary` therefore adds to the database.
//
// The library reads the build info (gooffsets/binary.h). Nothing of the binary is run. What it says is a claim of a
// hostile file: every path, version, tag and experiment is checked before it becomes a module to download or a word of a
// command. ModulesForBinary is pure; both are thread-safe.
//
//   GOOFFSETS_TRY(gooffsets::BinaryInfo info, ReadBinaryInfo("./server"));
//   GOOFFSETS_TRY(BinaryPlan plan, ModulesForBinary(info, targets));
//   for (const PlannedModule& module : plan.modules) Add(module);      // std first
//   request.pinned = plan.pinned;                                      // closures as in this binary (closure.h)
//   for (const LeftOut& left : plan.left_out) Say(left.module, left.why);
#ifndef OFFSETGEN_BINARY_FACTS_H_
#define OFFSETGEN_BINARY_FACTS_H_

#include <string>
#include <vector>

#include "closure.h"
#include "gooffsets/binary.h"
#include "plan.h"
#include "targets.h"

namespace offsetgen {

// kNotFound: no such file; kBadInput: no Go program, or one without build info; kUnsupported: another operating system
// or architecture than linux/amd64 and linux/arm64.
gooffsets::Result<gooffsets::BinaryInfo> ReadBinaryInfo(const std::string& path);

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

// kUnsupported: its Go release is no published one, or older than kOldestGo, or it is for another system; kBadInput: the
// build info says what Go cannot have written. Tracked modules only decide the order.
gooffsets::Result<BinaryPlan> ModulesForBinary(const gooffsets::BinaryInfo& info, const Targets& targets);

}  // namespace offsetgen

#endif  // OFFSETGEN_BINARY_FACTS_H_
