#include "lookup.h"

#include <iostream>

#include "common/database_path.h"
#include "common/exit_code.h"
#include "gooffsets/database.h"
#include "output.h"
#include "render.h"

namespace gooffsets {

namespace {

#if defined(__aarch64__)
constexpr const char* kHostArch = "arm64";
#else
constexpr const char* kHostArch = "amd64";
#endif

}  // namespace

CLI::App* AddLookup(CLI::App* app, LookupOptions* options) {
  options->arch = kHostArch;
  CLI::App* lookup = app->add_subcommand("lookup", "Where a field or argument lies: answers from a database");
  lookup->add_option("SYMBOL", options->symbol,
                     "net/http.Request (a struct), net/http.Request.URL (a field), net/http.(*Server).Serve (a function), "
                     "a.T.b.c (a field of a struct held by value)")
      ->required();
  lookup->add_option("--module", options->module, "std, or a module path: google.golang.org/grpc")->required();
  lookup->add_option("--version", options->version, "Version of the module; of std: the Go release");
  lookup->add_option("--go", options->go, "Go release the program was built with (default: any, if all agree)");
  lookup->add_option("--arch,--goarch", options->arch, "amd64 or arm64 (default: this machine's)");
  lookup->add_option("--db", options->db, "Database (default: the installed one, else the released one)");
  lookup->add_flag("--all-versions", options->all_versions, "Print the runs of equal answers over all versions");
  lookup->add_flag("--promoted", options->promoted, "Also find fields promoted from embedded structs");
  lookup->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  lookup->footer(
      "Examples:\n"
      "  gooffsets lookup --module std --version 1.26.8 net/http.Request.URL\n"
      "  gooffsets lookup --module google.golang.org/grpc --version 1.60.1 --arch arm64 \\\n"
      "      google.golang.org/grpc/internal/transport.Stream.method\n"
      "  gooffsets lookup --module google.golang.org/grpc --all-versions \\\n"
      "      google.golang.org/grpc/internal/transport.Stream.method\n"
      "  gooffsets lookup --module std --version 1.26.8 --format json 'net/http.(*Server).Serve'\n"
      "\n"
      "Exit codes: 0 found, 1 absent or ambiguous, 2 usage, 3 bad input, 4 environment, 6 unknown.");
  return lookup;
}

int RunLookup(const LookupOptions& options) {
  Query query;
  query.module = options.module;
  query.version = options.version;
  query.go = options.go;
  query.symbol = options.symbol;
  query.promoted = options.promoted;
  Result<GoArch> goarch = ParseGoArch(options.arch);
  if (!goarch) return ReportError(kTool, Error{ErrorCode::kUsage, goarch.error().message, goarch.error().hint});
  query.goarch = *goarch;
  if (options.version.empty() && !options.all_versions) {
    return ReportError(kTool, Error{ErrorCode::kUsage, "no version is named", "--version V, or --all-versions"});
  }
  Result<std::string> path = FindDatabase(options.db);
  if (!path) return ReportError(kTool, path.error());
  Result<Database> db = Database::Open(*path);
  if (!db) return ReportError(kTool, db.error());
  const bool json = options.format == "json";
  if (options.all_versions) {
    Result<Timeline> timeline = db->AllVersions(query);
    if (!timeline) return ReportError(kTool, timeline.error());
    std::cout << (json ? TimelineJson(*timeline) + "\n" : RenderTimeline(*timeline));
    bool found = false;
    for (const Run& run : timeline->runs) found = found || run.value;
    const Status status = found ? Status::kFound : timeline->runs.empty() ? Status::kUnknown : Status::kAbsent;
    return Finish(ExitStatus(status));
  }
  Result<Answer> answer = db->Lookup(query);
  if (!answer) return ReportError(kTool, answer.error());
  std::cout << (json ? AnswerJson(*answer) + "\n" : RenderAnswer(*answer));
  return Finish(ExitStatus(answer->status));
}

}  // namespace gooffsets
