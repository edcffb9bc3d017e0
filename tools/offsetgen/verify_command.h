// `offsetgen verify`: rebuilds a sample of stored builds and compares every stored number with what LLVM's DWARF reader,
// run as the separate program offsetgen-verify, finds in the new binary.
#ifndef OFFSETGEN_VERIFY_COMMAND_H_
#define OFFSETGEN_VERIFY_COMMAND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "progress.h"
#include "run.h"

namespace offsetgen {

struct VerifyOptions {
  size_t sample = 20;                // builds chosen at random
  uint64_t seed = 1;                 // of the choice: the same seed chooses the same builds
  std::vector<std::string> builds;   // ids: exactly these instead
  std::vector<std::string> modules;  // only builds of these
  std::string verifier;              // path of offsetgen-verify; empty: beside this program
  std::string report;                // JSON lines, one a build; empty: none
};

struct VerifyTotals {
  size_t builds = 0, failed = 0;  // failed: could not be rebuilt or read
  uint64_t structs = 0, functions = 0, numbers = 0, locations = 0;  // compared
  uint64_t differing = 0, not_compared = 0;
};

gooffsets::Result<VerifyTotals> Verify(const RunOptions& run, const VerifyOptions& options, Progress* progress);

}  // namespace offsetgen

#endif  // OFFSETGEN_VERIFY_COMMAND_H_
