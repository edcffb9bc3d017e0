// Contexts that a program makes by itself: which types embed a context.Context, and where.
//
// Every type that is used as a context.Context, or as an interface that has all its methods, has an itab with it, and
// its descriptor survives stripping; so do the fields. A context that embeds another one was made from it. What holds a
// context in a field that is not embedded may do anything with it, and is left out, as is what embeds two.
//
//   GOOFFSETS_TRY(auto found, FindContextTypes(types, image, module));   // {{0x6b2f40, 0}}: *main.request at 0
#ifndef GOOFFSETS_TOOLS_GOTRACE_CONTEXT_TYPES_H_
#define GOOFFSETS_TOOLS_GOTRACE_CONTEXT_TYPES_H_

#include <cstdint>
#include <vector>

#include "binary/image.h"
#include "binary/moduledata.h"
#include "binary/runtime_types.h"
#include "bpf/intf/probe_table.h"
#include "gooffsets/result.h"

namespace gooffsets::trace {

struct ContextType {
  uint64_t type = 0;    // descriptor, as linked
  uint32_t parent = 0;  // offset of the embedded interface
  bool operator==(const ContextType&) const = default;
};

// Ascending by type.
Result<std::vector<ContextType>> FindContextTypes(RuntimeTypes* types, const Image& image, const Moduledata& module);

// As many as the table, a new one, has room for.
void SetContextTypes(const std::vector<ContextType>& found, gt_table* table);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_CONTEXT_TYPES_H_
