#include "gotrace/instrumented.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/file.h"
#include "gotrace/processes.h"

namespace gooffsets::trace {

namespace {

// Enough to see a breakpoint: one byte on amd64, one instruction on arm64.
using Code = std::array<char, 4>;

std::optional<Code> CodeAt(const UniqueFd& file, uint64_t offset) {
  Code code{};
  if (!ReadAt(file, offset, code.data(), code.size(), "code")) return std::nullopt;
  return code;
}

}  // namespace

std::string OwnTracing(const Plan& plan) {
  const auto probe = std::find_if(plan.probes.begin(), plan.probes.end(),
                                  [](const ProbeState& state) { return state.name == "own_tracing"; });
  return probe == plan.probes.end() || probe->found.empty() ? std::string() : probe->found.front();
}

std::vector<std::string> ForeignProbes(int pid, const std::vector<Place>& places) {
  std::vector<std::string> functions;
  const Result<UniqueFd> file = OpenForReading(ExePath(pid));
  const Result<UniqueFd> memory = OpenForReading("/proc/" + std::to_string(pid) + "/mem");
  const std::vector<MappedPart> parts = MappedPartsOf(pid);
  if (!file || !memory) return functions;
  for (const Place& place : places) {
    for (const uint64_t offset : {place.function_offset, place.file_offset}) {
      const auto part = std::find_if(parts.begin(), parts.end(), [&](const MappedPart& one) {
        return one.offset <= offset && offset - one.offset < one.size;
      });
      if (part == parts.end()) continue;
      const std::optional<Code> linked = CodeAt(*file, offset);
      const std::optional<Code> running = CodeAt(*memory, part->address + (offset - part->offset));
      if (linked && running && *linked != *running) functions.push_back(place.function);
    }
  }
  std::sort(functions.begin(), functions.end());
  functions.erase(std::unique(functions.begin(), functions.end()), functions.end());
  return functions;
}

}  // namespace gooffsets::trace
