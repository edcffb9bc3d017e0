#include "verify_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/file.h"
#include "run_job.h"
#include "store/record_json.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::BuildInfo;
using gooffsets::BuildStatus;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Store;

namespace {

std::string FindVerifier(const std::string& named) {
  if (!named.empty()) return named;
  std::error_code ec;
  return (fs::read_symlink("/proc/self/exe", ec).parent_path() / "offsetgen-verify").string();
}

Result<std::vector<BuildInfo>> Choose(Store* store, const VerifyOptions& options) {
  GOOFFSETS_TRY(std::vector<BuildInfo> all, store->AllBuilds());
  std::erase_if(all, [&](const BuildInfo& b) {
    bool other = !options.modules.empty() && std::find(options.modules.begin(), options.modules.end(), b.root.module) == options.modules.end();
    bool unnamed = !options.builds.empty() && std::find(options.builds.begin(), options.builds.end(), b.id) == options.builds.end();
    return b.status != BuildStatus::kOk || other || unnamed;
  });
  if (all.empty()) return Fail(ErrorCode::kNotFound, "no stored build matches", "offsetgen status says what is stored");
  if (options.builds.empty()) {
    std::mt19937_64 random(options.seed);
    std::shuffle(all.begin(), all.end(), random);
    if (all.size() > options.sample) all.resize(options.sample);
    // Builds with one Go release share its caches.
    std::stable_sort(all.begin(), all.end(), [](const BuildInfo& a, const BuildInfo& b) { return a.go < b.go; });
  }
  return all;
}

class Verifier {
 public:
  Verifier(const RunOptions& run, const VerifyOptions& options, Progress* progress, GoCommand* go, const Jobber* jobber)
      : run_(run), options_(options), progress_(progress), go_(go), jobber_(jobber) {}

  Result<void> One(const BuildInfo& build, const gooffsets::BuildRecord& stored, const WantedModule& wanted, int slot) {
    std::string name = fmt::format("{} {} {} go{}", build.root.module, build.root.version, gooffsets::ToString(build.goarch), build.go);
    progress_->Start(slot, name);
    GOOFFSETS_TRY(std::string work, go_->cache().MakeWork("verify"));
    struct Cleanup {
      Cache& cache;
      std::string path;
      ~Cleanup() { cache.RemoveWork(path); }
    } cleanup{go_->cache(), work};
    Job job{build.root.module, build.root.version, build.go, build.goarch, build.tags, build.goexperiment, "verify"};
    JobResult made = jobber_->Run(job, wanted, [&](const std::string& s) { progress_->Stage(slot, s); }, work + "/probe");
    if (made.error && made.error->code == ErrorCode::kInterrupted) return tl::unexpected(*made.error);
    if (made.record.build.status != BuildStatus::kOk || made.record.build.id != build.id) {
      std::string why = made.record.build.reason.empty() ? "its dependencies are others now" : made.record.build.reason;
      std::lock_guard<std::mutex> lock(mutex_);
      ++totals_.failed;
      progress_->Finish(slot, name, "cannot be rebuilt: " + why, made.times.total);
      return {};
    }
    GOOFFSETS_CHECK_OK(gooffsets::WriteFileAtomic(work + "/expect.jsonl", gooffsets::RecordLines(stored)));
    progress_->Stage(slot, "compare");
    Command compare{.argv = {FindVerifier(options_.verifier), work + "/probe", "--expect", work + "/expect.jsonl", "--format", "json"},
                    .env = {"PATH=/usr/bin:/bin"},
                    .timeout = run_.timeout};
    for (const SourceDir& source : made.sources) {
      compare.argv.insert(compare.argv.end(), {"--sources", source.module + "=" + source.dir});
    }
    GOOFFSETS_TRY(ProcessOutput out, RunProcess(compare));
    return Count(name, slot, out, made.times.total);
  }

  VerifyTotals totals() const { return totals_; }
  const std::string& lines() const { return lines_; }

 private:
  Result<void> Count(const std::string& name, int slot, const ProcessOutput& out, double seconds) {
    auto json = nlohmann::json::parse(out.stdout_text, nullptr, false);
    if ((out.exit_code != 0 && out.exit_code != 1) || !json.is_object()) {
      return Fail(ErrorCode::kBadInput, "offsetgen-verify failed on " + name + ": " + out.stderr_text.substr(0, 300));
    }
    std::lock_guard<std::mutex> lock(mutex_);
    ++totals_.builds;
    uint64_t differing = 0, numbers = 0;
    struct Part {
      const char* key;
      uint64_t* total;
      bool symbols;  // these differ where a number or location of theirs does, which is counted there
    };
    for (const Part& part : {Part{"structs", &totals_.structs, true}, Part{"functions", &totals_.functions, true},
                             Part{"numbers", &totals_.numbers, false}, Part{"locations", &totals_.locations, false}}) {
      const auto& counts = json[part.key];
      *part.total += counts.value("compared", uint64_t{0});
      if (!part.symbols) differing += counts.value("differing", uint64_t{0});
      totals_.not_compared += counts.value("not_compared", uint64_t{0});
      if (std::string_view(part.key) == "numbers") numbers = counts.value("compared", uint64_t{0});
    }
    totals_.differing += differing;
    lines_ += json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    progress_->Finish(slot, name, fmt::format("{} numbers compared, {} differ", numbers, differing), seconds);
    return {};
  }

  const RunOptions& run_;
  const VerifyOptions& options_;
  Progress* progress_;
  GoCommand* go_;
  const Jobber* jobber_;
  std::mutex mutex_;
  VerifyTotals totals_;
  std::string lines_;
};

}  // namespace

Result<VerifyTotals> Verify(const RunOptions& run, const VerifyOptions& options, Progress* progress) {
  if (!fs::exists(FindVerifier(options.verifier))) {
    return Fail(ErrorCode::kNotFound, "offsetgen-verify is not at " + FindVerifier(options.verifier),
                "build with -DGOOFFSETS_VERIFY=ON (LLVM 19), or name it with --verifier");
  }
  GOOFFSETS_TRY(Cache cache, Cache::Open(run.cache_dir, run.cache_limit));
  GOOFFSETS_TRY(std::unique_ptr<GoCommand> go, GoCommand::Open(&cache, run.timeout));
  GOOFFSETS_TRY(Store store, Store::Open(run.db, gooffsets::OpenMode::kReadOnly));
  GOOFFSETS_TRY(std::vector<BuildInfo> chosen, Choose(&store, options));
  RunOptions all = run;
  for (const BuildInfo& b : chosen) {
    if (std::find(all.modules.begin(), all.modules.end(), b.root.module) == all.modules.end()) all.modules.push_back(b.root.module);
  }
  GOOFFSETS_TRY(Wanted wanted, FindWanted(all, go.get(), progress));
  GOOFFSETS_TRY(std::unique_ptr<Jobber> jobber, Jobber::Open(go.get(), wanted.go_releases));
  Verifier verifier(run, options, progress, go.get(), jobber.get());
  progress->AddTotal(chosen.size());

  std::atomic<size_t> next{0};
  std::mutex store_mutex;
  Result<void> outcome;
  int workers = run.jobs > 0 ? run.jobs : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::thread> threads;
  for (int slot = 0; slot < workers; ++slot) {
    threads.emplace_back([&, slot] {
      for (size_t i = next++; i < chosen.size() && !g_interrupted; i = next++) {
        const BuildInfo& b = chosen[i];
        auto module = std::find_if(wanted.modules.begin(), wanted.modules.end(),
                                   [&](const WantedModule& m) { return m.planned.module == b.root.module; });
        Result<gooffsets::BuildRecord> stored;
        {
          std::lock_guard<std::mutex> lock(store_mutex);
          stored = store.ReadBuild(b.id);
        }
        Result<void> one = stored ? verifier.One(b, *stored, *module, slot) : tl::unexpected(stored.error());
        if (!one) {
          std::lock_guard<std::mutex> lock(store_mutex);
          outcome = one;
          next = chosen.size();
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  if (!outcome) return tl::unexpected(outcome.error());
  if (g_interrupted) return Fail(ErrorCode::kInterrupted, "interrupted");
  if (!options.report.empty()) GOOFFSETS_CHECK_OK(gooffsets::WriteFileAtomic(options.report, verifier.lines()));
  return verifier.totals();
}

}  // namespace offsetgen
