// A binary as the chain's first source: its DWARF where it has some, its type descriptors, functions and itabs.
//
// Every table is read at most once for one question, whatever number of names it holds. What a table lacks is said,
// never an error: one missing thing does not cost the others. Borrows the binary; one thread at a time.
//
//   BinarySource source(&binary, options);
//   GOOFFSETS_TRY(SelfFacts facts, source.Tell(question));
#ifndef GOOFFSETS_RESOLVE_SELF_SOURCE_H_
#define GOOFFSETS_RESOLVE_SELF_SOURCE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "binary/pclntab.h"
#include "dwarf/read_dwarf.h"
#include "gooffsets/binary.h"
#include "gooffsets/resolve.h"
#include "resolve/self_facts.h"

namespace gooffsets {

class BinarySource : public SelfSource {
 public:
  BinarySource(GoBinary* binary, ResolveOptions options) : binary_(binary), options_(std::move(options)) {}
  bool MayBeOf(const Version& go) const override;
  Result<SelfFacts> Tell(const SelfQuestion& question) override;
  Result<std::map<std::string, PackageFacts>> TellPackages(const std::set<std::string>& packages,
                                                           bool with_functions) override;

 private:
  void TellDwarf(const SelfQuestion& question, SelfFacts* facts);
  void TellTypes(const SelfQuestion& question, SelfFacts* facts);
  void TellFunctions(const SelfQuestion& question, SelfFacts* facts);
  void TellArguments(const std::map<std::string, std::vector<FunctionEntry>>& entries, SelfFacts* facts);
  void TellItabs(const SelfQuestion& question, SelfFacts* facts);
  FunctionBody BodyOf(const FunctionEntry& entry);

  GoBinary* binary_;
  ResolveOptions options_;
};

// Whether a program passes arguments in registers; nullopt: it does not say of which Go release it is.
std::optional<bool> UsesRegisters(const BinaryInfo& info);

// A function's parameters and results out of its DWARF, with the places that the ABI gives them. nullopt: DWARF leaves
// something out, or puts an argument elsewhere.
std::optional<FunctionLayout> LayoutFromDwarf(const DwarfFunction& function, GoArch goarch, bool register_abi);

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_SELF_SOURCE_H_
