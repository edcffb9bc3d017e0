#include "compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "store/layout_json.h"

namespace gooffsets::verify {
namespace {

// DWARF numbers of the argument registers, in the ABI's order (System V x86-64 psABI figure 3.36; DWARF for the Arm
// 64-bit Architecture §4.1: X0 is 0 and V0 64). Floating-point registers are consecutive.
constexpr std::array<int64_t, 9> kAmd64Integer = {0, 3, 2, 5, 4, 8, 9, 10, 11};
constexpr int64_t kAmd64Float = 17, kArm64Float = 64;

int64_t DwarfNumber(const Piece& piece, GoArch arch) {
  if (piece.base == Piece::Base::kFloatRegister) {
    return (arch == GoArch::kAmd64 ? kAmd64Float : kArm64Float) + piece.index;
  }
  if (arch == GoArch::kArm64) return piece.index;
  const auto index = static_cast<size_t>(piece.index);
  return index < kAmd64Integer.size() ? kAmd64Integer[index] : -1;
}

// SP at entry is 8 below the canonical frame address on amd64 (the return address), equal to it on arm64.
int64_t FromEntrySp(int64_t cfa_offset, GoArch arch) { return cfa_offset + (arch == GoArch::kAmd64 ? 8 : 0); }
constexpr int64_t kFirstArgument = 8;

// One function's or struct's comparison: counts what is the same and keeps what is not.
class Checker {
 public:
  void Same(std::string_view what, std::string_view binary, std::string_view stored) {
    ++numbers.compared;
    if (binary != stored) Differ(&numbers, what, binary, stored);
  }
  void Same(std::string_view what, uint64_t binary, uint64_t stored) {
    ++numbers.compared;
    if (binary != stored) Differ(&numbers, what, fmt::format("{}", binary), fmt::format("{}", stored));
  }
  void Differ(Counts* counts, std::string_view what, std::string_view binary, std::string_view stored) {
    ++counts->differing;
    differences.push_back(Difference{"", std::string(what), std::string(binary), std::string(stored)});
  }

  Counts numbers, locations;
  std::vector<Difference> differences;
};

void CompareStruct(const StructFact& binary, const StructLayout& stored, Checker* check) {
  check->Same("struct size", binary.size, stored.size);
  check->Same("number of fields", binary.fields.size(), stored.fields.size());
  for (size_t i = 0; i < std::min(binary.fields.size(), stored.fields.size()); ++i) {
    const FieldFact& b = binary.fields[i];
    const Field& s = stored.fields[i];
    check->Same(fmt::format("name of field {}", i), b.name, s.name);
    check->Same("field offset " + s.name, b.offset, s.offset);
    check->Same("field size " + s.name, b.size, s.size);
    check->Same("field type " + s.name, b.type, s.type);
  }
}

bool Unnamed(std::string_view name) { return name.empty() || name == "_" || name[0] == '~' || name[0] == '.'; }

// For each stored parameter the described one. DWARF keeps the order of declaration and leaves out some parameters that
// the function does not use.
std::vector<const ParameterFact*> Pair(const std::vector<const ParameterFact*>& described,
                                       const std::vector<Parameter>& stored, std::string_view list, Checker* check) {
  if (described.size() == stored.size()) return described;
  std::vector<const ParameterFact*> pairs(stored.size(), nullptr);
  size_t next = 0;
  for (const ParameterFact* b : described) {
    size_t i = next;
    while (i < stored.size() && !(Unnamed(b->name) ? Unnamed(stored[i].name) && stored[i].type == b->type
                                                   : stored[i].name == b->name)) {
      ++i;
    }
    if (i == stored.size()) {
      check->Differ(&check->numbers, fmt::format("number of {}", list), b->name, "not stored");
      continue;
    }
    pairs[i] = b;
    next = i + 1;
  }
  return pairs;
}

bool InRegisters(const Parameter& p) { return !p.pieces.empty() && p.pieces[0].base != Piece::Base::kStack; }

// Where the caller reserves room for spilling each register parameter, behind everything that is passed on the stack.
std::vector<int64_t> SpillRoom(const FunctionLayout& layout) {
  int64_t end = kFirstArgument;
  const auto extend = [&](const Parameter& p) {
    for (const Piece& piece : p.pieces) {
      if (piece.base == Piece::Base::kStack) end = std::max<int64_t>(end, int64_t{piece.index} + piece.size);
    }
  };
  for (const Parameter& p : layout.params) extend(p);
  for (const Parameter& p : layout.results) extend(p);
  end = (end + 7) & ~int64_t{7};
  std::vector<int64_t> room;
  for (const Parameter& p : layout.params) {
    const auto align = static_cast<int64_t>(std::max<uint32_t>(p.align, 1));
    if (InRegisters(p)) end = (end + align - 1) / align * align;
    room.push_back(end);
    if (InRegisters(p)) end += static_cast<int64_t>(p.size);
  }
  return room;
}

struct Span {
  PlaceFact place;
  uint64_t at = 0;
};

// The places with their offsets in the value. Go leaves out the padding between words: where places and words correspond
// one to one, the words say where. Go <= 1.20 names some words twice. nullopt: the places contradict the value.
std::optional<std::vector<Span>> SpansOf(std::vector<PlaceFact> places, const Parameter& p) {
  const auto total = [&] {
    uint64_t sum = 0;
    for (const PlaceFact& place : places) {
      if (__builtin_add_overflow(sum, place.size, &sum)) return ~uint64_t{0};
    }
    return sum;
  };
  if (total() > p.size) {
    const auto equal = [](const PlaceFact& a, const PlaceFact& b) {
      return a.in == b.in && a.number == b.number && a.size == b.size;
    };
    places.erase(std::unique(places.begin(), places.end(), equal), places.end());
    if (total() > p.size) return std::nullopt;
  }
  bool one_to_one = places.size() == p.words.size() && places.size() > 1;
  for (size_t i = 0; one_to_one && i < places.size(); ++i) one_to_one = places[i].size == p.words[i].size;
  std::vector<Span> spans;
  uint64_t at = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    spans.push_back(Span{places[i], one_to_one ? p.words[i].at : at});
    at += places[i].size;
  }
  return spans;
}

// Whether the bytes that both describe lie in one place; nullopt if they describe no byte in common.
std::optional<bool> SameBytes(const Span& span, const Piece& piece, GoArch arch) {
  const uint64_t begin = std::max<uint64_t>(span.at, piece.at);
  const uint64_t end = std::min<uint64_t>(span.at + span.place.size, uint64_t{piece.at} + piece.size);
  if (begin >= end) return std::nullopt;
  const auto into_span = static_cast<int64_t>(begin - span.at), into_piece = static_cast<int64_t>(begin - piece.at);
  if (span.place.in == PlaceFact::In::kRegister) {
    return piece.base != Piece::Base::kStack && span.place.number == DwarfNumber(piece, arch) && into_span == into_piece;
  }
  return piece.base == Piece::Base::kStack &&
         FromEntrySp(span.place.number, arch) + into_span == int64_t{piece.index} + into_piece;
}

std::string Text(const std::vector<PlaceFact>& places, GoArch arch) {
  std::string text;
  for (const PlaceFact& place : places) {
    if (!text.empty()) text += " ";
    if (place.in == PlaceFact::In::kRegister) text += fmt::format("dwarf register {}", place.number);
    if (place.in == PlaceFact::In::kFrame) text += fmt::format("SP{:+}", FromEntrySp(place.number, arch));
    if (place.in == PlaceFact::In::kNowhere) text += "nowhere";
    text += fmt::format(":{}", place.size);
  }
  return text;
}

std::string Text(const std::vector<Piece>& pieces, GoArch arch) {
  std::string text;
  for (const Piece& piece : pieces) {
    text += text.empty() ? "" : " ";
    text += piece.base == Piece::Base::kStack ? fmt::format("SP{:+}", piece.index) : RegisterName(arch, piece);
    text += fmt::format(":{}@{}", piece.size, piece.at);
  }
  return text.empty() ? "nothing" : text;
}

void CompareLocation(const ParameterFact& binary, const Parameter& stored, size_t index, int64_t spill, GoArch arch,
                     Checker* check) {
  const std::optional<std::vector<Span>> spans = SpansOf(binary.places, stored);
  bool any = false, same = true;
  for (const Span& span : spans.value_or(std::vector<Span>())) {
    if (span.place.in == PlaceFact::In::kNowhere || span.place.size == 0) continue;
    if (span.place.in == PlaceFact::In::kFrame) {
      const int64_t sp_offset = FromEntrySp(span.place.number, arch);
      // Below the arguments is the callee's frame, which does not exist at entry; the room for spilling is not filled yet.
      if (sp_offset < kFirstArgument) continue;
      if (InRegisters(stored) && sp_offset == spill + static_cast<int64_t>(span.at)) continue;
    }
    for (const Piece& piece : stored.pieces) {
      const std::optional<bool> agrees = SameBytes(span, piece, arch);
      any = any || agrees.has_value();
      same = same && agrees.value_or(true);
    }
  }
  ++(any ? check->locations.compared : check->locations.not_compared);
  if (any && !same) {
    check->Differ(&check->locations, fmt::format("location of param {}", index), Text(binary.places, arch),
                  Text(stored.pieces, arch));
  }
}

// Go 1.18 to 1.26 write the results of a function with `defer` twice, the second time with the same name, type and size: a
// copy is nothing of its own. Names of declared results are unique, but for blank ones.
bool IsSecondCopy(const ParameterFact& result, const std::vector<const ParameterFact*>& before) {
  if (result.name.empty() || result.name == "_") return false;
  return std::any_of(before.begin(), before.end(), [&](const ParameterFact* b) {
    return b->name == result.name && b->type == result.type && b->size == result.size;
  });
}

Checker CompareFunction(const FunctionFact& binary, const FunctionLayout& stored, GoArch arch) {
  Checker check;
  std::vector<const ParameterFact*> params, results;
  for (const ParameterFact& p : binary.parameters) {
    if (!p.is_result) {
      params.push_back(&p);
    } else if (!IsSecondCopy(p, results)) {
      results.push_back(&p);
    }
  }
  const std::vector<int64_t> room = SpillRoom(stored);
  const auto compare = [&](const char* list, const std::vector<const ParameterFact*>& described,
                           const std::vector<Parameter>& expected) {
    const std::vector<const ParameterFact*> pairs = Pair(described, expected, std::string(list) + "s", &check);
    for (size_t i = 0; i < expected.size(); ++i) {
      const bool located = list == std::string_view("param") && expected[i].size > 0;
      if (pairs[i] == nullptr) {
        ++check.numbers.not_compared;
        check.locations.not_compared += located;
        continue;
      }
      if (!Unnamed(expected[i].name)) check.Same(fmt::format("name of {} {}", list, i), pairs[i]->name, expected[i].name);
      check.Same(fmt::format("type of {} {}", list, i), pairs[i]->type, expected[i].type);
      check.Same(fmt::format("size of {} {}", list, i), pairs[i]->size, expected[i].size);
      if (located) CompareLocation(*pairs[i], expected[i], i, room[i], arch, &check);
    }
  };
  compare("param", params, stored.params);
  compare("result", results, stored.results);
  return check;
}

void Add(const Counts& part, Counts* sum) {
  sum->compared += part.compared;
  sum->differing += part.differing;
  sum->not_compared += part.not_compared;
}

class RecordComparison {
 public:
  RecordComparison(const BuildRecord& record, const BinaryFacts& facts, const LinkNames& links)
      : facts_(facts), links_(links) {
    for (const Disagreement& d : record.build.disagreements) {
      // "location of param 1 (explained: ...)": what is before the bracket names the number.
      recorded_.emplace(d.symbol, d.what.substr(0, d.what.find(" (")));
    }
  }

  void Symbol(const std::string& package, const std::string& symbol, const SymbolEntry& entry) {
    const Layout* layout = std::get_if<Layout>(&entry.value);
    if (layout == nullptr) {
      ++out_.without_layout[std::string(ToString(std::get<SkipReason>(entry.value)))];
    } else if (const auto* structure = std::get_if<StructLayout>(layout)) {
      Structure(FullNames(package, symbol), *structure);
    } else {
      Function(FullNames(package, symbol).front(), FunctionNames(package, symbol, links_), std::get<FunctionLayout>(*layout));
    }
  }

  Comparison Take() { return std::move(out_); }

 private:
  template <typename Map>
  static const typename Map::mapped_type* Find(const Map& map, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (auto found = map.find(name); found != map.end()) return &found->second;
    }
    return nullptr;
  }

  void Structure(const std::vector<std::string>& names, const StructLayout& stored) {
    Checker check;
    const std::vector<StructFact>* copies = Find(facts_.structs, names);
    if (copies == nullptr) {
      check.Differ(&check.numbers, "struct", "not in the binary", "stored");
    } else {
      for (const StructFact& copy : *copies) CompareStruct(copy, stored, &check);
    }
    Count(names.front(), std::move(check), &out_.structs);
  }

  void Function(const std::string& full, const std::vector<std::string>& names, const FunctionLayout& stored) {
    Checker best;
    const std::vector<FunctionFact>* copies = Find(facts_.functions, names);
    if (copies == nullptr) {
      best.Differ(&best.numbers, "function", "not in the binary", "stored");
    } else {
      out_.renamed += links_.contains(full) && !facts_.functions.contains(full);
      // ABI0 and ABIInternal copies have one name; the stored one must be among them.
      bool first = true;
      for (const FunctionFact& copy : *copies) {
        Checker check = CompareFunction(copy, stored, facts_.goarch);
        const auto rank = [](const Checker& c) {
          return std::make_pair(c.differences.size(), ~(c.numbers.compared + c.locations.compared));
        };
        if (first || rank(check) < rank(best)) best = std::move(check);
        first = false;
      }
    }
    Count(full, std::move(best), &out_.functions);
  }

  void Count(const std::string& symbol, Checker check, Counts* symbols) {
    size_t known = 0;
    for (Difference& difference : check.differences) {
      if (recorded_.count({symbol, difference.what}) > 0) {
        ++known;
        Counts& counts = difference.what.starts_with("location ") ? check.locations : check.numbers;
        --counts.differing;
        continue;
      }
      difference.symbol = symbol;
      if (out_.differences.size() < Comparison::kMaxDifferences) out_.differences.push_back(std::move(difference));
    }
    ++symbols->compared;
    symbols->differing += check.differences.size() > known;
    out_.recorded += known;
    Add(check.numbers, &out_.numbers);
    Add(check.locations, &out_.locations);
  }

  const BinaryFacts& facts_;
  const LinkNames& links_;
  std::set<std::pair<std::string, std::string>> recorded_;
  Comparison out_;
};

}  // namespace

std::vector<std::string> FullNames(std::string_view package, std::string_view symbol) {
  return {fmt::format("{}.{}", package, symbol), std::string(symbol)};
}

std::vector<std::string> FunctionNames(std::string_view package, std::string_view symbol, const LinkNames& links) {
  std::vector<std::string> names = FullNames(package, symbol);
  if (const auto found = links.find(names.front()); found != links.end()) {
    names.insert(names.end(), found->second.begin(), found->second.end());
  }
  return names;
}

Comparison Compare(const BuildRecord& record, const BinaryFacts& facts, const LinkNames& links) {
  RecordComparison comparison(record, facts, links);
  for (const PackageRecord& package : record.packages) {
    for (const auto& [symbol, entry] : package.symbols) comparison.Symbol(package.path, symbol, entry);
  }
  return comparison.Take();
}

}  // namespace gooffsets::verify
