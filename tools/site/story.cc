#include "site/story.h"

#include <algorithm>
#include <map>
#include <set>

namespace gooffsets {

namespace {

// By version: whether it lies in the range of the run and was observed at all.
void Place(const std::map<std::string, size_t>& index, Story::Side* side, size_t versions) {
  side->at.assign(versions, {});
  std::vector<bool> gap(versions, false);
  for (const Gap& one : side->timeline.gaps) {
    if (auto found = index.find(one.version); found != index.end()) gap[found->second] = true;
  }
  for (size_t run = 0; run < side->timeline.runs.size(); ++run) {
    auto first = index.find(side->timeline.runs[run].first);
    auto last = index.find(side->timeline.runs[run].last);
    if (first == index.end() || last == index.end()) continue;
    for (size_t v = first->second; v <= last->second; ++v) {
      if (!gap[v]) side->at[v].push_back(run);
    }
  }
}

}  // namespace

Result<Story> MakeStory(const Database& database, const std::vector<VersionCoverage>& known, const std::string& module,
                        const std::string& symbol) {
  Story story;
  story.module = module;
  story.symbol = symbol;
  std::map<std::string, size_t> index;
  for (const VersionCoverage& version : known) {
    index.emplace(version.version, story.versions.size());
    story.versions.push_back(version.version);
  }
  for (GoArch arch : {GoArch::kAmd64, GoArch::kArm64}) {
    Story::Side& side = story.sides[arch == GoArch::kAmd64 ? 0 : 1];
    side.arch = arch;
    GOOFFSETS_TRY(side.timeline, database.AllVersions({module, "", "", arch, symbol}));
    Place(index, &side, story.versions.size());
    side.variant_of.assign(side.timeline.runs.size(), Story::kAbsent);
  }
  for (size_t v = 0; v < story.versions.size(); ++v) {
    for (Story::Side& side : story.sides) {
      for (size_t run : side.at[v]) {
        const std::optional<Value>& value = side.timeline.runs[run].value;
        if (!value || side.variant_of[run] != Story::kAbsent) continue;
        auto same = std::find_if(story.variants.begin(), story.variants.end(),
                                 [&](const Value& other) { return other.SameAs(*value); });
        side.variant_of[run] = static_cast<size_t>(same - story.variants.begin());
        if (same == story.variants.end()) story.variants.push_back(*value);
      }
    }
  }
  if (story.found()) story.kind = story.variants[0].kind;
  return story;
}

std::vector<size_t> Story::Observed() const {
  std::vector<size_t> observed;
  for (size_t v = 0; v < versions.size(); ++v) {
    if (!sides[0].at[v].empty() || !sides[1].at[v].empty()) observed.push_back(v);
  }
  return observed;
}

size_t Story::Newest() const {
  for (size_t v = versions.size(); v-- > 0;) {
    for (const Side& side : sides) {
      for (size_t run : side.at[v]) {
        if (side.variant_of[run] != kAbsent) return side.variant_of[run];
      }
    }
  }
  return 0;
}

std::string Story::VersionsOf(size_t variant) const {
  std::string text;
  size_t first = kAbsent, last = kAbsent;
  auto flush = [&] {
    if (first == kAbsent) return;
    if (!text.empty()) text += ", ";
    text += versions[first];
    if (last != first) text += " .. " + versions[last];
    first = kAbsent;
  };
  for (size_t v : Observed()) {
    bool has = false;
    for (const Side& side : sides) {
      for (size_t run : side.at[v]) has = has || side.variant_of[run] == variant;
    }
    if (!has) {
      flush();
      continue;
    }
    if (first == kAbsent) first = v;
    last = v;
  }
  flush();
  return text;
}

std::string Story::ArchesOf(size_t variant) const {
  std::string text;
  for (const Side& side : sides) {
    if (std::find(side.variant_of.begin(), side.variant_of.end(), variant) == side.variant_of.end()) continue;
    if (!text.empty()) text += " and ";
    text += ToString(side.arch);
  }
  return text;
}

std::string VariantName(size_t variant) {
  std::string name;
  for (size_t rest = variant + 1; rest > 0; rest = (rest - 1) / 26) {
    name.insert(name.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return name;
}

std::string ShortValue(const Value& value) {
  switch (value.kind) {
    case SymbolKind::kField:
      return std::to_string(value.field.offset);
    case SymbolKind::kStruct:
      return "size " + std::to_string(value.structure.size);
    case SymbolKind::kFunction:
      return std::to_string(value.function.params.size()) + " in, " + std::to_string(value.function.results.size()) +
             " out";
  }
  return {};
}

}  // namespace gooffsets
