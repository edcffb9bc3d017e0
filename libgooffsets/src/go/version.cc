// Parsing and ordering of versions.
//
// Sources: golang.org/x/mod/semver (grammar and precedence of module versions), golang.org/x/mod/module
// (pseudo-versions), Go's internal/gover behind go/version (Go releases).
#include "gooffsets/version.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/quote.h"

namespace gooffsets {
namespace {

// The longest release ever published has under 60 bytes; this only bounds what hostile input can make us copy.
constexpr size_t kMaxVersionLength = 256;
// From Go 1.21 on, "1.21" names the language and "1.21.0" the first release (src: go.dev/doc/toolchain#version).
constexpr uint64_t kFirstMinorWithPatchZero = 21;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsIdentifierChar(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }
bool AllDigits(std::string_view text) { return std::all_of(text.begin(), text.end(), IsDigit); }

// Cuts a decimal number without needless leading zeros off the front of `text`.
std::optional<uint64_t> CutNumber(std::string_view* text) {
  size_t length = 0;
  while (length < text->size() && IsDigit((*text)[length])) ++length;
  if (length == 0 || (length > 1 && text->front() == '0')) return std::nullopt;
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + length, number);
  if (error != std::errc() || end != text->data() + length) return std::nullopt;
  text->remove_prefix(length);
  return number;
}

bool CutChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Dot-separated identifiers; `numeric_rule`: all-digit ones have no leading zero (pre-releases, not build metadata).
bool ValidIdentifiers(std::string_view text, bool numeric_rule) {
  while (true) {
    std::string_view identifier = text.substr(0, text.find('.'));
    if (identifier.empty() || !std::all_of(identifier.begin(), identifier.end(), IsIdentifierChar)) return false;
    if (numeric_rule && identifier.size() > 1 && identifier[0] == '0' && AllDigits(identifier)) return false;
    if (identifier.size() == text.size()) return true;
    text.remove_prefix(identifier.size() + 1);
  }
}

// Decimal numbers without leading zeros, of any length.
std::strong_ordering CompareDigits(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

// Precedence of pre-releases (src: semver.org §11): none is highest; numbers below words; shorter first.
std::strong_ordering ComparePrerelease(std::string_view a, std::string_view b) {
  if (a == b) return std::strong_ordering::equal;
  if (a.empty()) return std::strong_ordering::greater;
  if (b.empty()) return std::strong_ordering::less;
  while (!a.empty() && !b.empty()) {
    std::string_view x = a.substr(0, a.find('.')), y = b.substr(0, b.find('.'));
    a.remove_prefix(std::min(a.size(), x.size() + 1));
    b.remove_prefix(std::min(b.size(), y.size() + 1));
    if (x == y) continue;
    bool x_number = AllDigits(x), y_number = AllDigits(y);
    if (x_number != y_number) return x_number ? std::strong_ordering::less : std::strong_ordering::greater;
    return x_number ? CompareDigits(x, y) : x <=> y;
  }
  return !b.empty() ? std::strong_ordering::less
                    : (!a.empty() ? std::strong_ordering::greater : std::strong_ordering::equal);
}

// "rc2" -> {"rc", "2"}
std::pair<std::string_view, std::string_view> SplitKind(std::string_view prerelease) {
  size_t digits = 0;
  while (digits < prerelease.size() && !IsDigit(prerelease[digits])) ++digits;
  return {prerelease.substr(0, digits), prerelease.substr(digits)};
}

// The patch number as Go orders it: 0 when there is none ("1.21", "1.21rc2"), else patch + 1. Below 1.21 a release
// without a patch number is patch 0 (src: internal/gover.Parse).
std::pair<bool, uint64_t> GoPatchRank(const Version& version, bool prerelease) {
  if (prerelease) return {false, 0};
  const std::string& text = version.text();
  bool written = std::count(text.begin(), text.end(), '.') == 2;
  bool has_patch = written || version.minor() < kFirstMinorWithPatchZero;
  return {has_patch, version.patch()};
}

}  // namespace

Result<Version> Version::Parse(VersionScheme scheme, std::string_view text) {
  const bool go = scheme == VersionScheme::kGo;
  const std::string_view original = text;
  auto invalid = [&](std::string why) {
    return Fail(ErrorCode::kUsage,
                Quote(original) + (go ? " is not a Go release: " : " is not a module version: ") + std::move(why),
                go ? "a release such as 1.26.8, 1.20 or 1.27rc1" : "a version such as 1.60.1 or 1.20.0-rc.1");
  };
  if (text.size() > kMaxVersionLength) return invalid("too long");
  if (go && text.starts_with("go")) text.remove_prefix(2);
  if (!go) CutChar(&text, 'v');

  Version version;
  version.scheme_ = scheme;
  const std::string_view body = text;
  auto major = CutNumber(&text);
  if (!major) return invalid("it does not begin with a number");
  version.major_ = *major;

  if (go) {
    if (text.empty()) {  // "1" is Go 1.0
      version.text_ = body;
      return version;
    }
    if (!CutChar(&text, '.')) return invalid("after the first number comes a dot");
    auto minor = CutNumber(&text);
    if (!minor) return invalid("the second number is missing or not canonical");
    version.minor_ = *minor;
    if (CutChar(&text, '.')) {
      auto patch = CutNumber(&text);
      if (!patch) return invalid("the third number is missing or not canonical");
      version.patch_ = *patch;
      if (!text.empty()) return invalid("something follows the third number");
    } else if (!text.empty()) {
      auto [kind, number] = SplitKind(text);
      if (kind != "rc" && kind != "beta" && kind != "alpha") return invalid("something follows the second number");
      version.prerelease_ = text;
      if (!CutNumber(&number) || !number.empty()) return invalid("a pre-release ends with a number");
    }
    version.text_ = body;
    // One release, one spelling: Go says "1.20", never "1.20.0", and "1", never "1.0".
    if (version.prerelease_.empty() && version.patch_ == 0 && version.minor_ < kFirstMinorWithPatchZero) {
      version.text_ = std::to_string(version.major_);
      if (version.minor_ != 0) version.text_ += "." + std::to_string(version.minor_);
    }
    return version;
  }

  for (uint64_t* number : {&version.minor_, &version.patch_}) {
    auto cut = CutChar(&text, '.') ? CutNumber(&text) : std::nullopt;
    if (!cut) return invalid("it needs three numbers, without leading zeros");
    *number = *cut;
  }
  if (CutChar(&text, '-')) {
    std::string_view prerelease = text.substr(0, text.find('+'));
    if (!ValidIdentifiers(prerelease, true)) return invalid("its pre-release is malformed");
    version.prerelease_ = prerelease;
    text.remove_prefix(prerelease.size());
  }
  if (CutChar(&text, '+')) {
    if (!ValidIdentifiers(text, false)) return invalid("its build metadata is malformed");
    text = {};
  }
  if (!text.empty()) return invalid("something follows the third number");
  version.text_ = body;
  return version;
}

bool Version::is_prerelease() const { return !prerelease_.empty(); }

// The three forms (src: golang.org/x/mod/module, pseudo.go): vX.0.0-T-H, vX.Y.Z-pre.0.T-H, vX.Y.(Z+1)-0.T-H with T a
// time of 14 digits and H letters and digits.
bool Version::is_pseudo() const {
  if (scheme_ != VersionScheme::kModule) return false;
  std::string_view rest = prerelease_;
  size_t dash = rest.rfind('-');
  if (dash == std::string_view::npos || dash + 1 == rest.size()) return false;
  rest = rest.substr(0, dash);
  if (rest.size() < 14 || !AllDigits(rest.substr(rest.size() - 14))) return false;
  rest.remove_suffix(14);
  if (rest.empty()) return minor_ == 0 && patch_ == 0;
  return rest == "0." || rest.ends_with(".0.");
}

std::string Version::minor_line() const { return std::to_string(major_) + "." + std::to_string(minor_); }

std::strong_ordering Version::operator<=>(const Version& other) const {
  if (auto c = scheme_ <=> other.scheme_; c != 0) return c;
  if (auto c = major_ <=> other.major_; c != 0) return c;
  if (auto c = minor_ <=> other.minor_; c != 0) return c;
  if (scheme_ == VersionScheme::kGo) {
    if (auto c = GoPatchRank(*this, is_prerelease()) <=> GoPatchRank(other, other.is_prerelease()); c != 0) return c;
    auto [kind, number] = SplitKind(prerelease_);
    auto [other_kind, other_number] = SplitKind(other.prerelease_);
    if (auto c = kind <=> other_kind; c != 0) return c;  // none < alpha < beta < rc
    if (auto c = CompareDigits(number, other_number); c != 0) return c;
  } else {
    if (auto c = patch_ <=> other.patch_; c != 0) return c;
    if (auto c = ComparePrerelease(prerelease_, other.prerelease_); c != 0) return c;
  }
  return text_ <=> other.text_;
}

}  // namespace gooffsets
