#include "report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace gooffsets::verify {
namespace {

nlohmann::ordered_json Json(const Counts& counts) {
  return {{"compared", counts.compared}, {"differing", counts.differing}, {"not_compared", counts.not_compared}};
}

std::string Line(const char* name, const Counts& counts) {
  return fmt::format("  {:<10} {:>9} compared  {:>6} differing  {:>6} not compared\n", name, counts.compared,
                     counts.differing, counts.not_compared);
}

}  // namespace

std::string TextReport(const std::string& binary, const Comparison& c) {
  std::string text;
  for (const Difference& d : c.differences) {
    text += fmt::format("{}: {}: binary {}, stored {}\n", d.symbol, d.what, d.binary, d.stored);
  }
  // Not compared are numbers of parameters that DWARF leaves out, and places of those whose place at the entry it does not say.
  text += binary + ":\n" + Line("structs", c.structs) + Line("functions", c.functions) + Line("numbers", c.numbers) +
          Line("locations", c.locations);
  if (c.recorded > 0) text += fmt::format("  {} more differ as the build's own record says\n", c.recorded);
  if (c.renamed > 0) text += fmt::format("  {} functions are in the binary under a symbol of //go:linkname\n", c.renamed);
  for (const auto& [reason, symbols] : c.without_layout) {
    text += fmt::format("  {} stored symbols have no numbers to compare: {}\n", symbols, reason);
  }
  return text;
}

std::string JsonReport(const std::string& binary, const std::string& build, const Comparison& c) {
  nlohmann::ordered_json json = {{"binary", binary},
                                 {"build", build},
                                 {"structs", Json(c.structs)},
                                 {"functions", Json(c.functions)},
                                 {"numbers", Json(c.numbers)},
                                 {"locations", Json(c.locations)},
                                 {"recorded", c.recorded},
                                 {"renamed", c.renamed},
                                 {"without_layout", c.without_layout},
                                 {"differences", nlohmann::ordered_json::array()}};
  for (const Difference& d : c.differences) {
    json["differences"].push_back({{"symbol", d.symbol}, {"what", d.what}, {"binary", d.binary}, {"stored", d.stored}});
  }
  // Names of a hostile binary may be no UTF-8.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace gooffsets::verify
