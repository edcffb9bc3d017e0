#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "plan.h"
#include "text.h"

namespace offsetgen {
namespace {

constexpr std::array kKinds = {Skipped::Kind::kDone, Skipped::Kind::kFailed, Skipped::Kind::kUnavailable,
                               Skipped::Kind::kLater};

std::string_view Name(Skipped::Kind kind) {
  switch (kind) {
    case Skipped::Kind::kDone:
      return "done";
    case Skipped::Kind::kFailed:
      return "failed";
    case Skipped::Kind::kUnavailable:
      return "unavailable";
    case Skipped::Kind::kLater:
      return "later";
  }
  return "?";
}

std::string Count(size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string Text(const Plan& plan) {
  std::string out = Count(plan.jobs.size(), "job");
  for (const Skipped::Kind kind : kKinds) {
    size_t count = 0;
    for (const Skipped& skipped : plan.skipped) count += skipped.kind == kind ? 1 : 0;
    if (count != 0) out += ", " + std::to_string(count) + " " + std::string(Name(kind));
  }
  out += '\n';
  for (const Job& job : plan.jobs) {
    out += "build " + Printable(job.module) + " " + Printable(job.version) + " " +
           std::string(gooffsets::ToString(job.goarch)) + " go" + Printable(job.go);
    for (size_t i = 0; i < job.tags.size(); ++i) out += (i == 0 ? " tags " : ",") + Printable(job.tags[i]);
    if (!job.goexperiment.empty()) out += " GOEXPERIMENT=" + Printable(job.goexperiment);
    out += ": " + Printable(job.reason, 400) + "\n";
  }
  // What is done is only counted: a rerun over everything would print thousands of lines.
  for (const Skipped& skipped : plan.skipped) {
    if (skipped.kind == Skipped::Kind::kDone) continue;
    out += "skip  " + Printable(skipped.module) + " " + Printable(skipped.version) + " " +
           std::string(gooffsets::ToString(skipped.goarch)) + ": " + std::string(Name(skipped.kind)) + ": " +
           Printable(skipped.why, 400) + "\n";
  }
  for (const PlanNote& note : plan.notes)
    out += "note  " + Printable(note.module) + ": " + Printable(note.what, 400) + " (" + std::to_string(note.count) +
           ")\n";
  return out;
}

std::string Json(const Plan& plan) {
  using nlohmann::ordered_json;
  ordered_json jobs = ordered_json::array(), skipped = ordered_json::array(), notes = ordered_json::array();
  for (const Job& job : plan.jobs) {
    jobs.push_back({{"module", job.module},
                    {"version", job.version},
                    {"go", job.go},
                    {"goarch", gooffsets::ToString(job.goarch)},
                    {"tags", job.tags},
                    {"goexperiment", job.goexperiment},
                    {"reason", job.reason}});
  }
  for (const Skipped& entry : plan.skipped) {
    skipped.push_back({{"module", entry.module},
                       {"version", entry.version},
                       {"goarch", gooffsets::ToString(entry.goarch)},
                       {"kind", Name(entry.kind)},
                       {"why", entry.why}});
  }
  for (const PlanNote& note : plan.notes)
    notes.push_back({{"module", note.module}, {"what", note.what}, {"count", note.count}});
  const ordered_json whole = {{"jobs", std::move(jobs)}, {"skipped", std::move(skipped)}, {"notes", std::move(notes)}};
  return whole.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string PrintPlan(const Plan& plan, PlanFormat format) {
  return format == PlanFormat::kJson ? Json(plan) : Text(plan);
}

}  // namespace offsetgen
