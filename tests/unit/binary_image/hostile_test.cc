// Files that lie, are cut off, or are no programs: an error or a note that says so, and never more.
#include <elf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "binary/recognise.h"
#include "programs.h"

namespace gooffsets {
namespace {

using testing::OpenBytes;
using testing::Put;

class Hostile : public ::testing::Test {
 protected:
  void Build(const std::vector<std::string>& flags) {
    ASSERT_EQ(testing::BuildProgram("program", {"", "amd64", flags, ""}, dir_ / "program"), "");
    bytes_ = testing::ReadAll(dir_ / "program");
  }
  uint64_t Number(size_t at, size_t size) const {
    uint64_t value = 0;
    std::memcpy(&value, bytes_.data() + at, size);
    return value;
  }
  // Where the i-th program or section header is.
  size_t ProgramAt(size_t i) const { return Number(0x20, 8) + i * sizeof(Elf64_Phdr); }
  size_t SectionAt(size_t i) const { return Number(0x28, 8) + i * sizeof(Elf64_Shdr); }
  std::vector<size_t> Loads() const {
    std::vector<size_t> loads;
    for (size_t i = 0; i < Number(0x38, 2); ++i) {
      if (Number(ProgramAt(i), 4) == PT_LOAD) loads.push_back(ProgramAt(i));
    }
    return loads;
  }
  Error OpenError(const std::string& bytes) const {
    auto image = OpenBytes(bytes);
    EXPECT_FALSE(image);
    return image ? Error() : image.error();
  }

  testing::TempDir dir_;
  std::string bytes_;
};

// Reads whatever can be read of it.
void ReadEverything(const Image& image) {
  (void)Recognise(image);
  (void)image.NeededLibraries();
  BlockReader reader(&image, 4096, 4);
  for (const Segment& segment : image.segments()) {
    (void)reader.U64(segment.address);
    (void)reader.U64(segment.address + segment.memory_size - 4);
    (void)reader.ViewUpTo(segment.address + segment.memory_size / 2, 100'000);
    (void)image.FileOffset(segment.address + segment.file_size);
  }
}

TEST_F(Hostile, CutOffAnywhere) {
  for (const char* mode : {"-buildmode=exe", "-buildmode=pie"}) {
    Build({mode});
    uint64_t loaded = 0;
    for (size_t load : Loads()) loaded = std::max(loaded, Number(load + 8, 8) + Number(load + 32, 8));
    std::vector<size_t> lengths;
    for (size_t i = 0; i < 200; ++i) lengths.push_back(bytes_.size() * i / 200);
    for (size_t i = 0; i < 130; ++i) lengths.push_back(i);
    for (size_t i = 0; i < 20; ++i) lengths.push_back(loaded - 10 + i);
    for (size_t length : lengths) {
      auto image = OpenBytes(bytes_.substr(0, length));
      if (length < loaded) {
        ASSERT_FALSE(image) << length;
        EXPECT_EQ(image.error().code, ErrorCode::kBadInput) << length;
        const char* why = length < 4 ? "not an ELF file" : "cut off";
        EXPECT_NE(image.error().message.find(why), std::string::npos) << image.error().message;
        continue;
      }
      ASSERT_TRUE(image) << length << ": " << image.error().message;
      EXPECT_TRUE(image->sections().empty()) << length;
      Result<BinaryInfo> info = Recognise(*image);
      ASSERT_TRUE(info);
      EXPECT_EQ(info->main_package, "example.test/program");
    }
  }
}

TEST_F(Hostile, LyingSectionHeadersAreDroppedAndNothingElse) {
  Build({});
  const size_t count = Number(0x3c, 2);
  auto untouched = OpenBytes(bytes_);
  ASSERT_TRUE(untouched);
  ASSERT_EQ(untouched->sections().size(), count - 1);
  size_t text = 0, info_section = 0;
  for (size_t i = 1; i < count; ++i) {
    if (untouched->sections()[i - 1].name == ".text") text = SectionAt(i);
    if (untouched->sections()[i - 1].name == ".go.buildinfo") info_section = SectionAt(i);
  }
  ASSERT_NE(text, 0U);
  ASSERT_NE(info_section, 0U);
  struct Lie {
    const char* what;
    size_t at;
    uint64_t value;
    size_t size;
  };
  const std::vector<Lie> lies = {
      {"the end of the file", text + 24, UINT64_MAX - 100, 8},
      {"the end of the file", text + 32, UINT64_MAX - 100, 8},
      {"elsewhere in the file", info_section + 24, 0, 8},
      {"elsewhere in the file", info_section + 16, Number(text + 16, 8), 8},
      {"outside of what is loaded", info_section + 16, UINT64_MAX - 8, 8},
      {"outside of what is loaded", info_section + 32, bytes_.size() - Number(info_section + 24, 8), 8},
      {"overlap", info_section + 32, Number(info_section + 32, 8) + 64, 8},
      {"has no end", text, UINT32_MAX, 4},
      {"the end of the file", 0x28, bytes_.size() - 10, 8},
      {"the end of the file", 0x28, UINT64_MAX - 10, 8},
      {"there would be 65279", 0x3c, 0xfeff, 2},
      {"bytes each", 0x3a, 63, 2},
      {"their names", 0x3e, 0xfefe, 2},
      {"no table of names", 0x3e, 1, 2},
  };
  for (const Lie& lie : lies) {
    SCOPED_TRACE(fmt::format("{} at {:#x}", lie.what, lie.at));
    std::string bytes = bytes_;
    Put(&bytes, lie.at, lie.value, lie.size);
    auto image = OpenBytes(bytes);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_TRUE(image->sections().empty());
    EXPECT_NE(image->sections_note().find(lie.what), std::string::npos) << image->sections_note();
    Result<BinaryInfo> info = Recognise(*image);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->main_package, "example.test/program");
    EXPECT_EQ(info->build_info.how, "content");
  }
}

TEST_F(Hostile, ProgramHeadersThatOverflowAreRefused) {
  Build({});
  const std::vector<size_t> loads = Loads();
  ASSERT_GE(loads.size(), 2U);
  struct Case {
    const char* what;
    size_t at;
    uint64_t value;
    size_t size;
  };
  const std::vector<Case> cases = {
      {"cut off", loads[0] + 8, UINT64_MAX, 8},          // p_offset
      {"cut off", loads[0] + 8, UINT64_MAX - 4096, 8},   // and with p_filesz around the end of all numbers
      {"larger in the file", loads[0] + 32, UINT64_MAX, 8},  // p_filesz
      {"address space", loads[0] + 16, UINT64_MAX - 10, 8},  // p_vaddr
      {"address space", loads[0] + 40, UINT64_MAX, 8},       // p_memsz
      {"overlap", loads[1] + 16, Number(loads[0] + 16, 8) + 1, 8},
      {"program headers", 0x20, UINT64_MAX - 3, 8},  // e_phoff
      {"cut off", 0x20, bytes_.size() - 3, 8},
      {"program headers", 0x38, 0xffff, 2},  // e_phnum
      {"program headers", 0x38, 0, 2},
      {"program headers", 0x36, 55, 2},  // e_phentsize
  };
  for (const Case& c : cases) {
    std::string bytes = bytes_;
    Put(&bytes, c.at, c.value, c.size);
    const Error error = OpenError(bytes);
    EXPECT_EQ(error.code, ErrorCode::kBadInput);
    EXPECT_NE(error.message.find(c.what), std::string::npos) << error.message;
  }
}

TEST_F(Hostile, DamagedDynamicSectionsAreNotes) {
  Build({"-buildmode=pie"});
  size_t dynamic = 0;
  for (size_t i = 0; i < Number(0x38, 2); ++i) {
    if (Number(ProgramAt(i), 4) == PT_DYNAMIC) dynamic = ProgramAt(i);
  }
  ASSERT_NE(dynamic, 0U);
  std::vector<std::pair<size_t, uint64_t>> damages = {{dynamic + 8, UINT64_MAX - 1}, {dynamic + 32, UINT64_MAX - 1}};
  for (size_t at = Number(dynamic + 8, 8); Number(at, 8) != DT_NULL; at += 16) {
    if (Number(at, 8) == DT_RELA || Number(at, 8) == DT_RELASZ) damages.emplace_back(at + 8, UINT64_MAX - 7);
    if (Number(at, 8) == DT_RELAENT) damages.emplace_back(at + 8, 23);
  }
  ASSERT_EQ(damages.size(), 5U);
  for (const auto& [at, value] : damages) {
    std::string bytes = bytes_;
    Put(&bytes, at, value, 8);
    auto image = OpenBytes(bytes);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_NE(image->relocations_note(), "");
    Result<BinaryInfo> info = Recognise(*image);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->main_package, "example.test/program");
    EXPECT_THAT(info->notes, ::testing::Contains(image->relocations_note()));
  }
}

TEST_F(Hostile, DamageAnywhereInTheHeadersIsSurvived) {
  for (const char* mode : {"-buildmode=exe", "-buildmode=pie"}) {
    Build({mode});
    std::mt19937 random(20240601);
    size_t opened = 0;
    for (int round = 0; round < 1500; ++round) {
      std::string bytes = bytes_;
      for (unsigned damage = 0; damage < 1 + random() % 4; ++damage) {
        const size_t sections = Number(0x28, 8), size = Number(0x3c, 2) * sizeof(Elf64_Shdr);
        const size_t at = random() % 2 == 0 ? random() % 1024 : std::min(bytes.size() - 8, sections + random() % size);
        Put(&bytes, at, random() % 3 == 0 ? UINT64_MAX << random() % 64 : random(), 1 + random() % 8);
      }
      if (auto image = OpenBytes(std::move(bytes))) {
        ++opened;
        ReadEverything(*image);
      }
    }
    EXPECT_GT(opened, 100U);  // else the damage never got past the first checks
    EXPECT_LT(opened, 1500U);
  }
}

TEST_F(Hostile, ASparseFileOfFourGigabytes) {
  Build({"-buildmode=pie"});
  // The last segment's data now ends behind 4 GiB of nothing, and so do the section headers.
  constexpr uint64_t kSize = uint64_t{4} << 30;
  const size_t last = Loads().back();
  std::string bytes = bytes_;
  Put(&bytes, last + 32, kSize, 8);
  Put(&bytes, last + 40, kSize + 4096, 8);
  Put(&bytes, 0x28, kSize, 8);
  // Build info is looked for in what is left of it: nothing.
  const size_t magic = bytes.find("\xff Go buildinf:");
  ASSERT_NE(magic, std::string::npos);
  bytes[magic] = 'x';
  testing::WriteAll(dir_ / "sparse", bytes);
  ASSERT_EQ(truncate((dir_ / "sparse").c_str(), kSize + (uint64_t{1} << 30)), 0);
  auto source = OpenFileSource(dir_ / "sparse");
  ASSERT_TRUE(source);
  auto image = Image::Open(*source);
  ASSERT_TRUE(image) << image.error().message;
  Result<BinaryInfo> info = Recognise(*image);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->build_info.found);
  EXPECT_EQ(info->go_text, "");
  // Relocated data is read all the same.
  EXPECT_TRUE(image->U64(image->segments().back().address + kSize - 8));
  BlockReader reader(&*image);
  auto too_much = reader.View(image->segments().back().address, uint64_t{1} << 30);
  ASSERT_FALSE(too_much);
  EXPECT_EQ(too_much.error().code, ErrorCode::kBadInput);
}

TEST_F(Hostile, WhatIsNoProgramIsRefusedWithItsReason) {
  testing::WriteAll(dir_ / "script", "#!/bin/sh\nexec server\n");
  testing::WriteAll(dir_ / "empty", "");
  ASSERT_EQ(mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  ASSERT_EQ(symlink("fifo", (dir_ / "link").c_str()), 0);
  const auto open = [](const std::string& path) -> Error {
    auto source = OpenFileSource(path);
    if (!source) return source.error();
    auto image = Image::Open(*source);
    EXPECT_FALSE(image);
    return image ? Error() : image.error();
  };
  const std::vector<std::tuple<std::string, ErrorCode, const char*>> cases = {
      {dir_ / "script", ErrorCode::kBadInput, "not an ELF file"}, {dir_ / "empty", ErrorCode::kBadInput, "not an ELF file"},
      {dir_ / "fifo", ErrorCode::kBadInput, "not a regular file"}, {dir_ / "link", ErrorCode::kBadInput, "not a regular file"},
      {dir_ / "", ErrorCode::kBadInput, "is a directory"},         {"/dev/zero", ErrorCode::kBadInput, "not a regular file"},
      {dir_ / "missing", ErrorCode::kNotFound, "missing"},         {dir_ / "script/x", ErrorCode::kNotFound, "script/x"},
      {std::string("a\0b", 3), ErrorCode::kUsage, "NUL"},
  };
  for (const auto& [path, code, words] : cases) {
    const Error error = open(path);
    EXPECT_EQ(error.code, code) << path;
    EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
  }
}

TEST_F(Hostile, OtherKindsOfProgramsAreNamed) {
  Build({});
  struct Case {
    size_t at;
    uint64_t value;
    size_t size;
    const char* words;
  };
  const std::vector<Case> cases = {
      {4, 1, 1, "32-bit"},       {5, 2, 1, "big-endian"}, {7, 9, 1, "another system"}, {0x12, 40, 2, "arm"},
      {0x12, 243, 2, "riscv64"}, {0x12, 999, 2, "machine 999"}, {0x10, 1, 2, "object file"}, {0x10, 4, 2, "core dump"},
  };
  for (const Case& c : cases) {
    std::string bytes = bytes_;
    Put(&bytes, c.at, c.value, c.size);
    const Error error = OpenError(bytes);
    EXPECT_EQ(error.code, ErrorCode::kUnsupported) << c.words;
    EXPECT_NE(error.message.find(c.words), std::string::npos) << error.message;
  }
  EXPECT_NE(OpenError("MZ" + std::string(200, '\0')).message.find("Windows"), std::string::npos);
  EXPECT_NE(OpenError("\xcf\xfa\xed\xfe" + std::string(200, '\0')).message.find("macOS"), std::string::npos);
}

// What a file held when it was opened it may not hold any more.
TEST_F(Hostile, AFileThatShrinksWhileItIsRead) {
  Build({"-buildmode=pie"});
  auto source = OpenFileSource(dir_ / "program");
  ASSERT_TRUE(source);
  auto image = Image::Open(*source);
  ASSERT_TRUE(image);
  ASSERT_EQ(truncate((dir_ / "program").c_str(), 8192), 0);
  const auto read = image->U64(image->segments().back().address);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kBadInput);
  Result<BinaryInfo> info = Recognise(*image);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->build_info.found);
}

}  // namespace
}  // namespace gooffsets
