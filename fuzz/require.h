// What a fuzz target demands: unlike assert, it holds in every kind of build.
#ifndef GOOFFSETS_FUZZ_REQUIRE_H_
#define GOOFFSETS_FUZZ_REQUIRE_H_

#define FUZZ_REQUIRE(condition)         \
  do {                                  \
    if (!(condition)) __builtin_trap(); \
  } while (0)

#endif  // GOOFFSETS_FUZZ_REQUIRE_H_
