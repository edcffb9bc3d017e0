// Whether an executable's probes on net/http's mux and on its handlers are worth what each request pays for them.
//
// Both only find the route of a request that a middleware has copied; of all others the server's own request has it
// when it ends. So where that was so for many requests in a row the two are taken away, and the first request that ends
// without a route brings them back for good. A program whose middleware copies requests never loses them. Pure state;
// belongs to one thread.
//
//   probes.Saw(record);                               // each span
//   if (probes.wish() == RouteProbes::Wish::kLeave) { ...; probes.Done(); }
#ifndef GOOFFSETS_TOOLS_GOTRACE_ROUTE_PROBES_H_
#define GOOFFSETS_TOOLS_GOTRACE_ROUTE_PROBES_H_

#include <cstdint>
#include <string_view>

#include "bpf/intf/events.h"

namespace gooffsets::trace {

class RouteProbes {
 public:
  static constexpr uint32_t kEnough = 10'000;  // requests in a row that needed neither
  enum class Wish { kNone, kLeave, kReturn };

  void Saw(const gt_span& span);
  Wish wish() const { return wish_; }
  // What was wished for is done.
  void Done();

  static bool Concerns(std::string_view program) { return program == "http_mux" || program == "http_handler"; }

 private:
  enum class State { kWatching, kLeft, kStaying };
  State state_ = State::kWatching;
  Wish wish_ = Wish::kNone;
  uint32_t own_ = 0;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_ROUTE_PROBES_H_
