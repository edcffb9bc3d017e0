// Every struct, field and parameter of a real server against Go's own debug/dwarf, an independent reader.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <string>

#include "dwarf/read_dwarf.h"
#include "go_fixture.h"

namespace gooffsets {
namespace {

std::string Location(const DwarfParameter& parameter) {
  std::string text;
  for (const DwarfPiece& piece : parameter.location) {
    if (!text.empty()) text += ",";
    if (piece.where == DwarfPiece::Where::kRegister) text += "reg" + std::to_string(piece.dwarf_register);
    if (piece.where == DwarfPiece::Where::kStack) text += "sp+" + std::to_string(piece.stack_offset);
    if (piece.where == DwarfPiece::Where::kMissing) text += "?";
    text += ":" + std::to_string(piece.size);
  }
  return text.empty() ? "-" : text;
}

std::string Line(const std::vector<std::string>& columns) {
  std::string line;
  for (const std::string& column : columns) line += (line.empty() ? "" : "\t") + column;
  return line;
}

std::string Kind(TypeKind kind) { return std::to_string(static_cast<int>(kind)); }

std::set<std::string> Ours(const DwarfContents& contents) {
  std::set<std::string> lines;
  for (const DwarfStruct& s : contents.structs) {
    lines.insert(Line({"S", s.name, std::to_string(s.layout.size)}));
    for (const Field& f : s.layout.fields) {
      lines.insert(Line({"F", s.name, f.name, std::to_string(f.offset), std::to_string(f.size), f.type, Kind(f.kind),
                         f.embedded ? "true" : "false"}));
    }
  }
  for (const DwarfFunction& f : contents.functions) {
    for (size_t i = 0; i < f.params.size(); ++i) {
      const DwarfParameter& p = f.params[i];
      lines.insert(Line({"P", f.name, std::to_string(i), p.name, p.is_result ? "true" : "false", p.type, Kind(p.kind),
                         std::to_string(p.size), Location(p)}));
    }
  }
  return lines;
}

// What the linker makes up and ReadDwarf leaves out: noalg types, shapes, "map.bucket"-like helpers "hash<K,V>".
bool MadeUp(const std::string& name) {
  const size_t bracket = name.find('<');
  return name.starts_with("noalg.") || name.find("go.shape.") != std::string::npos ||
         (bracket != std::string::npos && name.find_first_of(".[ {/") > bracket);
}

// A location as ReadDwarf reports it (location.h): without offsets inside the value, which summing up makes wrong; slots
// of the not yet existing frame and operators that are not understood as missing; of pieces that exceed the value, equal
// neighbours as one.
std::string Comparable(const std::string& location, uint64_t value_size) {
  if (location.starts_with("op0x")) return "?:" + std::to_string(value_size);
  std::vector<std::string> pieces;
  uint64_t total = 0;
  for (std::string piece : testing::Split(location, ',')) {
    piece = piece.substr(0, piece.find('@'));
    if (piece.starts_with("sp+") && std::atoll(piece.c_str() + 3) < 8) piece = "?" + piece.substr(piece.find(':'));
    if (location != "-") total += std::stoull(piece.substr(piece.find(':') + 1));
    pieces.push_back(piece);
  }
  if (total > value_size) {
    pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
    total = 0;
    for (const std::string& piece : pieces) total += std::stoull(piece.substr(piece.find(':') + 1));
    if (pieces.size() > 1 && total > value_size) pieces = {"?:" + std::to_string(value_size)};
  }
  std::string text;
  for (const std::string& piece : pieces) text += (text.empty() ? "" : ",") + piece;
  return text;
}

struct Differences {
  size_t facts = 0, differing = 0;
  std::string examples;
};

Differences Compare(const DwarfContents& contents, const std::string& godwarf) {
  const std::set<std::string> ours = Ours(contents);
  std::set<std::string> functions_twice;
  std::set<std::string> function_index;
  Differences result;
  for (const std::string& line : testing::Lines(godwarf)) {
    const std::vector<std::string> c = testing::Split(line, '\t');
    if (c.size() < 3 || (c[0] != "P" && MadeUp(c[1]))) continue;
    if (c[0] == "P" && !function_index.insert(c[1] + "\t" + c[2]).second) functions_twice.insert(c[1]);
  }
  for (const std::string& line : testing::Lines(godwarf)) {
    std::vector<std::string> c = testing::Split(line, '\t');
    if (c.size() < 3 || (c[0] != "P" && MadeUp(c[1]))) continue;
    bool found = false;
    if (c[0] == "P") {
      // ABI0 and ABIInternal copies of one name: only one is reported (functions_test.cc checks which).
      if (functions_twice.count(c[1])) continue;
      c[8] = Comparable(c.at(8), std::stoull(c.at(7)));
      found = ours.count(Line(c)) > 0;
      // One word in a register, with padding behind it: "reg0:16" is "reg0:8" (location.h).
      for (const char* size : {"1", "2", "4", "8"}) {
        if (found || !c[8].starts_with("reg") || c[8].find(',') != std::string::npos) break;
        c[8] = c[8].substr(0, c[8].find(':') + 1) + size;
        found = ours.count(Line(c)) > 0;
      }
    } else {
      found = ours.count(line) > 0;
    }
    ++result.facts;
    if (found) continue;
    ++result.differing;
    if (result.differing <= 10) result.examples += line + "\n";
  }
  return result;
}

struct Case {
  std::string go, goarch;
};

class Differential : public ::testing::TestWithParam<Case> {};

TEST_P(Differential, EveryFactOfAServerIsWhatDebugDwarfSays) {
  const testing::GoCommand go = GetParam().go == "PATH" ? testing::GoOnPath() : testing::GoRelease(GetParam().go);
  ASSERT_FALSE(go.go.empty()) << go.why;
  testing::TempDir temp;
  const std::string binary = temp / "server";
  const auto built = testing::RunGo(go, testing::FixtureDir("server"), GetParam().goarch, {"build", "-o", binary, "."});
  ASSERT_EQ(built.status, 0) << built.output;
  const std::string reader = temp / "godwarf";
  const auto reader_built =
      testing::RunGo(testing::GoOnPath(), testing::FixtureDir("godwarf"), "amd64", {"build", "-o", reader, "."});
  ASSERT_EQ(reader_built.status, 0) << reader_built.output;
  const auto facts = testing::RunShell(testing::Quote(reader) + " " + testing::Quote(binary));
  ASSERT_EQ(facts.status, 0) << facts.output.substr(0, 1000);

  Result<DwarfContents> contents = ReadDwarf(binary);
  ASSERT_TRUE(contents.has_value()) << contents.error().ToString();
  const Differences differences = Compare(*contents, facts.output);
  EXPECT_EQ(differences.differing, 0u) << differences.examples;
  EXPECT_GT(differences.facts, 9000u);
  EXPECT_GT(contents->structs.size(), 600u);
  EXPECT_GT(contents->functions.size(), 3500u);
  std::cout << contents->producer << ", DWARF " << contents->dwarf_version << ": " << differences.facts
            << " facts compared\n";
}

std::vector<Case> Cases() {
  std::vector<std::string> releases = {"PATH", "1.17.13"};
  if (std::getenv("GOOFFSETS_TEST_ALL") != nullptr) {
    releases = {"PATH", "1.17.13", "1.19.13", "1.22.12", "1.24.13", "1.25.14", "1.26.10", "1.26.11", "1.27.4"};
  }
  std::vector<Case> cases;
  for (const std::string& release : releases) {
    for (const char* goarch : {"amd64", "arm64"}) cases.push_back({release, goarch});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Go, Differential, ::testing::ValuesIn(Cases()), [](const auto& test) {
  std::string name = test.param.go + "_" + test.param.goarch;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

}  // namespace
}  // namespace gooffsets
