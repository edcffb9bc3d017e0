// Versions against what Go's own packages say: tests/fixtures/semver/*.tsv, made by golang.org/x/mod/semver,
// golang.org/x/mod/module and go/version (NOTES.md there says how).
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "gooffsets/version.h"

namespace gooffsets {
namespace {

struct Row {
  std::optional<int> rank;  // nullopt: Go says it is no version
  std::string text, line;
  bool prerelease = false, pseudo = false;
};

std::vector<Row> ReadRows(const std::string& name) {
  std::ifstream file(std::string(GOOFFSETS_SOURCE_DIR) + "/tests/fixtures/semver/" + name);
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> columns;
    std::istringstream fields(line);
    for (std::string column; std::getline(fields, column, '\t');) columns.push_back(column);
    Row row;
    if (columns.size() < 2) continue;
    row.text = columns[1];
    if (columns[0] != "invalid") {
      row.rank = std::stoi(columns[0]);
      row.line = columns.at(2);
      row.prerelease = columns.at(3) == "true";
      row.pseudo = columns.size() > 4 && columns[4] == "true";
    }
    rows.push_back(row);
  }
  return rows;
}

void CheckAgainstGo(VersionScheme scheme, const std::string& file, size_t at_least) {
  std::vector<std::pair<Row, Version>> good;
  size_t bad = 0;
  for (const Row& row : ReadRows(file)) {
    auto version = Version::Parse(scheme, row.text);
    ASSERT_EQ(version.has_value(), row.rank.has_value()) << row.text;
    if (!version) {
      ++bad;
      EXPECT_EQ(version.error().code, ErrorCode::kUsage);
      continue;
    }
    EXPECT_EQ(version->minor_line(), row.line) << row.text;
    EXPECT_EQ(version->is_prerelease(), row.prerelease) << row.text;
    EXPECT_EQ(version->is_pseudo(), row.pseudo) << row.text;
    auto again = Version::Parse(scheme, version->text());
    ASSERT_TRUE(again) << version->text();
    EXPECT_EQ(*again, *version) << "the canonical text is stable";
    good.emplace_back(row, *version);
  }
  ASSERT_GE(good.size(), at_least);
  ASSERT_GE(bad, 15U);
  for (const auto& [a_row, a] : good) {
    for (const auto& [b_row, b] : good) {
      if (a_row.rank == b_row.rank) {
        ASSERT_EQ(a == b, (a <=> b) == 0) << a.text() << " " << b.text();
        continue;
      }
      ASSERT_EQ(a < b, *a_row.rank < *b_row.rank) << a.text() << " " << b.text();
      ASSERT_FALSE(a == b) << a.text() << " " << b.text();
    }
  }
}

TEST(VersionGolden, ModulesAsInXModSemver) { CheckAgainstGo(VersionScheme::kModule, "module.tsv", 450); }
TEST(VersionGolden, GoReleasesAsInGoVersion) { CheckAgainstGo(VersionScheme::kGo, "go.tsv", 250); }

}  // namespace
}  // namespace gooffsets
