// The fuzz target's corpus, replayed: small programs whose DWARF an assembler wrote as Go's compiler does, of versions
// 4 and 5 and compressed. llvm-dwarfdump --verify finds no error in them and shows the numbers that are expected here.
#include "../fuzz_replay.h"

#include <gtest/gtest.h>

#define LLVMFuzzerTestOneInput FuzzDwarf
#include "../../../fuzz/dwarf_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

TEST(FuzzReplay, Dwarf) {
  EXPECT_GE(testing::Replay("dwarf", FuzzDwarf), 4U);
  for (const auto& [seed, version] : {std::pair("go_v4", 4), std::pair("go_v4_zlib", 4), std::pair("go_v5", 5)}) {
    SCOPED_TRACE(seed);
    const auto contents = ReadDwarf(std::string(GOOFFSETS_SOURCE_DIR) + "/fuzz/corpus/dwarf/" + seed);
    ASSERT_TRUE(contents) << contents.error().ToString();
    EXPECT_EQ(contents->dwarf_version, version);
    ASSERT_EQ(contents->structs.size(), 2U);
    const DwarfStruct& outer = contents->structs[1];
    EXPECT_EQ(outer.name, "main.outer");
    EXPECT_EQ(outer.layout.size, 64U);
    ASSERT_EQ(outer.layout.fields.size(), 3U);
    EXPECT_TRUE(outer.layout.fields[0].embedded);
    EXPECT_EQ(outer.layout.fields[1].type, "[3]uint32");
    EXPECT_EQ(outer.layout.fields[2].offset, 40U);
    EXPECT_EQ(outer.layout.fields[2].size, 24U);
    ASSERT_EQ(contents->functions.size(), 2U);
    EXPECT_EQ(contents->functions[0].name, "main.(*outer).Do");
    ASSERT_EQ(contents->functions[0].params.size(), 5U);
    const DwarfParameter& listed = contents->functions[0].params[3];
    ASSERT_EQ(listed.location.size(), 2U) << "from the location list";
    EXPECT_EQ(listed.location[0].dwarf_register, 3);
    EXPECT_EQ(listed.location[1].where, DwarfPiece::Where::kStack);
    EXPECT_EQ(contents->functions[1].name, "main.small") << "by its abstract origin";
  }
}

}  // namespace
}  // namespace gooffsets
