// A Go program: what it is, and where its functions, types and itabs lie, stripped or not.
//
// Opens a file (/proc/PID/exe as well) or a running process. Everything is read on demand: opening reads headers and
// build info and finds the tables, and memory grows with what is asked. One missing thing never costs the others: BinaryInfo says what
// was found and, for each table that was not, why. Input is hostile: odd files are errors, never crashes.
// Movable; not thread-safe (open one per thread).
//
//   Result<GoBinary> binary = GoBinary::Open("./server");
//   binary->info().go_version;              // "1.26.8"
//   binary->info().Module("google.golang.org/grpc")->version;   // "1.60.1"
#ifndef GOOFFSETS_BINARY_H_
#define GOOFFSETS_BINARY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

// One line of the module list.
struct BinaryModule {
  std::string path, version;  // as spelled: "v1.60.1", "(devel)"; empty version: not said
  std::string sum;
  bool replaced = false;
  std::string replacement_path, replacement_version;  // a local directory has no version

  // The module and version whose code was compiled in: the replacement's, if there is one, in the database's spelling
  // ("1.60.1"). Empty version: not known (local directory, (devel)).
  std::string code_path() const { return replaced ? replacement_path : path; }
  std::string code_version() const;
  bool operator==(const BinaryModule&) const = default;
};

// What a table of the binary is: found, and how; or why not.
struct TableInfo {
  bool found = false;
  std::string how;  // ".gopclntab", "content"; or the reason why it was not found
};

struct BinaryInfo {
  std::string file;  // as given; "process 42"
  GoArch goarch = GoArch::kAmd64;
  uint64_t file_size = 0;
  std::string go_text;     // as the binary says it: "go1.22.5 X:nocoverageredesign"; empty: not said
  std::string go_version;  // the release for lookups: "1.22.5"; empty for development builds and snapshots
  std::string go_language;  // "1.22"; empty: not even that is known
  std::string go_suffix;    // a vendor's: "fips", "20250209-RC00 cl/..."
  bool go_devel = false;
  std::vector<std::string> experiments;  // sorted: from GOEXPERIMENT or the version's "X:"
  std::vector<std::string> tags;         // sorted
  std::map<std::string, std::string> settings;  // every "build" line: "GOARCH", "CGO_ENABLED", "vcs.revision", "-ldflags"
  std::optional<bool> cgo;               // CGO_ENABLED, or what the link shows; nullopt: not known
  bool fips = false;                     // GOFIPS140 or a fips suffix
  std::string main_package;              // "example.com/app/cmd/server"
  std::optional<BinaryModule> main_module;  // absent: no module list (Debian's packages, many Bazel builds)
  std::vector<BinaryModule> modules;     // dependencies, in file order
  bool pie = false, dynamic = false, stripped = false;  // stripped: no symbol table
  bool has_dwarf = false;
  std::string go_build_id, gnu_build_id, debuglink;
  std::string obfuscation;  // not empty: "garble", with what shows it
  std::string packing;      // not empty: "UPX", with what shows it
  TableInfo build_info, pclntab, moduledata, types;
  std::vector<std::string> notes;

  // By the path it is imported under. Null: not in the list.
  const BinaryModule* Module(std::string_view path) const;
};

// One JSON object; keys are documented in docs/formats.md, "inspect".
std::string BinaryInfoJson(const BinaryInfo& info);
// Back again. Keys that are missing leave what a BinaryInfo has by itself, unknown keys are ignored; goarch is needed.
// kBadInput: no JSON object, or a key of another type.
Result<BinaryInfo> ParseBinaryInfoJson(std::string_view text);

class GoBinary {
 public:
  // kNotFound, kPermission, kBadInput (not ELF, cut off), kUnsupported (32-bit, another machine, not a Go program at all).
  // A Go program whose tables cannot be read (garbled, packed, too old) opens, and info() says so.
  static Result<GoBinary> Open(const std::string& path);
  // The program a process runs: /proc/PID/exe, also when it was deleted or lies in another mount namespace; out of
  // memory where the file is packed. `pid` as this process sees it.
  static Result<GoBinary> OpenProcess(int pid);

  GoBinary(GoBinary&&) noexcept;
  GoBinary& operator=(GoBinary&&) noexcept;
  ~GoBinary();

  const BinaryInfo& info() const;

  // Every named struct that the binary's own type descriptors describe, sorted by name.
  struct NamedStruct {
    std::string name;
    StructLayout layout;
  };
  Result<std::vector<NamedStruct>> Structs() const;

  class Impl;  // the tables themselves, for the resolver
  Impl& impl() const { return *impl_; }

 private:
  explicit GoBinary(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_H_
