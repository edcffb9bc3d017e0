// Programs for the chain's tests: what a binary's build info would say, and facts from real DWARF.
#ifndef GOOFFSETS_TESTS_UNIT_RESOLVE_PROGRAM_H_
#define GOOFFSETS_TESTS_UNIT_RESOLVE_PROGRAM_H_

#include <map>
#include <memory>
#include <set>
#include <string>

#include "gooffsets/database.h"
#include "resolve/database_side.h"
#include "resolve/self_facts.h"
#include "store/module_view_reader.h"

namespace gooffsets::testing {

// A static program built with CGO_ENABLED=0 by release `go`, of modules path -> version ("1.60.1").
BinaryInfo Program(const std::string& go, const std::map<std::string, std::string>& modules = {},
                   GoArch goarch = GoArch::kAmd64);

// An opened database with everything that answers from it, for one program.
class Chain {
 public:
  Chain(const std::string& path, const BinaryInfo& info, SelfSource* self = nullptr);
  DatabaseSide& side() { return *side_; }
  ModuleViewReader& reader() { return *reader_; }
  Connection* connection() { return connection_; }
  DatabaseAnswer Ask(const std::string& symbol);  // the whole chain
  DatabaseAnswer Direct(const std::string& symbol);
  DatabaseAnswer Bracketed(const std::string& symbol);

 private:
  std::unique_ptr<Database> database_;
  Connection* connection_ = nullptr;
  std::unique_ptr<ModuleViewReader> reader_;
  Target target_;
  std::unique_ptr<DatabaseSide> side_;
};

// What a program's own DWARF says, as a source of the chain.
class DwarfSource : public SelfSource {
 public:
  explicit DwarfSource(const std::string& path);
  Result<SelfFacts> Tell(const SelfQuestion& question) override;
  Result<std::map<std::string, PackageFacts>> TellPackages(const std::set<std::string>& packages,
                                                           bool with_functions) override;
  const std::map<std::string, StructLayout>& structs() const { return structs_; }

 private:
  std::map<std::string, StructLayout> structs_;
  std::set<std::string> functions_;
};

// Tells what it was given.
class ToldSource : public SelfSource {
 public:
  Result<SelfFacts> Tell(const SelfQuestion&) override { return SelfFacts(); }
  Result<std::map<std::string, PackageFacts>> TellPackages(const std::set<std::string>& packages,
                                                           bool with_functions) override;
  std::map<std::string, PackageFacts> facts;  // by import path
};

// What a program would tell of one stored module version built with Go `go`; of each package every `one_in`th symbol.
std::map<std::string, PackageFacts> FactsOf(ModuleViewReader* reader, const std::string& module,
                                            const std::string& version, const std::string& go, size_t one_in = 1);

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_RESOLVE_PROGRAM_H_
