// What a Go binary or a toolchain says its Go version is: more than releases, and never an error to meet.
//
// runtime.Version() and .go.buildinfo hold releases ("go1.26.8", "go1.24rc1"), releases with experiments
// ("go1.22.5 X:nocoverageredesign") or a vendor's suffix ("go1.21.0-fips"), snapshots ("go1.25-20250209-RC00 cl/… X:…")
// and development builds ("devel go1.27-hash date"). Only a `release` may be looked up as one; for the rest `language`
// is the best that is known. Pure; safe from any thread.
//
//   Result<GoVersionString> go = ParseGoVersionString("go1.21.0-fips X:boringcrypto");
//   go->release->text();   // "1.21.0"
//   go->suffix;            // "fips"
#ifndef GOOFFSETS_GO_GO_VERSION_STRING_H_
#define GOOFFSETS_GO_GO_VERSION_STRING_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"
#include "gooffsets/version.h"

namespace gooffsets {

struct GoVersionString {
  // The published release this is, or is built from (then `suffix` is set): "1.26.8", "1.20", "1.24rc1". Unset for
  // development builds and snapshots, and for a bare "go1.21" and later, which names a language version.
  std::optional<Version> release;
  std::string language;                  // "1.26"; empty when not even that is said ("devel +5e8a2a5c Mon …")
  std::vector<std::string> experiments;  // as written behind "X:": "fieldtrack", "nocoverageredesign"
  bool devel = false;                    // begins with "devel"
  std::string suffix;                    // whatever else follows: "fips", "20250209-RC00 cl/…"; not of `devel` builds

  bool operator==(const GoVersionString&) const = default;
};

// kBadInput if the text names no Go version at all. The "go" prefix is optional.
Result<GoVersionString> ParseGoVersionString(std::string_view text);

}  // namespace gooffsets

#endif  // GOOFFSETS_GO_GO_VERSION_STRING_H_
