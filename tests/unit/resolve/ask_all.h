// Asks a chain for every field and function that was stored of one module version, and judges each answer.
//
//   Counts counts;
//   AskAll("grpc 1.60.1", &truth, &chain, "1.26.11", "google.golang.org/grpc", "1.60.1", 7, &counts);
//   EXPECT_EQ(counts.wrong, 0U);
#ifndef GOOFFSETS_TESTS_UNIT_RESOLVE_ASK_ALL_H_
#define GOOFFSETS_TESTS_UNIT_RESOLVE_ASK_ALL_H_

#include <cstddef>
#include <map>
#include <string>

#include "program.h"

namespace gooffsets::testing {

struct Counts {
  std::map<Source, size_t> right;
  size_t refused = 0, wrong = 0, absent = 0;
  size_t Right() const {
    size_t all = 0;
    for (const auto& [source, count] : right) all += count;
    return all;
  }
};

// Of the build with Go `go`, every `stride`th layout. Wrong answers fail the test; stops after twenty of them.
void AskAll(const std::string& what, Chain* truth, Chain* chain, const std::string& go, const std::string& module,
            const std::string& version, size_t stride, Counts* counts);

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_RESOLVE_ASK_ALL_H_
