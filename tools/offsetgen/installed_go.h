// Go releases that are installed on this machine: what stands in for a proxy that does not carry one.
//
// Looked for where Go's own tools and distributions put them: ~/sdk/go1.19.8 (golang.org/dl), /usr/lib/go-1.19 (Debian),
// /usr/local/go, and the tree of the go command on PATH. A tree counts if its VERSION file says exactly that release.
//
//   if (std::optional<std::string> root = FindInstalledGo("1.19.8")) CopyGoTree(*root, "/cache/toolchains/go1.19.8");
#ifndef OFFSETGEN_INSTALLED_GO_H_
#define OFFSETGEN_INSTALLED_GO_H_

#include <optional>
#include <string>

#include "gooffsets/result.h"

namespace offsetgen {

// The GOROOT of that release for linux/amd64; nullopt: none is installed.
std::optional<std::string> FindInstalledGo(const std::string& release);

// What builds need of a GOROOT, with what its links point at (Debian's sources are links into /usr/share). `to` must not
// exist. kNoSpace, kPermission, kIo; what was copied until then stays.
gooffsets::Result<void> CopyGoTree(const std::string& from, const std::string& to);

}  // namespace offsetgen

#endif  // OFFSETGEN_INSTALLED_GO_H_
