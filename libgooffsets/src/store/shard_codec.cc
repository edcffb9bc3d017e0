#include "store/shard_codec.h"

#include <algorithm>
#include <array>
#include <limits>

#include "go/abi.h"
#include "store/json_text.h"
#include "store/layout_json.h"

namespace gooffsets {

namespace {

using nlohmann::json;

constexpr std::array<ShardAbi, 3> kAbis = {ShardAbi::kAmd64, ShardAbi::kArm64, ShardAbi::kStack};
constexpr char kOwnPackage = '~';  // stands for "path/of/the/package."
constexpr char kEmbedded = '^';    // before the name of an embedded field
constexpr size_t kMaxText = 1 << 20;

tl::unexpected<Error> Wrong(const std::string& what) {
  return Fail(ErrorCode::kBadInput, "the shard is damaged: " + what);
}

// "net/http.Request" in package net/http is "~Request". Reversible for every text that has no "~".
std::string Shorten(std::string_view type, const std::string& prefix) {
  std::string out;
  while (true) {
    size_t at = type.find(prefix);
    out += type.substr(0, at);
    if (at == std::string_view::npos) return out;
    out.push_back(kOwnPackage);
    type.remove_prefix(at + prefix.size());
  }
}

std::string Lengthen(std::string_view type, const std::string& prefix) {
  std::string out;
  for (char c : type) {
    if (c == kOwnPackage) {
      out += prefix;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// The type that a method's name gives its receiver: "(*T).m" has *p.T, "T.m" has p.T; empty for functions.
std::string ReceiverType(std::string_view symbol, const std::string& prefix) {
  if (symbol.starts_with("(*")) {
    size_t end = symbol.find(").");
    if (end == std::string_view::npos) return {};
    return "*" + prefix + std::string(symbol.substr(2, end - 2));
  }
  size_t dot = symbol.find('.');
  if (dot == std::string_view::npos || symbol.find_first_of("[{(") != std::string_view::npos) return {};
  return prefix + std::string(symbol.substr(0, dot));
}

// The wrapper "(*T).m" that the compiler makes for "T.m"; empty when the symbol is no such method.
std::string WrapperName(std::string_view symbol) {
  size_t dot = symbol.find('.');
  if (dot == std::string_view::npos || symbol.find_first_of("[{(") != std::string_view::npos) return {};
  return "(*" + std::string(symbol.substr(0, dot)) + ")" + std::string(symbol.substr(dot));
}

void Locate(FunctionLayout* function, ShardAbi abi) {
  AssignAbi(function, abi == ShardAbi::kArm64 ? GoArch::kArm64 : GoArch::kAmd64, abi != ShardAbi::kStack);
}

FunctionLayout WrapperOf(FunctionLayout method, ShardAbi abi) {
  Parameter& receiver = method.params.front();
  receiver.type = "*" + receiver.type;
  receiver.size = 8;
  receiver.align = 8;
  receiver.register_assignable = true;
  receiver.words = {{0, 8, false}};
  method.wrapper = true;
  Locate(&method, abi);
  return method;
}

FieldFacts FactsOf(const Field& field) {
  return {field.size, field.align, field.kind, field.by_value, field.dims, field.elem};
}
ParameterFacts FactsOf(const Parameter& param) {
  return {param.size, param.align, param.register_assignable, param.words};
}

// Go's layout rule: each field at the next multiple of its alignment; the whole a multiple of the largest one; a zero-size
// field at the end of a struct that is not empty is followed by padding (src: cmd/compile/internal/types/size.go). The
// result is only ever a guess that is compared with what was observed.
StructLayout Compose(std::vector<Field> fields) {
  auto up = [](uint64_t value, uint64_t align) { return align <= 1 ? value : (value + align - 1) / align * align; };
  StructLayout layout;
  uint64_t end = 0;
  for (Field& field : fields) {
    field.offset = up(end, field.align);
    end = field.offset + field.size;
    layout.align = std::max(layout.align, field.align);
  }
  if (!fields.empty() && fields.back().size == 0 && end > 0) ++end;
  layout.size = up(end, layout.align);
  layout.fields = std::move(fields);
  return layout;
}

// One symbol in JSON: [symbol, names and types...]; see docs/formats.md.
class Writer {
 public:
  Writer(const std::string& package, ShardAbi abi) : prefix_(package + "."), abi_(abi) {}

  // False: the symbol cannot be written short.
  bool Short(const std::string& symbol, const Layout& layout, bool with_wrapper, std::string* out) {
    std::string text;
    JsonArray array(&text);
    array.Text(symbol);
    if (const auto* structure = std::get_if<StructLayout>(&layout)) {
      if (Compose(structure->fields) != *structure) return false;
      array.Next();
      JsonArray fields(&text);
      for (const Field& field : structure->fields) {
        if (field.name.starts_with(kEmbedded) || !Plain(field.type) || field.type.empty()) return false;
        if (!Say(field.type, FactsOf(field))) return false;
        fields.Text(field.embedded ? kEmbedded + field.name : field.name);
        fields.Text(Shorten(field.type, prefix_));
      }
      fields.Close();
    } else {
      const auto& function = std::get<FunctionLayout>(layout);
      FunctionLayout located = function;
      Locate(&located, abi_);
      if (located != function || function.wrapper) return false;
      const std::string receiver = ReceiverType(symbol, prefix_);
      for (const std::vector<Parameter>* list : {&function.params, &function.results}) {
        array.Next();
        JsonArray items(&text);
        for (const Parameter& param : *list) {
          if (!Plain(param.type) || param.type.empty()) return false;
          if (!Say(param.type, FactsOf(param))) return false;
          items.Text(param.name);
          const bool implied = list == &function.params && &param == &list->front() && param.type == receiver;
          items.Text(implied ? "" : Shorten(param.type, prefix_));
        }
        items.Close();
      }
      if (with_wrapper) {
        array.Next();
        AppendNumber(&text, 1);
      }
    }
    array.Close();
    *out = std::move(text);
    return true;
  }

  // Facts that the reader must be told. What one type is told may be what another one was guessed from (arrays, parameters),
  // so this goes on until the reader knows all of them; a type that was told is settled, so that it ends.
  std::string Types(ShardTypes* state) const {
    std::string text;
    JsonArray array(&text);
    for (bool told = true; told;) {
      told = false;
      for (const auto& [type, facts] : fields_) {
        if (state->Field(type) == facts) continue;
        array.Next();
        Tell(type, facts, &text);
        state->Set(type, facts);
        told = true;
      }
      for (const auto& [type, facts] : params_) {
        if (state->Param(type) == facts) continue;
        array.Next();
        Tell(type, facts, &text);
        state->Set(type, facts);
        told = true;
      }
    }
    array.Close();
    return text == "[]" ? "" : text;
  }

 private:
  static bool Plain(std::string_view text) { return text.find(kOwnPackage) == std::string_view::npos; }

  // [type, size, align, kind, by value, element, dimensions...]
  void Tell(const std::string& type, const FieldFacts& facts, std::string* text) const {
    JsonArray item(text);
    item.Text(Shorten(type, prefix_));
    item.Next();
    AppendNumber(text, facts.size);
    item.Next();
    AppendNumber(text, facts.align);
    item.Text(ToString(facts.kind));
    item.Next();
    AppendNumber(text, facts.by_value ? 1 : 0);
    if (!facts.dims.empty() || !facts.elem.empty()) {
      item.Text(Shorten(facts.elem, prefix_));
      for (uint64_t dim : facts.dims) {
        item.Next();
        AppendNumber(text, dim);
      }
    }
    item.Close();
  }

  // [type, size, align, words, 1 if never in registers]
  void Tell(const std::string& type, const ParameterFacts& facts, std::string* text) const {
    JsonArray item(text);
    item.Text(Shorten(type, prefix_));
    item.Next();
    AppendNumber(text, facts.size);
    item.Next();
    AppendNumber(text, facts.align);
    item.Text(WordsText(facts.words));
    if (!facts.register_assignable) {
      item.Next();
      AppendNumber(text, 1);
    }
    item.Close();
  }

  // One line says one thing of a type: a symbol that contradicts an earlier one of the line is written in full.
  bool Say(const std::string& type, FieldFacts facts) {
    if (!Plain(facts.elem)) return false;
    auto [said, fresh] = fields_.try_emplace(type, facts);
    return fresh || said->second == facts;
  }
  bool Say(const std::string& type, ParameterFacts facts) {
    auto [said, fresh] = params_.try_emplace(type, facts);
    return fresh || said->second == facts;
  }

  std::string prefix_;
  ShardAbi abi_;
  std::map<std::string, FieldFacts> fields_;
  std::map<std::string, ParameterFacts> params_;
};

Result<uint64_t> NumberAt(const json& array, size_t i, uint64_t max) {
  if (i >= array.size() || !array[i].is_number_unsigned()) return Wrong("a number is missing");
  uint64_t value = array[i].get<uint64_t>();
  if (value > max) return Wrong("a number is too large");
  return value;
}

Result<std::string> TextAt(const json& array, size_t i) {
  if (i >= array.size() || !array[i].is_string()) return Wrong("a text is missing");
  std::string text = array[i].get<std::string>();
  if (text.size() > kMaxText || text.find('\0') != std::string::npos) return Wrong("a text is odd");
  return text;
}

// The ABI by which most functions are located.
ShardAbi FitAbi(const SymbolMap& symbols) {
  ShardAbi best = ShardAbi::kAmd64;
  size_t best_count = 0;
  for (ShardAbi abi : kAbis) {
    size_t count = 0;
    for (const auto& [symbol, entry] : symbols) {
      const auto* layout = std::get_if<Layout>(&entry.value);
      const auto* function = layout == nullptr ? nullptr : std::get_if<FunctionLayout>(layout);
      if (function == nullptr) continue;
      FunctionLayout located = *function;
      Locate(&located, abi);
      if (located == *function) ++count;
    }
    if (count > best_count) {
      best = abi;
      best_count = count;
    }
  }
  return best;
}

}  // namespace

std::string ShardEncoder::Encode(const std::string& package, const SymbolMap& symbols) {
  const ShardAbi abi = FitAbi(symbols);
  Writer writer(package, abi);
  // A wrapper that follows from its method is not written.
  auto implied = [&](const std::string& method, const Layout& layout) {
    const auto* function = std::get_if<FunctionLayout>(&layout);
    const std::string name = WrapperName(method);
    if (function == nullptr || name.empty() || function->params.empty()) return false;
    auto found = symbols.find(name);
    const auto* other = found == symbols.end() ? nullptr : std::get_if<Layout>(&found->second.value);
    return other != nullptr && *other == Layout(WrapperOf(*function, abi));
  };
  std::map<std::string, std::string> written;
  std::map<std::string, bool> left_out;
  for (const auto& [symbol, entry] : symbols) {
    const auto* layout = std::get_if<Layout>(&entry.value);
    if (layout == nullptr) continue;
    const bool with_wrapper = implied(symbol, *layout);
    std::string text;
    if (!writer.Short(symbol, *layout, with_wrapper, &text)) continue;
    written[symbol] = std::move(text);
    if (with_wrapper) left_out[WrapperName(symbol)] = true;
  }
  std::string out = "\"abi\":";
  AppendJsonString(&out, ToString(abi));
  const std::string types = writer.Types(&types_);
  if (!types.empty()) out += ",\"types\":" + types;
  out += ",\"add\":";
  JsonArray add(&out);
  for (const auto& [symbol, entry] : symbols) {
    if (left_out.contains(symbol)) continue;
    add.Next();
    auto text = written.find(symbol);
    if (text != written.end()) {
      out += text->second;
      continue;
    }
    JsonArray full(&out);
    full.Text(symbol);
    if (const auto* layout = std::get_if<Layout>(&entry.value)) {
      full.Next();
      AppendLayoutJson(&out, *layout);
    } else {
      full.Text(ToString(std::get<SkipReason>(entry.value)));
    }
    full.Close();
  }
  add.Close();
  return out;
}

Result<SymbolMap> ShardDecoder::Decode(const std::string& package, const json& line) {
  const std::string prefix = package + ".";
  JsonReader reader(line, "package");
  GOOFFSETS_TRY(std::string abi_name, reader.Text("abi"));
  auto abi = std::find_if(kAbis.begin(), kAbis.end(), [&](ShardAbi a) { return ToString(a) == abi_name; });
  if (abi == kAbis.end()) return Wrong("an ABI is unknown");
  if (const json* types = reader.Find("types")) {
    if (!types->is_array()) return Wrong("types are no list");
    for (const json& item : *types) {
      if (!item.is_array()) return Wrong("a type is no list");
      GOOFFSETS_TRY(std::string type, TextAt(item, 0));
      type = Lengthen(type, prefix);
      GOOFFSETS_TRY(uint64_t size, NumberAt(item, 1, std::numeric_limits<uint64_t>::max()));
      GOOFFSETS_TRY(uint64_t align, NumberAt(item, 2, std::numeric_limits<uint32_t>::max()));
      GOOFFSETS_TRY(std::string text, TextAt(item, 3));
      const bool is_field = !text.empty() && text[0] >= 'a' && text[0] <= 'z';  // a kind; words begin with a digit
      if (is_field) {
        FieldFacts facts;
        facts.size = size;
        facts.align = static_cast<uint32_t>(align);
        GOOFFSETS_TRY(facts.kind, ParseTypeKind(text));
        GOOFFSETS_TRY(uint64_t by_value, NumberAt(item, 4, 1));
        facts.by_value = by_value == 1;
        if (item.size() > 5) {
          GOOFFSETS_TRY(std::string elem, TextAt(item, 5));
          facts.elem = Lengthen(elem, prefix);
        }
        for (size_t i = 6; i < item.size(); ++i) {
          GOOFFSETS_TRY(uint64_t dim, NumberAt(item, i, std::numeric_limits<uint64_t>::max()));
          facts.dims.push_back(dim);
        }
        types_.Set(type, std::move(facts));
      } else {
        ParameterFacts facts;
        facts.size = size;
        facts.align = static_cast<uint32_t>(align);
        GOOFFSETS_TRY(facts.words, ParseWords(text));
        facts.register_assignable = item.size() < 5;
        types_.Set(type, std::move(facts));
      }
    }
  }
  GOOFFSETS_TRY(const json* add, reader.Array("add"));
  SymbolMap symbols;
  for (const json& item : *add) {
    if (!item.is_array() || item.size() < 2) return Wrong("a symbol is no list");
    GOOFFSETS_TRY(std::string symbol, TextAt(item, 0));
    if (item[1].is_string()) {
      GOOFFSETS_TRY(SkipReason reason, ParseSkipReason(item[1].get_ref<const std::string&>()));
      symbols[symbol] = SymbolEntry{reason};
      continue;
    }
    if (item[1].is_object()) {
      GOOFFSETS_TRY(Layout layout, ParseLayoutJson(item[1]));
      symbols[symbol] = SymbolEntry{std::move(layout)};
      continue;
    }
    if (!item[1].is_array()) return Wrong("a symbol has neither layout nor reason");
    if (item.size() == 2) {
      std::vector<Field> fields;
      for (size_t i = 0; i < item[1].size(); i += 2) {
        Field field;
        GOOFFSETS_TRY(field.name, TextAt(item[1], i));
        GOOFFSETS_TRY(std::string type, TextAt(item[1], i + 1));
        field.type = Lengthen(type, prefix);
        field.embedded = field.name.starts_with(kEmbedded);
        if (field.embedded) field.name.erase(0, 1);
        std::optional<FieldFacts> facts = types_.Field(field.type);
        if (!facts) return Wrong("nothing is said of type " + field.type);
        field.size = facts->size;
        field.align = facts->align;
        field.kind = facts->kind;
        field.by_value = facts->by_value;
        field.dims = std::move(facts->dims);
        field.elem = std::move(facts->elem);
        fields.push_back(std::move(field));
      }
      symbols[symbol] = SymbolEntry{Layout(Compose(std::move(fields)))};
      continue;
    }
    FunctionLayout function;
    for (size_t list : {size_t{1}, size_t{2}}) {
      if (!item[list].is_array()) return Wrong("a function has no parameters");
      for (size_t i = 0; i < item[list].size(); i += 2) {
        Parameter param;
        GOOFFSETS_TRY(param.name, TextAt(item[list], i));
        GOOFFSETS_TRY(std::string type, TextAt(item[list], i + 1));
        param.type = type.empty() ? ReceiverType(symbol, prefix) : Lengthen(type, prefix);
        std::optional<ParameterFacts> facts = types_.Param(param.type);
        if (!facts) return Wrong("nothing is said of type " + param.type);
        param.size = facts->size;
        param.align = facts->align;
        param.register_assignable = facts->register_assignable;
        param.words = std::move(facts->words);
        (list == 1 ? function.params : function.results).push_back(std::move(param));
      }
    }
    Locate(&function, *abi);
    if (item.size() > 3) {
      const std::string wrapper = WrapperName(symbol);
      if (wrapper.empty() || function.params.empty()) return Wrong("a wrapper has no method");
      symbols[wrapper] = SymbolEntry{Layout(WrapperOf(function, *abi))};
    }
    symbols[symbol] = SymbolEntry{Layout(std::move(function))};
  }
  return symbols;
}

}  // namespace gooffsets
