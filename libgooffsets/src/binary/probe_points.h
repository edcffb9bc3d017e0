// Where a tracer puts its probes in one function: every return, and the cheapest place that still sees the arguments.
//
// amd64 is disassembled (Zydis) from entry to end, arm64 read as fixed words (RET is 0xD65F03C0). Returns are confirmed
// with the pclntab's SP delta (0 at a RET). The cheapest entry is an instruction that the kernel emulates, at which the
// arguments are still where the ABI put them and the stack check is over: `push rbp` behind `cmp; jbe` on amd64. Where
// there is none, it is an emulated one in front of that (the check's own jump, which a grown stack passes twice), and
// where there is none of these either, the first instruction (docs/probe-points.md). Pure reading.
//
//   GOOFFSETS_TRY(ProbePoints points, FindProbePoints(image, &pclntab, function));
#ifndef GOOFFSETS_BINARY_PROBE_POINTS_H_
#define GOOFFSETS_BINARY_PROBE_POINTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "binary/image.h"
#include "binary/pclntab.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct ProbePoint {
  uint64_t address = 0;
  std::optional<uint64_t> file_offset;  // what perf_event_open and uprobe_multi take; nullopt: memory image
  bool operator==(const ProbePoint&) const = default;
};

struct ProbePoints {
  ProbePoint first;            // the function's first instruction
  ProbePoint entry;            // the cheapest; may be `first`
  bool entry_emulated = false;  // the kernel emulates the instruction there (no single step)
  // Bytes that SP lies below its value at entry there: stack arguments are that much further.
  int32_t entry_sp_delta = 0;
  bool after_stack_check = false;  // a grown stack does not hit `entry` twice
  std::string entry_instruction;   // "push rbp", "nop", "stp": for people
  std::vector<ProbePoint> returns;  // ascending
  // Return-like instructions where SP is not back at its entry value: data in the text, or a decode gone wrong. They
  // are left out of `returns`.
  std::vector<uint64_t> refused_returns;
  std::vector<std::string> notes;  // "ends in a call that does not return", "tail calls runtime.morestack only"
};

Result<ProbePoints> FindProbePoints(const Image& image, Pclntab* pclntab, const FunctionEntry& function);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_PROBE_POINTS_H_
