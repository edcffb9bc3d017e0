#include "site/address.h"

#include <algorithm>

namespace gooffsets {

namespace {
constexpr std::string_view kDivider = "/-/";
constexpr size_t kMaxNameBytes = 200;  // of one part; file systems take 255

bool Letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
}  // namespace

std::string ModuleAddress(std::string_view module) { return "m/" + std::string(module) + "/"; }

std::string PageAddress(std::string_view module, std::string_view package_or_symbol) {
  return "m/" + std::string(module) + std::string(kDivider) + std::string(package_or_symbol) + "/";
}

std::string PercentEncode(std::string_view path) {
  constexpr std::string_view kKept = "-._~/()*,!$";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (char c : path) {
    if (Letter(c) || kKept.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

std::string RootFrom(std::string_view address) {
  std::string root;
  for (char c : address) {
    if (c == '/') root += "../";
  }
  return root.empty() ? "./" : root;
}

bool FitForFile(std::string_view address) {
  size_t begin = 0;
  while (begin < address.size()) {
    const size_t end = std::min(address.find('/', begin), address.size());
    const std::string_view part = address.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || part.size() > kMaxNameBytes) return false;
    for (char c : part) {
      if (!Letter(c) && std::string_view("-._~()*,!$").find(c) == std::string_view::npos) return false;
    }
    begin = end + 1;
  }
  return !address.empty() && address.front() != '/';
}

std::optional<ModuleRequest> ParseModuleAddress(std::string_view address) {
  if (!address.starts_with("m/") || !address.ends_with("/") || address.size() < 4) return std::nullopt;
  const std::string_view inner = address.substr(2, address.size() - 3);
  const size_t divider = inner.find(kDivider);
  if (divider == std::string_view::npos) return ModuleRequest{std::string(inner), {}};
  const std::string_view rest = inner.substr(divider + kDivider.size());
  if (divider == 0 || rest.empty()) return std::nullopt;
  return ModuleRequest{std::string(inner.substr(0, divider)), std::string(rest)};
}

}  // namespace gooffsets
