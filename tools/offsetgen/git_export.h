// Writes the files of one git tree into a new directory, as the go command makes a module of them.
//
// Only plain files: symbolic links and submodules are left out, as they are from every module (src:
// golang.org/x/mod/zip). No filter, hook or attribute of the repository is applied or run. Thread-safe for different
// repositories.
//
//   GOOFFSETS_CHECK_OK(ExportTree(repository.get(), tree.get(), "/cache/work/17-0-source"));
#ifndef OFFSETGEN_GIT_EXPORT_H_
#define OFFSETGEN_GIT_EXPORT_H_

#include <git2.h>

#include <cstdint>
#include <string>

#include "gooffsets/result.h"

namespace offsetgen {

struct ExportLimits {
  size_t files = 200'000;
  uint64_t bytes = uint64_t{2} << 30;
  int depth = 100;
};

// `directory` exists and is empty. kBadInput: a name that would leave it, or more than the limits.
gooffsets::Result<void> ExportTree(git_repository* repository, const git_tree* tree, const std::string& directory,
                                   const ExportLimits& limits = {});

}  // namespace offsetgen

#endif  // OFFSETGEN_GIT_EXPORT_H_
