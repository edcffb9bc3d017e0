// Spans as a person reads them: a tree for each trace, with a bar that shows when each span ran.
//
//   19:04:05.123 shop · 4bf92f3577b34da6a3ce929d0e0e4736 · 3 spans · 12.4ms
//   ✓ GET /cart/{id}          server  12.4ms ▕████████████████████▏ 200 http.route=/cart/{id} ...
//   ├─ ✓ GET                  client   3.1ms ▕ █████              ▏ 200 server.address=stock ...
//   └─ ✗ shop.Pay/Charge      client   8.0ms ▕      █████████████ ▏ UNAVAILABLE connection refused
//
// Children end before their parents, so a trace is held until its local root has come and a moment has passed, or for
// some seconds; what is held is bounded. Text of the traced program never reaches the terminal as it is: control
// characters are replaced, direction marks removed. One thread at a time.
//
//   pipeline.Add(MakeTerminalExporter(UniqueFd(dup(1)), TerminalStyleFor(1, no_color)), {.delay = 100ms});
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXPORT_TERMINAL_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXPORT_TERMINAL_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "gotrace/export/exporter.h"

namespace gooffsets::trace {

struct TerminalStyle {
  bool color = false;
  size_t columns = 0;  // 0: lines are never cut
};

// Colours and the width if `fd` is a terminal. `no_color`: what https://no-color.org asks for.
TerminalStyle TerminalStyleFor(int fd, bool no_color);

struct TerminalTimes {
  std::chrono::milliseconds settle{200};  // after the local root came, for spans that end a little later
  std::chrono::milliseconds wait{3'000};  // for a local root, after the last span came
};
std::unique_ptr<Exporter> MakeTerminalExporter(UniqueFd fd, const TerminalStyle& style,
                                               const TerminalTimes& times = {});

// The lines of one trace, each with its end. Spans whose parent is not among them stand at the left, by start.
std::string RenderTrace(std::span<const Span> spans, const TerminalStyle& style);

// How many columns UTF-8 text takes: 2 for East Asian wide characters and emoji, 0 for combining ones.
size_t Columns(std::string_view text);
// At most so many columns; what was longer ends in "…".
std::string CutToColumns(std::string_view text, size_t columns);
// Safe to print on one line: UTF-8 without control characters and without bidirectional overrides.
std::string SafeText(std::string_view text);
// "870ns", "12.4ms", "3.02s", "2m05s".
std::string HumanDuration(uint64_t ns);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXPORT_TERMINAL_H_
