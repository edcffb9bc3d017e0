// Itabs that the linker laid out: pairs of a type and an interface, with the methods that implement it.
//
// Up to Go 1.26 itablinks points to each; from 1.27 on they follow each other behind the types (src: runtime/iface.go,
// addModuleItabs; internal/abi/iface.go, ITab).
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "binary/runtime_types_state.h"

namespace gooffsets {
namespace {

constexpr uint64_t kMethodsAt = 24;  // inter, type, hash and padding

}  // namespace

Result<void> RuntimeTypes::State::ForEachRawItab(const std::function<Result<bool>(const RawItab&)>& each) {
  // The itab at an address, if it is one: its hash is a copy of its type's.
  const auto read = [this](uint64_t address) -> Result<RawItab> {
    GOOFFSETS_TRY(const std::span<const std::byte> bytes, reader.blocks().View(address, kMethodsAt));
    RawItab itab{address, 0, 0, 0};
    uint32_t hash = 0;
    std::memcpy(&itab.interface, bytes.data(), 8);
    std::memcpy(&itab.type, bytes.data() + 8, 8);
    std::memcpy(&hash, bytes.data() + 16, 4);
    GOOFFSETS_TRY(const TypeHeader interface, reader.Header(itab.interface));
    GOOFFSETS_TRY(const TypeHeader type, reader.Header(itab.type));
    if (interface.kind != TypeKind::kInterface || type.hash != hash) return reader.Damaged(address, "no itab");
    GOOFFSETS_TRY(const TypeList methods, reader.InterfaceMethods(interface));
    itab.methods = methods.count;
    return itab;
  };
  for (uint64_t i = 0; i < module.itablinks.count; ++i) {
    GOOFFSETS_TRY(const uint64_t address, reader.blocks().U64(module.itablinks.address + i * 8));
    const Result<RawItab> itab = read(address);
    if (!itab) continue;
    GOOFFSETS_TRY(const bool go_on, each(*itab));
    if (!go_on) return {};
  }
  const uint64_t end = module.types + module.itab_offset + module.itab_size;
  for (uint64_t at = module.types + module.itab_offset; module.itab_size != 0 && at < end;) {
    const Result<RawItab> itab = read(at);
    if (!itab) {
      at += 8;
      continue;
    }
    GOOFFSETS_TRY(const bool go_on, each(*itab));
    if (!go_on) return {};
    // fun[0] is 0 where the type lacks a method: then there is no more than that word.
    GOOFFSETS_TRY(const uint64_t first, reader.blocks().U64(at + kMethodsAt));
    at += kMethodsAt + 8 * (first == 0 ? 1 : std::max<uint64_t>(itab->methods, 1));
  }
  return {};
}

namespace {

Result<std::vector<uint64_t>> Methods(TypeReader& reader, uint64_t itab, uint32_t count) {
  std::vector<uint64_t> methods;
  for (uint32_t i = 0; i < count; ++i) {
    GOOFFSETS_TRY(const uint64_t method, reader.blocks().U64(itab + kMethodsAt + uint64_t{i} * 8));
    if (i == 0 && method == 0) break;
    methods.push_back(method);
  }
  return methods;
}

}  // namespace

Result<std::vector<std::optional<Itab>>> RuntimeTypes::FindItabs(std::span<const ItabWant> wants) {
  State& state = *state_;
  state.RefillNames();
  std::vector<std::optional<Itab>> found(wants.size());
  // Few interfaces are asked for: types are named only where the interface is one of them.
  std::unordered_map<uint64_t, std::vector<size_t>> by_interface;
  GOOFFSETS_CHECK_OK(state.ForEachRawItab([&](const State::RawItab& raw) -> Result<bool> {
    const auto [position, is_new] = by_interface.try_emplace(raw.interface);
    if (is_new) {
      const Result<std::string> name = state.names->Full(raw.interface);
      for (size_t i = 0; name && i < wants.size(); ++i) {
        if (wants[i].interface == *name) position->second.push_back(i);
      }
    }
    if (position->second.empty()) return true;
    const Result<std::string> type = state.names->Full(raw.type);
    for (const size_t i : position->second) {
      if (!type || wants[i].type != *type || found[i]) continue;
      Result<std::vector<uint64_t>> methods = Methods(state.reader, raw.address, raw.methods);
      if (methods) found[i] = Itab{*type, wants[i].interface, raw.address, raw.type, std::move(*methods)};
    }
    return true;
  }));
  return found;
}

Result<std::vector<uint64_t>> RuntimeTypes::TypesWithItab(const std::function<bool(uint64_t interface)>& wanted) {
  std::unordered_map<uint64_t, bool> answers;
  std::vector<uint64_t> types;
  GOOFFSETS_CHECK_OK(state_->ForEachRawItab([&](const State::RawItab& raw) -> Result<bool> {
    const auto [position, is_new] = answers.try_emplace(raw.interface);
    if (is_new) position->second = wanted(raw.interface);
    if (position->second) types.push_back(raw.type);
    return true;
  }));
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  return types;
}

Result<void> RuntimeTypes::ForEachItab(const std::function<bool(const Itab&)>& each) {
  State& state = *state_;
  state.RefillNames();
  return state.ForEachRawItab([&](const State::RawItab& raw) -> Result<bool> {
    Result<std::string> type = state.names->Full(raw.type), interface = state.names->Full(raw.interface);
    Result<std::vector<uint64_t>> methods = Methods(state.reader, raw.address, raw.methods);
    if (!type || !interface || !methods) return true;
    return each(Itab{std::move(*type), std::move(*interface), raw.address, raw.type, std::move(*methods)});
  });
}

}  // namespace gooffsets
