// What the store knows, in the form the plan takes: finished builds with their selections, and sizes of std types.
#ifndef OFFSETGEN_STORE_FACTS_H_
#define OFFSETGEN_STORE_FACTS_H_

#include <string>
#include <vector>

#include "plan.h"
#include "store/store.h"

namespace offsetgen {

// Local notes of a build (Store::SetLocal) that the plan needs.
inline constexpr const char* kInputsNote = "inputs";
inline constexpr const char* kMaxGoNote = "max_go";
inline constexpr const char* kToolchainMissingNote = "toolchain_missing";

gooffsets::Result<std::vector<StoredBuild>> StoredBuilds(gooffsets::Store* store, const std::string& module);

// Adds sizes of every std type that `builds` hold by value, for every Go release whose std is stored.
gooffsets::Result<void> AddStdSizes(gooffsets::Store* store, const std::vector<StoredBuild>& builds, StdSizes* sizes);

}  // namespace offsetgen

#endif  // OFFSETGEN_STORE_FACTS_H_
