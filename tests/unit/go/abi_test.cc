#include "go/abi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace gooffsets {
namespace {

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<std::vector<std::string>> ReadTable(const std::string& name) {
  std::ifstream file(std::string(GOOFFSETS_SOURCE_DIR) + "/tests/fixtures/abi/" + name);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) rows.push_back(Split(line, '\t'));
  return rows;
}

// From the columns size, alignment, assignable, words.
Parameter MakeParameter(const std::vector<std::string>& row, size_t column) {
  Parameter value;
  value.size = std::stoull(row.at(column));
  value.align = static_cast<uint32_t>(std::stoul(row.at(column + 1)));
  value.register_assignable = row.at(column + 2) == "true";
  if (row.at(column + 3) == "-") return value;
  for (const std::string& word : Split(row.at(column + 3), ',')) {
    auto at_size = Split(word, ':');
    value.words.push_back({.at = static_cast<uint32_t>(std::stoul(at_size.at(0))),
                           .size = static_cast<uint32_t>(std::stoul(at_size.at(1))),
                           .is_float = word.back() == 'f'});
  }
  return value;
}

std::string Place(const Piece& piece) {
  const char* base = piece.base == Piece::Base::kIntRegister ? "I" : (piece.base == Piece::Base::kStack ? "S" : "F");
  return base + std::to_string(piece.index);
}

std::string Pieces(const Parameter& value) {
  std::string text;
  for (const Piece& piece : value.pieces) {
    text +=
        (text.empty() ? "" : ",") + Place(piece) + "@" + std::to_string(piece.at) + ":" + std::to_string(piece.size);
  }
  return text.empty() ? "-" : text;
}

// Every value of every signature exactly as the compiler's own ABI package assigns it, results included.
TEST(Abi, AgreesWithTheCompiler) {
  struct Signature {
    std::string name;
    FunctionLayout function;
    std::vector<std::vector<std::string>> rows;  // parameters, then results
  };
  std::vector<Signature> signatures;
  for (const auto& row : ReadTable("compiler_1.26.8.tsv")) {
    if (row.at(0) == "func") {
      signatures.push_back({row.at(1), {}, {}});
      continue;
    }
    FunctionLayout& function = signatures.back().function;
    (row[0] == "in" ? function.params : function.results).push_back(MakeParameter(row, 1));
    signatures.back().rows.push_back(row);
  }
  ASSERT_EQ(signatures.size(), 314U);
  struct {
    const char* name;
    GoArch arch;
    bool register_abi;
  } const kConventions[] = {{"amd64", GoArch::kAmd64, true},
                            {"arm64", GoArch::kArm64, true},
                            {"ABI0", GoArch::kAmd64, false},
                            {"ABI0 on arm64", GoArch::kArm64, false}};
  size_t compared = 0;
  for (Signature& signature : signatures) {
    for (size_t c = 0; c < std::size(kConventions); ++c) {
      AssignAbi(&signature.function, kConventions[c].arch, kConventions[c].register_abi);
      for (size_t i = 0; i < signature.rows.size(); ++i) {
        const bool result = i >= signature.function.params.size();
        const Parameter& value =
            result ? signature.function.results[i - signature.function.params.size()] : signature.function.params[i];
        ASSERT_EQ(Pieces(value), signature.rows[i].at(5 + std::min<size_t>(c, 2)))
            << signature.name << " " << kConventions[c].name << " value " << i;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 9'000U);
}

// A real program of each convention, through its DWARF.
class AbiDwarf : public testing::TestWithParam<std::tuple<const char*, GoArch, size_t>> {};

TEST_P(AbiDwarf, Agrees) {
  const auto& [go, arch, expected_missing] = GetParam();
  const Version release = Version::Parse(VersionScheme::kGo, go).value();
  auto rows = ReadTable("dwarf_" + std::string(go) + "_" + std::string(ToString(arch)) + ".tsv");
  ASSERT_EQ(rows.size(), 111U);
  size_t missing = 0, spilled = 0;
  for (size_t first = 0; first < rows.size();) {
    size_t end = first;
    FunctionLayout function;
    for (; end < rows.size() && rows[end].at(0) == rows[first].at(0); ++end) {
      (rows[end].at(1)[0] == 'p' ? function.params : function.results).push_back(MakeParameter(rows[end], 2));
    }
    AssignAbi(&function, arch, UsesRegisterAbi(release, arch));
    for (size_t i = first; i < end; ++i) {
      const std::string& location = rows[i].at(6);
      const bool result = i - first >= function.params.size();
      const Parameter& value =
          result ? function.results[i - first - function.params.size()] : function.params[i - first];
      if (value.size == 0) continue;  // DWARF names a place for nothing
      if (location == "-") {
        ++missing;
        continue;
      }
      // The compiler splits some values on the stack into words; ours are one piece.
      std::string ours;
      if (value.pieces.size() == 1 && value.pieces[0].base == Piece::Base::kStack) {
        std::string parts;
        for (const Word& word : value.words) {
          Piece part = value.pieces[0];
          part.index += static_cast<int32_t>(word.at);
          parts += (parts.empty() ? "" : ",") + Place(part) + ":" + std::to_string(word.size);
        }
        ours = location.find(':') != std::string::npos ? parts : Place(value.pieces[0]);
      } else {
        for (const Piece& piece : value.pieces) {
          ours += (ours.empty() ? "" : ",") + Place(piece);
          if (location.find(':') != std::string::npos) ours += ":" + std::to_string(piece.size);
        }
      }
      auto places = Split(ours, ','), described = Split(location, ',');
      ASSERT_EQ(places.size(), described.size()) << rows[i].at(0) << " " << rows[i].at(1) << " " << location;
      for (size_t part = 0; part < places.size(); ++part) {
        if (places[part][0] != 'S' && described[part][0] == 'S') {
          ++spilled;
        } else {
          EXPECT_EQ(places[part], described[part]) << rows[i].at(0) << " " << rows[i].at(1);
        }
      }
    }
    first = end;
  }
  EXPECT_EQ(missing, expected_missing);
  // Go 1.17 names the slot a register is spilled to from the first instruction on, although only a later one stores it
  // there (disassembled: main.WithArray.OnStack holds p1 in AX at entry, its DWARF says SP-64).
  EXPECT_EQ(spilled, std::string_view(go) == "1.17.13" && arch == GoArch::kAmd64 ? 14U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Releases, AbiDwarf,
    testing::Values(std::tuple("1.17.13", GoArch::kAmd64, 5), std::tuple("1.17.13", GoArch::kArm64, 11),
                    std::tuple("1.19.13", GoArch::kAmd64, 6), std::tuple("1.19.13", GoArch::kArm64, 5),
                    std::tuple("1.26.8", GoArch::kAmd64, 8), std::tuple("1.26.8", GoArch::kArm64, 6),
                    std::tuple("1.27.4", GoArch::kAmd64, 2), std::tuple("1.27.4", GoArch::kArm64, 2)),
    [](const auto& instance) {
      std::string name =
          std::string(std::get<0>(instance.param)) + "_" + std::string(ToString(std::get<1>(instance.param)));
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(Abi, WhoUsesRegisters) {
  auto uses = [](const char* go, GoArch arch, const char* experiment = "") {
    return UsesRegisterAbi(Version::Parse(VersionScheme::kGo, go).value(), arch, experiment);
  };
  EXPECT_FALSE(uses("1.16.15", GoArch::kAmd64));
  EXPECT_TRUE(uses("1.17", GoArch::kAmd64));
  EXPECT_TRUE(uses("1.17rc1", GoArch::kAmd64));
  EXPECT_FALSE(uses("1.17.13", GoArch::kArm64));
  EXPECT_TRUE(uses("1.18", GoArch::kArm64));
  EXPECT_TRUE(uses("1.27.4", GoArch::kArm64));
  // internal/buildcfg/exp.go of Go 1.17.13 and 1.19.13
  EXPECT_FALSE(uses("1.17.13", GoArch::kAmd64, "noregabi"));
  EXPECT_FALSE(uses("1.17.13", GoArch::kAmd64, "fieldtrack,noregabiargs"));
  EXPECT_FALSE(uses("1.17.13", GoArch::kAmd64, "none"));
  EXPECT_TRUE(uses("1.17.13", GoArch::kAmd64, "none,regabi"));
  EXPECT_TRUE(uses("1.17.13", GoArch::kAmd64, "fieldtrack"));
  EXPECT_FALSE(uses("1.17.13", GoArch::kArm64, "regabi"));
  EXPECT_TRUE(uses("1.19.13", GoArch::kAmd64, "noregabi")) << "always on";
}

TEST(Abi, DwarfRegisters) {
  auto name = [](GoArch arch, int dwarf_register) {
    auto piece = RegisterPiece(arch, dwarf_register);
    return piece ? RegisterName(arch, *piece) : "-";
  };
  // System V psABI, figure 3.36: RAX RDX RCX RBX RSI RDI RBP RSP R8..R15, return address, XMM0..
  const char* amd64[] = {"RAX", "-",   "RCX", "RBX", "RSI", "RDI", "-", "-", "R8",
                         "R9",  "R10", "R11", "-",   "-",   "-",   "-", "-", "X0"};
  for (int i = 0; i < static_cast<int>(std::size(amd64)); ++i) EXPECT_EQ(name(GoArch::kAmd64, i), amd64[i]) << i;
  EXPECT_EQ(name(GoArch::kAmd64, 31), "X14");
  EXPECT_EQ(name(GoArch::kAmd64, 32), "-") << "X15 holds zero";
  EXPECT_EQ(name(GoArch::kArm64, 0), "R0");
  EXPECT_EQ(name(GoArch::kArm64, 15), "R15");
  EXPECT_EQ(name(GoArch::kArm64, 16), "-");
  EXPECT_EQ(name(GoArch::kArm64, 64), "F0");
  EXPECT_EQ(name(GoArch::kArm64, 79), "F15");
  EXPECT_EQ(name(GoArch::kArm64, 80), "-");
  for (int odd : {-1, -2147483647, 2147483647}) {
    EXPECT_EQ(name(GoArch::kAmd64, odd), "-");
    EXPECT_EQ(name(GoArch::kArm64, odd), "-");
  }
  EXPECT_EQ(RegisterName(GoArch::kAmd64, {.base = Piece::Base::kIntRegister, .index = 9}), "");
  EXPECT_EQ(RegisterName(GoArch::kAmd64, {.base = Piece::Base::kFloatRegister, .index = -1}), "");
  EXPECT_EQ(RegisterName(GoArch::kArm64, {.base = Piece::Base::kStack, .index = 8}), "");
}

TEST(Abi, HostileSizesGiveNoWrongPlaces) {
  FunctionLayout function;
  function.params.resize(4);
  function.params[0] = {
      .name = "", .type = "", .size = 1, .align = 1, .register_assignable = false, .words = {}, .pieces = {}};
  function.params[1].size = UINT64_MAX;
  function.params[1].align = UINT32_MAX;
  function.params[1].register_assignable = false;
  function.params[2].size = 8;
  function.params[2].align = 0;
  function.params[3].size = 8;  // says it fits registers, but has no words
  AssignAbi(&function, GoArch::kAmd64, true);
  EXPECT_EQ(Pieces(function.params[0]), "S8@0:1");
  EXPECT_EQ(Pieces(function.params[1]), "-");
  EXPECT_EQ(Pieces(function.params[2]), "-") << "behind a value of no known place";
  EXPECT_EQ(Pieces(function.params[3]), "-");
}

TEST(LayoutNames, Arch) {
  EXPECT_EQ(ToString(GoArch::kAmd64), "amd64");
  EXPECT_EQ(*ParseGoArch("x86_64"), GoArch::kAmd64);
  EXPECT_EQ(*ParseGoArch("aarch64"), GoArch::kArm64);
  EXPECT_EQ(*ParseGoArch(ToString(GoArch::kArm64)), GoArch::kArm64);
  EXPECT_EQ(ParseGoArch("386").error().code, ErrorCode::kUsage);
}

TEST(LayoutNames, KindsAsReflectSpellsThem) {
  // `for k := reflect.Invalid; k <= reflect.UnsafePointer; k++ { print(k) }`, Go 1.26.8
  std::vector<std::string> reflect = {
      "invalid", "bool",   "int",       "int8",    "int16",   "int32",   "int64",     "uint",       "uint8",
      "uint16",  "uint32", "uint64",    "uintptr", "float32", "float64", "complex64", "complex128", "array",
      "chan",    "func",   "interface", "map",     "ptr",     "slice",   "string",    "struct",     "unsafe.Pointer"};
  for (size_t i = 0; i < reflect.size(); ++i) {
    auto kind = static_cast<TypeKind>(i);
    EXPECT_EQ(ToString(kind), reflect[i]);
    EXPECT_EQ(*ParseTypeKind(reflect[i]), kind);
  }
  EXPECT_EQ(*ParseTypeKind("pointer"), TypeKind::kPointer);
  EXPECT_FALSE(ParseTypeKind("Int"));
  EXPECT_EQ(ToString(static_cast<TypeKind>(200)), "invalid");
}

}  // namespace
}  // namespace gooffsets
