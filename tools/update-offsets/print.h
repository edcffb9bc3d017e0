// What update-offsets says on standard output: one JSON object on one line, or text.
//
// Pure functions; safe from any thread. docs/feed.md has the keys.
//
//   fmt::print("{}", CheckText(report, Format::kJson));
#ifndef GOOFFSETS_TOOLS_UPDATE_OFFSETS_PRINT_H_
#define GOOFFSETS_TOOLS_UPDATE_OFFSETS_PRINT_H_

#include <string>
#include <vector>

#include "gooffsets/feed.h"

namespace gooffsets {

enum class Format { kText, kJson };

std::string CheckText(const CheckReport& report, Format format);
std::string UpdateText(const UpdateReport& report, const std::string& path, Format format);
// `pinned` 0: to none.
std::string PinText(uint64_t pinned, uint64_t installed, Format format);
std::string StatusText(const InstalledState& state, const std::string& path, Format format);
std::string ExplainText(const ExplainReport& report, Format format);
std::string VerifyText(const std::vector<std::string>& damaged, size_t files, Format format);
std::string DiffText(const DatabaseChanges& changes, uint64_t before, uint64_t after, Format format);
std::string MirrorText(const MirrorReport& report, const std::string& target, Format format);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_UPDATE_OFFSETS_PRINT_H_
