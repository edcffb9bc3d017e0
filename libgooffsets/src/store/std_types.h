// Types of the standard library at one Go release: what layouts of other modules depend on when the release changes.
//
// Remembers which packages a std build had, since a plan asks thousands of times; Forget() after the database changed.
// Borrows the connection for each call; one thread at a time.
//
//   StdTypes types;
//   Result<StdTypeSize> size = types.Size(&db, "1.26.8", GoArch::kAmd64, "crypto/tls.ConnectionState");   // 192, 8
#ifndef GOOFFSETS_STORE_STD_TYPES_H_
#define GOOFFSETS_STORE_STD_TYPES_H_

#include <cstdint>
#include <map>
#include <string>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"
#include "store/sqlite.h"

namespace gooffsets {

struct StdTypeSize {
  enum class State {
    kKnown,
    kAbsent,   // std of that release was measured, and the type is not there (or is no struct)
    kUnknown,  // std of that release was not measured
  } state = State::kUnknown;
  uint64_t size = 0;
  uint32_t align = 0;
  bool operator==(const StdTypeSize&) const = default;
};

class StdTypes {
 public:
  Result<StdTypeSize> Size(Connection* db, const std::string& go, GoArch goarch, const std::string& type);
  // The layout row of the type; 0 when there is none.
  Result<int64_t> LayoutOf(Connection* db, const std::string& go, GoArch goarch, const std::string& type);
  // Package path -> package layout of std as built for this release with default experiments and no tags; empty: none.
  Result<const std::map<std::string, int64_t>*> Packages(Connection* db, const std::string& go, GoArch goarch);
  void Forget() { packages_.clear(); }

 private:
  struct Found {
    StdTypeSize::State state = StdTypeSize::State::kUnknown;
    int64_t layout = 0;
  };
  Result<Found> Find(Connection* db, const std::string& go, GoArch goarch, const std::string& type);

  std::map<std::string, std::map<std::string, int64_t>> packages_;  // by "go goarch"
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_STD_TYPES_H_
