// Go names in binaries: the linker's escapes, the package part of a symbol, and near spellings.
//
// Linker symbols and DWARF names escape a few bytes of import paths as %xx ("gopkg.in/yaml%2ev3"); Go source and this
// project's database do not. Pure functions; safe from any thread; odd input is passed through, never refused.
//
//   UnescapeName("map[string]gopkg.in/yaml%2ev3.Node")   // "map[string]gopkg.in/yaml.v3.Node"
//   std::vector<std::string> paths = {"google.golang.org/grpc", "google.golang.org/grpc/internal/transport"};
//   SplitSymbol("google.golang.org/grpc/internal/transport.Stream.method", paths)->rest   // "Stream.method"
#ifndef GOOFFSETS_GO_NAMES_H_
#define GOOFFSETS_GO_NAMES_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gooffsets {

// An import path as the linker writes it (src: cmd/internal/objabi/path.go, PathToPrefix): control bytes, space, '%',
// '"', bytes from 0x7f on, and dots in the last element become %xx.
std::string EscapePath(std::string_view path);
// The inverse, on any text with escaped paths in it: types, functions, instances of generics. Every %xx (two lower-case
// hex digits) of a byte that EscapePath would escape becomes that byte; any other '%' stays as it is.
std::string UnescapeName(std::string_view name);

struct SplitName {
  std::string_view package;  // "google.golang.org/grpc/internal/transport"
  std::string_view rest;     // "Stream.method", "(*Server).Serve"
};
// Splits an unescaped symbol at the longest package path that `is_package` knows. Dots and slashes inside brackets are
// no separators. nullopt if no prefix is a known package. The views point into `symbol`.
std::optional<SplitName> SplitSymbol(std::string_view symbol, const std::function<bool(std::string_view)>& is_package);
// The same with a sorted vector of paths.
std::optional<SplitName> SplitSymbol(std::string_view symbol, const std::vector<std::string>& sorted_packages);
// Without knowledge of packages: at the first dot behind the last slash, as the linker's own escaping allows
// ("gopkg.in/yaml%2ev3.Node" is split before it is unescaped). Owned, unescaped parts; nullopt if there is no such dot.
struct OwnedSplitName {
  std::string package;
  std::string rest;
};
std::optional<OwnedSplitName> SplitEscapedSymbol(std::string_view escaped_symbol);

// The rest of a symbol at its dots, but for those in brackets, parentheses and braces: "Stream.buf.err" -> Stream, buf,
// err. The views point into `rest`; there is at least one.
std::vector<std::string_view> SplitPath(std::string_view rest);

// At most `n` entries of `haystack` that are spelled nearly like `needle`, best first (edit distance, where a
// difference of case only counts least; then alphabetical). A path that ends with `needle` is near ("net/http" to
// "http"), the shortest first. Far-off entries are left out. Bounded: words of more than
// 256 bytes and entries after the first 100,000 are not looked at.
std::vector<std::string> Similar(std::string_view needle, const std::vector<std::string>& haystack, size_t n);

}  // namespace gooffsets

#endif  // GOOFFSETS_GO_NAMES_H_
