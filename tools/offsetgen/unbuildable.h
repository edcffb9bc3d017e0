// Finds, in what the compiler or linker printed, the symbols whose keeping broke the build.
//
// Two forms: "runtime.foo: relocation target runtime.bar not defined" (the function's body needs something that this
// build does not have), and a compiler message about a line of a keep-file, which ends in the symbol's name.
#ifndef OFFSETGEN_UNBUILDABLE_H_
#define OFFSETGEN_UNBUILDABLE_H_

#include <set>
#include <string>

namespace offsetgen {

// Full symbols: "runtime.foo", "net/http.(*Server).Serve". `work` holds keep/ as the helper wrote it.
std::set<std::string> UnbuildableSymbols(const std::string& output, const std::string& work);

}  // namespace offsetgen

#endif  // OFFSETGEN_UNBUILDABLE_H_
