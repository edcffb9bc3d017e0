#include "inspect.h"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/exit_code.h"
#include "output.h"
#include "render_layout.h"

namespace gooffsets {

namespace {

std::string Module(const BinaryModule& module) {
  std::string text = module.path + " " + (module.version.empty() ? "(no version)" : module.version);
  if (module.replaced) text += " => " + module.replacement_path + (module.replacement_version.empty() ? "" : " " + module.replacement_version);
  return text;
}

std::string Table(const TableInfo& table) { return (table.found ? "" : "none: ") + table.how; }

std::string GoVersion(const BinaryInfo& info) {
  if (info.go_text.empty()) return "not known";
  std::string text = info.go_text;
  if (info.go_version.empty()) {
    text += info.go_language.empty() ? " (no release)" : fmt::format(" (no release; the language is Go {})", info.go_language);
  }
  return text;
}

std::string Text(const BinaryInfo& info) {
  std::string out;
  auto line = [&](const char* key, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<14}{}\n", key, Printable(value));
  };
  out += fmt::format("{}: a Go program for linux/{}\n", Printable(info.file), ToString(info.goarch));
  line("Go", GoVersion(info));
  line("experiments", fmt::format("{}", fmt::join(info.experiments, ", ")));
  line("program", info.main_package);
  line("module", info.main_module ? Module(*info.main_module) : "no module list: versions of modules are not known");
  line("tags", fmt::format("{}", fmt::join(info.tags, ", ")));
  std::string link = fmt::format("{}, {}", info.pie ? "PIE" : "fixed addresses", info.dynamic ? "dynamic" : "static");
  if (info.cgo) link += *info.cgo ? ", cgo" : ", no cgo";
  if (info.fips) link += ", FIPS";
  line("linked", link);
  line("stripped", !info.stripped ? (info.has_dwarf ? "no" : "no symbols were removed, but it has no DWARF")
                                  : (info.has_dwarf ? "no symbol table, but DWARF" : "yes: no symbol table, no DWARF"));
  line("GNU build id", info.gnu_build_id);
  line("debug link", info.debuglink);
  line("obfuscated", info.obfuscation);
  line("packed", info.packing);
  line("build info", Table(info.build_info));
  line("pclntab", Table(info.pclntab));
  line("moduledata", Table(info.moduledata));
  line("types", Table(info.types));
  for (const std::string& note : info.notes) line("note", note);
  if (!info.modules.empty()) {
    out += fmt::format("  {} module{}\n", info.modules.size(), info.modules.size() == 1 ? "" : "s");
    for (const BinaryModule& module : info.modules) out += "    " + Printable(Module(module)) + "\n";
  }
  return out;
}

nlohmann::ordered_json Json(const GoBinary::NamedStruct& named) {
  nlohmann::ordered_json fields = nlohmann::ordered_json::array();
  for (const Field& field : named.layout.fields) {
    fields.push_back({{"name", field.name},
                      {"offset", field.offset},
                      {"size", field.size},
                      {"type", field.type},
                      {"embedded", field.embedded}});
  }
  return {{"name", named.name}, {"size", named.layout.size}, {"align", named.layout.align}, {"fields", std::move(fields)}};
}

int Types(const GoBinary& binary, bool json) {
  Result<std::vector<GoBinary::NamedStruct>> structs = binary.Structs();
  if (!structs) return ReportError(kTool, structs.error());
  if (json) std::cout << "{\"types\":[";
  bool first = true;
  for (const GoBinary::NamedStruct& named : *structs) {
    if (json) {
      std::cout << (std::exchange(first, false) ? "\n" : ",\n")
                << Json(named).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    } else {
      std::cout << Printable(named.name) << ": " << RenderStruct(named.layout);
    }
  }
  if (json) std::cout << "\n]}\n";
  return Finish(0);
}

}  // namespace

CLI::App* AddInspect(CLI::App* app, InspectOptions* options) {
  CLI::App* inspect = app->add_subcommand("inspect", "What a Go program is: Go version, modules, how it was linked and stripped, its tables");
  AddBinaryOptions(inspect, &options->binary);
  inspect->add_flag("--types", options->types, "Every struct that the program's own type descriptors describe");
  inspect->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  inspect->footer(
      "Examples:\n"
      "  gooffsets inspect ./server\n"
      "  gooffsets inspect --pid 4242\n"
      "  gooffsets inspect ./server --types --format json\n"
      "\n"
      "Exit codes: 0 done, 2 usage, 3 no Go program, or a broken one, 4 environment.");
  return inspect;
}

int RunInspect(const InspectOptions& options) {
  Result<GoBinary> binary = OpenBinary(options.binary);
  if (!binary) return ReportError(kTool, binary.error());
  const bool json = options.format == "json";
  if (options.types) return Types(*binary, json);
  std::cout << (json ? BinaryInfoJson(binary->info()) + "\n" : Text(binary->info()));
  return Finish(0);
}

}  // namespace gooffsets
