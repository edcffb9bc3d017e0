#include "diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>

#include "common/exit_code.h"
#include "gooffsets/binary.h"
#include "gooffsets/resolve.h"
#include "output.h"
#include "table.h"

namespace gooffsets {

CLI::App* AddDiff(CLI::App* app, DiffCommand* options) {
  CLI::App* diff = app->add_subcommand("diff", "Layouts that differ between two builds of a program");
  diff->add_option("FIRST", options->first, "a Go program")->required();
  diff->add_option("SECOND", options->second, "another build of it")->required();
  diff->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  diff->add_option("--limit", options->limit, "print at most so many differences; 0: all")->capture_default_str();
  diff->footer(
      "Structs and functions that both programs describe: of functions, arguments and results by DWARF where both have "
      "it,\n"
      "else the words and bytes of arguments that stripped programs keep for their tracebacks.\n"
      "\n"
      "Example:\n"
      "  gooffsets diff server-1.4 server-1.5\n"
      "\n"
      "Exit codes: 0 equal, 1 differences, 2 usage, 3 bad input, 4 environment.");
  return diff;
}

int RunDiff(const DiffCommand& options) {
  Result<GoBinary> first = GoBinary::Open(options.first);
  if (!first) return ReportError(kTool, first.error());
  Result<GoBinary> second = GoBinary::Open(options.second);
  if (!second) return ReportError(kTool, second.error());
  Result<std::vector<Difference>> differences = DiffBinaries(&*first, &*second);
  if (!differences) return ReportError(kTool, differences.error());
  const size_t total = differences->size();
  const std::span<const Difference> shown(differences->data(),
                                          options.limit == 0 ? total : std::min(options.limit, total));
  if (options.format == "json") {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const Difference& d : shown) {
      json.push_back({{"symbol", d.symbol}, {"what", d.what}, {"first", d.first}, {"second", d.second}});
    }
    std::cout << nlohmann::ordered_json{{"differences", json}, {"total", total}}.dump(
                     -1, ' ', false, nlohmann::json::error_handler_t::replace)
              << "\n";
  } else if (differences->empty()) {
    std::cout << "no differences\n";
  } else {
    Table table({"symbol", "what", options.first, options.second}, "llrr");
    for (const Difference& d : shown) table.Add({d.symbol, d.what, d.first, d.second});
    std::cout << table.Text() << total << (total == 1 ? " difference" : " differences");
    if (shown.size() < total) std::cout << ", the first " << shown.size() << " shown (--limit 0: all)";
    std::cout << "\n";
  }
  return Finish(differences->empty() ? 0 : 1);
}

}  // namespace gooffsets
