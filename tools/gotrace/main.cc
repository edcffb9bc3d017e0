// gotrace: spans of running Go programs, without touching them.
#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "common/exit_code.h"
#include "gotrace/attribute_table.h"
#include "gotrace/doctor.h"
#include "gotrace/inspect.h"
#include "gotrace/options.h"
#include "gotrace/trace_command.h"

int main(int argc, char** argv) {
  CLI::App app("Spans of running Go programs, stripped or not, without changing or restarting them");
  app.name("gotrace");
  app.set_version_flag("--version", std::string("gotrace ") + GOOFFSETS_VERSION);
  app.footer(
      "Examples:\n  gotrace --exe ./server\n  gotrace --port 8080 --otlp http://127.0.0.1:4318\n"
      "  gotrace --all --format json\n\nThe variables OTEL_* are understood (docs/exporting.md). Root is needed.");
  gooffsets::trace::Options options;
  gooffsets::trace::AddTraceOptions(&app, &options);
  gooffsets::trace::InspectOptions inspect_options;
  const CLI::App* inspect = gooffsets::trace::AddInspect(&app, &inspect_options);
  const CLI::App* doctor = app.add_subcommand("doctor", "What of the tracer will work on this machine, by trying it");
  gooffsets::trace::AttributesOptions attributes_options;
  const CLI::App* attributes = gooffsets::trace::AddAttributes(&app, &attributes_options);
  app.require_subcommand(0, 1);
  app.allow_extras();  // to say more about them
  if (std::optional<int> exit_code = gooffsets::ParseArguments(&app, argc, argv)) return *exit_code;
  if (const std::vector<std::string> extras = app.remaining(); !extras.empty()) {
    const bool option = extras.front().starts_with('-');
    std::cerr << "gotrace: error: " << gooffsets::Printable(extras.front())
              << (option ? " is no option" : " is no command of gotrace") << "\ngotrace: try: "
              << (option ? "gotrace --help" : "--exe " + gooffsets::Printable(extras.front()) + " traces a program")
              << "\n";
    return gooffsets::kExitUsage;
  }
  if (inspect->parsed()) return gooffsets::trace::RunInspect(inspect_options);
  if (attributes->parsed()) return gooffsets::trace::RunAttributes(attributes_options);
  if (doctor->parsed()) return gooffsets::trace::RunDoctor();
  return gooffsets::trace::RunTrace(options);
}
