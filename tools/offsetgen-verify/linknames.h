// The names that //go:linkname directives give functions in the binary, read from the sources of a build's packages.
//
// A function with a body that such a directive names is compiled under the directive's symbol: "runtime.sync_fatal" is
// "sync.fatal" in the binary and in its DWARF (src: cmd/compile/internal/noder, "go:linkname"; from Go 1.27 on
// "go:linknamestd" as well). A record has functions under their declared names, so that only the sources tell where to
// look. They are read here by line, without the help of the tool that made the record. All of a package's files count,
// also those of other architectures: which name a function has is for the binary to say. Thread-safe: no state.
//
//   GOOFFSETS_TRY(LinkNames links, ReadLinkNames(record, {{"std", "/usr/local/go/src"}}));
//   links.find("runtime.sync_fatal")->second;   // {"sync.fatal"}
#ifndef GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_LINKNAMES_H_
#define GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_LINKNAMES_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gooffsets/result.h"
#include "store/record.h"

namespace gooffsets::verify {

// Full declared name -> symbols that it may have in the binary, unescaped.
using LinkNames = std::map<std::string, std::set<std::string>, std::less<>>;

// Where the packages of one module lie: "google.golang.org/grpc/codes" of {"google.golang.org/grpc", DIR} in DIR/codes.
// "std" is the standard library, DIR the src of a GOROOT.
struct SourceDir {
  std::string module, dir;
};
// "MODULE=DIR". kUsage: one of them is missing.
Result<SourceDir> ParseSourceDir(std::string_view text);

// The directives of one file that rename: declared name and symbol, in file order.
std::vector<std::pair<std::string, std::string>> LinkNamesIn(std::string_view source);

// Of the files of the record's packages, but for tests. Packages of modules that `sources` does not name are left out;
// a directory or file that cannot be read is an error.
Result<LinkNames> ReadLinkNames(const BuildRecord& record, const std::vector<SourceDir>& sources);

}  // namespace gooffsets::verify

#endif  // GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_LINKNAMES_H_
