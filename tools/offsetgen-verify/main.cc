// offsetgen-verify: compares the stored numbers of a build with what LLVM's DWARF reader finds in its binary.
#include <CLI/CLI.hpp>
#include <iostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "common/exit_code.h"
#include "compare.h"
#include "llvm_reader.h"
#include "report.h"
#include "store/record_json.h"

namespace gooffsets::verify {
namespace {

constexpr uint64_t kMaxRecord = uint64_t{1} << 30;
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

// JSON lines as they are, or compressed as the cache keeps them.
Result<BuildRecord> ReadRecord(const std::string& path) {
  GOOFFSETS_TRY(const std::string text, ReadFile(path, kMaxRecord));
  return text.starts_with(kZstdMagic) ? ReadRecordFile(path) : ParseRecordLines(text);
}

// Lines for a terminal: names come from a file that may be hostile.
std::string Printed(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    out += Printable(text.substr(0, end)) + "\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

struct Options {
  std::string binary, expect, format = "text";
  std::vector<std::string> sources;
};

Result<int> Run(const Options& options) {
  std::vector<SourceDir> sources;
  for (const std::string& text : options.sources) {
    GOOFFSETS_TRY(sources.emplace_back(), ParseSourceDir(text));
  }
  GOOFFSETS_TRY(const BuildRecord record, ReadRecord(options.expect));
  GOOFFSETS_TRY(const LinkNames links, ReadLinkNames(record, sources));
  std::set<std::string, std::less<>> wanted;
  for (const PackageRecord& package : record.packages) {
    for (const auto& [symbol, entry] : package.symbols) {
      if (std::holds_alternative<SkipReason>(entry.value)) continue;
      for (std::string& name : FunctionNames(package.path, symbol, links)) wanted.insert(std::move(name));
    }
  }
  GOOFFSETS_TRY(const BinaryFacts facts,
                ReadWithLlvm(options.binary, [&](std::string_view name) { return wanted.count(name) > 0; }));
  if (facts.goarch != record.build.goarch) {
    return Fail(ErrorCode::kBadInput, options.binary + " is a program for " + std::string(ToString(facts.goarch)) +
                                          ", the record for " + std::string(ToString(record.build.goarch)));
  }
  const Comparison comparison = Compare(record, facts, links);
  std::cout << (options.format == "json" ? JsonReport(options.binary, record.build.id, comparison)
                                         : Printed(TextReport(options.binary, comparison)));
  return comparison.differing() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace gooffsets::verify

int main(int argc, char** argv) {
  CLI::App app(
      "Compares every stored number of a build with the binary it was read from, using LLVM's DWARF reader.\n"
      "Exit status: 0 no difference, 1 differences, 2 usage, 3 bad input.\n"
      "Example: offsetgen-verify probe --expect 0123456789abcdef0123456789abcdef.jsonl.zst --sources std=/usr/local/go/src");
  gooffsets::verify::Options options;
  app.add_option("binary", options.binary, "the Go program, with DWARF")->required();
  app.add_option("--expect", options.expect, "the build's record: JSON lines, plain or zstd-compressed")->required();
  app.add_option("--sources", options.sources,
                 "MODULE=DIR: where a module's packages lie, for the standard library std=GOROOT/src (may be repeated): "
                 "functions that //go:linkname renames are then found");
  app.add_option("--format", options.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  if (std::optional<int> exit = gooffsets::ParseArguments(&app, argc, argv)) return *exit;
  gooffsets::Result<int> status = gooffsets::verify::Run(options);
  if (!status) return gooffsets::ReportError("offsetgen-verify", status.error());
  return *status;
}
