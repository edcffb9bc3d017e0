// The command line of gotrace, as plain values.
//
// The tool owns the terminal and the environment; everything else gets these. Call from main().
//
//   Options options;
//   AddTraceOptions(&app, &options);
#ifndef GOOFFSETS_TOOLS_GOTRACE_OPTIONS_H_
#define GOOFFSETS_TOOLS_GOTRACE_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "gotrace/kernel.h"
#include "gotrace/pipeline/pipeline.h"
#include "gotrace/selection.h"

namespace gooffsets::trace {

enum class OutputFormat { kText, kJson, kOtlpJson, kNone };

struct Options {
  Selection selection;
  KernelOptions kernel;
  std::string database, offsets;
  bool no_database = false;
  bool skip_instrumented = false;
  OutputFormat format = OutputFormat::kText;
  std::string otlp, file, service_name, metrics;
  double max_traces = 0;  // a second; 0: no limit
  bool command_args = false;
  bool quiet = false;
  uint32_t duration = 0;  // seconds; 0: until interrupted
};

void AddTraceOptions(CLI::App* app, Options* options);
bool NamesTarget(const Options& options);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_OPTIONS_H_
