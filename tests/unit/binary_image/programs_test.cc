// Real Go programs in many variants, against Go's own debug/elf and debug/buildinfo.
#include "programs.h"

#include <elf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "binary/recognise.h"
#include "gooffsets/binary.h"

namespace gooffsets {
namespace {

using nlohmann::json;
using testing::Truth;
using testing::Variant;

class Programs : public ::testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    const std::string error = testing::BuildProgram("program", GetParam(), dir_ / "program");
    if (!GetParam().release.empty() && error.find("cannot be brought") != std::string::npos) GTEST_SKIP() << error;
    ASSERT_EQ(error, "");
    auto source = OpenFileSource(dir_ / "program");
    ASSERT_TRUE(source);
    auto image = Image::Open(*source);
    ASSERT_TRUE(image) << image.error().message;
    image_ = std::make_unique<Image>(*std::move(image));
  }

  testing::TempDir dir_;
  Truth truth_{dir_};
  std::unique_ptr<Image> image_;
};

std::string Text(const json& value, const char* key) {
  return value.contains(key) ? value[key].get<std::string>() : std::string();
}

void ExpectSameModule(const BinaryModule& module, const json& expected) {
  EXPECT_EQ(module.path, Text(expected, "Path"));
  EXPECT_EQ(module.version, Text(expected, "Version"));
  const bool replaced = expected.contains("Replace") && !expected["Replace"].is_null();
  EXPECT_EQ(module.replaced, replaced);
  if (!replaced) {
    EXPECT_EQ(module.sum, Text(expected, "Sum"));
    return;
  }
  EXPECT_EQ(module.replacement_path, Text(expected["Replace"], "Path"));
  EXPECT_EQ(module.replacement_version, Text(expected["Replace"], "Version"));
}

void ExpectSameInfo(const BinaryInfo& info, const json& expected) {
  EXPECT_EQ(info.go_text, Text(expected, "GoVersion"));
  EXPECT_EQ(info.main_package, Text(expected, "Path"));
  ASSERT_TRUE(info.main_module);
  ExpectSameModule(*info.main_module, expected["Main"]);
  ASSERT_EQ(info.modules.size(), expected["Deps"].size());
  for (size_t i = 0; i < info.modules.size(); ++i) ExpectSameModule(info.modules[i], expected["Deps"][i]);
  const json settings = expected.contains("Settings") && expected["Settings"].is_array() ? expected["Settings"] : json::array();
  EXPECT_EQ(info.settings.size(), settings.size());
  for (const json& setting : settings) {
    const auto found = info.settings.find(Text(setting, "Key"));
    ASSERT_NE(found, info.settings.end()) << setting;
    EXPECT_EQ(found->second, Text(setting, "Value"));
  }
}

TEST_P(Programs, HeadersAreWhatDebugElfSays) {
  const json expected = truth_.Ask({"headers", dir_ / "program"});
  const Image& image = *image_;
  EXPECT_EQ(image.goarch(), expected["Machine"] == "EM_X86_64" ? GoArch::kAmd64 : GoArch::kArm64);
  EXPECT_EQ(image.is_pie(), expected["PIE"].get<bool>());
  EXPECT_EQ(image.has_interpreter(), expected["Interpreter"].get<bool>());
  EXPECT_EQ(image.entry(), expected["Entry"].get<uint64_t>());
  EXPECT_EQ(image.GoBuildId(), expected["GoBuildID"].get<std::string>());
  EXPECT_EQ(image.GnuBuildId(), expected["GNUBuildID"].get<std::string>());
  EXPECT_NE(image.GoBuildId(), "");
  EXPECT_EQ(image.relocations_note(), "");
  ASSERT_EQ(image.segments().size(), expected["Segments"].size());
  for (size_t i = 0; i < image.segments().size(); ++i) {
    const Segment& segment = image.segments()[i];
    const json got = {{"Address", segment.address},     {"MemorySize", segment.memory_size},
                      {"Offset", segment.file_offset},  {"FileSize", segment.file_size},
                      {"Executable", segment.executable}, {"Writable", segment.writable}};
    EXPECT_EQ(got, expected["Segments"][i]);
  }
  EXPECT_EQ(image.sections_note(), "");
  ASSERT_EQ(image.sections().size(), expected["Sections"].size());
  for (size_t i = 0; i < image.sections().size(); ++i) {
    const Section& section = image.sections()[i];
    const json got = {{"Name", section.name}, {"Address", section.address}, {"Offset", section.offset},
                      {"Size", section.size}, {"Type", section.type}};
    EXPECT_EQ(got, expected["Sections"][i]);
    if ((section.flags & SHF_ALLOC) == 0 || section.type == SHT_NOBITS || section.size == 0) continue;
    EXPECT_EQ(image.FileOffset(section.address), section.offset) << section.name;
  }
}

// Every byte of every segment, read in four ways.
TEST_P(Programs, BytesAreWhatTheLoaderLeaves) {
  const json counts = truth_.Ask({"memory", dir_ / "program", dir_ / "memory"});
  EXPECT_EQ(counts["relocations"], counts["applied"]);
  EXPECT_EQ(image_->is_pie(), counts["relocations"].get<int>() > 1000) << counts;
  RecordProperty("relocations", counts["relocations"].get<int>());
  for (const Segment& segment : image_->segments()) {
    const std::string expected = testing::ReadAll(dir_ / fmt::format("memory.{:x}", segment.address));
    ASSERT_EQ(expected.size(), segment.file_size);

    std::string whole(expected.size(), 'x');
    ASSERT_TRUE(image_->Read(segment.address, std::as_writable_bytes(std::span(whole))));
    EXPECT_TRUE(whole == expected) << "Read";

    std::string scanned;
    ASSERT_TRUE(image_->Scan(segment.address, segment.memory_size, 4099, 37,
                             [&](uint64_t at, std::span<const std::byte> piece) {
                               EXPECT_EQ(at, segment.address + scanned.size() - (scanned.empty() ? 0 : 37));
                               const auto* text = reinterpret_cast<const char*>(piece.data());
                               scanned.append(text + (scanned.empty() ? 0 : 37), text + piece.size());
                               return true;
                             }));
    EXPECT_TRUE(scanned == expected) << "Scan";

    // Blocks so small that views cross them, and so few that they are thrown out.
    BlockReader reader(image_.get(), 1024, 3);
    std::string viewed;
    for (uint64_t at = 0, size = 1; at < expected.size(); at += size, size = size * 7 % 2503) {
      auto view = reader.ViewUpTo(segment.address + at, static_cast<size_t>(size));
      ASSERT_TRUE(view) << view.error().message;
      viewed.append(reinterpret_cast<const char*>(view->data()), view->size());
    }
    // What follows the file part is zero.
    EXPECT_TRUE(viewed.substr(0, expected.size()) == expected) << "BlockReader";
    EXPECT_EQ(viewed.find_first_not_of('\0', expected.size()), std::string::npos);

    BlockReader backwards(image_.get(), 4096, 2);
    size_t wrong = 0;
    for (uint64_t at = expected.size() & ~uint64_t{7}; at >= 8; at -= 8) {
      uint64_t word = 0;
      std::memcpy(&word, expected.data() + (at - 8), 8);
      auto got = backwards.U64(segment.address + at - 8);
      wrong += got && *got == word ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0U) << "U64";
  }
}

TEST_P(Programs, BuildInfoIsWhatDebugBuildinfoSays) {
  Result<BinaryInfo> info = Recognise(*image_);
  ASSERT_TRUE(info) << info.error().message;
  // debug/buildinfo applies no relocations, so that of the old format's PIEs it knows only what their words hold.
  ExpectSameInfo(*info, truth_.Ask({"buildinfo", dir_ / "program"}));
  EXPECT_EQ(info->build_info.how, "section .go.buildinfo");
  EXPECT_EQ(info->notes, std::vector<std::string>());
  EXPECT_EQ(info->pie, image_->is_pie());
  EXPECT_EQ(info->cgo, false);
  const bool stripped = GetParam().name.find("stripped") != std::string::npos;
  EXPECT_EQ(info->stripped, stripped);
  EXPECT_EQ(info->has_dwarf, !stripped);
  EXPECT_EQ(info->obfuscation + info->packing + info->debuglink, "");
  ASSERT_NE(info->Module("example.test/lib"), nullptr);
  EXPECT_EQ(info->Module("example.test/lib")->code_version(), "");
}

// No section headers at all: everything but what only they say.
TEST_P(Programs, NothingButNamesIsLostWithoutSectionHeaders) {
  const Result<BinaryInfo> with = Recognise(*image_);
  ASSERT_TRUE(with);
  std::string bytes = testing::ReadAll(dir_ / "program");
  testing::Put(&bytes, 0x28, 0, 8);  // e_shoff
  testing::Put(&bytes, 0x3c, 0, 2);  // e_shnum
  testing::Put(&bytes, 0x3e, 0, 2);  // e_shstrndx
  auto image = testing::OpenBytes(bytes);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_TRUE(image->sections().empty());
  EXPECT_NE(image->sections_note(), "");
  Result<BinaryInfo> info = Recognise(*image);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->build_info.how, "content");
  EXPECT_EQ(info->modules, with->modules);
  EXPECT_EQ(info->main_module, with->main_module);
  EXPECT_EQ(info->settings, with->settings);
  EXPECT_EQ(info->go_version, with->go_version);
  EXPECT_EQ(info->go_build_id, with->go_build_id);
  EXPECT_EQ(info->gnu_build_id, with->gnu_build_id);
  EXPECT_TRUE(info->stripped);
}

// What the section was made of is still there, in variables that the runtime refers to (npm's esbuild has no section).
TEST_P(Programs, NothingIsLostWithoutTheBuildInfoSection) {
  const Result<BinaryInfo> with = Recognise(*image_);
  ASSERT_TRUE(with);
  const Section* section = image_->FindSection(".go.buildinfo");
  ASSERT_NE(section, nullptr);
  std::string bytes = testing::ReadAll(dir_ / "program");
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(section->offset), section->size, '\0');
  const std::string path = dir_ / "bare";
  testing::WriteAll(path, bytes);
  const Result<GoBinary> bare = GoBinary::Open(path);
  ASSERT_TRUE(bare) << bare.error().ToString();
  const BinaryInfo& info = bare->info();
  EXPECT_EQ(info.build_info.how, "runtime.buildVersion");
  EXPECT_EQ(info.go_text, with->go_text);
  EXPECT_EQ(info.modules, with->modules);
  EXPECT_EQ(info.main_module, with->main_module);
  EXPECT_EQ(info.settings, with->settings);
  EXPECT_EQ(info.tags, with->tags);
}

const Variant kVariants[] = {
    {"plain", "amd64", {"-tags=one,two", "-ldflags=-X 'main.a=b c' -X main.d=\"e\""}, ""},
    {"stripped", "amd64", {"-ldflags=-s -w"}, ""},
    {"pie", "amd64", {"-buildmode=pie"}, ""},
    {"pie_stripped", "amd64", {"-buildmode=pie", "-ldflags=-s -w"}, ""},
    {"arm64", "arm64", {}, ""},
    {"arm64_pie_stripped", "arm64", {"-buildmode=pie", "-ldflags=-s -w"}, ""},
    {"go117", "amd64", {}, "1.17.13"},
    {"go117_pie", "amd64", {"-buildmode=pie"}, "1.17.13"},
};
INSTANTIATE_TEST_SUITE_P(, Programs, ::testing::ValuesIn(kVariants), [](const auto& variant) { return variant.param.name; });

}  // namespace
}  // namespace gooffsets
