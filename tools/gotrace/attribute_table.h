// `gotrace attributes`: for every attribute, library and version whether gotrace has it, as a page of Markdown.
//
// Made from the want lists and a database alone, without any program: what a program says itself comes on top. Equal
// inputs give equal bytes (docs/trace-attributes.md is this page). Writes to standard output: for main() only.
#ifndef GOOFFSETS_TOOLS_GOTRACE_ATTRIBUTE_TABLE_H_
#define GOOFFSETS_TOOLS_GOTRACE_ATTRIBUTE_TABLE_H_

#include <CLI/CLI.hpp>
#include <string>

#include "gooffsets/database.h"
#include "gooffsets/result.h"

namespace gooffsets::trace {

struct AttributesOptions {
  std::string database;
};

Result<std::string> AttributePage(const Database& database);

CLI::App* AddAttributes(CLI::App* app, AttributesOptions* options);
int RunAttributes(const AttributesOptions& options);  // an exit code

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_ATTRIBUTE_TABLE_H_
