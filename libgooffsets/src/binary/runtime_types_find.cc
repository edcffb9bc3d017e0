// Types by name: through the sorted links first, then in one walk over all.
#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "binary/runtime_types_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

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

Result<void> RuntimeTypes::State::ByWalk(std::span<const std::string> wanted,
                                         std::vector<std::vector<uint64_t>>* found) {
  // By their hashes where these are understood, and all names are escaped as a whole (type arguments are not); else by
  // the part of the text that does not depend on the package's name.
  std::unordered_map<std::string_view, std::vector<size_t>> by_base;
  std::unordered_map<uint32_t, std::vector<size_t>> by_hash;
  bool hashed = rule != TypeHashRule::kUnknown;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!(*found)[i].empty()) continue;
    const auto [package, base, text] = SplitType(wanted[i]);
    if (base.find('[') != base.npos) hashed = false;
    by_base[text].push_back(i);
    const std::string link = package.empty() ? wanted[i] : EscapePath(package) + "." + std::string(base);
    by_hash[TypeHash(rule, link)].push_back(i);
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

std::vector<std::vector<uint64_t>> RuntimeTypes::State::LinkedAddresses(std::span<const std::string> wanted) {
  std::vector<std::vector<uint64_t>> found(wanted.size());
  if (module.typelinks.count == 0) return found;
  for (size_t i = 0; i < wanted.size(); ++i) {
    // A damaged link costs the shortcut, nothing else.
    Result<std::vector<uint64_t>> linked = ByLinks(wanted[i]);
    if (linked) found[i] = std::move(*linked);
  }
  return found;
}

Result<std::vector<std::vector<uint64_t>>> RuntimeTypes::State::Addresses(std::span<const std::string> wanted) {
  std::vector<std::vector<uint64_t>> found = LinkedAddresses(wanted);
  GOOFFSETS_CHECK_OK(ByWalk(wanted, &found));
  return found;
}

Result<std::vector<std::vector<uint64_t>>> RuntimeTypes::State::KnownAddresses(std::span<const std::string> wanted) {
  std::vector<std::vector<uint64_t>> found = LinkedAddresses(wanted);
  if (walk) GOOFFSETS_CHECK_OK(ByWalk(wanted, &found));
  return found;
}

}  // namespace gooffsets
