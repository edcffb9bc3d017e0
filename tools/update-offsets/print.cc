#include "print.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "common/exit_code.h"

namespace gooffsets {
namespace {

using Json = nlohmann::ordered_json;

std::string Line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string Time(int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string Size(uint64_t bytes) {
  if (bytes < 10000) return fmt::format("{} bytes", bytes);
  return bytes < 10000000 ? fmt::format("{} kB", bytes / 1000) : fmt::format("{} MB", bytes / 1000000);
}

std::string Notes(const std::vector<std::string>& notes) {
  std::string out;
  for (const std::string& note : notes) out += "note: " + Printable(note) + "\n";
  return out;
}

Json VersionOrNull(uint64_t version) { return version == 0 ? Json(nullptr) : Json(version); }

}  // namespace

std::string CheckText(const CheckReport& report, Format format) {
  if (format == Format::kJson) {
    return Line({{"available", report.available},
                 {"installed", VersionOrNull(report.installed)},
                 {"newest", report.newest},
                 {"pinned", report.pinned},
                 {"download_size", report.download_size},
                 {"delta", report.delta},
                 {"expires", Time(report.expires)},
                 {"source", report.source},
                 {"notes", report.notes}});
  }
  const std::string source = Printable(report.source);
  if (report.available) {
    return fmt::format("version {} is available from {}, {} to download; installed: {}\n", report.newest, source,
                       Size(report.download_size),
                       report.installed == 0 ? std::string("nothing") : std::to_string(report.installed)) +
           Notes(report.notes);
  }
  if (report.pinned && report.newest > report.installed) {
    return fmt::format("version {} is available from {}, but version {} is pinned\n", report.newest, source,
                       report.installed) +
           Notes(report.notes);
  }
  return fmt::format("already newest: version {}\n", report.installed) + Notes(report.notes);
}

std::string UpdateText(const UpdateReport& report, const std::string& path, Format format) {
  if (format == Format::kJson) {
    return Line({{"changed", report.changed},
                 {"before", VersionOrNull(report.before)},
                 {"version", VersionOrNull(report.version)},
                 {"pinned", report.pinned},
                 {"delta", report.delta},
                 {"downloaded", report.downloaded},
                 {"corrected", report.corrected},
                 {"source", report.source},
                 {"database", path},
                 {"notes", report.notes}});
  }
  if (!report.changed) return fmt::format("already newest: version {}\n", report.version) + Notes(report.notes);
  std::string out = fmt::format("version {} is installed as {}", report.version, Printable(path));
  if (report.before != 0) out += fmt::format(", before: {}", report.before);
  if (report.downloaded != 0) {
    out += fmt::format(" ({} downloaded{})", Size(report.downloaded), report.delta ? ", a difference" : "");
  }
  out += "\n";
  if (report.corrected > 0) out += fmt::format("{} published answers were corrected\n", report.corrected);
  return out + Notes(report.notes);
}

std::string PinText(uint64_t pinned, uint64_t installed, Format format) {
  if (format == Format::kJson) return Line({{"pinned", VersionOrNull(pinned)}, {"version", VersionOrNull(installed)}});
  if (pinned == 0) return "not pinned: the next update brings the newest version\n";
  return fmt::format("version {} is pinned{}\n", pinned, pinned == installed ? "" : "; the next update brings it");
}

std::string StatusText(const InstalledState& state, const std::string& path, Format format) {
  if (format == Format::kJson) {
    Json out{{"version", VersionOrNull(state.version)},
             {"database", path},
             {"sha256", state.database.sha256},
             {"size", state.database.size},
             {"schema_level", state.schema_level},
             {"created", Time(state.created)},
             {"expires", Time(state.expires)},
             {"installed", Time(state.installed)},
             {"checked", Time(state.checked)},
             {"source", state.source},
             {"pinned", state.pinned ? Json(*state.pinned) : Json(nullptr)},
             {"pin_reason", state.pin_reason},
             {"highest_seen", state.highest_seen}};
    out["previous"] = Json::array();
    for (const auto& kept : state.previous) {
      out["previous"].push_back(
          {{"version", kept.version}, {"sha256", kept.database.sha256}, {"created", Time(kept.created)}});
    }
    return Line(out);
  }
  if (state.version == 0) {
    return state.pinned ? fmt::format("nothing is installed; pinned to version {}\n", *state.pinned)
                        : "nothing is installed\n";
  }
  std::string out =
      fmt::format("version {}, made {}, expires {}\n", state.version, Time(state.created), Time(state.expires));
  out += fmt::format("  {} ({}), installed {} from {}\n", Printable(path), Size(state.database.size),
                     Time(state.installed), Printable(state.source));
  out += fmt::format("  last asked {}\n", Time(state.checked));
  if (state.pinned) out += fmt::format("  pinned to version {} ({})\n", *state.pinned, Printable(state.pin_reason));
  for (const auto& kept : state.previous)
    out += fmt::format("  kept: version {}, made {}\n", kept.version, Time(kept.created));
  return out;
}

namespace {

// What an update would do now. Whether published answers change without being listed is seen only then.
std::string Verdict(const ExplainReport& report) {
  const InstalledState& installed = report.installed;
  if (installed.pinned && *installed.pinned == installed.version) {
    return fmt::format("do nothing: version {} is pinned ({}) until unpin", installed.version, installed.pin_reason);
  }
  for (const ExplainReport::Source& source : report.sources) {
    if (!source.accepted) continue;
    if (installed.pinned)
      return fmt::format("bring version {}, which is pinned, from {}", *installed.pinned, source.address);
    if (source.version == installed.version) return fmt::format("do nothing: version {} is the newest", source.version);
    return fmt::format("install version {} from {}", source.version, source.address);
  }
  return report.sources.empty() ? "do nothing: no source was named" : "fail: no source gives an acceptable database";
}

}  // namespace

std::string ExplainText(const ExplainReport& report, Format format) {
  const InstalledState& installed = report.installed;
  if (format == Format::kJson) {
    Json out{{"installed", VersionOrNull(installed.version)},
             {"highest_seen", installed.highest_seen},
             {"pinned", installed.pinned ? Json(*installed.pinned) : Json(nullptr)},
             {"trusted_keys", report.trusted_keys},
             {"sources", Json::array()}};
    for (const ExplainReport::Source& source : report.sources) {
      Json one{{"source", source.address}, {"accepted", source.accepted}};
      if (source.accepted) {
        one.update({{"version", source.version},
                    {"created", Time(source.created)},
                    {"expires", Time(source.expires)},
                    {"download_size", source.download_size},
                    {"delta", source.delta},
                    {"notes", source.notes}});
      } else {
        one.update({{"reason", source.reason}, {"try", source.hint}});
      }
      out["sources"].push_back(std::move(one));
    }
    out["update_would"] = Verdict(report);
    return Line(out);
  }
  std::string out = installed.version == 0 ? std::string("installed: nothing")
                                           : fmt::format("installed: version {}", installed.version);
  if (installed.pinned) out += fmt::format(", pinned to {} ({})", *installed.pinned, Printable(installed.pin_reason));
  out += fmt::format("; highest version seen: {}\ntrusted keys:", installed.highest_seen);
  for (const std::string& key : report.trusted_keys) out += " " + key;
  out += report.trusted_keys.empty() ? " none\n" : "\n";
  for (const ExplainReport::Source& source : report.sources) {
    out += Printable(source.address) + ": ";
    if (!source.accepted) {
      out += "cannot be used: " + Printable(source.reason) + "\n";
      if (!source.hint.empty()) out += "  try: " + Printable(source.hint) + "\n";
      continue;
    }
    out += fmt::format("version {}, made {}, expires {}", source.version, Time(source.created), Time(source.expires));
    if (source.download_size != 0)
      out += fmt::format(", {} to download{}", Size(source.download_size), source.delta ? ", a difference" : "");
    out += "\n" + Notes(source.notes);
  }
  return out + "an update would " + Printable(Verdict(report)) + "\n";
}

std::string VerifyText(const std::vector<std::string>& damaged, size_t files, Format format) {
  if (format == Format::kJson) return Line({{"files", files}, {"damaged", damaged}});
  if (damaged.empty()) return fmt::format("{} files are what was signed\n", files);
  std::string out;
  for (const std::string& path : damaged) out += "damaged: " + Printable(path) + "\n";
  return out;
}

std::string DiffText(const DatabaseChanges& changes, uint64_t before, uint64_t after, Format format) {
  if (format == Format::kJson) {
    Json out{{"before", before},
             {"after", after},
             {"observations_before", changes.package_observations_before},
             {"observations_after", changes.package_observations_after},
             {"new_versions", changes.new_versions},
             {"gone_versions", changes.gone_versions},
             {"change_count", changes.change_count}};
    out["changes"] = Json::array();
    for (const auto& change : changes.changes) {
      out["changes"].push_back({{"module", change.module},
                                {"version", change.version},
                                {"go", change.go},
                                {"goarch", change.goarch},
                                {"symbol", change.symbol},
                                {"lost", change.lost}});
    }
    return Line(out);
  }
  std::string out;
  for (const std::string& version : changes.new_versions) out += "+ " + Printable(version) + "\n";
  for (const std::string& version : changes.gone_versions) out += "- " + Printable(version) + "\n";
  for (const auto& change : changes.changes) {
    out += fmt::format("{} {} {} (Go {}, {}) {}\n", change.lost ? "-" : "~", Printable(change.module),
                       Printable(change.version), Printable(change.go), change.goarch, Printable(change.symbol));
  }
  return out + fmt::format("from {} to {}: {} packages seen before, {} now, {} published answers changed\n", before,
                           after, changes.package_observations_before, changes.package_observations_after,
                           changes.change_count);
}

std::string MirrorText(const MirrorReport& report, const std::string& target, Format format) {
  if (format == Format::kJson) {
    return Line({{"version", report.version},
                 {"target", target},
                 {"copied", report.copied},
                 {"present", report.present},
                 {"bytes", report.bytes},
                 {"source", report.source}});
  }
  return fmt::format("{}: version {}, {} blobs copied ({}), {} were there\n", Printable(target), report.version,
                     report.copied, Size(report.bytes), report.present);
}

}  // namespace gooffsets
