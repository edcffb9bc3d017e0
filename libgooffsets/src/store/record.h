// What one build showed: the plain struct between extraction and the store.
//
// One BuildRecord is one transaction in the store, one file in the cache (cache/raw), and a group of lines in a shard.
// It holds everything that was read, so that a change of the store's schema re-imports without building again.
// Plain values; canonical JSON in record_json.h.
#ifndef GOOFFSETS_STORE_RECORD_H_
#define GOOFFSETS_STORE_RECORD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gooffsets/layout.h"

namespace gooffsets {

using Layout = std::variant<StructLayout, FunctionLayout>;

struct ModuleVersion {
  std::string module;   // "google.golang.org/grpc", "std"
  std::string version;  // canonical, "1.60.1"

  auto operator<=>(const ModuleVersion&) const = default;
};

enum class BuildStatus {
  kOk,
  kCompileFailed,      // the compiler or linker refused: retried when inputs change or with --retry-failed
  kTransientFailed,    // network, disk, time limit, kill: retried on the next run
  kUnavailable,        // the module version or the toolchain does not exist on this proxy: unknown, never absent
};

// Suffixes of Disagreement::what where DWARF cannot say where a parameter arrives, because it describes what the parameter
// becomes: it gives one place to two values, or names a register that no argument is ever passed in. Recorded and counted
// like every other, but explained: such a disagreement does not fail a run (docs/how-it-works.md).
inline constexpr const char* kExplainedMark = " (explained: ";
inline constexpr const char* kExplainedTwoValues = " (explained: DWARF gives this place to two values)";
inline constexpr const char* kExplainedNoArgument = " (explained: DWARF names a register that carries no argument)";
inline bool IsExplained(std::string_view what) { return what.find(kExplainedMark) != std::string_view::npos; }

// Two derivations of one number that differ. Never resolved silently.
struct Disagreement {
  std::string symbol;  // full symbol, "net/http.Request" or "net/http.(*Server).Serve"
  std::string what;    // "struct size", "field offset URL", "location of param 2"
  std::string dwarf;
  std::string other;   // go/types or the ABI rules, says which
  auto operator<=>(const Disagreement&) const = default;
};

struct BuildInfo {
  // Identity: digest over root, go, goarch, goexperiment, tags and closure (see BuildId in record_json.h).
  std::string id;  // 32 hex digits
  ModuleVersion root;
  std::string go;      // "1.26.8"
  GoArch goarch = GoArch::kAmd64;
  std::string goexperiment;  // "" = the release's defaults
  std::vector<std::string> tags;
  std::vector<ModuleVersion> closure;  // every module that provides a package, sorted; without std
  std::string probe_digest;            // SHA-256 of the probe binary, hex; empty for failed builds
  std::string tool_version;
  BuildStatus status = BuildStatus::kOk;
  std::string reason;  // of a failure, one line
  std::vector<Disagreement> disagreements;
  // What was compared: DWARF against go/types, DWARF locations against the ABI rules.
  uint64_t structs = 0, functions = 0, fields_compared = 0, structs_not_compared = 0, params_compared = 0,
           params_not_compared = 0;
};

// Why a declared symbol has no layout.
enum class SkipReason {
  kGeneric,      // type-parameterised: has no one layout
  kAlias,        // a second name of another type
  kBodiless,     // implemented in assembly or by linkname: no Go body, DWARF has no parameters
  kExcluded,     // declared only in files that build constraints leave out of this build
  kNotStruct,    // a named type that is not a struct (map, func, interface, number): has no fields
  kUnbuildable,  // keeping it broke the link; see the build's log
};

struct SymbolEntry {
  // Exactly one of the two: a layout, or why there is none.
  std::variant<Layout, SkipReason> value;
};

struct PackageRecord {
  ModuleVersion owner;
  std::string path;      // import path: "net/http", "golang.org/x/net/http2"
  bool fully_kept = true;  // false: only what the linker left was seen; absence proves nothing
  std::vector<std::string> files;  // selected Go files, sorted, relative to the package
  std::string selection;           // digest of (path, selected files, their contents), 32 hex digits
  // The selection for every Go minor release that could compile this module, as ranges, computed without building:
  // {"1.17","1.26",digest}, {"1.27","1.27",digest}.
  struct SelectionRange {
    std::string first_minor, last_minor, selection;
    auto operator<=>(const SelectionRange&) const = default;
  };
  std::vector<SelectionRange> selections;
  // Key: symbol relative to the package: "Request", "(*Server).Serve", "Header.Get", "ListenAndServe".
  // Types held by value that belong to no package of their own (instances of generics, anonymous structs) are listed
  // with the package whose structs hold them, under their full type name: "sync/atomic.Pointer[net/http.response]",
  // "struct { a int; b bool }".
  std::map<std::string, SymbolEntry> symbols;
  // Named std types that structs or parameters of this package hold by value, directly or inside types that are not
  // std's: what a layout may depend on when the Go release changes. "crypto/tls.ConnectionState". Sorted.
  std::vector<std::string> std_by_value;
};

// Every importable package of a module version, measured or not: tells "no such package" from "not measured".
struct ModulePackages {
  ModuleVersion owner;
  struct Package {
    std::string path;
    bool measured = false;
    std::string why_not;  // "main", "not a root", "internal/testdata", "excluded by build constraints"; empty when measured
    // The build tags on which it depends, on linux, which of its Go files are compiled: "cgo", "purego",
    // "goexperiment.synctest". Sorted; without operating systems, architectures and releases. nullopt: not recorded.
    std::optional<std::vector<std::string>> tags = std::nullopt;
    auto operator<=>(const Package&) const = default;
  };
  std::vector<Package> packages;  // sorted by path
};

struct BuildRecord {
  BuildInfo build;
  std::vector<PackageRecord> packages;  // sorted by path
  std::vector<ModulePackages> modules;  // one for each module of the closure; for std builds: std
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_RECORD_H_
