// What the database stores about one Go symbol: the layout of a struct or of a function's parameters and results.
//
// Plain values, comparable, independent of where they came from. All offsets and sizes are bytes. Type and symbol names
// are unescaped and spelled as Go spells them ("gopkg.in/yaml.v3.Node", "*net/http.Request", "[]uint8").
// A layout is the unit of content addressing: two equal layouts are stored once (docs/formats.md, "digest").
#ifndef GOOFFSETS_LAYOUT_H_
#define GOOFFSETS_LAYOUT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

enum class GoArch { kAmd64, kArm64 };
std::string_view ToString(GoArch arch);           // "amd64", "arm64": GOARCH values
Result<GoArch> ParseGoArch(std::string_view text);  // also accepts "x86_64" and "aarch64"

// Kinds as reflect.Kind names them (src: reflect/type.go), lower case: "bool", "int", ..., "struct", "unsafe.Pointer".
enum class TypeKind : uint8_t {
  kInvalid = 0, kBool, kInt, kInt8, kInt16, kInt32, kInt64, kUint, kUint8, kUint16, kUint32, kUint64, kUintptr,
  kFloat32, kFloat64, kComplex64, kComplex128, kArray, kChan, kFunc, kInterface, kMap, kPointer, kSlice, kString,
  kStruct, kUnsafePointer,
};
std::string_view ToString(TypeKind kind);
Result<TypeKind> ParseTypeKind(std::string_view text);

struct Field {
  std::string name;  // as declared; "_" for blank fields; the type's name for embedded ones
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t align = 1;
  std::string type;
  TypeKind kind = TypeKind::kInvalid;  // kind of the underlying type
  bool embedded = false;
  // Arrays, outermost first: type "[2][3]T" has dims {2, 3} and elem "T". Empty for everything else.
  std::vector<uint64_t> dims;
  std::string elem;
  // The field holds a struct by value (its type, or its array's innermost element, is a struct), so that its size
  // depends on another type's layout.
  bool by_value = false;

  bool operator==(const Field&) const = default;
};

struct StructLayout {
  uint64_t size = 0;
  uint32_t align = 1;
  std::vector<Field> fields;  // declaration order, which is offset order

  bool operator==(const StructLayout&) const = default;
};

// One machine word of a flattened value: what the register ABI assigns (src: abi-internal.md, "register-assign").
struct Word {
  uint32_t at = 0;    // offset inside the value
  uint32_t size = 0;  // 1, 2, 4 or 8
  bool is_float = false;

  bool operator==(const Word&) const = default;
};

// Where a part of a value lies.
struct Piece {
  enum class Base : uint8_t {
    kIntRegister,    // index into the ABI's integer registers (amd64: 0 = RAX, arm64: 0 = R0)
    kFloatRegister,  // index into the ABI's floating-point registers (X0.., F0..)
    kStack,          // byte offset from SP at function entry; the first argument word is +8 on both architectures
  };
  Base base = Base::kIntRegister;
  int32_t index = 0;  // register index, or stack offset in bytes
  uint32_t size = 0;
  uint32_t at = 0;  // offset inside the value

  bool operator==(const Piece&) const = default;
};
// "RAX", "X0", "R0", "F0"; empty for stack pieces.
std::string RegisterName(GoArch arch, const Piece& piece);

struct Parameter {
  std::string name;  // as declared; "" when unnamed, "_" when blank
  std::string type;
  uint64_t size = 0;
  uint32_t align = 1;
  // False when the value can never be passed in registers (it holds an array of length > 1).
  bool register_assignable = true;
  std::vector<Word> words;    // flattened value; empty for zero-size or not register-assignable values
  std::vector<Piece> pieces;  // by the Go ABI rules for this GOARCH and Go release; in order of `at`

  bool operator==(const Parameter&) const = default;
};

struct FunctionLayout {
  std::vector<Parameter> params;   // methods: the receiver is params[0]; located at function entry
  std::vector<Parameter> results;  // located at return
  bool wrapper = false;            // a method wrapper that the compiler makes: no probe target

  bool operator==(const FunctionLayout&) const = default;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_LAYOUT_H_
