#include "program.h"

#include <cctype>
#include <utility>
#include <vector>

#include "../dwarf/go_fixture.h"
#include "go/names.h"

namespace gooffsets::testing {
namespace {

const TempDir& Directory() {
  static const TempDir directory;
  return directory;
}

Twins Make(const Way& way) {
  Twins twins;
  const GoCommand go = GoOnPath();
  if (go.go.empty()) {
    twins.why_not = go.why;
    return twins;
  }
  const std::string source = std::string(GOOFFSETS_SOURCE_DIR) + "/tests/fixtures/twins/server";
  twins.plain = Directory() / (way.Name() + ".plain");
  twins.stripped = Directory() / (way.Name() + ".stripped");
  for (const bool strip : {false, true}) {
    std::vector<std::string> arguments = {"build", "-trimpath", "-o", strip ? twins.stripped : twins.plain};
    if (strip) arguments.emplace_back("-ldflags=-s -w");
    if (way.kind == "pie") arguments.emplace_back("-buildmode=pie");
    arguments.emplace_back(".");
    const CommandResult built = RunGo(go, source, way.goarch, arguments);
    if (built.status != 0) {
      twins.why_not = "cannot be built: " + built.output;
      return twins;
    }
  }
  // Lines "  8176c0 R go:itab.*os.File,io.Writer": the name may have spaces.
  const CommandResult listed = RunGo(go, source, way.goarch, {"tool", "nm", twins.plain});
  for (const std::string& line : Lines(listed.output)) {
    size_t begin = line.find_first_not_of(' ');
    const size_t space = line.find(' ', begin);
    if (begin == line.npos || space == line.npos || space + 3 >= line.size() ||
        std::isxdigit(static_cast<unsigned char>(line[begin])) == 0) {
      continue;
    }
    const uint64_t address = std::stoull(line.substr(begin, space - begin), nullptr, 16);
    const std::string name = UnescapeName(line.substr(space + 3));
    twins.symbols[name] = address;
    if (line[space + 1] == 'T' || line[space + 1] == 't') twins.functions[address] = name;
  }
  if (twins.symbols.empty()) twins.why_not = "go tool nm says nothing: " + listed.output;
  return twins;
}

}  // namespace

const Twins& BuildTwins(const Way& way) {
  static std::map<std::string, Twins> made;
  const auto [at, is_new] = made.try_emplace(way.Name());
  if (is_new) at->second = Make(way);
  return at->second;
}

Opened Open(std::shared_ptr<const ByteSource> source) {
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
  opened.pclntab = std::move(*table);
  auto module = FindModuledata(*opened.image, *opened.pclntab);
  if (!module) {
    opened.error = module.error().ToString();
    return opened;
  }
  opened.module = std::move(*module);
  auto types = RuntimeTypes::Open(*opened.image, *opened.module);
  if (!types) {
    opened.error = types.error().ToString();
    return opened;
  }
  opened.types = std::move(*types);
  return opened;
}

Opened Open(const std::string& path) {
  auto source = OpenFileSource(path);
  if (!source) {
    Opened opened;
    opened.error = source.error().ToString();
    return opened;
  }
  return Open(std::move(*source));
}

bool GoIsAtLeast(int minor) {
  static const std::string version =
      RunGo(GoOnPath(), GOOFFSETS_SOURCE_DIR, "amd64", {"env", "GOVERSION"}).output;  // "go1.26.8"
  const size_t dot = version.find("go1.");
  return dot != version.npos && std::atoi(version.c_str() + dot + 4) >= minor;
}

}  // namespace gooffsets::testing
