#include "unbuildable.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "base/file.h"
#include "go/names.h"

namespace offsetgen {

namespace {

// The name in the trailing comment of line `number`.
std::string SymbolOfLine(const std::string& file, int number) {
  std::ifstream in(file);
  std::string line;
  for (int i = 0; i < number; ++i) {
    if (!std::getline(in, line)) return "";
  }
  size_t comment = line.rfind("// ");
  return comment == std::string::npos ? "" : line.substr(comment + 3);
}

}  // namespace

std::set<std::string> UnbuildableSymbols(const std::string& output, const std::string& work) {
  std::map<std::string, std::string> keep_of_package;
  std::ifstream index(work + "/keep/keep.tsv");
  for (std::string line; std::getline(index, line);) {
    size_t tab = line.find('\t');
    if (tab != std::string::npos) keep_of_package[line.substr(0, tab)] = line.substr(tab + 1);
  }
  std::set<std::string> out;
  std::string package;  // of the "# package" header above
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) {
      package = line.substr(2, line.find(' ', 2) - 2);
      continue;
    }
    size_t relocation = line.find(": relocation target ");
    if (relocation != std::string::npos) {
      out.insert(gooffsets::UnescapeName(line.substr(0, relocation)));
      continue;
    }
    for (const char* marker : {"zz_gooffsets_keep.go:", "/keep/"}) {
      size_t at = line.find(marker);
      if (at == std::string::npos) continue;
      size_t colon = line.find(':', at);
      auto file = keep_of_package.find(package);
      if (colon == std::string::npos || file == keep_of_package.end()) continue;
      std::string symbol = SymbolOfLine(file->second, atoi(line.c_str() + colon + 1));
      if (!symbol.empty()) out.insert(package + "." + symbol);
      break;
    }
  }
  return out;
}

}  // namespace offsetgen
