#include "binary/probe_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "binary/instructions.h"

namespace gooffsets {
namespace {

// Larger than any function that a compiler wrote (machine-made tables reach a few MiB).
constexpr uint64_t kMostCode = uint64_t{16} << 20;
// A prologue and what may follow it up to the first jump.
constexpr size_t kMostSteps = 64;
// A stack growth block: argument registers spilled, one call, loaded again, a jump back.
constexpr size_t kMostGrowthSteps = 80;
constexpr size_t kMostNotes = 8;

class Code {
 public:
  Code(GoArch arch, uint64_t entry, std::vector<std::byte> bytes)
      : arm64_(arch == GoArch::kArm64), entry_(entry), bytes_(std::move(bytes)), code_size_(SizeWithoutPadding()) {}

  uint64_t begin() const { return entry_; }
  uint64_t end() const { return entry_ + bytes_.size(); }
  uint64_t code_end() const { return entry_ + code_size_; }  // padding may follow
  bool Holds(uint64_t address) const { return address >= begin() && address < end(); }

  Instruction Decode(uint64_t address) const {
    return arm64_ ? DecodeArm64(From(address), address) : DecodeAmd64(From(address), address);
  }
  Effect EffectOf(uint64_t address, int32_t sp_delta) const {
    return arm64_ ? EffectArm64(From(address), sp_delta) : EffectAmd64(From(address), sp_delta);
  }
  std::string Name(uint64_t address) const { return arm64_ ? NameArm64(From(address)) : NameAmd64(From(address)); }

 private:
  std::span<const std::byte> From(uint64_t address) const {
    return std::span(bytes_).subspan(static_cast<size_t>(address - entry_));
  }
  // The linker fills up to the next function: with INT3 on amd64, with zeros on arm64 and in C code.
  size_t SizeWithoutPadding() const {
    size_t size = bytes_.size();
    if (arm64_) {
      static constexpr std::array<std::byte, 4> kZero = {};
      while (size >= 4 && std::memcmp(bytes_.data() + size - 4, kZero.data(), 4) == 0) size -= 4;
      return size;
    }
    const std::byte last = size == 0 ? std::byte{1} : bytes_[size - 1];
    if (last != std::byte{0xcc} && last != std::byte{0}) return size;
    while (size > 0 && bytes_[size - 1] == last) --size;
    return size;
  }

  bool arm64_;
  uint64_t entry_;
  std::vector<std::byte> bytes_;
  size_t code_size_;
};

// SP deltas of one function, asked in ascending order of pc or not.
class SpDeltas {
 public:
  explicit SpDeltas(std::vector<PcRange> ranges) : ranges_(std::move(ranges)) {}
  bool empty() const { return ranges_.empty(); }
  std::optional<int32_t> At(uint64_t pc) const {
    auto after = std::upper_bound(ranges_.begin(), ranges_.end(), pc,
                                  [](uint64_t at, const PcRange& range) { return at < range.begin; });
    // Ranges of no length may share a beginning.
    while (after != ranges_.begin()) {
      --after;
      if (pc < after->end) return after->value;
      if (after->begin != after->end) break;
    }
    return std::nullopt;
  }

 private:
  std::vector<PcRange> ranges_;
};

struct Candidate {
  uint64_t address = 0;
  int32_t sp_delta = 0;
  bool emulated = false;
  size_t checks_before = 0;  // stack checks that are over there
};

struct Growth {
  uint64_t jump_back = 0;  // address of the jump to the function's beginning
};

struct Walk {
  std::vector<Candidate> candidates;  // the first one is the entry
  std::vector<Growth> checks;
  uint64_t last = 0;  // address of the last candidate
};

// Whether `target` begins a stack growth block: one call of runtime.morestack*, then a jump back to the beginning (src
// cmd/internal/obj/x86/obj6.go and arm64/obj7.go, stacksplit).
Result<std::optional<Growth>> GrowthBlockAt(const Code& code, Pclntab* pclntab, uint64_t target, uint64_t check) {
  std::optional<uint64_t> called;
  for (size_t step = 0; step < kMostGrowthSteps && code.Holds(target); ++step) {
    const Instruction next = code.Decode(target);
    switch (next.kind) {
      case Instruction::Kind::kOther:
        break;
      case Instruction::Kind::kCall:
        if (called || !next.target) return std::nullopt;
        called = next.target;
        break;
      case Instruction::Kind::kJump: {
        if (!called || !next.target || *next.target < code.begin() || *next.target > check) return std::nullopt;
        GOOFFSETS_TRY(std::optional<FunctionEntry> callee, pclntab->FunctionAt(*called));
        // Trampolines of far calls carry the name of what they call.
        if (!callee || !callee->name.starts_with("runtime.morestack")) return std::nullopt;
        return Growth{next.address};
      }
      default:
        return std::nullopt;
    }
    target += next.length;
  }
  return std::nullopt;
}

// Straight-line code from the entry, as far as arguments are where they were. On the way every place where a probe
// could sit.
Result<Walk> WalkPrologue(const Code& code, Pclntab* pclntab, bool register_arguments) {
  Walk walk;
  int32_t sp_delta = 0;
  uint64_t at = code.begin();
  for (size_t step = 0; step < kMostSteps && at < code.code_end(); ++step) {
    const Instruction next = code.Decode(at);
    if (next.kind == Instruction::Kind::kUndecodable || next.kind == Instruction::Kind::kStop) break;
    walk.candidates.push_back({at, sp_delta, next.emulated, walk.checks.size()});
    if (next.kind == Instruction::Kind::kConditional && next.target) {
      GOOFFSETS_TRY(std::optional<Growth> growth, GrowthBlockAt(code, pclntab, *next.target, at));
      if (!growth) break;
      walk.checks.push_back(*growth);
    } else if (next.kind != Instruction::Kind::kOther) {
      break;
    } else {
      const Effect effect = code.EffectOf(at, sp_delta);
      // ABI0 code alone finds g in thread-local storage: it has no arguments in registers.
      if (effect.reads_thread_local && walk.checks.empty()) register_arguments = false;
      if (!effect.understood || effect.changes_stack_argument) break;
      if (effect.changes_argument_register && register_arguments) {
        // In front of a TLS load its offset may be loaded first (position-independent code).
        const uint64_t after = at + next.length;
        if (step > 0 || after >= code.end() || !code.EffectOf(after, sp_delta).reads_thread_local) break;
        register_arguments = false;
      }
      sp_delta += effect.sp_change;
    }
    at += next.length;
  }
  walk.last = walk.candidates.empty() ? code.begin() : walk.candidates.back().address;
  return walk;
}

// What one pass over the whole function sees.
struct Pass {
  std::vector<uint64_t> returns;
  struct Branch {
    uint64_t from = 0, to = 0;
  };
  std::vector<Branch> back;     // to the walked part
  std::vector<uint64_t> tails;  // jumps out of the function: targets
  uint64_t undecodable = 0;     // bytes
  uint64_t first_undecodable = 0;
};

Pass PassOver(const Code& code, uint64_t walked) {
  Pass pass;
  for (uint64_t at = code.begin(); at < code.code_end();) {
    const Instruction next = code.Decode(at);
    switch (next.kind) {
      case Instruction::Kind::kReturn:
        pass.returns.push_back(at);
        break;
      case Instruction::Kind::kJump:
      case Instruction::Kind::kConditional:
        if (!next.target) break;
        if (!code.Holds(*next.target)) {
          if (std::find(pass.tails.begin(), pass.tails.end(), *next.target) == pass.tails.end() &&
              pass.tails.size() < kMostNotes) {
            pass.tails.push_back(*next.target);
          }
        } else if (*next.target <= walked) {
          pass.back.push_back({at, *next.target});
        }
        break;
      case Instruction::Kind::kUndecodable:
        if (pass.undecodable++ == 0) pass.first_undecodable = at;
        break;
      default:
        break;
    }
    at += next.length;
  }
  return pass;
}

// Whether a probe at the candidate fires once a call. `again`: a grown stack fires it twice.
bool FiresOnce(const Candidate& candidate, const Walk& walk, const Pass& pass, bool* again) {
  *again = candidate.checks_before < walk.checks.size();
  for (const Pass::Branch& branch : pass.back) {
    if (branch.to > candidate.address) continue;
    const bool growth = std::any_of(walk.checks.begin(), walk.checks.end(),
                                    [&](const Growth& check) { return check.jump_back == branch.from; });
    if (!growth) return false;
  }
  return true;
}

void ChooseEntry(const Code& code, const Walk& walk, const Pass& pass, const SpDeltas& deltas, const Image& image,
                 ProbePoints* points) {
  const Candidate* best = nullptr;
  bool best_again = false;
  auto consider = [&](const Candidate& candidate) {
    bool again = false;
    if (!FiresOnce(candidate, walk, pass, &again)) return;
    // The walk's own account of SP must be the linker's.
    if (auto delta = deltas.At(candidate.address); !deltas.empty() && delta != candidate.sp_delta) return;
    // Emulated behind the stack check, emulated in front of it, then the function's beginning.
    if (!candidate.emulated || (best != nullptr && (!best_again || again))) return;
    best = &candidate;
    best_again = again;
  };
  for (const Candidate& candidate : walk.candidates) consider(candidate);
  if (best != nullptr) {
    points->entry = {best->address, image.FileOffset(best->address)};
    points->entry_emulated = true;
    points->entry_sp_delta = best->sp_delta;
    points->after_stack_check = !best_again;
    points->entry_instruction = code.Name(best->address);
    return;
  }
  points->entry = points->first;
  points->entry_instruction = code.Name(points->first.address);
  if (!walk.candidates.empty()) {
    bool again = false;
    const bool once = FiresOnce(walk.candidates.front(), walk, pass, &again);
    points->after_stack_check = once && !again;
    points->entry_emulated = walk.candidates.front().emulated;
    if (!once) points->notes.push_back("jumps back to its beginning: a probe there fires more than once a call");
  }
}

Result<void> AddNotes(const Pass& pass, Pclntab* pclntab, ProbePoints* points) {
  for (uint64_t target : pass.tails) {
    GOOFFSETS_TRY(std::optional<FunctionEntry> callee, pclntab->FunctionAt(target));
    points->notes.push_back(fmt::format("ends in a jump to {}: that function returns in its place",
                                        callee ? callee->name : fmt::format("{:#x}", target)));
  }
  if (pass.returns.empty() && pass.tails.empty()) points->notes.push_back("does not return");
  if (pass.undecodable > 0) {
    points->notes.push_back(
        fmt::format("{} bytes from {:#x} on are no instructions", pass.undecodable, pass.first_undecodable));
  }
  return {};
}

}  // namespace

Result<ProbePoints> FindProbePoints(const Image& image, Pclntab* pclntab, const FunctionEntry& function) {
  if (function.end <= function.entry) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: {} has no code", image.name(), function.name));
  }
  if (function.end - function.entry > kMostCode) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: {} claims {} bytes of code, more than a function has",
                                                  image.name(), function.name, function.end - function.entry));
  }
  const Segment* segment = image.SegmentAt(function.entry);
  if (segment == nullptr || !segment->executable) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: {} at {:#x} lies in no executable segment", image.name(),
                                                  function.name, function.entry));
  }
  std::vector<std::byte> bytes(static_cast<size_t>(function.end - function.entry));
  GOOFFSETS_CHECK_OK(image.Read(function.entry, bytes));
  const Code code(image.goarch(), function.entry, std::move(bytes));
  GOOFFSETS_TRY(std::vector<PcRange> ranges, pclntab->SpDelta(function));
  const SpDeltas deltas(std::move(ranges));

  // src cmd/compile/abi-internal.md: arm64 has had arguments in registers since Go 1.18, amd64 since 1.17.
  const bool register_arguments =
      image.goarch() != GoArch::kArm64 || pclntab->format() != Pclntab::Format::kGo116;
  GOOFFSETS_TRY(Walk walk, WalkPrologue(code, pclntab, register_arguments));
  const Pass pass = PassOver(code, walk.last);

  ProbePoints points;
  points.first = {function.entry, image.FileOffset(function.entry)};
  ChooseEntry(code, walk, pass, deltas, image, &points);
  for (uint64_t at : pass.returns) {
    if (deltas.empty() || deltas.At(at) == 0) {
      points.returns.push_back({at, image.FileOffset(at)});
    } else {
      points.refused_returns.push_back(at);
    }
  }
  if (deltas.empty()) points.notes.push_back("has no SP deltas: its returns are not confirmed");
  GOOFFSETS_CHECK_OK(AddNotes(pass, pclntab, &points));
  return points;
}

}  // namespace gooffsets
