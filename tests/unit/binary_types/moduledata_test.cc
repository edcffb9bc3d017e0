// Where moduledata is and what it says, against the symbols of the unstripped twin.
#include "binary/moduledata.h"

#include <gtest/gtest.h>

#include <string>

#include "binary/moduledata_layouts.h"
#include "program.h"

namespace gooffsets {
namespace {

using testing::BuildTwins;
using testing::Opened;
using testing::Twins;
using testing::Way;

class ModuledataTest : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    twins_ = &BuildTwins(GetParam());
    if (!twins_->why_not.empty()) GTEST_SKIP() << twins_->why_not;
  }
  const Twins* twins_ = nullptr;
};

TEST_P(ModuledataTest, SaysWhatTheSymbolsSay) {
  const Opened plain = testing::Open(twins_->plain);
  ASSERT_EQ(plain.error, "");
  const Moduledata& module = *plain.module;
  EXPECT_TRUE(module.self_checked);
  EXPECT_NE(module.layout, "searched");
  EXPECT_EQ(module.address, twins_->symbols.at("runtime.firstmoduledata"));
  EXPECT_EQ(module.text, twins_->symbols.at("runtime.text"));
  EXPECT_EQ(module.etext, twins_->symbols.at("runtime.etext"));
  EXPECT_EQ(module.types, twins_->symbols.at("runtime.types"));
  EXPECT_EQ(module.etypes, twins_->symbols.at("runtime.etypes"));
  EXPECT_EQ(module.rodata, twins_->symbols.at("runtime.rodata"));
  ASSERT_EQ(module.text_map.sections.size(), 1U);
  EXPECT_EQ(module.text_map.sections[0].address, module.text);
  EXPECT_EQ(module.text_map.sections[0].offset, 0U);
  // It ends with the section .text (src: cmd/link/internal/ld/symtab.go, textsectionmap), a little behind etext.
  ASSERT_NE(plain.image->FindSection(".text"), nullptr);
  EXPECT_EQ(module.text_map.sections[0].end_offset, plain.image->FindSection(".text")->size);
  EXPECT_EQ(module.text_map.text, module.text);
  EXPECT_EQ(module.text_map.gofunc, module.gofunc);
}

// Of a release that is not known the program's own description is all there is: it leads to the same numbers.
TEST_P(ModuledataTest, AnUnknownLayoutIsReadFromItsDescription) {
  const Opened known = testing::Open(twins_->stripped);
  ASSERT_EQ(known.error, "");
  const auto searched = FindModuledataBy(*known.image, *known.pclntab, {});
  ASSERT_TRUE(searched) << searched.error().ToString();
  EXPECT_EQ(searched->layout, "searched");
  EXPECT_TRUE(searched->self_checked);
  const Moduledata& module = *known.module;
  EXPECT_EQ(searched->address, module.address);
  EXPECT_EQ(searched->minpc, module.minpc);
  EXPECT_EQ(searched->maxpc, module.maxpc);
  EXPECT_EQ(searched->types, module.types);
  EXPECT_EQ(searched->etypes, module.etypes);
  EXPECT_EQ(searched->rodata, module.rodata);
  EXPECT_EQ(searched->gofunc, module.gofunc);
  EXPECT_EQ(searched->typelinks.address, module.typelinks.address);
  EXPECT_EQ(searched->typelinks.count, module.typelinks.count);
  EXPECT_EQ(searched->itablinks.count, module.itablinks.count);
  EXPECT_EQ(searched->typedesc_len, module.typedesc_len);
  EXPECT_EQ(searched->itab_size, module.itab_size);
}

// Each wrong layout is refused, by whatever it takes.
TEST_P(ModuledataTest, LayoutsOfOtherReleasesAreRefused) {
  const Opened known = testing::Open(twins_->stripped);
  ASSERT_EQ(known.error, "");
  for (const ModuledataLayout& layout : KnownModuledataLayouts()) {
    const auto found = FindModuledataBy(*known.image, *known.pclntab, std::span(&layout, 1));
    ASSERT_TRUE(found) << found.error().ToString();
    EXPECT_EQ(found->layout, layout.name == known.module->layout ? layout.name : "searched");
    EXPECT_EQ(found->types, known.module->types);
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, ModuledataTest,
                         ::testing::Values(Way{"amd64", "plain"}, Way{"amd64", "pie"}, Way{"arm64", "plain"}),
                         [](const auto& way) { return way.param.Name(); });

}  // namespace
}  // namespace gooffsets
