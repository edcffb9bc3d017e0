// The builder of Go fixtures, shared with the tests of dwarf/.
#include "../dwarf/go_fixture.cc"  // NOLINT(bugprone-suspicious-include)
