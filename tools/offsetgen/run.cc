#include "run.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <set>
#include <thread>

#include "base/digest.h"
#include "base/file.h"
#include "keepgen.h"
#include "package_pattern.h"
#include "probe.h"
#include "run_job.h"
#include "store/export.h"
#include "store/record_json.h"
#include "store_facts.h"
#include "version_sources.h"
#include "wanted.h"

namespace offsetgen {

using gooffsets::BuildStatus;
using gooffsets::Error;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Store;

namespace {

// Jobs wait here for workers, results for the thread that owns the store.
class Exchange {
 public:
  explicit Exchange(std::deque<Job> jobs) : jobs_(std::move(jobs)) {}

  std::optional<Job> TakeJob() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (jobs_.empty() || stopped_ || g_interrupted) return std::nullopt;
    Job job = jobs_.front();
    jobs_.pop_front();
    return job;
  }
  // Blocks until the store's thread has taken it, so that no more records than workers are ever in memory.
  void Put(JobResult result) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return !slot_.has_value(); });
    slot_ = std::move(result);
    changed_.notify_all();
  }
  void WorkerDone() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++done_workers_;
    changed_.notify_all();
  }
  std::optional<JobResult> TakeResult(int workers) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return slot_.has_value() || done_workers_ == workers; });
    if (!slot_) return std::nullopt;
    std::optional<JobResult> result = std::move(slot_);
    slot_.reset();
    changed_.notify_all();
    return result;
  }
  void Stop() {
    std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::optional<JobResult> slot_;
  int done_workers_ = 0;
  bool stopped_ = false;
};

class Runner {
 public:
  Runner(const RunOptions& options, Progress* progress, GoCommand* go, Store* store)
      : options_(options), progress_(progress), go_(go), store_(store) {}

  Result<RunSummary> Run(Wanted wanted) {
    auto start = std::chrono::steady_clock::now();
    // Modules and versions do not influence each other: planned one module at a time, std first for its sizes.
    go_releases_ = wanted.go_releases;
    for (const WantedModule& module : wanted.modules) {
      GOOFFSETS_CHECK_OK(RunModule(module));
      if (stop_ || g_interrupted) break;
    }
    summary_.interrupted = g_interrupted;
    summary_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(summary_);
  }

 private:
  Result<void> RunModule(const WantedModule& wanted) {
    std::set<std::string> made;  // builds of this run
    for (bool first = true;; first = false) {
      PlanInput input;
      input.modules = {wanted.planned};
      input.go_releases = go_releases_;
      GOOFFSETS_TRY(input.builds, StoredBuilds(store_, wanted.planned.module));
      std::erase_if(input.builds, [&](const StoredBuild& b) {
        return std::none_of(wanted.planned.versions.begin(), wanted.planned.versions.end(),
                            [&](const gooffsets::Version& v) { return v.text() == b.version; });
      });
      if (wanted.remeasure && first) input.builds.clear();
      for (StoredBuild& b : input.builds) b.this_run = made.contains(KeyOf(b.module, b.version, b.go, b.goarch));
      GOOFFSETS_CHECK_OK(AddStdSizes(store_, input.builds, &input.std_sizes));
      input.retry_failed = options_.retry_failed;
      input.rebuild = options_.rebuild;
      Plan plan = MakePlan(input);
      if (options_.dry_run) {
        summary_.plan.jobs.insert(summary_.plan.jobs.end(), plan.jobs.begin(), plan.jobs.end());
        summary_.plan.skipped.insert(summary_.plan.skipped.end(), plan.skipped.begin(), plan.skipped.end());
        summary_.plan.notes.insert(summary_.plan.notes.end(), plan.notes.begin(), plan.notes.end());
        return {};
      }
      if (first) {
        for (const Skipped& s : plan.skipped) {
          if (s.kind == Skipped::Kind::kDone) ++summary_.planned_done;
          if (s.kind == Skipped::Kind::kFailed || s.kind == Skipped::Kind::kUnavailable) summary_.not_tried.push_back(s);
        }
      }
      // Nothing is tried twice in one run, whatever the plan says.
      std::erase_if(plan.jobs, [&](const Job& j) { return made.contains(KeyOf(j.module, j.version, j.go, j.goarch)); });
      if (plan.jobs.empty()) return {};
      progress_->AddTotal(plan.jobs.size());
      for (const Job& j : plan.jobs) made.insert(KeyOf(j.module, j.version, j.go, j.goarch));
      GOOFFSETS_CHECK_OK(RunJobs(wanted, std::deque<Job>(plan.jobs.begin(), plan.jobs.end())));
      if (stop_ || g_interrupted) return {};
    }
  }

  static std::string KeyOf(const std::string& module, const std::string& version, const std::string& go, gooffsets::GoArch arch) {
    return module + "@" + version + " " + go + " " + std::string(gooffsets::ToString(arch));
  }

  Result<void> RunJobs(const WantedModule& wanted, std::deque<Job> jobs) {
    if (!jobber_) {
      GOOFFSETS_TRY(jobber_, Jobber::Open(go_, go_releases_));
    }
    int workers = options_.jobs > 0 ? options_.jobs : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    workers = std::min(workers, static_cast<int>(jobs.size()));
    Exchange exchange(std::move(jobs));
    std::vector<std::thread> threads;
    for (int slot = 0; slot < workers; ++slot) {
      threads.emplace_back([&, slot] {
        while (std::optional<Job> job = exchange.TakeJob()) {
          std::string name = Describe(*job);
          progress_->Start(slot, name);
          JobResult result = jobber_->Run(*job, wanted, [&](const std::string& stage) { progress_->Stage(slot, stage); }, "",
                                           options_.rebuild);
          result.slot = slot;
          exchange.Put(std::move(result));
        }
        exchange.WorkerDone();
      });
    }
    Result<void> outcome;
    while (std::optional<JobResult> result = exchange.TakeResult(workers)) {
      if (!outcome) continue;  // drain
      outcome = Take(std::move(*result), wanted);
      if (!outcome || stop_) exchange.Stop();
    }
    for (std::thread& t : threads) t.join();
    return outcome;
  }

  Result<void> Take(JobResult result, const WantedModule& wanted) {
    const gooffsets::BuildInfo& b = result.record.build;
    std::string name = Describe(result.job);
    if (result.error && result.error->code == ErrorCode::kInterrupted) {
      progress_->Finish(result.slot, name, "interrupted", result.times.total);
      return {};
    }
    const bool replace = wanted.remeasure || options_.rebuild;
    GOOFFSETS_TRY(gooffsets::AddOutcome added, replace ? store_->Replace(result.record) : store_->Add(result.record));
    (void)added;
    GOOFFSETS_CHECK_OK(store_->SetLocal(b.id, kInputsNote, wanted.planned.inputs));
    if (!result.max_go.empty()) GOOFFSETS_CHECK_OK(store_->SetLocal(b.id, kMaxGoNote, result.max_go));
    if (result.toolchain_missing) GOOFFSETS_CHECK_OK(store_->SetLocal(b.id, kToolchainMissingNote, "1"));
    size_t explained = 0;
    for (const gooffsets::Disagreement& d : b.disagreements) explained += gooffsets::IsExplained(d.what);
    summary_.explained += explained;
    summary_.disagreements += b.disagreements.size() - explained;
    std::string outcome;
    switch (b.status) {
      case BuildStatus::kOk:
        ++(result.reused ? summary_.reused : summary_.built);
        summary_.structs += b.structs;
        summary_.functions += b.functions;
        summary_.fields_compared += b.fields_compared;
        summary_.params_compared += b.params_compared;
        summary_.params_not_compared += b.params_not_compared;
        summary_.prepare_seconds += result.times.prepare;
        summary_.build_seconds += result.times.build;
        summary_.read_seconds += result.times.read;
        summary_.max_read_seconds = std::max(summary_.max_read_seconds, result.times.read);
        outcome = fmt::format("{}{} structs, {} functions in {} packages", result.reused ? "from cache: " : "", b.structs,
                              b.functions, result.record.packages.size());
        if (b.disagreements.size() > explained) outcome += fmt::format(", {} DISAGREEMENTS", b.disagreements.size() - explained);
        break;
      case BuildStatus::kCompileFailed:
        ++summary_.compile_failed;
        outcome = "does not compile: " + b.reason;
        break;
      case BuildStatus::kTransientFailed:
        ++summary_.transient;
        outcome = "failed: " + b.reason;
        break;
      case BuildStatus::kUnavailable:
        ++summary_.unavailable;
        outcome = "not available: " + b.reason;
        break;
    }
    if (result.error) {
      bool seen = std::any_of(summary_.errors.begin(), summary_.errors.end(),
                              [&](const Error& e) { return e.message == result.error->message; });
      if (!seen) summary_.errors.push_back(*result.error);
      // Nothing more can be written: going on would only repeat the message.
      if (result.error->code == ErrorCode::kNoSpace) stop_ = true;
    }
    progress_->Finish(result.slot, name, outcome, result.times.total);
    KeepCacheSmall();
    return {};
  }

  // Hundreds of builds of one Go release bring no toolchain, but fill its build cache.
  void KeepCacheSmall() {
    const auto now = std::chrono::steady_clock::now();
    if (now - cache_measured_ < std::chrono::minutes(2)) return;
    go_->cache().Evict();
    cache_measured_ = now;
  }

  static std::string Describe(const Job& job) {
    std::string name = fmt::format("{} {} {}", job.module, job.version, gooffsets::ToString(job.goarch));
    if (job.module != gooffsets::kStdModule) name += " go" + job.go;
    return name;
  }

  const RunOptions& options_;
  Progress* progress_;
  GoCommand* go_;
  Store* store_;
  std::vector<gooffsets::Version> go_releases_;
  std::unique_ptr<Jobber> jobber_;
  RunSummary summary_;
  std::chrono::steady_clock::time_point cache_measured_ = std::chrono::steady_clock::now();
  bool stop_ = false;
};

}  // namespace

Result<RunSummary> Run(const RunOptions& options, Progress* progress) {
  GOOFFSETS_TRY(Cache cache, Cache::Open(options.cache_dir, options.cache_limit));
  GOOFFSETS_TRY(std::unique_ptr<GoCommand> go, GoCommand::Open(&cache, options.timeout));
  // The database first: a file that cannot be used must be known before hours of work.
  std::string db = options.db, scratch;
  if (options.dry_run && !std::filesystem::exists(db)) {
    GOOFFSETS_TRY(scratch, cache.MakeWork("plan"));  // a plan leaves nothing behind
    db = scratch + "/empty.db";
  }
  struct Cleanup {
    Cache& cache;
    const std::string& path;
    ~Cleanup() { cache.RemoveWork(path); }
  } cleanup{cache, scratch};
  GOOFFSETS_TRY(Store store, Store::Open(db, gooffsets::OpenMode::kCreate));
  GOOFFSETS_TRY(Wanted wanted, FindWanted(options, go.get(), progress));
  for (const WantedModule& m : wanted.modules) {
    if (!options.dry_run) GOOFFSETS_CHECK_OK(store.AddKnownVersions(m.planned.module, m.known_versions));
  }
  Runner runner(options, progress, go.get(), &store);
  GOOFFSETS_TRY(RunSummary summary, runner.Run(std::move(wanted)));
  if (!options.json.empty() && !options.dry_run && !summary.interrupted) {
    GOOFFSETS_CHECK_OK(gooffsets::ExportJsonFile(&store, options.json));
  }
  return summary;
}

int ExitStatusOf(const RunSummary& summary) {
  if (summary.interrupted) return gooffsets::ExitStatus(ErrorCode::kInterrupted);
  if (summary.disagreements > 0) return gooffsets::ExitStatus(ErrorCode::kPartial);
  size_t failed = summary.transient + summary.unavailable;
  if (failed == 0) return 0;
  bool nothing = summary.built + summary.reused + summary.planned_done + summary.compile_failed == 0;
  if (nothing && !summary.errors.empty()) return gooffsets::ExitStatus(summary.errors.front().code);
  return gooffsets::ExitStatus(ErrorCode::kPartial);
}

}  // namespace offsetgen
