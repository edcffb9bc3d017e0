// One symbol over all versions: answers version by version, joined to runs.
#include <algorithm>

#include "store/database_impl.h"
#include "store/version_order.h"

namespace gooffsets {

namespace {

// Joins equal answers of neighbouring observed versions. Where Go releases matter, a version belongs to several runs.
class RunMaker {
 public:
  // A version without an observation. One that is a release ends every run.
  void Gap(const std::string& version, std::string reason, bool release) {
    gaps_.push_back({version, std::move(reason)});
    if (release) open_.clear();
  }

  void Observe(const std::string& version, const std::vector<Value>& values) {
    std::vector<size_t> open;
    for (const Value& value : values) {
      auto run = std::find_if(open_.begin(), open_.end(), [&](size_t i) { return Same(runs_[i], value); });
      size_t index = runs_.size();
      if (run != open_.end()) {
        index = *run;
      } else {
        runs_.push_back({version, version, 0, std::nullopt, value.absent_reason, {}});
        if (value.absent_reason.empty()) runs_.back().value = value;
      }
      Run& current = runs_[index];
      if (current.value && current.observations > 0) {
        current.value->evidence.insert(current.value->evidence.end(), value.evidence.begin(), value.evidence.end());
      }
      current.last = version;
      ++current.observations;
      for (const std::string& go : value.go) {
        if (std::find(current.go.begin(), current.go.end(), go) == current.go.end()) current.go.push_back(go);
      }
      open.push_back(index);
    }
    open_ = std::move(open);
  }

  void Finish(Timeline* timeline) {
    VersionLess less(VersionScheme::kGo);
    for (Run& run : runs_) {
      std::sort(run.go.begin(), run.go.end(), less);
      if (run.value) run.value->go = run.go;
    }
    timeline->runs = std::move(runs_);
    timeline->gaps = std::move(gaps_);
  }

 private:
  static bool Same(const Run& run, const Value& value) {
    if (!run.value) return run.absent_reason == value.absent_reason;
    return run.value->SameAs(value);
  }

  std::vector<Run> runs_;
  std::vector<size_t> open_;  // runs that the version before was part of
  std::vector<gooffsets::Gap> gaps_;
};

}  // namespace

Result<Timeline> Database::Impl::AllVersions(const Query& asked) {
  GOOFFSETS_TRY(Query query, Normalise(asked, false));
  Timeline timeline;
  timeline.query = query;
  GOOFFSETS_TRY(auto symbol, Split(query, std::nullopt));
  GOOFFSETS_TRY(std::vector<Sighting> sightings,
                SightingsOf(query.module, symbol.first, query.goarch, std::nullopt));
  std::map<int64_t, std::vector<Sighting>> by_version;
  for (Sighting& sighting : sightings) by_version[sighting.version].push_back(std::move(sighting));
  // Versions that somebody listed, built, or saw this package or a package list of.
  std::vector<std::pair<std::string, int64_t>> versions;
  Statement rows = db_.Prepare(
      "SELECT v.text, v.id, v.listed OR EXISTS (SELECT 1 FROM build b WHERE b.version = v.id AND b.goarch = ?2) "
      "FROM version v JOIN module m ON m.id = v.module WHERE m.path = ?1");
  rows.BindText(query.module).BindText(ToString(query.goarch));
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) break;
    if (rows.Int(2) != 0 || by_version.contains(rows.Int(1))) versions.emplace_back(rows.Text(0), rows.Int(1));
  }
  if (versions.empty()) {
    return Fail(ErrorCode::kUnknown, "the database has nothing of module " + query.module,
                "offsetgen --module " + query.module + " --versions '*'");
  }
  VersionLess less(SchemeOf(query.module));
  std::sort(versions.begin(), versions.end(), [&](const auto& a, const auto& b) { return less(a.first, b.first); });
  RunMaker runs;
  for (const auto& [version, id] : versions) {
    auto seen = by_version.find(id);
    Result<Answer> answer = seen == by_version.end() ? NotSeen(query, id, symbol.first, symbol.second)
                                                     : Combine(query, symbol.second, seen->second);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status == Status::kUnknown) {
      Result<Version> parsed = Version::Parse(SchemeOf(query.module), version);
      runs.Gap(version, std::move(answer->reason), parsed && !parsed->is_prerelease());
      continue;
    }
    if (answer->status == Status::kAbsent) {
      Value absent;
      absent.absent_reason = answer->reason;
      for (const Evidence& evidence : answer->evidence) {
        if (std::find(absent.go.begin(), absent.go.end(), evidence.go) == absent.go.end()) {
          absent.go.push_back(evidence.go);
        }
      }
      answer->values = {std::move(absent)};
    }
    runs.Observe(version, answer->values);
  }
  runs.Finish(&timeline);
  return timeline;
}

}  // namespace gooffsets
