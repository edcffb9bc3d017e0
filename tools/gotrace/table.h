// From the resolver's answers to what the kernel programs are told: the probe table of one executable and its probe
// places.
//
// The want lists under wants/ name every item as bpf/intf/probe_table.h does. What could not be answered stays unknown
// in the table and is listed with its reason; a needed item that is missing costs its probe and nothing else. Pure
// functions.
//
//   Plan plan = MakePlan(*resolver->Resolve(TracerWants()));
//   plan.table.value[GT_G_GOID];   plan.places[0].file_offset;
#ifndef GOOFFSETS_TOOLS_GOTRACE_TABLE_H_
#define GOOFFSETS_TOOLS_GOTRACE_TABLE_H_

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "bpf/intf/probe_table.h"
#include "gooffsets/resolve.h"
#include "gooffsets/want_list.h"

namespace gooffsets::trace {

// All want lists of the tracer in one. kInternal: a list is malformed.
Result<WantList> TracerWants();
std::string TracerWantsText();  // as one TOML text

// One place where one program goes.
struct Place {
  std::string probe;     // "h1"
  std::string program;   // of bpf/: "h1_begin"
  std::string function;  // "net/http.serverHandler.ServeHTTP"
  uint64_t file_offset = 0;
  uint64_t function_offset = 0;  // of the function's first instruction
  bool at_return = false;
  bool emulated = false;  // cheap (docs/probe-points.md)
};

// What became of one probe of the want lists.
struct ProbeState {
  std::string name;
  bool usable = false;
  bool has_attachments = false;  // lists like "goroutine" only collect offsets
  bool not_here = false;         // none of its functions is in the program
  std::vector<std::string> disabled_by;
  struct Missing {
    std::string name, reason;
    bool unknown = false;  // newer data may tell; otherwise it is known that there is no such thing
  };
  std::vector<Missing> missing;  // wished for and not there
  std::vector<std::string> found;
  struct Bracketed {
    std::string name, how;
  };
  std::vector<Bracketed> bracketed;  // found, but not for this very release: those around it agree
};

struct Plan {
  Plan() {
    std::fill(std::begin(table.value), std::end(table.value), GT_NONE);
    std::fill(std::begin(table.context_type), std::end(table.context_type), GT_NO_CONTEXT_TYPE);
    std::fill(std::begin(table.context_parent), std::end(table.context_parent), GT_NONE);
  }
  gt_table table{};
  std::vector<Place> places;
  std::vector<ProbeState> probes;
  std::vector<std::string> notes;
  int embedded_stream = 0;  // where gRPC's ServerStream holds its Stream by value
  bool lacking = false;     // something is unknown that newer data may tell
  bool any() const { return !places.empty(); }
};

Plan MakePlan(const Resolution& resolution);
// What `known` told of the same executable and `fresh` does not stays known: probes that run need it.
void KeepKnown(const Plan& known, Plan* fresh);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_TABLE_H_
