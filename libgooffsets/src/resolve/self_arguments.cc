#include "resolve/self_arguments.h"

#include <algorithm>
#include <utility>

namespace gooffsets {
namespace {

using Disagreement = ArgumentVerdict::Disagreement;

constexpr uint64_t kWordSize = 8;
constexpr uint64_t kFirstStackSlot = 8;  // go/abi.h: pieces count from SP at entry
// Offsets from there on do not fit the byte that argument info has for them (src: internal/abi/type.go,
// TraceArgsSpecial).
constexpr uint64_t kFirstFarOffset = 0xf0;

uint64_t AlignUp(uint64_t value, uint64_t align) { return align < 2 ? value : (value + align - 1) / align * align; }

// Where the compiler keeps a function's arguments in memory, counted from the first byte of the caller's argument area
// (src: cmd/compile/internal/abi, ABIAnalyzeFuncType, FrameOffset and ArgWidth): what is passed on the stack lies where
// it is passed, results on the stack follow, and behind them are slots that register arguments are spilled to.
struct Frame {
  std::vector<uint64_t> offsets;  // of each parameter
  uint64_t bytes = 0;
};
std::optional<Frame> FrameOf(const FunctionLayout& layout) {
  Frame frame;
  uint64_t stack = 0, spill = 0;
  std::vector<bool> spilled;
  const auto place = [&](const Parameter& value, bool result) {
    uint64_t offset = 0;
    bool in_registers = false;
    if (value.size == 0) {
      offset = stack = AlignUp(stack, value.align);
    } else if (value.pieces.empty() || value.size > UINT32_MAX) {
      return false;
    } else if (value.pieces.front().base == Piece::Base::kStack) {
      offset = static_cast<uint64_t>(value.pieces.front().index) - kFirstStackSlot;
      stack = offset + value.size;
    } else {
      in_registers = true;
      if (!result) {
        offset = spill = AlignUp(spill, value.align);
        spill += value.size;
      }
    }
    if (!result) {
      frame.offsets.push_back(offset);
      spilled.push_back(in_registers);
    }
    return true;
  };
  for (const Parameter& param : layout.params) {
    if (!place(param, false)) return std::nullopt;
  }
  stack = AlignUp(stack, kWordSize);
  for (const Parameter& result : layout.results) {
    if (!place(result, true)) return std::nullopt;
  }
  const uint64_t area = AlignUp(stack, kWordSize);
  for (size_t i = 0; i < spilled.size(); ++i) {
    if (spilled[i]) frame.offsets[i] += area;
  }
  frame.bytes = area + AlignUp(spill, kWordSize);
  return frame;
}

std::string Says(uint64_t offset, uint64_t size) {
  return std::to_string(size) + " bytes at " + std::to_string(offset) + " of the arguments";
}

// One argument against its parameter, which lies at `offset`.
std::optional<Disagreement> CheckArgument(const ArgumentInfo::Argument& told, const Parameter& param, uint64_t offset) {
  const auto differs = [&](std::string says) {
    return Disagreement{"", std::move(says), Says(offset, param.size) + ", " + param.type};
  };
  const auto here = [&](const ArgumentInfo::ArgumentWord& word, uint64_t at, uint64_t size) {
    return word.far ? at >= kFirstFarOffset : word.offset == at && word.size == size;
  };
  if (!told.aggregate) {
    if (here(told.words.front(), offset, param.size)) return std::nullopt;
    return differs(told.words.front().far ? "an offset that does not fit a byte"
                                          : Says(told.words.front().offset, told.words.front().size));
  }
  // Values that registers can never take have no list of words, so their words must only lie within them.
  const bool listed = !param.words.empty() || param.size == 0;
  if (listed && told.whole && told.words.size() != param.words.size()) {
    return differs(std::to_string(told.words.size()) + " words");
  }
  for (size_t i = 0; i < told.words.size(); ++i) {
    const ArgumentInfo::ArgumentWord& word = told.words[i];
    bool fits = false;
    if (!listed) {
      fits = word.far ? offset + param.size > kFirstFarOffset
                      : word.offset >= offset && word.offset + uint64_t{word.size} <= offset + param.size;
    } else {
      fits = i < param.words.size() && here(word, offset + param.words[i].at, param.words[i].size);
    }
    if (!fits) {
      return differs("word " + std::to_string(i + 1) + " is " +
                     (word.far ? "at an offset that does not fit a byte" : Says(word.offset, word.size)));
    }
  }
  return std::nullopt;
}

std::optional<Disagreement> CheckBody(const FunctionLayout& layout, const ToldArguments::Body& body,
                                      const Frame& frame) {
  if (body.info) {
    const ArgumentInfo& info = *body.info;
    const size_t listed = info.arguments.size();
    if (info.whole ? listed != layout.params.size() : listed > layout.params.size()) {
      return Disagreement{"number of arguments", (info.whole ? "" : "at least ") + std::to_string(listed),
                          std::to_string(layout.params.size())};
    }
    for (size_t i = 0; i < listed; ++i) {
      if (auto found = CheckArgument(info.arguments[i], layout.params[i], frame.offsets[i])) {
        found->what = "argument " + std::to_string(i + 1);
        return found;
      }
    }
  }
  if (body.bytes && *body.bytes != frame.bytes) {
    return Disagreement{"bytes of arguments and results", std::to_string(*body.bytes), std::to_string(frame.bytes)};
  }
  return std::nullopt;
}

std::optional<Disagreement> CheckMethod(const FunctionLayout& layout, const ToldArguments::Method& method) {
  const auto says = [](uint64_t size, uint32_t align, const std::string& type) {
    return std::to_string(size) + " bytes aligned to " + std::to_string(align) + ", " + type;
  };
  const auto is_float = [](TypeKind kind) { return kind == TypeKind::kFloat32 || kind == TypeKind::kFloat64; };
  for (const bool results : {false, true}) {
    const std::vector<ToldArguments::Value>& told = results ? method.results : method.params;
    const std::vector<Parameter>& known = results ? layout.results : layout.params;
    const size_t skip = results ? 0 : 1;  // the receiver
    const std::string noun = results ? "result " : "argument ";
    if (known.size() != told.size() + skip) {
      return Disagreement{std::string("number of ") + (results ? "results" : "arguments"),
                          std::to_string(told.size() + skip), std::to_string(known.size())};
    }
    for (size_t i = 0; i < told.size(); ++i) {
      const ToldArguments::Value& a = told[i];
      const Parameter& b = known[i + skip];
      const bool same_registers = b.words.size() != 1 || a.kind == TypeKind::kStruct || a.kind == TypeKind::kArray ||
                                  is_float(a.kind) == b.words[0].is_float;
      if (a.size == b.size && a.align == b.align && same_registers) continue;
      return Disagreement{noun + std::to_string(i + skip + 1), says(a.size, a.align, a.type),
                          says(b.size, b.align, b.type)};
    }
  }
  return std::nullopt;
}

void Also(std::string* list, std::string_view what) {
  if (!list->empty()) *list += ", ";
  *list += what;
}

}  // namespace

ArgumentVerdict CheckArguments(const FunctionLayout& layout, const ToldArguments& told) {
  ArgumentVerdict verdict;
  if (const std::optional<Frame> frame = FrameOf(layout)) {
    bool agreed = false, info = false, bytes = false;
    for (const ToldArguments::Body& body : told.bodies) {
      std::optional<Disagreement> found = CheckBody(layout, body, *frame);
      if (found) {
        if (!verdict.conflict) verdict.conflict = std::move(found);
        continue;
      }
      agreed = true;
      info = info || body.info.has_value();
      bytes = bytes || body.bytes.has_value();
    }
    if (agreed) verdict.conflict.reset();
    if (agreed && info) Also(&verdict.confirmed_by, "argument info");
    if (agreed && bytes) Also(&verdict.confirmed_by, "argument bytes");
  }
  if (told.method && !verdict.conflict) {
    verdict.conflict = CheckMethod(layout, *told.method);
    if (!verdict.conflict) Also(&verdict.confirmed_by, "method type");
  }
  if (verdict.conflict) verdict.confirmed_by.clear();
  return verdict;
}

}  // namespace gooffsets
