#include "binary/arg_info.h"

#include <algorithm>
#include <utility>

#include "binary/pclntab_state.h"

namespace gooffsets {
namespace {

// src: internal/abi/type.go.
constexpr uint8_t kEndSeq = 0xff, kStartAggregate = 0xfe, kEndAggregate = 0xfd, kDots = 0xfc, kTooFar = 0xfb,
                  kFirstSpecial = 0xf0;

}  // namespace

Result<ArgumentInfo> DecodeArgumentInfo(std::span<const std::byte> bytes) {
  const auto broken = [] { return Fail(ErrorCode::kBadInput, "argument info that no compiler writes"); };
  bytes = bytes.first(std::min(bytes.size(), kMostArgumentInfoBytes));
  ArgumentInfo info;
  int depth = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto op = static_cast<uint8_t>(bytes[i]);
    if (op == kEndSeq) {
      if (depth != 0) return broken();
      return info;
    }
    if (op == kEndAggregate) {
      if (--depth < 0) return broken();
      continue;
    }
    if (op == kDots) {
      (depth == 0 ? info.whole : info.arguments.back().whole) = false;
      continue;
    }
    if (depth == 0) info.arguments.emplace_back();
    ArgumentInfo::Argument& argument = info.arguments.back();
    if (op == kStartAggregate) {
      argument.aggregate = true;
      ++depth;
    } else if (op == kTooFar) {
      argument.words.push_back({.far = true});
    } else if (op >= kFirstSpecial || i + 1 == bytes.size()) {
      return broken();
    } else {
      argument.words.push_back({.offset = op, .size = static_cast<uint8_t>(bytes[++i])});
    }
  }
  return broken();  // it does not end
}

Result<std::optional<ArgumentInfo>> Pclntab::Arguments(const FunctionEntry& function) {
  GOOFFSETS_TRY(const std::optional<uint64_t> address, ArgInfo(function));
  if (!address) return std::optional<ArgumentInfo>();
  GOOFFSETS_TRY(const auto bytes, state_->reader.ViewUpTo(*address, kMostArgumentInfoBytes));
  GOOFFSETS_TRY(ArgumentInfo info, DecodeArgumentInfo(bytes));
  return std::optional<ArgumentInfo>(std::move(info));
}

}  // namespace gooffsets
