#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

#include "base/utf8.h"
#include "common/exit_code.h"
#include "gotrace/export/terminal.h"

namespace gooffsets::trace {
namespace {

struct Range {
  char32_t first, last;
};
// Unicode 15, EastAsianWidth.txt: blocks whose characters are W or F, in whole.
constexpr Range kWide[] = {{0x1100, 0x115f},  {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97c},
                           {0xac00, 0xd7a3},  {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                           {0xffe0, 0xffe6},  {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff},
                           {0x20000, 0x3fffd}};
constexpr Range kNoWidth[] = {{0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
                              {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};
// Characters that reorder or break lines: UAX #9's explicit formatting, line and paragraph separators, the byte order
// mark. A hostile name could make a line read otherwise than it is.
constexpr Range kRemoved[] = {{0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                              {0x061c, 0x061c}, {0xfeff, 0xfeff}, {0xe0000, 0xe007f}};

template <size_t N>
bool In(const Range (&ranges)[N], char32_t character) {
  for (const Range& range : ranges) {
    if (character >= range.first && character <= range.last) return true;
  }
  return false;
}

// The next character of what is UTF-8 already.
char32_t Next(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<uint8_t>(text[*at + i])); };
  const char32_t first = byte(0);
  const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  char32_t character = size == 1 ? first : first & (0x7fu >> size);
  for (size_t i = 1; i < size && *at + i < text.size(); ++i) character = character << 6 | (byte(i) & 0x3f);
  *at = std::min(*at + size, text.size());
  return character;
}

size_t Width(char32_t character) { return In(kNoWidth, character) ? 0 : In(kWide, character) ? 2 : 1; }

}  // namespace

TerminalStyle TerminalStyleFor(int fd, bool no_color) {
  if (isatty(fd) == 0) return {};
  winsize size{};
  constexpr size_t kUsual = 80;
  const bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {.color = !no_color, .columns = known ? size.ws_col : kUsual};
}

size_t Columns(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) columns += Width(Next(text, &at));
  return columns;
}

std::string CutToColumns(std::string_view text, size_t columns) {
  if (Columns(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  size_t used = 0, at = 0;
  while (at < text.size()) {
    size_t next = at;
    used += Width(Next(text, &next));
    if (used > columns - 1) break;
    at = next;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string SafeText(std::string_view text) {
  std::string scratch;
  const std::string printable = Printable(AsUtf8(text, &scratch));
  std::string out;
  for (size_t at = 0; at < printable.size();) {
    const size_t begin = at;
    if (!In(kRemoved, Next(printable, &at))) out.append(printable, begin, at - begin);
  }
  return out;
}

std::string HumanDuration(uint64_t ns) {
  if (ns < 1'000) return fmt::format("{}ns", ns);
  struct Unit {
    uint64_t ns;
    const char* name;
  };
  for (const Unit unit : {Unit{1'000, "µs"}, Unit{1'000'000, "ms"}, Unit{1'000'000'000, "s"}}) {
    const double value = static_cast<double>(ns) / static_cast<double>(unit.ns);
    if (value >= (unit.ns == 1'000'000'000 ? 60 : 999.5)) continue;
    return fmt::format("{:.{}f}{}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit.name);
  }
  const uint64_t seconds = ns / 1'000'000'000;
  if (seconds < 3'600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3'600, seconds / 60 % 60);
}

}  // namespace gooffsets::trace
