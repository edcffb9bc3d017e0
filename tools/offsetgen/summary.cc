#include "summary.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <filesystem>

namespace offsetgen {

void PrintSummary(const RunSummary& s, const RunOptions& options, Progress* progress) {
  auto line = [&](const std::string& text) { progress->Line("info", text); };
  if (s.interrupted) {
    line(fmt::format("interrupted: {} builds are stored in {}; run the same command again to continue", s.built + s.reused,
                     options.db));
  }
  line(fmt::format("{} built, {} from cache, {} needed nothing, {} do not compile, {} not available, {} failed; {:.1f} s", s.built,
                   s.reused, s.planned_done, s.compile_failed, s.unavailable, s.transient, s.seconds));
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
