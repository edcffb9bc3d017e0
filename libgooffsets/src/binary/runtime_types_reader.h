// One type descriptor at a time: its header, what follows by kind, its methods, and the names it points to.
//
// Format: src internal/abi/type.go (Type and the types that begin with it, UncommonType, Name), internal/abi/map.go.
// Every address is checked to lie within the range of types; lists are checked against their segment before anything is
// reserved for them. Reads go through one BlockReader, so text is valid until the next read only. Not thread-safe.
//
//   TypeReader reader(&image, module.types, module.etypes, format);
//   GOOFFSETS_TRY(TypeHeader header, reader.Header(address));
//   GOOFFSETS_TRY(std::string_view text, reader.String(header));   // "http.Request"
#ifndef GOOFFSETS_BINARY_RUNTIME_TYPES_READER_H_
#define GOOFFSETS_BINARY_RUNTIME_TYPES_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "binary/image.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

// What descriptors do not say of themselves, and differs between releases.
struct TypeFormat {
  bool varint_names = true;      // from Go 1.17 on; before, two bytes, big-endian
  bool shifted_offsets = false;  // up to Go 1.18 a field's offset is shifted left by one, its low bit says "embedded"
  bool split_maps = false;       // from Go 1.27 on MapType has strides for keys and elements

  bool operator==(const TypeFormat&) const = default;
};

struct TypeHeader {
  uint64_t address = 0;
  uint64_t size = 0;
  uint32_t hash = 0;
  uint8_t tflag = 0;
  uint8_t align = 1;
  TypeKind kind = TypeKind::kInvalid;
  int32_t string_offset = 0;  // from `types`
  int32_t pointer_offset = 0;  // PtrToThis: from `types`; 0: none

  bool uncommon() const { return (tflag & 1) != 0; }
  bool extra_star() const { return (tflag & 2) != 0; }
  bool named() const { return (tflag & 4) != 0; }
};

// A list of equal elements: fields, methods, parameters.
struct TypeList {
  uint64_t address = 0;
  uint32_t count = 0;
};

struct TypeField {
  uint64_t name = 0;  // address of its Name
  uint64_t type = 0;
  uint64_t offset = 0;
  bool embedded = false;
};

struct FunctionShape {
  TypeList params, results;  // of pointers to types
  bool variadic = false;
};

struct InterfaceMethod {
  uint64_t name = 0, type = 0;  // addresses
};

struct ConcreteMethod {
  uint64_t name = 0;
  std::optional<uint64_t> type;  // nullopt: the linker took it away
};

class TypeReader {
 public:
  static constexpr uint64_t kHeaderSize = 48;
  static constexpr uint64_t kFieldSize = 24, kInterfaceMethodSize = 8, kMethodSize = 16, kUncommonSize = 16;

  TypeReader(const Image* image, uint64_t types, uint64_t etypes, const TypeFormat& format, size_t block_bytes,
             size_t most_blocks)
      : reader_(image, block_bytes, most_blocks), types_(types), etypes_(etypes), format_(format) {}

  const Image& image() const { return reader_.image(); }
  BlockReader& blocks() { return reader_; }
  uint64_t types() const { return types_; }
  uint64_t etypes() const { return etypes_; }
  const TypeFormat& format() const { return format_; }

  // Whether a descriptor may begin there: in range, and aligned as all descriptors are.
  bool Holds(uint64_t address) const {
    return address >= types_ && address < etypes_ && etypes_ - address >= kHeaderSize && address % 8 == 0;
  }
  Result<uint64_t> AtOffset(int32_t offset) const;
  Result<TypeHeader> Header(uint64_t address);

  // As the runtime prints it, with package names: "http.Request". Valid until the next read.
  Result<std::string_view> String(const TypeHeader& header);
  struct NameText {
    std::string_view text;
    uint8_t flags = 0;
    uint64_t end = 0;  // address behind the text: of the tag, or of the package's offset
    bool exported() const { return (flags & 1) != 0; }
    bool has_tag() const { return (flags & 2) != 0; }
    bool has_package() const { return (flags & 4) != 0; }
    bool embedded() const { return (flags & 8) != 0; }
  };
  Result<NameText> Name(uint64_t address);
  Result<std::string> Tag(uint64_t name_address);                        // "" if there is none
  Result<std::optional<uint64_t>> PackageOfName(uint64_t name_address);  // address of its Name
  Result<std::string> NameString(uint64_t address);                      // Name's text, owned; "" for address 0

  Result<uint64_t> Elem(const TypeHeader& header);  // array, chan, pointer, slice; map: of its values
  Result<uint64_t> Key(const TypeHeader& header);   // map
  Result<uint64_t> ArrayLength(const TypeHeader& header);
  Result<uint64_t> ChanDir(const TypeHeader& header);  // 1 receive, 2 send, 3 both
  Result<FunctionShape> Function(const TypeHeader& header);
  Result<uint64_t> ListedType(const TypeList& list, uint32_t i);
  Result<TypeList> Fields(const TypeHeader& header);  // struct
  Result<TypeField> FieldAt(const TypeList& fields, uint32_t i);
  Result<TypeList> InterfaceMethods(const TypeHeader& header);
  Result<InterfaceMethod> InterfaceMethodAt(const TypeList& methods, uint32_t i);
  // Where a struct's or interface's package path is: address of a Name, 0 when it has none.
  Result<uint64_t> OwnPackage(const TypeHeader& header);

  struct Uncommon {
    uint64_t package = 0;  // address of a Name; 0: none
    TypeList methods;
    uint32_t exported = 0;  // that many methods come first, ascending by name
  };
  Result<std::optional<Uncommon>> UncommonOf(const TypeHeader& header);
  Result<ConcreteMethod> MethodAt(const TypeList& methods, uint32_t i);
  // Bytes of the part that depends on the kind only: an UncommonType follows.
  Result<uint32_t> KindSize(const TypeHeader& header);
  // Bytes of the descriptor with all that follows it, as Go 1.27 lays descriptors out (Type.DescriptorSize).
  Result<uint64_t> DescriptorSize(const TypeHeader& header);

  tl::unexpected<Error> Damaged(uint64_t address, const char* what) const;

 private:
  Result<uint64_t> TypeAt(uint64_t address);  // a pointer to a type
  Result<TypeList> ListAt(uint64_t address, uint64_t element_size);
  Result<TypeList> CheckedList(uint64_t address, uint64_t count, uint64_t element_size) const;
  Result<uint64_t> MapSize(const TypeHeader& header);

  BlockReader reader_;
  uint64_t types_, etypes_;
  TypeFormat format_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_RUNTIME_TYPES_READER_H_
