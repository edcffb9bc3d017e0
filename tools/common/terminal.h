// What a live line needs to know of the stream it is drawn on, and how it tells a time. Safe from any thread.
//
//   if (TakesLiveLines(stderr)) fmt::print(stderr, "\r{}\x1b[K", line.substr(0, TerminalColumns(stderr) - 1));
#ifndef GOOFFSETS_TOOLS_COMMON_TERMINAL_H_
#define GOOFFSETS_TOOLS_COMMON_TERMINAL_H_

#include <cstddef>
#include <cstdio>
#include <string>

namespace gooffsets {

// A terminal that can erase a line; by TERM.
bool TakesLiveLines(FILE* out);
// 80 where it is not known.
size_t TerminalColumns(FILE* out);

// "42s", "3m05s", "2h10m"
std::string ShortDuration(double seconds);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_COMMON_TERMINAL_H_
