// A comparison as text for people or one JSON object for programs. Pure functions; thread-safe.
//
//   std::cout << TextReport("probe", comparison);
#ifndef GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_REPORT_H_
#define GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_REPORT_H_

#include <string>

#include "compare.h"

namespace gooffsets::verify {

std::string TextReport(const std::string& binary, const Comparison& comparison);
// {"binary":…,"build":…,"structs":{"compared":…,"differing":…,"not_compared":…},"functions":…,"numbers":…,"locations":…,
//  "recorded":…,"renamed":…,"without_layout":{REASON:…},"differences":[{"symbol":…,"what":…,"binary":…,"stored":…}]}
std::string JsonReport(const std::string& binary, const std::string& build, const Comparison& comparison);

}  // namespace gooffsets::verify

#endif  // GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_REPORT_H_
