#include "resolve_command.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "common/exit_code.h"
#include "gooffsets/want_list.h"
#include "output.h"
#include "render_resolve.h"

namespace gooffsets {

namespace {

constexpr const char* kSourcesFooter =
    "Sources, strongest first: self (the program's own DWARF or type descriptors), exact, composed, inferred, bracketed\n"
    "(docs/resolve.md).\n";

// Want lists are small; a larger file is something else.
Result<std::string> ReadWants(const std::string& path) {
  constexpr size_t kMost = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Fail(errno == EACCES ? ErrorCode::kPermission : ErrorCode::kNotFound,
                "cannot read the want list " + path + ": " + std::strerror(errno), "see docs/want-lists.md for what it holds");
  }
  std::string text(kMost + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMost) return Fail(ErrorCode::kBadInput, path + " is larger than 1 MB: it is no want list");
  return text;
}

int ExitCodeOf(const Resolution& resolution) {
  size_t found = 0, missing = 0, conflicts = 0;
  for (const ResolvedProbe& probe : resolution.probes) {
    for (const auto* wants : {&probe.attach, &probe.wants}) {
      for (const ResolvedWant& want : *wants) {
        ++(want.answer ? found : missing);
        if (want.answer) conflicts += want.answer->conflicts.size();
      }
    }
  }
  if (missing == 0 && conflicts == 0) return 0;
  return ExitStatus(found == 0 ? ErrorCode::kUnknown : ErrorCode::kPartial);
}

// Everything that a resolver needs, in the order in which it must outlive the others.
struct Opened {
  std::unique_ptr<GoBinary> binary;
  std::unique_ptr<Database> database;
  std::unique_ptr<Resolver> resolver;
};
Result<Opened> Open(const BinaryOptions& binary, const SourceOptions& sources) {
  Opened opened;
  GOOFFSETS_TRY(GoBinary opened_binary, OpenBinary(binary));
  opened.binary = std::make_unique<GoBinary>(std::move(opened_binary));
  GOOFFSETS_TRY(std::optional<Database> database, OpenDatabase(sources));
  if (database) opened.database = std::make_unique<Database>(std::move(*database));
  GOOFFSETS_TRY(ResolveOptions options, ResolveOptionsFor(*opened.binary, sources));
  options.suggest = true;
  GOOFFSETS_TRY(Resolver resolver, Resolver::Make(opened.binary.get(), opened.database.get(), std::move(options)));
  opened.resolver = std::make_unique<Resolver>(std::move(resolver));
  return opened;
}

}  // namespace

CLI::App* AddResolve(CLI::App* app, ResolveCommand* options) {
  CLI::App* resolve = app->add_subcommand("resolve", "All that a want list asks of one program, each with its source or a reason");
  AddBinaryOptions(resolve, &options->binary);
  resolve->add_option("--want", options->wants, "Want list (docs/want-lists.md)")->required();
  AddSourceOptions(resolve, &options->sources);
  resolve->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  resolve->footer(std::string("Examples:\n"
                              "  gooffsets resolve ./server --want wants.toml\n"
                              "  gooffsets resolve --pid 4242 --want wants.toml --format json\n"
                              "  gooffsets resolve ./server --want wants.toml --min-source exact\n"
                              "\n") +
                  kSourcesFooter + "Exit codes: 0 all found, 2 usage, 3 bad input, 4 environment, 5 some not found or sources disagree, 6 none found.");
  return resolve;
}

int RunResolve(const ResolveCommand& options) {
  Result<std::string> text = ReadWants(options.wants);
  if (!text) return ReportError(kTool, text.error());
  Result<WantList> wants = ParseWantList(*text, options.wants);
  if (!wants) return ReportError(kTool, wants.error());
  Result<Opened> opened = Open(options.binary, options.sources);
  if (!opened) return ReportError(kTool, opened.error());
  Result<Resolution> resolution = opened->resolver->Resolve(*wants);
  if (!resolution) return ReportError(kTool, resolution.error());
  std::cout << (options.format == "json" ? ResolutionJson(*resolution) + "\n" : RenderResolution(*resolution));
  return Finish(ExitCodeOf(*resolution));
}

CLI::App* AddExplain(CLI::App* app, ExplainCommand* options) {
  CLI::App* explain = app->add_subcommand("explain", "Every source's word on one item, and why the answer is what it is");
  explain->add_option("FILE ITEM", options->operands,
                      "the program, and 'net/http.Request.URL', 'net/http.(*Server).Serve' or '*net/http.response:net/http.ResponseWriter'")
      ->required()
      ->expected(1, 2);
  explain->add_option("--pid", options->binary.pid, "a running process instead of FILE");
  AddSourceOptions(explain, &options->sources);
  explain->add_flag("--promoted", options->promoted, "Also find a field promoted from embedded structs");
  explain->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  explain->footer(std::string("Examples:\n"
                              "  gooffsets explain ./server net/http.Request.URL\n"
                              "  gooffsets explain --pid 4242 'net/http.(*Server).Serve'\n"
                              "\n") +
                  kSourcesFooter + "Exit codes: 0 found, 1 absent, 2 usage, 3 bad input, 4 environment, 5 found but sources disagree, 6 unknown.");
  return explain;
}

int RunExplain(const ExplainCommand& options) {
  BinaryOptions binary = options.binary;
  const bool by_pid = binary.pid != 0;
  if (options.operands.size() != (by_pid ? 1U : 2U)) {
    return ReportError(kTool, Error{ErrorCode::kUsage, by_pid ? "--pid and FILE exclude each other" : "FILE and ITEM are needed",
                                    "gooffsets explain ./server net/http.Request.URL"});
  }
  if (!by_pid) binary.file = options.operands.front();
  Result<Item> item = ParseItem(options.operands.back());
  if (!item) return ReportError(kTool, item.error());
  item->promoted = options.promoted;
  Result<Opened> opened = Open(binary, options.sources);
  if (!opened) return ReportError(kTool, opened.error());
  Result<Explanation> explanation = opened->resolver->Explain(*item);
  if (!explanation) return ReportError(kTool, explanation.error());
  std::cout << (options.format == "json" ? ExplanationJson(*explanation) + "\n" : RenderExplanation(*explanation));
  const Resolved& answer = explanation->answer;
  if (answer.found()) return Finish(answer.conflicts.empty() ? 0 : ExitStatus(ErrorCode::kPartial));
  return Finish(answer.absent ? 1 : ExitStatus(ErrorCode::kUnknown));
}

}  // namespace gooffsets
