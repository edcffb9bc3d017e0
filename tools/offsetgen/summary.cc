#include "summary.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace offsetgen {

void PrintSummary(const RunSummary& s, const RunOptions& options, Progress* progress) {
  auto line = [&](const std::string& text) { progress->Line("info", text); };
  if (s.interrupted) {
    line(fmt::format("interrupted: {} builds are stored in {}; run the same command again to continue", s.built + s.reused,
                     options.db));
  }
  line(fmt::format("{} built, {} from cache, {} needed nothing, {} do not compile, {} not available, {} failed; {:.1f} s", s.built,
                   s.reused, s.planned_done, s.compile_failed, s.unavailable, s.transient, s.seconds));
  if (!s.not_tried.empty()) {
    constexpr size_t kShown = 3;
    std::string names;
    for (size_t i = 0; i < std::min(kShown, s.not_tried.size()); ++i) {
      const Skipped& skipped = s.not_tried[i];
      names += fmt::format("{}{} {} {} ({})", i == 0 ? "" : ", ", skipped.module, skipped.version, ToString(skipped.goarch),
                           skipped.why);
    }
    if (s.not_tried.size() > kShown) names += ", ...";
    line(fmt::format("{} not tried again after a failure (--retry-failed tries them): {}", s.not_tried.size(), names));
  }
  if (s.built + s.reused > 0) {
    line(fmt::format("{} structs and {} functions; compared with go/types: {} fields, with the ABI rules: {} parameters ({} not "
                     "compared); {} disagreements ({} more are explained)",
                     s.structs, s.functions, s.fields_compared, s.params_compared, s.params_not_compared, s.disagreements,
                     s.explained));
  }
  if (s.built > 0) {
    auto n = static_cast<double>(s.built);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    line(fmt::format("a build on average: {:.1f} s keep-files, {:.1f} s go build, {:.2f} s reading (at most {:.2f} s); memory of "
                     "offsetgen {} MB",
                     s.prepare_seconds / n, s.build_seconds / n, s.read_seconds / n, s.max_read_seconds, usage.ru_maxrss / 1024));
  }
  for (const gooffsets::Error& e : s.errors) progress->Line("error", e.ToString());
  if (s.disagreements > 0) progress->Line("error", "some numbers were derived in two ways that differ: see offsetgen status --db " + options.db);
  std::error_code ec;
  auto size = std::filesystem::file_size(options.db, ec);
  if (!ec) line(fmt::format("{}: {:.1f} MB", options.db, static_cast<double>(size) / 1e6));
}

}  // namespace offsetgen
