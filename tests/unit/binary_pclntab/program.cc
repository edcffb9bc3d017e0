#include "program.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "../dwarf/go_fixture.h"
#include "go/names.h"

namespace gooffsets::testing {
namespace {

std::string Fixture(const std::string& name) {
  return std::string(GOOFFSETS_SOURCE_DIR) + "/tests/fixtures/pclntab/" + name;
}

const TempDir& Directory() {
  static const TempDir directory;
  return directory;
}

// The program that reads with Go's own packages; empty if it cannot be built.
const std::string& Truth() {
  static const std::string path = [] {
    std::string out = Directory() / "truth";
    return RunGo(GoOnPath(), Fixture("truth"), "amd64", {"build", "-o", out, "."}).status == 0 ? out : "";
  }();
  return path;
}

std::vector<std::vector<std::string>> Ask(const std::string& what, const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : Lines(RunShell(Quote(Truth()) + " " + what + " " + Quote(path)).output)) {
    rows.push_back(Split(line, '\t'));
  }
  return rows;
}

uint64_t Hex(const std::string& text) { return std::stoull(text, nullptr, 16); }

Program Make(const Way& way, size_t number) {
  Program program;
  program.way = way;
  const GoCommand go = way.go.empty() ? GoOnPath() : GoRelease(way.go);
  if (go.go.empty()) {
    program.why_not = go.why;
    return program;
  }
  program.path = Directory() / ("program" + std::to_string(number));
  std::vector<std::string> arguments = {"build", "-trimpath", "-o", program.path};
  if (way.kind == "pie") arguments.insert(arguments.end(), {"-buildmode=pie"});
  arguments.emplace_back(".");
  const CommandResult built = RunGo(go, Fixture("program"), way.goarch, arguments);
  if (built.status != 0 || Truth().empty()) {
    program.why_not = "cannot be built: " + built.output;
    return program;
  }
  for (const auto& row : Ask("bounds", program.path)) {
    if (row.size() != 2) continue;
    program.text = Hex(row[0]);
    program.gofunc = Hex(row[1]);
  }
  for (const auto& row : Ask("functions", program.path)) {
    if (row.size() == 3) program.functions.push_back({Hex(row[0]), Hex(row[1]), UnescapeName(row[2])});
  }
  return program;
}

}  // namespace

std::vector<std::string> Program::Inlined() const {
  std::vector<std::string> lines;
  for (const auto& row : Ask("inlined", path)) {
    if (row.size() == 2) lines.push_back(UnescapeName(row[0]) + "\t" + UnescapeName(row[1]));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

const Program& Build(const Way& way) {
  static std::map<std::string, Program> made;
  auto [at, is_new] = made.try_emplace(way.Name());
  if (is_new) at->second = Make(way, made.size());
  return at->second;
}

std::string Bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Opened Open(std::shared_ptr<const ByteSource> source, const Program& program) {
  Opened opened;
  auto image = Image::Open(std::move(source));
  if (!image) {
    opened.error = image.error().ToString();
    return opened;
  }
  opened.image = std::make_unique<Image>(std::move(*image));
  auto table = Pclntab::Find(*opened.image);
  if (!table) {
    opened.error = table.error().ToString();
    return opened;
  }
  opened.table = std::move(*table);
  opened.table->SetText({.text = program.text, .etext = 0, .gofunc = program.gofunc, .sections = {}});
  return opened;
}

Opened Open(const Program& program) {
  auto source = OpenFileSource(program.path);
  if (!source) return {nullptr, std::nullopt, source.error().ToString()};
  return Open(*source, program);
}

}  // namespace gooffsets::testing
