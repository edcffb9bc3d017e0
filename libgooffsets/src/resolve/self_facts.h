// What a program says of itself, as the chain takes it: plain values that the binary's side fills in.
//
// A SelfSource is asked once for all names together (one pass over types, one over functions); for inference it tells
// of whole packages. Unit tests fill SelfFacts from real programs' DWARF or by hand. One thread at a time.
//
//   SelfFacts facts;
//   facts.structs["net/http.Request"] = layout;   facts.how = "runtime types";
#ifndef GOOFFSETS_RESOLVE_SELF_FACTS_H_
#define GOOFFSETS_RESOLVE_SELF_FACTS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/resolve.h"
#include "gooffsets/result.h"
#include "gooffsets/version.h"
#include "resolve/self_arguments.h"

namespace gooffsets {

struct SelfStruct {
  StructLayout layout;
  std::string how;  // "DWARF", "runtime types"
};

struct SelfFunction {
  bool named = false;  // the program's name table has it
  std::vector<FunctionBody> bodies;
  std::optional<uint64_t> inlined_sites;
  std::optional<FunctionLayout> layout;  // from DWARF; with the pieces of the Go ABI
  std::string how;                       // of the layout
  ToldArguments told;                    // without a layout, if it was asked for: what refutes wrong ones
};

struct SelfItab {
  std::optional<ItabView> view;
};

struct SelfFacts {
  std::map<std::string, SelfStruct> structs;      // by full type name
  std::map<std::string, SelfFunction> functions;  // those that were asked
  std::map<std::string, SelfItab> itabs;          // by "type:interface"
  // Why a kind of fact cannot be had at all ("no pclntab: ..."); empty: it can, so that what is not listed is not
  // there.
  std::string no_structs, no_functions, no_itabs;
  std::vector<std::string> notes;
};

// Everything the program tells of some packages, for comparing stored versions with it.
struct PackageFacts {
  std::map<std::string, StructLayout> structs;  // by name in the package: "Request"; types of fields may be left out
  // By name in the package: "ListenAndServe"; also those that were inlined everywhere. Methods and closures may be left
  // out.
  std::set<std::string> functions;
};

struct SelfQuestion {
  std::set<std::string> structs;                        // full names of named types
  std::set<std::string> functions;                      // full names
  std::set<std::pair<std::string, std::string>> itabs;  // concrete type, interface
  bool arguments = false;  // of functions: what is told of their arguments, to check layouts with
  bool packages = false;   // functions of packages will be asked for next, and may be found in the same pass
};

class SelfSource {
 public:
  virtual ~SelfSource() = default;
  // True: it tells nothing whatever is asked, so that nothing need be asked.
  virtual bool IsSilent() const { return false; }
  // Whether its tables are of the form that this Go release writes.
  virtual bool MayBeOf(const Version&) const { return true; }
  virtual Result<SelfFacts> Tell(const SelfQuestion& question) = 0;
  // By import path; packages of which the program has nothing have no entry. Functions cost a pass over all names.
  virtual Result<std::map<std::string, PackageFacts>> TellPackages(const std::set<std::string>& packages,
                                                                   bool with_functions) = 0;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_SELF_FACTS_H_
