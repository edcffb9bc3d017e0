// gooffsets: asks offset databases.
#include <CLI/CLI.hpp>
#include <iostream>

#include "common/exit_code.h"
#include "diff.h"
#include "inspect.h"
#include "lookup.h"
#include "resolve_command.h"

int main(int argc, char** argv) {
  CLI::App app("Where struct fields and function arguments lie inside Go programs");
  app.name("gooffsets");
  app.set_version_flag("--version", std::string("gooffsets ") + GOOFFSETS_VERSION);
  app.require_subcommand(1);
  gooffsets::LookupOptions lookup_options;
  CLI::App* lookup = gooffsets::AddLookup(&app, &lookup_options);
  gooffsets::InspectOptions inspect_options;
  CLI::App* inspect = gooffsets::AddInspect(&app, &inspect_options);
  gooffsets::ResolveCommand resolve_options;
  CLI::App* resolve = gooffsets::AddResolve(&app, &resolve_options);
  gooffsets::ExplainCommand explain_options;
  CLI::App* explain = gooffsets::AddExplain(&app, &explain_options);
  gooffsets::DiffCommand diff_options;
  CLI::App* diff = gooffsets::AddDiff(&app, &diff_options);
  app.footer("Example:\n  gooffsets lookup --module std --version 1.26.8 --arch amd64 net/http.Request.URL");
  if (std::optional<int> exit_code = gooffsets::ParseArguments(&app, argc, argv)) return *exit_code;
  if (lookup->parsed()) return gooffsets::RunLookup(lookup_options);
  if (inspect->parsed()) return gooffsets::RunInspect(inspect_options);
  if (resolve->parsed()) return gooffsets::RunResolve(resolve_options);
  if (explain->parsed()) return gooffsets::RunExplain(explain_options);
  if (diff->parsed()) return gooffsets::RunDiff(diff_options);
  return gooffsets::kExitUsage;
}
