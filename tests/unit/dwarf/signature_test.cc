// What DWARF lists twice is one result; what only looks like it is not.
#include "dwarf/signature.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gooffsets {
namespace {

DwarfParameter Listed(const char* name, const char* type, bool is_result) {
  DwarfParameter p;
  p.name = name;
  p.type = type;
  p.is_result = is_result;
  return p;
}
std::vector<std::string> Names(const std::vector<const DwarfParameter*>& list) {
  std::vector<std::string> names;
  for (const DwarfParameter* p : list) names.push_back(p->name + " " + p->type);
  return names;
}
using List = std::vector<std::string>;

// As llvm-dwarfdump shows context.(*cancelCtx).Done of Go 1.26.11 (its result twice), and functions with two results.
TEST(DwarfSignature, ResultsOfFunctionsWithDeferAreListedTwice) {
  DwarfFunction done;
  done.params = {Listed("c", "*context.cancelCtx", false), Listed("~r0", "<-chan struct {}", true),
                 Listed("~r0", "<-chan struct {}", true)};
  EXPECT_EQ(Names(SignatureOf(done).params), List{"c *context.cancelCtx"});
  EXPECT_EQ(Names(SignatureOf(done).results), List{"~r0 <-chan struct {}"});
  DwarfFunction two;
  two.params = {Listed("n", "int", true), Listed("err", "error", true), Listed("n", "int", true),
                Listed("err", "error", true)};
  EXPECT_EQ(Names(SignatureOf(two).results), (List{"n int", "err error"}));
  // One result that the compiler optimised away in one of the lists.
  two.params.pop_back();
  EXPECT_EQ(Names(SignatureOf(two).results), (List{"n int", "err error"}));
}

TEST(DwarfSignature, OtherResultsAreAllThere) {
  DwarfFunction f;
  f.params = {Listed("a", "int", false), Listed("a", "int", false), Listed("_", "int", true), Listed("_", "int", true),
              Listed("~r0", "int", true), Listed("~r1", "int", true), Listed("~r1", "string", true)};
  EXPECT_EQ(SignatureOf(f).params.size(), 2u);
  EXPECT_EQ(Names(SignatureOf(f).results), (List{"_ int", "_ int", "~r0 int", "~r1 int", "~r1 string"}));
}

}  // namespace
}  // namespace gooffsets
