// A symbol's story: what it was in each known version, on both architectures, as the pictures and tables need it.
//
// A variant is one distinct value (an offset, a struct's layout, a function's places); runs of both architectures point
// at variants, so that equal layouts are drawn once. Registers are numbers in a variant, so amd64 and arm64 share it
// where both pass arguments the same way. A version without an observation has no run and is never filled in. Plain
// values, safe from any thread.
//
//   GOOFFSETS_TRY(Story story, MakeStory(db, data.coverage.at("std"), "std", "net/http.Request.URL"));
//   story.sides[0].at[i]       // runs of amd64 that version story.versions[i] belongs to
#ifndef GOOFFSETS_TOOLS_SITE_STORY_H_
#define GOOFFSETS_TOOLS_SITE_STORY_H_

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct Story {
  static constexpr size_t kAbsent = std::numeric_limits<size_t>::max();

  struct Side {
    GoArch arch = GoArch::kAmd64;
    Timeline timeline;
    std::vector<size_t> variant_of;       // by run; kAbsent
    std::vector<std::vector<size_t>> at;  // by version: its runs; several where the Go release matters
  };

  std::string module, symbol;
  SymbolKind kind = SymbolKind::kField;
  std::vector<std::string> versions;  // known, ascending
  std::array<Side, 2> sides;          // amd64, arm64
  std::vector<Value> variants;        // by first version; evidence is that of the run that showed it first

  bool found() const { return !variants.empty(); }
  // Versions that any run covers.
  std::vector<size_t> Observed() const;
  // The variant of the newest version that has one; there must be one.
  size_t Newest() const;
  // "1.17 .. 1.21.13", "1.17 .. 1.18, 1.20": the observed versions of a variant, in ranges that leave out no
  // observation.
  std::string VersionsOf(size_t variant) const;
  // "amd64 and arm64", "arm64".
  std::string ArchesOf(size_t variant) const;
};

// kUnknown and kUsage as Database::AllVersions.
Result<Story> MakeStory(const Database& database, const std::vector<VersionCoverage>& known, const std::string& module,
                        const std::string& symbol);

// "A" .. "Z", "AA" ..: how pages name the layouts of a struct.
std::string VariantName(size_t variant);
// "80", "size 288", "3 in, 1 out": what fits into a bar.
std::string ShortValue(const Value& value);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_STORY_H_
