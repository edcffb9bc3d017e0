// Client calls that have begun: joins the record of a call's beginning with that of its end.
//
// Bounded: beyond the limit the oldest are dropped and counted. Belongs to one thread.
//
//   if (OpenCalls::Merged call = calls.Take(record)) Assemble(call.record());
#ifndef GOOFFSETS_TOOLS_GOTRACE_OPEN_CALLS_H_
#define GOOFFSETS_TOOLS_GOTRACE_OPEN_CALLS_H_

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "bpf/intf/events.h"

namespace gooffsets::trace {

class OpenCalls {
 public:
  explicit OpenCalls(size_t most = 65'536) : most_(most) {}

  // Keeps the beginning of a call: the whole record.
  void Begin(const gt_span& span, size_t size);
  // The record of the call as a whole: its beginning with the end's time, status and error; empty: its beginning is not
  // known.
  std::string End(const gt_span& end, size_t size);

  uint64_t dropped() const { return dropped_; }

 private:
  const size_t most_;
  std::unordered_map<uint64_t, std::string> calls_;  // by span id
  std::deque<uint64_t> order_;
  uint64_t dropped_ = 0;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_OPEN_CALLS_H_
