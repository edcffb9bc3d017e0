// Which function of which want list gets which kernel program, and which argument words the program is told about.
//
// Plain tables: this is the one place that joins the names in wants/, the programs in bpf/ and the slots of the probe
// table.
#ifndef GOOFFSETS_TOOLS_GOTRACE_PROBE_MAP_H_
#define GOOFFSETS_TOOLS_GOTRACE_PROBE_MAP_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace gooffsets::trace {

enum class Where { kEntry, kReturns };

struct Attachment {
  std::string_view probe, function;  // names in wants/
  std::string_view program;          // in bpf/
  Where at;
};

struct ArgumentWord {
  std::string_view probe, function;
  int parameter;  // receivers are 0; of results likewise
  uint32_t at;    // offset of the word in the value
  bool result;
  std::string_view slot;  // name in the probe's group of the table
};

std::span<const Attachment> Attachments();
std::span<const ArgumentWord> ArgumentWords();

// Where a probe's names lie in gt_table.value; -1: it has no group of its own and writes to the common one.
struct Slot {
  int index;
  std::string_view name;
};
std::span<const Slot> SlotsOf(std::string_view probe);
std::span<const Slot> TypeSlots();

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PROBE_MAP_H_
