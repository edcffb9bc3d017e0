#include "subcommands.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"
#include "common/exit_code.h"
#include "coverage.h"
#include "lint.h"
#include "release.h"
#include "status.h"
#include "store/export.h"
#include "store/record_json.h"
#include "store/shard.h"
#include "verify_command.h"

namespace offsetgen {

using gooffsets::OpenMode;
using gooffsets::ReportError;
using gooffsets::Result;
using gooffsets::Store;

struct Subcommands::State {
  CLI::App* import_command = nullptr;
  CLI::App* export_command = nullptr;
  CLI::App* publish_command = nullptr;
  CLI::App* shards_command = nullptr;
  CLI::App* release_command = nullptr;
  CLI::App* verify_command = nullptr;
  CLI::App* lint_command = nullptr;
  CLI::App* status_command = nullptr;
  CLI::App* coverage_command = nullptr;
  std::vector<std::string> modules;
  std::string format = "text";
  VerifyOptions verify;
  RunOptions run;
  std::string db = "./offsets.db";
  std::vector<std::string> files;
  std::string out;
};

namespace {

Result<gooffsets::ImportCounts> ImportOne(Store* store, const std::string& file) {
  if (file.ends_with(".json")) return gooffsets::ImportJsonFile(store, file);
  // A shard or the record of one build: both are compressed JSON lines, and each reader refuses the other's.
  auto shard = gooffsets::ImportShard(store, file);
  if (shard || shard.error().code != gooffsets::ErrorCode::kBadInput) return shard;
  auto read = gooffsets::ReadRecordFile(file);
  if (!read) return tl::unexpected(shard.error());
  gooffsets::BuildRecord record = std::move(*read);
  GOOFFSETS_TRY(gooffsets::AddOutcome outcome, store->Add(record));
  bool added = outcome == gooffsets::AddOutcome::kStored;
  return gooffsets::ImportCounts{added ? 1u : 0u, added ? 0u : 1u};
}

int Import(const std::string& db, const std::vector<std::string>& files) {
  Result<Store> store = Store::Open(db, OpenMode::kCreate);
  if (!store) return ReportError("offsetgen", store.error());
  size_t added = 0, there = 0;
  for (const std::string& file : files) {
    Result<gooffsets::ImportCounts> counts = ImportOne(&*store, file);
    if (!counts) return ReportError("offsetgen", counts.error());
    added += counts->builds_added;
    there += counts->builds_there;
  }
  fmt::print("{} builds added to {}, {} were there\n", added, db, there);
  return 0;
}

int Export(const std::string& db, const std::string& out) {
  Result<Store> store = Store::Open(db, OpenMode::kReadOnly);
  if (!store) return ReportError("offsetgen", store.error());
  Result<void> done = gooffsets::ExportJsonFile(&*store, out);
  if (!done) return ReportError("offsetgen", done.error());
  return 0;
}

int PublishDatabase(const std::string& db, const std::string& out) {
  Result<Store> store = Store::Open(db, OpenMode::kReadWrite);
  if (!store) return ReportError("offsetgen", store.error());
  Result<void> done = gooffsets::Publish(&*store, out);
  if (!done) return ReportError("offsetgen", done.error());
  return 0;
}

int Shards(const std::string& db, const std::string& data_dir) {
  Result<ShardCounts> counts = WriteShards(db, data_dir);
  if (!counts) return ReportError("offsetgen", counts.error());
  fmt::print("{} shards written, {} unchanged, {:.2f} MB together\n", counts->written, counts->unchanged,
             static_cast<double>(counts->bytes) / 1e6);
  return 0;
}

int Release(const std::string& data_dir, const std::string& out) {
  Result<size_t> builds = MakeRelease(data_dir, out);
  if (!builds) return ReportError("offsetgen", builds.error());
  std::error_code ec;
  fmt::print("{}: {} builds, {:.1f} MB\n", out, *builds, static_cast<double>(std::filesystem::file_size(out, ec)) / 1e6);
  return 0;
}

int RunVerify(const RunOptions& run, const VerifyOptions& options) {
  Progress progress(Progress::Format::kAuto);
  Result<VerifyTotals> totals = Verify(run, options, &progress);
  if (!totals) return ReportError("offsetgen", totals.error());
  fmt::print("{} builds rebuilt and compared with LLVM's reader: {} structs, {} functions, {} numbers, {} locations; {} differ, {} "
             "not compared; {} builds could not be rebuilt\n",
             totals->builds, totals->structs, totals->functions, totals->numbers, totals->locations, totals->differing,
             totals->not_compared, totals->failed);
  if (totals->differing > 0) return 1;
  return totals->failed > 0 ? gooffsets::ExitStatus(gooffsets::ErrorCode::kPartial) : 0;
}

ReportFormat FormatOf(const std::string& text) { return text == "json" ? ReportFormat::kJson : ReportFormat::kText; }

int RunLint(const std::string& db, const std::string& data_dir, const std::vector<std::string>& modules, const std::string& format) {
  Result<Store> store = Store::Open(db, OpenMode::kReadOnly);
  if (!store) return ReportError("offsetgen", store.error());
  LintOptions options;
  options.modules = modules;
  std::string known = data_dir + "/lint-known.toml";
  if (std::filesystem::exists(known)) {
    Result<std::vector<Judgement>> judgements = LoadJudgements(known);
    if (!judgements) return ReportError("offsetgen", judgements.error());
    options.judgements = std::move(*judgements);
  }
  Result<LintReport> report = Lint(&*store, options);
  if (!report) return ReportError("offsetgen", report.error());
  fmt::print("{}", PrintLint(*report, FormatOf(format)));
  return LintExitStatus(*report);
}

Result<StatusReport> StatusOf(const std::string& db, const std::string& data_dir, const std::vector<std::string>& modules) {
  GOOFFSETS_TRY(Store store, Store::Open(db, OpenMode::kReadOnly));
  GOOFFSETS_TRY(Targets targets, LoadTargets(data_dir + "/targets.toml"));
  StatusInput input;
  input.targets = &targets;
  input.modules = modules;
  GOOFFSETS_TRY(input.wanted, WantedFromLists(&store, targets, data_dir + "/versions"));
  return Status(&store, input);
}

int RunStatus(const std::string& db, const std::string& data_dir, const std::vector<std::string>& modules, const std::string& format) {
  Result<StatusReport> report = StatusOf(db, data_dir, modules);
  if (!report) return ReportError("offsetgen", report.error());
  fmt::print("{}", PrintStatus(*report, FormatOf(format)));
  return 0;
}

int RunCoverage(const std::string& db, const std::string& data_dir, const std::string& out) {
  Result<StatusReport> report = StatusOf(db, data_dir, {});
  if (!report) return ReportError("offsetgen", report.error());
  Result<void> done = gooffsets::WriteFileAtomic(out, CoverageMarkdown(*report));
  if (!done) return ReportError("offsetgen", done.error());
  return 0;
}

}  // namespace

Subcommands::Subcommands(CLI::App* app) : state_(std::make_unique<State>()) {
  auto add = [&](const char* name, const char* what) {
    CLI::App* command = app->add_subcommand(name, what);
    command->fallthrough();  // --cache-dir, --data-dir and the like may follow the subcommand
    command->add_option("--db", state_->db, "the database")->capture_default_str();
    return command;
  };
  state_->import_command = add("import", "add JSON exports (.json), shards and raw records (.jsonl.zst) to a database");
  state_->import_command->add_option("FILE", state_->files, "files to import")->required();
  state_->export_command = add("export", "write the canonical JSON export");
  state_->export_command->add_option("FILE", state_->out, "file to write")->required();
  state_->publish_command = add("snapshot", "write a copy for release: one file, no journal, opened immutable");
  state_->publish_command->add_option("FILE", state_->out, "file to write")->required();
  state_->shards_command = add("shards", "write the database's builds as shards below the data directory");
  state_->release_command = add("release", "make the released database from the shards of the data directory");
  state_->release_command->add_option("FILE", state_->out, "file to write")->required();
  state_->lint_command = add("lint", "find releases that differ from both neighbours, holes, and columns that are never there");
  state_->status_command = add("status", "say what is covered, failed, missing");
  for (CLI::App* command : {state_->lint_command, state_->status_command}) {
    command->add_option("--module", state_->modules, "only this module (may be repeated)");
    command->add_option("--format", state_->format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  }
  state_->coverage_command = add("coverage", "write what is covered as a Markdown page");
  state_->coverage_command->add_option("FILE", state_->out, "file to write")->required();
  state_->verify_command = add("verify", "rebuild a sample and compare every stored number with LLVM's DWARF reader");
  VerifyOptions& v = state_->verify;
  state_->verify_command->add_option("--sample", v.sample, "how many builds, chosen at random")->capture_default_str();
  state_->verify_command->add_option("--seed", v.seed, "of the choice")->capture_default_str();
  state_->verify_command->add_option("--build", v.builds, "exactly this build (may be repeated)");
  state_->verify_command->add_option("--module", v.modules, "only builds of this module (may be repeated)");
  state_->verify_command->add_option("--verifier", v.verifier, "path of offsetgen-verify (default: beside offsetgen)");
  state_->verify_command->add_option("--report", v.report, "write what was compared, JSON lines");
  state_->verify_command->add_option("--jobs", state_->run.jobs, "builds at a time");
}

Subcommands::~Subcommands() = default;

std::optional<int> Subcommands::Run(const RunOptions& options) {
  State& s = *state_;
  if (s.lint_command->parsed()) return RunLint(s.db, options.data_dir, s.modules, s.format);
  if (s.status_command->parsed()) return RunStatus(s.db, options.data_dir, s.modules, s.format);
  if (s.coverage_command->parsed()) return RunCoverage(s.db, options.data_dir, s.out);
  if (s.shards_command->parsed()) return Shards(s.db, options.data_dir);
  if (s.release_command->parsed()) return Release(options.data_dir, s.out);
  if (s.verify_command->parsed()) {
    RunOptions run = options;
    run.db = s.db;
    run.jobs = s.run.jobs;
    run.modules.clear();
    return RunVerify(run, s.verify);
  }
  if (s.import_command->parsed()) return Import(s.db, s.files);
  if (s.export_command->parsed()) return Export(s.db, s.out);
  if (s.publish_command->parsed()) return PublishDatabase(s.db, s.out);
  return std::nullopt;
}

}  // namespace offsetgen
