#include "subcommands.h"

#include <fmt/format.h>

#include <filesystem>

#include "common/exit_code.h"
#include "store/export.h"
#include "store/record_json.h"

namespace offsetgen {

using gooffsets::OpenMode;
using gooffsets::ReportError;
using gooffsets::Result;
using gooffsets::Store;

struct Subcommands::State {
  CLI::App* import_command = nullptr;
  CLI::App* export_command = nullptr;
  CLI::App* publish_command = nullptr;
  std::string db = "./offsets.db";
  std::vector<std::string> files;
  std::string out;
};

namespace {

Result<gooffsets::ImportCounts> ImportOne(Store* store, const std::string& file) {
  if (file.ends_with(".json")) return gooffsets::ImportJsonFile(store, file);
  GOOFFSETS_TRY(gooffsets::BuildRecord record, gooffsets::ReadRecordFile(file));
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

}  // namespace

Subcommands::Subcommands(CLI::App* app) : state_(std::make_unique<State>()) {
  auto add = [&](const char* name, const char* what) {
    CLI::App* command = app->add_subcommand(name, what);
    command->add_option("--db", state_->db, "the database")->capture_default_str();
    return command;
  };
  state_->import_command = add("import", "add JSON exports (.json), shards and raw records (.jsonl.zst) to a database");
  state_->import_command->add_option("FILE", state_->files, "files to import")->required();
  state_->export_command = add("export", "write the canonical JSON export");
  state_->export_command->add_option("FILE", state_->out, "file to write")->required();
  state_->publish_command = add("snapshot", "write a copy for release: one file, no journal, opened immutable");
  state_->publish_command->add_option("FILE", state_->out, "file to write")->required();
}

Subcommands::~Subcommands() = default;

std::optional<int> Subcommands::Run(const RunOptions&) {
  State& s = *state_;
  if (s.import_command->parsed()) return Import(s.db, s.files);
  if (s.export_command->parsed()) return Export(s.db, s.out);
  if (s.publish_command->parsed()) return PublishDatabase(s.db, s.out);
  return std::nullopt;
}

}  // namespace offsetgen
