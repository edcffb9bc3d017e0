// BinaryModule and BinaryInfo::Module of gooffsets/binary.h.
#include <algorithm>

#include "gooffsets/binary.h"
#include "gooffsets/version.h"

namespace gooffsets {
namespace {

// The version at which the go command requires a module that exists only through a local replacement (src:
// cmd/go/internal/modload, "v0.0.0-00010101000000-000000000000").
constexpr std::string_view kZeroPseudo = "v0.0.0-00010101000000-000000000000";

}  // namespace

std::string BinaryModule::code_version() const {
  if (replaced && (replacement_path.starts_with('.') || replacement_path.starts_with('/'))) return "";
  const std::string_view text = replaced ? replacement_version : version;
  if (!text.starts_with('v') || text == kZeroPseudo) return "";
  // "+dirty" is a checkout with changes of its own; "+incompatible" is the only build part that a module version has
  // (go.dev/ref/mod#versions).
  const size_t plus = text.find('+');
  if (plus != std::string_view::npos && text.substr(plus) != "+incompatible") return "";
  const Result<Version> parsed = Version::Parse(VersionScheme::kModule, text);
  return parsed ? parsed->text() : "";
}

const BinaryModule* BinaryInfo::Module(std::string_view path) const {
  const auto found = std::find_if(modules.begin(), modules.end(), [&](const BinaryModule& m) { return m.path == path; });
  if (found != modules.end()) return &*found;
  return main_module && main_module->path == path ? &*main_module : nullptr;
}

}  // namespace gooffsets
