// The pclntab of Go 1.16 to 1.27: where functions begin and end, by name, without a table of all functions.
//
// Format: src runtime/symtab.go (pcHeader, functab, _func), internal/abi/symtab.go, cmd/link/internal/ld/pcln.go.
// Two steps, because from Go 1.26 on the header no longer says where the text begins and moduledata is found through
// the pclntab: Find() locates the table, SetText() is told text and gofunc from moduledata, then functions can be asked.
// Memory grows with what is asked. Not thread-safe. Does not own the image.
//
//   GOOFFSETS_TRY(Pclntab table, Pclntab::Find(image));
//   GOOFFSETS_TRY(Moduledata module, FindModuledata(image, table));
//   table.SetText(module.text_map());
//   GOOFFSETS_TRY(auto found, table.FindFunctions({"net/http.(*Server).Serve"}));
#ifndef GOOFFSETS_BINARY_PCLNTAB_H_
#define GOOFFSETS_BINARY_PCLNTAB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binary/arg_info.h"
#include "binary/image.h"
#include "gooffsets/result.h"

namespace gooffsets {

// Where text lies, from moduledata: what pc offsets of the pclntab count from.
struct TextMap {
  uint64_t text = 0, etext = 0;
  uint64_t gofunc = 0;  // base of funcdata offsets, from Go 1.18 on
  struct Section {      // textsectmap; one entry unless the linker had to split the text
    uint64_t offset = 0, end_offset = 0, address = 0;  // offsets as the pclntab counts, and where they really lie
  };
  std::vector<Section> sections;
};

struct FunctionEntry {
  std::string name;       // unescaped, as the database spells it: "net/http.(*Server).Serve"
  uint64_t entry = 0, end = 0;  // addresses: [entry, end); padding may be part of it
  uint64_t func_address = 0;    // of its _func in the image
  int32_t args_size = 0;        // bytes of arguments on the stack (_func.args); negative: varies
  uint32_t start_line = 0;      // from Go 1.20 on; 0: not said
  std::string file;             // source file of the function's beginning; may be empty
};

struct FunctionAnswer {
  std::string name;                    // as asked
  std::vector<FunctionEntry> bodies;   // more than one: ABI0 wrapper and ABIInternal of one name, or a linker's copy
  bool named = false;                  // the name table has it: with no body, it was inlined everywhere it is called
};

// A pc-value table decoded for one function: value holds for pcs in [begin, end).
struct PcRange {
  uint64_t begin = 0, end = 0;
  int32_t value = 0;
};

// One function that was inlined into another.
struct InlinedCall {
  std::string name;
  int32_t parent_pc = 0;   // offset in the outer function of the call's position
  uint32_t start_line = 0;
};

class Pclntab {
 public:
  enum class Format { kGo116, kGo118, kGo120 };  // 1.16-1.17, 1.18-1.19, 1.20-1.27; 1.2-1.15 are refused as too old

  // By section name, by any of its known homes, or by content through the program headers; checked by walking its own
  // structure, so a stray magic number is not taken for a table. kUnsupported: too old (Go <= 1.15), or a magic that no
  // Go release writes (garble; the message says so). kNotFound: none (not a Go program, or packed).
  static Result<Pclntab> Find(const Image& image);

  Pclntab(Pclntab&&) noexcept;
  Pclntab& operator=(Pclntab&&) noexcept;
  ~Pclntab();

  Format format() const;
  uint64_t address() const;           // of pcHeader
  uint64_t functions() const;         // nfunc
  uint64_t header_text() const;       // pcHeader.textStart: 1.18-1.25; else 0
  uint64_t functab() const;           // address of ftab
  uint64_t functab_entries() const;   // nfunc + 1, as moduledata counts them: the last one is the end of the text
  const std::string& found_by() const;  // ".gopclntab", ".data.rel.ro.gopclntab", "content"

  void SetText(TextMap text);

  // One pass over the names, then one over the functions; in the order asked. Names are unescaped. `packages_next`:
  // FunctionsOf will be asked, which then needs no pass of its own.
  Result<std::vector<FunctionAnswer>> FindFunctions(std::span<const std::string> names, bool packages_next = false);
  // Every function, ascending by address, until `each` returns false.
  Result<void> ForEachFunction(const std::function<bool(const FunctionEntry&)>& each);
  // By package, as the linker splits names: the functions that Go files declare by a plain name ("ListenAndServe"; no
  // methods, closures or instances), also those that were inlined wherever they are called. Every package that `wanted`
  // knows and that has any name is listed. One pass over the names on the first call, unless FindFunctions was told;
  // later calls read names of wanted packages only.
  Result<std::map<std::string, std::set<std::string>>> FunctionsOf(
      const std::function<bool(const std::string& package)>& wanted);
  // The function that holds an address.
  Result<std::optional<FunctionEntry>> FunctionAt(uint64_t pc);

  // Bytes that SP lies below its value at entry, by pc (src: pcsp). 0 at a RET.
  Result<std::vector<PcRange>> SpDelta(const FunctionEntry& function);
  // The calls that were inlined into this function.
  Result<std::vector<InlinedCall>> Inlined(const FunctionEntry& function);
  // In how many places each of these was inlined: one pass over every function's inline tree. Keys as asked.
  Result<std::map<std::string, uint64_t>> CountInlined(std::span<const std::string> names);
  // FUNCDATA_ArgInfo's address; nullopt where the function has none.
  Result<std::optional<uint64_t>> ArgInfo(const FunctionEntry& function);
  // What it says; nullopt where the function has none: it takes no arguments, or Go is older than 1.17.
  Result<std::optional<ArgumentInfo>> Arguments(const FunctionEntry& function);

 private:
  struct State;
  explicit Pclntab(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_PCLNTAB_H_
