// Counts of what is stored of each module: distinct packages, structs and functions, over all versions and in the
// newest.
//
// Works package by package over distinct package layouts; borrows the connection for the call. One thread at a time.
//
//   GOOFFSETS_TRY(SymbolCounts counts, CountSymbols(db));
//   counts.all[{"std", "amd64"}].structs;
#ifndef OFFSETGEN_STATUS_COUNTS_H_
#define OFFSETGEN_STATUS_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "gooffsets/result.h"
#include "store/sqlite.h"

namespace offsetgen {

struct SymbolCount {
  size_t packages = 0, structs = 0, functions = 0;
};

struct SymbolCounts {
  std::map<std::pair<std::string, std::string>, SymbolCount> all;  // by module, GOARCH
  // By module, version, GOARCH; distinct names where several builds saw the version.
  std::map<std::tuple<std::string, std::string, std::string>, SymbolCount> by_version;
};

gooffsets::Result<SymbolCounts> CountSymbols(gooffsets::Connection* db);

}  // namespace offsetgen

#endif  // OFFSETGEN_STATUS_COUNTS_H_
