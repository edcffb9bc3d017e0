#include "binary/type_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/digest.h"
#include "base/utf8.h"
#include "go/names.h"

namespace gooffsets {
namespace {

// A literal type can nest without end only by way of a named type, which ends its name.
constexpr int kMaxDepth = 64;
constexpr size_t kMostBytes = size_t{64} << 10;
constexpr size_t kMostKnownBytes = size_t{512} << 10;
// Types declared in functions are numbered through their package: generated clients have some hundreds.
constexpr int kMostLocals = 4096, kMostLocalInstances = 64;
constexpr size_t kMostLocalsKnown = size_t{16} << 10;
// The package of the types that stand for type arguments in shared code (src: cmd/compile/internal/types, ShapePkg).
constexpr std::string_view kShapes = "go.shape.";
constexpr uint64_t kReceive = 1, kSend = 2, kBoth = 3;

uint32_t WordAt(const Digest256& digest, size_t at) {
  uint32_t word = 0;
  for (size_t i = 4; i-- > 0;) word = word << 8 | digest[at + i];
  return word;
}

bool IsExported(std::string_view name) {
  // Go's rule is Unicode's upper case; for letters beyond ASCII a Name's own bit is asked instead.
  return !name.empty() && name.front() >= 'A' && name.front() <= 'Z';
}

// Where "http.Request" goes on behind the package's name, which has no dots; but for the compiler's own "go.shape".
size_t PackageDot(std::string_view text) {
  if (text.starts_with(kShapes)) return kShapes.size() - 1;
  return text.substr(0, text.find('[')).find('.');
}

}  // namespace

uint32_t TypeHash(TypeHashRule rule, std::string_view link_name) {
  if (rule == TypeHashRule::kUnknown) return 0;
  Sha256 hasher;
  hasher.Update(link_name);
  const Digest256 digest = hasher.Finish();
  if (rule == TypeHashRule::kSha256Middle) return WordAt(digest, 8);
  return rule == TypeHashRule::kNotSha256 ? ~WordAt(digest, 0) : WordAt(digest, 0) ^ 0xff;
}

TypeHashRule DetectHashRule(std::string_view link_name, uint32_t hash) {
  for (const TypeHashRule rule : {TypeHashRule::kNotSha256, TypeHashRule::kSha256Middle, TypeHashRule::kSha256}) {
    if (TypeHash(rule, link_name) == hash) return rule;
  }
  return TypeHashRule::kUnknown;
}

std::string QuoteTag(std::string_view tag) {
  constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\\\"", kLetters = "abfnrtv\\\"";
  std::string quoted = "\"";
  for (const char c : tag) {
    if (const size_t i = kEscaped.find(c); i != std::string_view::npos) {
      quoted += '\\';
      quoted += kLetters[i];
    } else if (IsControl(c)) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

Result<std::string> TypeNames::Full(uint64_t address) {
  if (const auto known = known_.find(address); known != known_.end()) return known->second;
  std::string name;
  GOOFFSETS_CHECK_OK(Append(address, 0, &name));
  if (known_bytes_ + name.size() > kMostKnownBytes) {
    known_.clear();
    known_bytes_ = 0;
  }
  known_bytes_ += name.size() + sizeof(std::string) + 32;
  known_[address] = name;
  return name;
}

Result<void> TypeNames::Append(uint64_t address, int depth, std::string* out) {
  if (depth > kMaxDepth || out->size() > kMostBytes) return reader_->Damaged(address, "a name without end");
  GOOFFSETS_TRY(const TypeHeader header, reader_->Header(address));
  if (header.named()) return AppendNamed(header, out);
  if (budget_ < 16) return reader_->Damaged(address, "more names than the types can have");
  budget_ -= 16;
  switch (header.kind) {
    case TypeKind::kPointer: {
      GOOFFSETS_TRY(const uint64_t elem, reader_->Elem(header));
      *out += '*';
      return Append(elem, depth + 1, out);
    }
    case TypeKind::kSlice: {
      GOOFFSETS_TRY(const uint64_t elem, reader_->Elem(header));
      *out += "[]";
      return Append(elem, depth + 1, out);
    }
    case TypeKind::kArray: {
      GOOFFSETS_TRY(const uint64_t length, reader_->ArrayLength(header));
      GOOFFSETS_TRY(const uint64_t elem, reader_->Elem(header));
      *out += fmt::format("[{}]", length);
      return Append(elem, depth + 1, out);
    }
    case TypeKind::kMap: {
      GOOFFSETS_TRY(const uint64_t key, reader_->Key(header));
      GOOFFSETS_TRY(const uint64_t elem, reader_->Elem(header));
      *out += "map[";
      GOOFFSETS_CHECK_OK(Append(key, depth + 1, out));
      *out += ']';
      return Append(elem, depth + 1, out);
    }
    case TypeKind::kChan: {
      GOOFFSETS_TRY(const uint64_t direction, reader_->ChanDir(header));
      GOOFFSETS_TRY(const uint64_t elem, reader_->Elem(header));
      if (direction == kReceive || direction == kSend) {
        *out += direction == kReceive ? "<-chan " : "chan<- ";
        return Append(elem, depth + 1, out);
      }
      if (direction != kBoth) return reader_->Damaged(address, "a channel without direction");
      *out += "chan ";
      GOOFFSETS_TRY(const TypeHeader target, reader_->Header(elem));
      bool receives = target.kind == TypeKind::kChan && !target.named();
      if (receives) {
        GOOFFSETS_TRY(const uint64_t inner, reader_->ChanDir(target));
        receives = inner == kReceive;
      }
      if (receives) *out += '(';
      GOOFFSETS_CHECK_OK(Append(elem, depth + 1, out));
      if (receives) *out += ')';
      return {};
    }
    case TypeKind::kFunc:
      return AppendFunction(header, depth, true, out);
    case TypeKind::kInterface:
      return AppendInterface(header, depth, out);
    case TypeKind::kStruct:
      return AppendStruct(header, depth, out);
    default:
      return AppendNamed(header, out);  // "int"
  }
}

Result<std::string> TypeNames::Package(const TypeHeader& header) {
  GOOFFSETS_TRY(const std::optional<TypeReader::Uncommon> uncommon, reader_->UncommonOf(header));
  if (!uncommon) return std::string();
  return reader_->NameString(uncommon->package);
}

int TypeNames::LocalNumber(const std::string& link_name, uint32_t hash) {
  if (locals_tried_ > kMostLocalsKnown) {
    locals_.clear();
    locals_tried_ = 0;
  }
  Locals& locals = locals_[link_name];
  const auto known = locals.numbers.find(hash);
  if (known != locals.numbers.end()) return known->second;
  // Instances are rarely declared in functions, those over the compiler's stand-ins never.
  const bool instance = link_name.find('[') != link_name.npos;
  const int most = link_name.find(kShapes) != link_name.npos ? 0 : instance ? kMostLocalInstances : kMostLocals;
  while (locals.tried < most && hash_budget_ > 0) {
    --hash_budget_;
    ++locals_tried_;
    const int number = ++locals.tried;
    const uint32_t there = TypeHash(rule_, fmt::format("{}·{}", link_name, number));
    locals.numbers.emplace(there, number);
    if (there == hash) return number;
  }
  return 0;
}

Result<void> TypeNames::AppendNamed(const TypeHeader& header, std::string* out) {
  if (const auto known = known_.find(header.address); known != known_.end()) {
    if (budget_ < known->second.size()) return reader_->Damaged(header.address, "more names than the types can have");
    budget_ -= known->second.size();
    *out += known->second;
    return {};
  }
  GOOFFSETS_TRY(const std::string_view there, reader_->String(header));
  const std::string text(there);
  std::string name = text;
  const size_t dot = PackageDot(text);
  GOOFFSETS_TRY(std::string package, Package(header));
  if (dot != std::string_view::npos && !package.empty()) {
    // Up to Go 1.21 a package's path was kept as the linker writes it; unescaping twice is harmless to what it is not.
    package = UnescapeName(package);
    const std::string rest = text.substr(dot);
    name = package + (rest.find('[') == rest.npos ? rest : UnescapeName(rest));
    if (rule_ != TypeHashRule::kUnknown && !text.starts_with(kShapes)) {
      const std::string link = EscapePath(package) + rest;
      if (TypeHash(rule_, link) != header.hash) {
        if (const int number = LocalNumber(link, header.hash); number != 0) name += fmt::format("·{}", number);
      }
    }
  }
  if (budget_ < name.size() + 16) return reader_->Damaged(header.address, "more names than the types can have");
  budget_ -= name.size() + 16;
  *out += name;
  return {};
}

Result<void> TypeNames::AppendList(const TypeList& list, bool variadic, int depth, std::string* out) {
  for (uint32_t i = 0; i < list.count; ++i) {
    if (i != 0) *out += ", ";
    GOOFFSETS_TRY(uint64_t type, reader_->ListedType(list, i));
    if (variadic && i + 1 == list.count) {
      GOOFFSETS_TRY(const TypeHeader slice, reader_->Header(type));
      if (slice.kind != TypeKind::kSlice) return reader_->Damaged(type, "a variadic parameter that is no slice");
      GOOFFSETS_TRY(type, reader_->Elem(slice));
      *out += "...";
    }
    GOOFFSETS_CHECK_OK(Append(type, depth + 1, out));
  }
  return {};
}

Result<void> TypeNames::AppendFunction(const TypeHeader& header, int depth, bool keyword, std::string* out) {
  GOOFFSETS_TRY(const FunctionShape shape, reader_->Function(header));
  *out += keyword ? "func(" : "(";
  GOOFFSETS_CHECK_OK(AppendList(shape.params, shape.variadic, depth, out));
  *out += ')';
  if (shape.results.count == 0) return {};
  *out += shape.results.count == 1 ? " " : " (";
  GOOFFSETS_CHECK_OK(AppendList(shape.results, false, depth, out));
  if (shape.results.count > 1) *out += ')';
  return {};
}

Result<void> TypeNames::AppendInterface(const TypeHeader& header, int depth, std::string* out) {
  GOOFFSETS_TRY(const TypeList methods, reader_->InterfaceMethods(header));
  if (methods.count == 0) {
    *out += "interface {}";
    return {};
  }
  GOOFFSETS_TRY(const uint64_t own, reader_->OwnPackage(header));
  *out += "interface {";
  for (uint32_t i = 0; i < methods.count; ++i) {
    GOOFFSETS_TRY(const InterfaceMethod method, reader_->InterfaceMethodAt(methods, i));
    GOOFFSETS_TRY(const TypeReader::NameText name, reader_->Name(method.name));
    const bool exported = name.exported();
    const std::string text(name.text);
    *out += i == 0 ? " " : "; ";
    if (!exported) {
      GOOFFSETS_TRY(const std::optional<uint64_t> other, reader_->PackageOfName(method.name));
      GOOFFSETS_TRY(const std::string package, reader_->NameString(other.value_or(own)));
      *out += UnescapeName(package) + ".";
    }
    *out += text;
    GOOFFSETS_TRY(const TypeHeader type, reader_->Header(method.type));
    if (type.kind != TypeKind::kFunc) return reader_->Damaged(method.type, "a method that is no function");
    if (depth >= kMaxDepth || out->size() > kMostBytes) return reader_->Damaged(method.type, "a name without end");
    GOOFFSETS_CHECK_OK(AppendFunction(type, depth + 1, false, out));
  }
  *out += " }";
  return {};
}

// Whether an embedded field has the name that its type gives it, so that only the type is written.
Result<bool> TypeNames::EmbedsUnderItsName(const TypeField& field, std::string_view name, std::string_view package) {
  GOOFFSETS_TRY(TypeHeader type, reader_->Header(field.type));
  if (type.kind == TypeKind::kPointer && !type.named()) {
    GOOFFSETS_TRY(const uint64_t elem, reader_->Elem(type));
    GOOFFSETS_TRY(type, reader_->Header(elem));
  }
  GOOFFSETS_TRY(const std::string_view there, reader_->String(type));
  const size_t dot = PackageDot(there);
  if (there.substr(dot == std::string_view::npos ? 0 : dot + 1) != name) return false;
  if (IsExported(name)) return true;
  GOOFFSETS_TRY(const std::string home, Package(type));
  return home == package;
}

Result<void> TypeNames::AppendStruct(const TypeHeader& header, int depth, std::string* out) {
  GOOFFSETS_TRY(const TypeList fields, reader_->Fields(header));
  GOOFFSETS_TRY(const uint64_t own, reader_->OwnPackage(header));
  std::string package;
  if (own != 0) {
    GOOFFSETS_TRY(package, reader_->NameString(own));
  }
  *out += "struct {";
  for (uint32_t i = 0; i < fields.count; ++i) {
    GOOFFSETS_TRY(const TypeField field, reader_->FieldAt(fields, i));
    GOOFFSETS_TRY(const TypeReader::NameText name, reader_->Name(field.name));
    const bool exported = name.exported(), tagged = name.has_tag();
    const std::string text(name.text);
    *out += i == 0 ? " " : "; ";
    bool write_name = true;
    if (field.embedded) {
      GOOFFSETS_TRY(const bool same, EmbedsUnderItsName(field, text, package));
      write_name = !same;
    }
    if (write_name) {
      if (!exported) *out += UnescapeName(package) + ".";
      *out += text + (field.embedded ? " = " : " ");
    }
    GOOFFSETS_CHECK_OK(Append(field.type, depth + 1, out));
    if (tagged) {
      GOOFFSETS_TRY(const std::string tag, reader_->Tag(field.name));
      out->append(" ").append(QuoteTag(tag));
    }
  }
  *out += fields.count == 0 ? "}" : " }";
  return {};
}

}  // namespace gooffsets
