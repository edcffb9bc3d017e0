// What is no Go binary with DWARF is refused with a reason, and no damage crashes the reader.
#include <gtest/gtest.h>

#include <elf.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "dwarf/read_dwarf.h"
#include "go_fixture.h"

namespace gooffsets {
namespace {

class HostileInput : public ::testing::Test {
 protected:
  std::string Build(const std::string& goarch, const std::string& ldflags) {
    const std::string binary = temp_ / ("binary." + goarch);
    const auto built = testing::RunGo(testing::GoOnPath(), testing::FixtureDir("tiny"), goarch,
                                      {"build", "-ldflags=" + ldflags, "-o", binary, "."});
    EXPECT_EQ(built.status, 0) << built.output;
    return binary;
  }

  static std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string Write(std::string_view bytes) {
    const std::string path = temp_ / "damaged";
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }

  Error ErrorOf(const std::string& path) {
    Result<DwarfContents> contents = ReadDwarf(path);
    EXPECT_FALSE(contents.has_value()) << path;
    return contents ? Error{} : contents.error();
  }

  testing::TempDir temp_;
};

TEST_F(HostileInput, FilesThatAreNoGoBinaryWithDwarf) {
  EXPECT_EQ(ErrorOf(temp_ / "none").code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrorOf(Write("")).code, ErrorCode::kBadInput);
  EXPECT_EQ(ErrorOf(Write("package main\n")).code, ErrorCode::kBadInput);
  EXPECT_EQ(ErrorOf(Write(std::string("\x7f" "ELF", 4))).code, ErrorCode::kBadInput);
  EXPECT_FALSE(ReadDwarf(temp_ / "").has_value());  // a directory
  const Error no_go = ErrorOf("/proc/self/exe");  // this test: C++
  EXPECT_EQ(no_go.code, ErrorCode::kUnsupported) << no_go.ToString();
}

TEST_F(HostileInput, StrippedBinariesSayThatTheyAre) {
  const Error error = ErrorOf(Build("amd64", "-s -w"));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_NE(error.message.find("no DWARF: stripped?"), std::string::npos) << error.message;
  EXPECT_FALSE(error.hint.empty());
}

TEST_F(HostileInput, OtherMachinesAreRefused) {
  for (const char* goarch : {"386", "arm", "riscv64", "s390x"}) {
    EXPECT_EQ(ErrorOf(Build(goarch, "")).code, ErrorCode::kUnsupported) << goarch;
  }
}

TEST_F(HostileInput, TruncatedAnywhere) {
  for (const char* ldflags : {"", "-compressdwarf=false"}) {
    const std::string whole = Bytes(Build("amd64", ldflags));
    ASSERT_TRUE(ReadDwarf(Write(whole)).has_value());
    for (size_t i = 0; i < 100; ++i) {
      const std::string path = Write(std::string_view(whole).substr(0, whole.size() * i / 100));
      Result<DwarfContents> contents = ReadDwarf(path);
      if (!contents) {
        EXPECT_FALSE(contents.error().message.empty());
      }
    }
  }
}

// File ranges of the DWARF sections (of an uncompressed binary), from its section headers.
std::vector<std::pair<size_t, size_t>> DebugRanges(const std::string& bytes) {
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(bytes.data());
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(bytes.data() + header->e_shoff);
  const char* names = bytes.data() + sections[header->e_shstrndx].sh_offset;
  std::vector<std::pair<size_t, size_t>> ranges;
  for (int i = 0; i < header->e_shnum; ++i) {
    const std::string name = names + sections[i].sh_name;
    if (name == ".debug_info" || name == ".debug_abbrev" || name == ".debug_loclists" || name == ".debug_loc" ||
        name == ".debug_addr") {
      ranges.emplace_back(sections[i].sh_offset, sections[i].sh_size);
    }
  }
  return ranges;
}

TEST_F(HostileInput, FlippedBytesInDebugSections) {
  const std::string whole = Bytes(Build("arm64", "-compressdwarf=false"));
  const auto ranges = DebugRanges(whole);
  ASSERT_GE(ranges.size(), 3u);
  std::mt19937 random(20261121);  // the same damage in every run
  size_t refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string damaged = whole;
    const auto [offset, size] = ranges[static_cast<size_t>(i) % ranges.size()];
    for (int flips = 1 + i % 7; flips > 0; --flips) damaged[offset + random() % size] = static_cast<char>(random());
    Result<DwarfContents> contents = ReadDwarf(Write(damaged));
    if (!contents) {
      ++refused;
      // Damage to the language or the version of every unit leaves no Go unit.
      EXPECT_TRUE(contents.error().code == ErrorCode::kBadInput || contents.error().code == ErrorCode::kUnsupported)
          << contents.error().ToString();
    }
  }
  EXPECT_GT(refused, 20u);
}

}  // namespace
}  // namespace gooffsets
