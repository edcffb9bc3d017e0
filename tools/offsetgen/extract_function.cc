#include "extract_function.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "dwarf/signature.h"
#include "go/abi.h"

namespace offsetgen {

using gooffsets::DwarfParameter;
using gooffsets::DwarfPiece;
using gooffsets::Parameter;
using gooffsets::Piece;

namespace {

// Names that the compiler makes for unnamed parameters and results: "~p0", "~r1", ".this", and blank ones.
bool Unnamed(const std::string& name) {
  return name.empty() || name == "_" || name[0] == '~' || name[0] == '.';
}

// For each declared parameter the DWARF parameter that describes it. DWARF keeps declaration order and leaves some out.
std::vector<const DwarfParameter*> Match(const std::vector<Parameter>& declared,
                                         const std::vector<const DwarfParameter*>& described) {
  std::vector<const DwarfParameter*> out(declared.size(), nullptr);
  if (declared.size() == described.size()) return described;
  size_t next = 0;
  for (size_t i = 0; i < declared.size(); ++i) {
    for (size_t j = next; j < described.size(); ++j) {
      bool same = Unnamed(declared[i].name) ? Unnamed(described[j]->name) && described[j]->type == declared[i].type
                                            : described[j]->name == declared[i].name;
      if (same) {
        out[i] = described[j];
        next = j + 1;
        break;
      }
      if (Unnamed(declared[i].name)) break;  // the described one is for a later, named parameter
    }
  }
  return out;
}

std::string Text(const Piece& p, gooffsets::GoArch arch) {
  std::string where = p.base == Piece::Base::kStack ? fmt::format("SP+{}", p.index) : gooffsets::RegisterName(arch, p);
  return fmt::format("{}:{}@{}", where, p.size, p.at);
}

std::string Text(const std::vector<Piece>& pieces, gooffsets::GoArch arch) {
  std::string out;
  for (const Piece& p : pieces) out += (out.empty() ? "" : " ") + Text(p, arch);
  return out.empty() ? "nothing" : out;
}

std::string Text(const std::vector<DwarfPiece>& pieces) {
  std::string out;
  for (const DwarfPiece& p : pieces) {
    std::string where = p.where == DwarfPiece::Where::kRegister ? fmt::format("dwarf register {}", p.dwarf_register)
                        : p.where == DwarfPiece::Where::kStack  ? fmt::format("SP+{}", p.stack_offset)
                                                                : "nowhere";
    out += fmt::format("{}{}:{}@{}", out.empty() ? "" : " ", where, p.size, p.at);
  }
  return out;
}

// Where each register-assigned parameter would be spilled: behind stack-assigned parameters and results, in order (src:
// abi-internal.md, "Stack layout"). -1 for the others. DWARF gives this home for parameters that the function never
// uses; it says nothing about where the caller puts them.
std::vector<int64_t> SpillSlots(const gooffsets::FunctionLayout& layout) {
  int64_t next = 8;
  for (const auto* list : {&layout.params, &layout.results}) {
    for (const Parameter& p : *list) {
      for (const Piece& piece : p.pieces) {
        if (piece.base == Piece::Base::kStack) next = std::max<int64_t>(next, piece.index + static_cast<int64_t>(piece.size));
      }
    }
  }
  next = (next + 7) / 8 * 8;
  std::vector<int64_t> slots(layout.params.size(), -1);
  for (size_t i = 0; i < layout.params.size(); ++i) {
    const Parameter& p = layout.params[i];
    if (p.size == 0 || p.pieces.empty() || p.pieces[0].base == Piece::Base::kStack) continue;
    next = (next + p.align - 1) / p.align * p.align;
    slots[i] = next;
    next += static_cast<int64_t>(p.size);
  }
  return slots;
}

// DWARF may describe single words of a value in its spill slot, from the entry on (Go <= 1.26 does so for words that it
// spills or never uses).
bool IsSpilled(const DwarfPiece& d, int64_t slot) {
  return slot >= 0 && d.where == DwarfPiece::Where::kStack && d.stack_offset == slot + static_cast<int64_t>(d.at);
}

bool Overlap(int64_t a, int64_t a_size, int64_t b, int64_t b_size) { return a < b + b_size && b < a + a_size; }

// Whether what DWARF says of one piece is what the ABI says of the same bytes.
bool Agrees(const DwarfPiece& d, const Parameter& p, gooffsets::GoArch arch) {
  return std::any_of(p.pieces.begin(), p.pieces.end(), [&](const Piece& abi) {
    if (d.where == DwarfPiece::Where::kStack) {
      // A value on the stack is one piece for the ABI, and may be several for DWARF.
      return abi.base == Piece::Base::kStack && d.at >= abi.at && d.at + d.size <= abi.at + abi.size &&
             d.stack_offset == abi.index + static_cast<int64_t>(d.at - abi.at);
    }
    std::optional<Piece> reg = gooffsets::RegisterPiece(arch, d.dwarf_register);
    return reg && reg->base == abi.base && reg->index == abi.index && d.at == abi.at && d.size == abi.size;
  });
}

// Whether DWARF piece `d` lies in the place where the ABI puts `abi`.
bool SamePlace(const DwarfPiece& d, const Piece& abi, gooffsets::GoArch arch) {
  if (d.where == DwarfPiece::Where::kStack) {
    return abi.base == Piece::Base::kStack && Overlap(d.stack_offset, d.size, abi.index, abi.size);
  }
  std::optional<Piece> reg = gooffsets::RegisterPiece(arch, d.dwarf_register);
  return d.where == DwarfPiece::Where::kRegister && reg && reg->base == abi.base && reg->index == abi.index;
}

enum class Verdict { kSame, kDiffers, kNotCompared };

// DWARF may leave out parts of a value (unused words, padding) or name their spill slots; what else it says must lie
// where the ABI puts it.
Verdict Compare(const std::vector<DwarfPiece>& location, const Parameter& p, gooffsets::GoArch arch, int64_t slot) {
  bool any = false;
  for (const DwarfPiece& d : location) {
    if (d.where == DwarfPiece::Where::kMissing || d.size == 0 || IsSpilled(d, slot)) continue;
    any = true;
    if (!Agrees(d, p, arch)) return Verdict::kDiffers;
  }
  return any ? Verdict::kSame : Verdict::kNotCompared;
}

class FunctionJoiner {
 public:
  FunctionJoiner(gooffsets::GoArch arch, bool register_abi) : arch_(arch), register_abi_(register_abi) {}

  FunctionJoin Run(const gooffsets::DwarfFunction& dwarf, const FunctionFacts& facts) {
    const auto [params, results] = gooffsets::SignatureOf(dwarf);
    out_.layout.params = facts.params;
    out_.layout.results = facts.results;
    auto matched = Match(facts.params, params);
    Describe("param", matched, params.size(), &out_.layout.params);
    Describe("result", Match(facts.results, results), results.size(), &out_.layout.results);
    gooffsets::AssignAbi(&out_.layout, arch_, register_abi_);
    std::vector<int64_t> slots = SpillSlots(out_.layout);
    for (size_t i = 0; i < out_.layout.params.size(); ++i) {
      const Parameter& p = out_.layout.params[i];
      if (p.size == 0) continue;
      Verdict v = matched[i] ? Compare(matched[i]->location, p, arch_, slots[i]) : Verdict::kNotCompared;
      if (v == Verdict::kNotCompared) {
        ++out_.not_compared;
        continue;
      }
      ++out_.compared;
      if (v == Verdict::kDiffers) {
        const char* why = NoArgumentRegister(matched[i]->location) ? gooffsets::kExplainedNoArgument
                          : Contradicts(matched, i, slots)         ? gooffsets::kExplainedTwoValues
                                                                   : "";
        Disagree(fmt::format("location of param {}{}", i, why), Text(matched[i]->location),
                 "ABI rules: " + Text(p.pieces, arch_));
      }
    }
    return std::move(out_);
  }

 private:
  // A register that the ABI passes nothing in (amd64: RDX, R12 and the like) is not where a parameter arrives. Not so the
  // ABI's own registers in another order: that would be a mistake in our rules.
  bool NoArgumentRegister(const std::vector<DwarfPiece>& location) const {
    return std::any_of(location.begin(), location.end(), [&](const DwarfPiece& d) {
      return d.where == DwarfPiece::Where::kRegister && !gooffsets::RegisterPiece(arch_, d.dwarf_register);
    });
  }

  // Go's DWARF describes variables. A parameter that the function's first statements change without an instruction
  // (x = x[:n]; a, b = b, a; if e == nil { e = d }) is described, from the entry on, where its new value lies: in the
  // place of another value of the same call, which cannot be in two places at once. True when that is so: each piece
  // that differs lies where another value's piece is, by the ABI and (unless DWARF leaves it out) by DWARF itself.
  bool Contradicts(const std::vector<const DwarfParameter*>& matched, size_t index, const std::vector<int64_t>& slots) const {
    for (const DwarfPiece& d : matched[index]->location) {
      if (d.where == DwarfPiece::Where::kMissing || d.size == 0 || IsSpilled(d, slots[index])) continue;
      if (Agrees(d, out_.layout.params[index], arch_)) continue;
      bool taken = false;
      for (size_t i = 0; i < matched.size() && !taken; ++i) {
        const Parameter& owner = out_.layout.params[i];
        // The slot that is reserved for spilling another value, or another word of this one.
        taken = slots[i] >= 0 && d.where == DwarfPiece::Where::kStack &&
                Overlap(d.stack_offset, d.size, slots[i], static_cast<int64_t>(owner.size));
        for (const Piece& abi : owner.pieces) {
          if (taken) break;
          if (!SamePlace(d, abi, arch_)) continue;
          bool elsewhere = false;
          for (const DwarfPiece& o : matched[i] ? matched[i]->location : std::vector<DwarfPiece>{}) {
            bool same_bytes = &o != &d && o.where != DwarfPiece::Where::kMissing && !IsSpilled(o, slots[i]) &&
                              Overlap(o.at, o.size, abi.at, abi.size);
            if (same_bytes && !(i == index && o.at == d.at) && !Agrees(o, owner, arch_)) elsewhere = true;
          }
          taken = !elsewhere || i == index;
        }
      }
      if (!taken) return false;
    }
    return true;
  }

  void Describe(const char* what, const std::vector<const DwarfParameter*>& matched, size_t described,
                std::vector<Parameter>* list) {
    size_t used = 0;
    for (size_t i = 0; i < list->size(); ++i) {
      if (!matched[i]) continue;
      ++used;
      Parameter& p = (*list)[i];
      const DwarfParameter& d = *matched[i];
      std::string position = fmt::format("of {} {}", what, i);
      if (!Unnamed(p.name) && d.name != p.name) Disagree("name " + position, d.name, "go/types: " + p.name);
      if (d.size != p.size) Disagree("size " + position, fmt::format("{}", d.size), fmt::format("go/types: {}", p.size));
      if (d.words != p.words || d.register_assignable != p.register_assignable) {
        Disagree("words " + position, Words(d.words, d.register_assignable), "go/types: " + Words(p.words, p.register_assignable));
      }
      p.type = d.type;
      p.size = d.size;
      p.align = d.align;
      p.words = d.words;
      p.register_assignable = d.register_assignable;
    }
    if (used != described) {
      Disagree(fmt::format("number of {}s", what), fmt::format("{}", described), fmt::format("go/types: {}", list->size()));
    }
  }

  static std::string Words(const std::vector<gooffsets::Word>& words, bool assignable) {
    std::string out = assignable ? "" : "memory";
    for (const gooffsets::Word& w : words) out += fmt::format("{}{}@{} ", w.is_float ? 'f' : 'i', w.size, w.at);
    return out.empty() ? "none" : out;
  }

  void Disagree(std::string what, std::string dwarf, std::string other) {
    out_.disagreements.push_back({"", std::move(what), std::move(dwarf), std::move(other)});
  }

  gooffsets::GoArch arch_;
  bool register_abi_;
  FunctionJoin out_;
};

}  // namespace

FunctionJoin JoinFunction(const gooffsets::DwarfFunction& dwarf, const FunctionFacts& facts, gooffsets::GoArch arch,
                          bool register_abi) {
  return FunctionJoiner(arch, register_abi).Run(dwarf, facts);
}

}  // namespace offsetgen
