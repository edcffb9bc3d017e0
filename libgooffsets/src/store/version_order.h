// Orders version texts: by precedence where they parse, odd ones behind all others and by text.
//
// Holds only the scheme; safe from any thread.
//
//   std::sort(texts.begin(), texts.end(), VersionLess(VersionScheme::kModule));   // 1.9.0 before 1.10.0
#ifndef GOOFFSETS_STORE_VERSION_ORDER_H_
#define GOOFFSETS_STORE_VERSION_ORDER_H_

#include <string>

#include "gooffsets/version.h"

namespace gooffsets {

class VersionLess {
 public:
  explicit VersionLess(VersionScheme scheme) : scheme_(scheme) {}
  bool operator()(const std::string& a, const std::string& b) const {
    Result<Version> left = Version::Parse(scheme_, a);
    Result<Version> right = Version::Parse(scheme_, b);
    if (left && right) return *left < *right;
    if (static_cast<bool>(left) != static_cast<bool>(right)) return static_cast<bool>(left);
    return a < b;
  }

 private:
  VersionScheme scheme_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_VERSION_ORDER_H_
