// Types by name: few of them through the sorted links, many by one scan of all descriptors, or a walk where their
// hashes are not understood.
#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "binary/runtime_types_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

// As many names as are looked for in the sorted links: each is some forty small reads there.
constexpr size_t kFewNames = 4;
// Names whose places are remembered; what is asked for beyond them is looked for again.
constexpr size_t kMostLocated = size_t{64} << 10;

struct SplitTypeName {
  std::string_view package, base;  // "net/http" and "Request"; a predeclared type has no package
  std::string_view text;           // of base, what a descriptor's text has: the number of a local type is not there
};

// A type's own name has no dots outside of brackets, so the last dot before them ends the package.
SplitTypeName SplitType(std::string_view name) {
  SplitTypeName split{"", name, name};
  if (const size_t dot = name.substr(0, name.find('[')).rfind('.'); dot != std::string_view::npos) {
    split.package = name.substr(0, dot);
    split.base = split.text = name.substr(dot + 1);
  }
  constexpr std::string_view kNumberMark = "·";
  const size_t mark = split.base.rfind(kNumberMark);
  if (mark != split.base.npos &&
      split.base.find_first_not_of("0123456789", mark + kNumberMark.size()) == split.base.npos) {
    split.text = split.base.substr(0, mark);
  }
  return split;
}

// The hash of the name as the linker spells it.
uint32_t LinkHash(TypeHashRule rule, const SplitTypeName& name) {
  const std::string base(name.base);
  return TypeHash(rule, name.package.empty() ? base : EscapePath(name.package) + "." + base);
}

bool IsMajorVersion(std::string_view part) {
  return part.size() > 1 && part.front() == 'v' && part.find_first_not_of("0123456789", 1) == part.npos;
}

// Names that the package at a path may have: descriptors say the name, wants the path.
std::vector<std::string> PackageNames(std::string_view path) {
  std::string_view last = path.substr(path.rfind('/') + 1);
  if (IsMajorVersion(last) && last.size() < path.size()) {
    const std::string_view rest = path.substr(0, path.size() - last.size() - 1);
    last = rest.substr(rest.rfind('/') + 1);
  }
  std::vector<std::string> names = {std::string(last)};
  const auto add = [&](std::string_view name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  };
  if (const size_t dot = last.find('.'); dot != last.npos) add(last.substr(0, dot));  // gopkg.in/yaml.v3
  for (const std::string_view part : {"go-", "go."}) {
    if (last.starts_with(part)) add(last.substr(part.size()));
  }
  for (const std::string_view part : {"-go", ".go"}) {
    if (last.ends_with(part)) add(last.substr(0, last.size() - part.size()));
  }
  if (last.find('-') != last.npos) {
    std::string without(last), under(last);
    std::erase(without, '-');
    std::ranges::replace(under, '-', '_');
    add(without);
    add(under);
    add(last.substr(last.rfind('-') + 1));
  }
  return names;
}

}  // namespace

Result<void> RuntimeTypes::State::Walk(const std::function<void(const TypeHeader&)>& each) {
  walk.emplace(&sweep);
  for (uint64_t i = 0; i < module.typelinks.count; ++i) {
    const Result<uint64_t> type = links.At(i);
    if (type) walk->Add(*type);
  }
  if (module.typedesc_len != 0) {
    // Linked types come first, the others behind them up to the itabs (src: cmd/link/internal/ld/data.go, STYPE).
    const uint64_t end = module.itab_offset > module.typedesc_len ? module.itab_offset : module.typedesc_len;
    GOOFFSETS_CHECK_OK(ForEachContiguous(sweep, module.types + 8, module.types + end, [&](const TypeHeader& type) {
      walk->Add(type.address);
      return true;
    }));
  }
  GOOFFSETS_CHECK_OK(ForEachRawItab([&](const RawItab& itab) -> Result<bool> {
    walk->Add(itab.interface);
    walk->Add(itab.type);
    return true;
  }));
  return walk->Run(each);
}

Result<void> RuntimeTypes::State::ForEachType(const std::function<void(const TypeHeader&)>& each) {
  if (!walk) {
    Result<void> walked = Walk(each);
    if (!walked) walk.reset();
    return walked;
  }
  if (!each) return {};
  walk->ForEach([&](uint64_t address) {
    const Result<TypeHeader> header = sweep.Header(address);
    if (header) each(*header);
    return true;
  });
  return {};
}

Result<std::vector<uint64_t>> RuntimeTypes::State::ByLinks(const std::string& name) {
  const auto [package, base, own] = SplitType(name);
  std::vector<uint64_t> found;
  const std::vector<std::string> guesses = package.empty() ? std::vector<std::string>{""} : PackageNames(package);
  for (const std::string& guess : guesses) {
    const std::string text = "*" + guess + (guess.empty() ? "" : ".") + std::string(own);
    GOOFFSETS_TRY(const std::vector<uint64_t> pointers, links.Find(text));
    for (const uint64_t pointer : pointers) {
      GOOFFSETS_TRY(const TypeHeader header, reader.Header(pointer));
      if (header.kind != TypeKind::kPointer) continue;
      GOOFFSETS_TRY(const uint64_t elem, reader.Elem(header));
      GOOFFSETS_TRY(const TypeHeader target, reader.Header(elem));
      if (!target.named() || std::ranges::find(found, elem) != found.end()) continue;
      GOOFFSETS_TRY(const std::string full, names->Full(elem));
      if (full == name) found.push_back(elem);
    }
    if (!found.empty()) break;
  }
  return found;
}

Result<void> RuntimeTypes::State::ByWalk(std::span<const std::string> wanted, Places* found) {
  // By their hashes where these are understood, and all names are escaped as a whole (type arguments are not); else by
  // the part of the text that does not depend on the package's name.
  std::unordered_map<std::string_view, std::vector<size_t>> by_base;
  std::unordered_map<uint32_t, std::vector<size_t>> by_hash;
  bool hashed = rule != TypeHashRule::kUnknown;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!(*found)[i].empty()) continue;
    const SplitTypeName split = SplitType(wanted[i]);
    if (split.base.find('[') != split.base.npos) hashed = false;
    by_base[split.text].push_back(i);
    by_hash[LinkHash(rule, split)].push_back(i);
  }
  if (by_base.empty()) return {};
  std::vector<std::pair<size_t, uint64_t>> candidates;
  std::string plain;
  GOOFFSETS_CHECK_OK(ForEachType([&](const TypeHeader& type) {
    if (!type.named()) return;
    const std::vector<size_t>* those = nullptr;
    if (hashed) {
      if (const auto match = by_hash.find(type.hash); match != by_hash.end()) those = &match->second;
    } else if (const Result<std::string_view> text = sweep.String(type)) {
      const size_t dot = text->substr(0, text->find('[')).find('.');
      std::string_view base = dot == text->npos ? *text : text->substr(dot + 1);
      if (base.find('[') != base.npos) base = plain = UnescapeName(base);
      if (const auto match = by_base.find(base); match != by_base.end()) those = &match->second;
    }
    if (those == nullptr) return;
    for (const size_t i : *those) candidates.emplace_back(i, type.address);
  }));
  for (const auto& [i, address] : candidates) {
    const Result<std::string> full = names->Full(address);
    if (full && *full == wanted[i]) (*found)[i].push_back(address);
  }
  return {};
}

// Descriptors of the wanted hashes, and with them, as they come by, all named structs.
Result<void> RuntimeTypes::State::ByScan(std::span<const std::string> wanted, Places* found) {
  std::unordered_map<uint32_t, std::vector<size_t>> by_hash;
  std::vector<uint32_t> hashes;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!(*found)[i].empty()) continue;
    const uint32_t hash = LinkHash(rule, SplitType(wanted[i]));
    by_hash[hash].push_back(i);
    hashes.push_back(hash);
  }
  if (hashes.empty() && structs_) return {};
  GOOFFSETS_TRY(TypeScan scan, ScanTypes(*image, module.types, module.etypes, hashes));
  structs_ = std::move(scan.structs);
  for (const TypeScan::Hit& hit : scan.hits) {
    const auto match = by_hash.find(hit.hash);
    if (match == by_hash.end()) continue;
    const Result<std::string> full = names->Full(module.types + hit.type);
    for (const size_t i : match->second) {
      if (full && *full == wanted[i]) (*found)[i].push_back(module.types + hit.type);
    }
  }
  return {};
}

Result<std::span<const TypeWalk::NamedStruct>> RuntimeTypes::State::NamedStructs() {
  if (!structs_ && rule != TypeHashRule::kUnknown) {
    Places none;
    GOOFFSETS_CHECK_OK(ByScan({}, &none));
  }
  if (!structs_) {
    if (!walk) GOOFFSETS_CHECK_OK(ForEachType(nullptr));
    structs_ = walk->structs();
    std::ranges::sort(*structs_, {}, &TypeWalk::NamedStruct::type);
  }
  return std::span<const TypeWalk::NamedStruct>(*structs_);
}

std::vector<uint64_t> RuntimeTypes::State::Linked(const std::string& name) {
  if (module.typelinks.count == 0) return {};
  // A damaged link costs the shortcut, nothing else.
  return ByLinks(name).value_or(std::vector<uint64_t>());
}

Result<std::vector<std::vector<uint64_t>>> RuntimeTypes::State::Addresses(std::span<const std::string> wanted) {
  Places found(wanted.size());
  std::vector<std::string> missing;
  std::vector<size_t> places;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (const auto known = located_.find(wanted[i]); known != located_.end()) {
      found[i] = known->second;
    } else {
      missing.push_back(wanted[i]);
      places.push_back(i);
    }
  }
  if (missing.empty()) return found;
  Places looked(missing.size());
  const bool hashed = rule != TypeHashRule::kUnknown;
  if (missing.size() <= kFewNames || !hashed) {
    for (size_t i = 0; i < missing.size(); ++i) looked[i] = Linked(missing[i]);
  }
  if (hashed && std::ranges::any_of(looked, [](const auto& list) { return list.empty(); })) {
    GOOFFSETS_CHECK_OK(ByScan(missing, &looked));
  }
  // Type arguments may be escaped in ways that a name does not tell; by their texts they are found.
  std::vector<std::string> rest;
  std::vector<size_t> rest_places;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (!looked[i].empty() || (hashed && missing[i].find('[') == std::string::npos)) continue;
    rest.push_back(missing[i]);
    rest_places.push_back(i);
  }
  if (!rest.empty()) {
    Places walked(rest.size());
    GOOFFSETS_CHECK_OK(ByWalk(rest, &walked));
    for (size_t i = 0; i < rest.size(); ++i) looked[rest_places[i]] = std::move(walked[i]);
  }
  if (located_.size() + missing.size() > kMostLocated) located_.clear();
  for (size_t i = 0; i < missing.size(); ++i) {
    located_[missing[i]] = looked[i];
    found[places[i]] = std::move(looked[i]);
  }
  return found;
}

Result<std::vector<std::vector<uint64_t>>> RuntimeTypes::State::KnownAddresses(std::span<const std::string> wanted) {
  Places found(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto known = located_.find(wanted[i]);
    found[i] = known != located_.end() ? known->second : Linked(wanted[i]);
  }
  if (walk) GOOFFSETS_CHECK_OK(ByWalk(wanted, &found));
  return found;
}

}  // namespace gooffsets
