// Orders version texts: by precedence where they parse, odd ones behind all others and by text.
//
// Holds only the scheme; safe from any thread.
//
//   std::sort(texts.begin(), texts.end(), VersionLess(VersionScheme::kModule));   // 1.9.0 before 1.10.0
#ifndef GOOFFSETS_STORE_VERSION_ORDER_H_
#define GOOFFSETS_STORE_VERSION_ORDER_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

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

// The same order as VersionLess, each text read once.
inline void SortVersions(VersionScheme scheme, std::vector<std::string>* versions) {
  std::vector<std::pair<Result<Version>, std::string>> read;
  read.reserve(versions->size());
  for (std::string& text : *versions) {
    Result<Version> version = Version::Parse(scheme, text);
    read.emplace_back(std::move(version), std::move(text));
  }
  std::sort(read.begin(), read.end(), [](const auto& a, const auto& b) {
    if (a.first && b.first) return *a.first < *b.first;
    if (a.first.has_value() != b.first.has_value()) return a.first.has_value();
    return a.second < b.second;
  });
  for (size_t i = 0; i < read.size(); ++i) (*versions)[i] = std::move(read[i].second);
}

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_VERSION_ORDER_H_
