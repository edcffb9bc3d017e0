// Which versions of the targets count, where the store itself does not say.
#include <algorithm>

#include "status.h"
#include "version_sources.h"

namespace offsetgen {

using gooffsets::ErrorCode;
using gooffsets::Result;

Result<std::map<std::string, std::vector<std::string>>> WantedFromLists(gooffsets::Store* store, const Targets& targets,
                                                                        const std::string& lists_dir) {
  std::map<std::string, std::vector<std::string>> wanted;
  for (const Target& target : targets.targets) {
    GOOFFSETS_TRY(const std::vector<gooffsets::KnownVersion> stored, store->KnownVersions(target.module));
    if (std::any_of(stored.begin(), stored.end(), [](const auto& one) { return one.listed; })) continue;
    VersionQuery query;
    query.module = target.module;
    query.lists_dir = lists_dir;
    const Result<KnownVersions> known = GatherVersions(query, target.versions);
    if (!known && known.error().code != ErrorCode::kNotFound) return tl::unexpected(known.error());
    if (!known) continue;
    const auto selected = SelectVersions(*known, target.versions, {.include_pseudo = target.pseudo_versions});
    if (!selected && selected.error().code != ErrorCode::kNotFound) return tl::unexpected(selected.error());
    if (!selected) continue;
    std::vector<std::string>& texts = wanted[target.module];
    for (const gooffsets::Version& version : *selected) texts.push_back(version.text());
  }
  return wanted;
}

}  // namespace offsetgen
