#include "run_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/file.h"
#include "keepgen.h"
#include "store/record_json.h"

namespace offsetgen {

using gooffsets::BuildStatus;
using gooffsets::Error;
using gooffsets::ErrorCode;
using gooffsets::Result;

namespace {

BuildStatus StatusOf(ErrorCode code) {
  return code == ErrorCode::kNotFound ? BuildStatus::kUnavailable : BuildStatus::kTransientFailed;
}

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text.substr(0, 300);
}

// Which proxy was asked is the user's own business and no part of what is known of a build: equal failures are equal
// records whoever made them.
std::string WithoutHosts(std::string text) {
  for (size_t at = 0; (at = text.find("://", at)) != std::string::npos;) {
    size_t begin = at;
    while (begin > 0 && std::isalpha(static_cast<unsigned char>(text[begin - 1]))) --begin;
    const size_t end = std::min(text.find_first_of("/ \"", at + 3), text.size());
    text.replace(begin, end - begin, "PROXY");
    at = begin;
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<Jobber>> Jobber::Open(GoCommand* go, const std::vector<gooffsets::Version>& go_releases) {
  std::unique_ptr<Jobber> jobber(new Jobber(go));
  std::vector<gooffsets::Version> stable;
  for (const gooffsets::Version& v : go_releases) {
    if (!v.is_prerelease()) stable.push_back(v);
  }
  std::vector<int> minors;
  for (const gooffsets::Version& v : stable) {
    int minor = static_cast<int>(v.minor());
    if (minor >= 17 && (minors.empty() || minors.back() != minor)) minors.push_back(minor);
  }
  // The newest release may be on the lists before the proxy has it.
  constexpr size_t kTries = 3;
  Error newest_error{ErrorCode::kToolchain, "no Go release is known", "check data/versions/std.txt and the network"};
  for (size_t i = 0; i < std::min(kTries, stable.size()); ++i) {
    auto newest = go->Bring(stable[stable.size() - 1 - i].text());
    if (!newest) {
      if (newest.error().code != ErrorCode::kNotFound) return tl::unexpected(newest.error());
      if (i == 0) {
        newest_error.message =
            "the helper that writes keep-files needs one of the newest Go releases: " + newest.error().message;
        newest_error.hint = newest.error().hint;
      }
      continue;
    }
    GOOFFSETS_TRY(std::string keepgen, BuildKeepgen(*go, *newest));
    jobber->prober_ = std::make_unique<Prober>(go, *newest, keepgen, minors);
    return jobber;
  }
  return tl::unexpected(newest_error);
}

JobResult Jobber::Run(const Job& job, const WantedModule& wanted, const StageCallback& stage,
                      const std::string& keep_probe, bool fresh) const {
  JobResult out;
  out.job = job;
  ProbeJob probe;
  probe.request.root = {job.module, job.version};
  probe.request.goarch = job.goarch;
  probe.request.tags = job.tags;
  probe.request.roots = wanted.roots;
  probe.request.excludes = wanted.excludes;
  probe.request.source_dir = wanted.source_dir;
  probe.request.pinned = wanted.pinned;
  probe.go = job.go;
  probe.goexperiment = job.goexperiment;
  probe.keep_probe = keep_probe;
  probe.fresh = fresh;
  probe.raw_suffix = wanted.planned.inputs.empty() ? "" : "-" + wanted.planned.inputs.substr(0, 8);
  std::string last_stage;
  auto result = prober_->Run(probe, [&](const std::string& s) {
    last_stage = s;
    stage(s);
  });
  if (result) {
    out.record = std::move(result->record);
    out.times = result->times;
    out.max_go = result->max_go;
    out.reused = result->reused;
    out.sources = std::move(result->sources);
    out.hold_sources = std::move(result->hold_sources);
    if (!result->log.empty()) {
      (void)gooffsets::WriteFileAtomic(go_->cache().Path("logs/" + out.record.build.id + ".log"), result->log);
    }
    return out;
  }
  out.error = result.error();
  out.toolchain_missing = last_stage == "toolchain" && result.error().code == ErrorCode::kNotFound;
  gooffsets::BuildInfo& b = out.record.build;
  b.root = probe.request.root;
  b.go = job.go;
  b.goarch = job.goarch;
  b.goexperiment = job.goexperiment;
  b.tags = job.tags;
  b.tool_version = GOOFFSETS_VERSION;
  b.status = StatusOf(result.error().code);
  b.reason = WithoutHosts(OneLine(result.error().message));
  b.id = gooffsets::BuildId(b);
  return out;
}

}  // namespace offsetgen
