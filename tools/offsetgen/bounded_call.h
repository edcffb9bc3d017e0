// Runs a function that may never return, such as a library's network call without time limits, in a child process that
// is ended when it has been quiet for too long.
//
// The child is a copy of this process: what the function changes in memory is lost, what it does to files is not, and
// only its Result comes back. It dies with us if we are killed, and ends with kInterrupted on Ctrl-C. The function must
// not touch what other threads of this process may hold: their locks stay locked in the copy. Thread-safe.
//
//   Result<std::string> tags = CallBounded("listing URL", 60s, [&](const Alive& alive) { return ListTags(url); });
#ifndef OFFSETGEN_BOUNDED_CALL_H_
#define OFFSETGEN_BOUNDED_CALL_H_

#include <chrono>
#include <functional>
#include <string>

#include "gooffsets/result.h"

namespace offsetgen {

// A sign of life: the limit counts from the last one. May be called as often as one likes.
using Alive = std::function<void()>;

// kTimeout: no sign of life and no result for `quiet`; `what` begins the message. kUnsupported: the result is longer
// than 64 MiB.
gooffsets::Result<std::string> CallBounded(const std::string& what, std::chrono::milliseconds quiet,
                                           const std::function<gooffsets::Result<std::string>(const Alive&)>& call);

}  // namespace offsetgen

#endif  // OFFSETGEN_BOUNDED_CALL_H_
