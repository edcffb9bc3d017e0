#include "dwarf/attributes.h"

#include <dwarf.h>
#include <fmt/format.h>

#include <cstring>
#include <functional>

namespace gooffsets {
namespace {

std::string_view StringOf(Dwarf_Attribute* attribute, const char* info_end) {
  const char* text = attribute == nullptr ? nullptr : dwarf_formstring(attribute);
  if (text == nullptr) return {};
  // Of the string sections libdw knows where the last string ends.
  if (dwarf_whatform(attribute) != DW_FORM_string) return text;
  if (std::less<>()(info_end, text)) return {};  // of a section with type units, which Go does not write
  const auto most = static_cast<size_t>(info_end - text);
  const size_t length = strnlen(text, most);
  return length == most ? std::string_view() : std::string_view(text, length);
}

bool FlagOf(Dwarf_Attribute* attribute) {
  bool flag = false;
  return attribute != nullptr && dwarf_formflag(attribute, &flag) == 0 && flag;
}

std::optional<Dwarf_Die> DieOf(Dwarf_Attribute* attribute) {
  Dwarf_Die die;
  if (attribute == nullptr || dwarf_formref_die(attribute, &die) == nullptr) return std::nullopt;
  return die;
}

}  // namespace

std::string_view AttrString(Dwarf_Die* die, unsigned attribute, const char* info_end) {
  Dwarf_Attribute memory;
  return StringOf(dwarf_attr(die, attribute, &memory), info_end);
}

std::optional<uint64_t> AttrUnsigned(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute memory;
  Dwarf_Word value = 0;
  if (dwarf_attr(die, attribute, &memory) == nullptr || dwarf_formudata(&memory, &value) != 0) return std::nullopt;
  return value;
}

bool AttrFlag(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute memory;
  return FlagOf(dwarf_attr(die, attribute, &memory));
}

std::optional<Dwarf_Die> AttrDie(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute memory;
  return DieOf(dwarf_attr(die, attribute, &memory));
}

std::string_view InheritedString(Dwarf_Die* die, unsigned attribute, const char* info_end) {
  Dwarf_Attribute memory;
  return StringOf(dwarf_attr_integrate(die, attribute, &memory), info_end);
}

bool InheritedFlag(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute memory;
  return FlagOf(dwarf_attr_integrate(die, attribute, &memory));
}

std::optional<Dwarf_Die> InheritedDie(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute memory;
  return DieOf(dwarf_attr_integrate(die, attribute, &memory));
}

tl::unexpected<Error> DwarfDamaged(Dwarf_Die* die, std::string_view what) {
  const int code = dwarf_errno();
  const char* reason = code != 0 ? dwarf_errmsg(code) : nullptr;
  std::string message = fmt::format("DWARF is damaged at {:#x}: {}", dwarf_dieoffset(die), what);
  if (reason != nullptr) message += fmt::format(" ({})", reason);
  return Fail(ErrorCode::kBadInput, std::move(message));
}

bool ChildCursor::Next() {
  if (state_ == State::kEnd || state_ == State::kDamaged) return false;
  Dwarf_Die next;
  const int status = state_ == State::kStart ? dwarf_child(&parent_, &next) : dwarf_siblingof(&die_, &next);
  if (status != 0) {
    state_ = status < 0 ? State::kDamaged : State::kEnd;
    return false;
  }
  die_ = next;
  state_ = State::kWalking;
  return true;
}

}  // namespace gooffsets
