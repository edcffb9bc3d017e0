#include "binary/type_walk.h"

#include <bit>
#include <cstring>
#include <span>

namespace gooffsets {
namespace {

constexpr uint64_t kPageBytes = 64 * 64 * 8;

}  // namespace

TypeWalk::TypeWalk(TypeReader* reader)
    : reader_(reader),
      base_(reader->types() & ~uint64_t{7}),
      pages_(static_cast<size_t>((reader->etypes() - base_) / kPageBytes + 1)),
      // A descriptor refers to fewer types than it has words.
      budget_((reader->etypes() - base_) / 8 + 64) {}

uint64_t TypeWalk::AddressOf(size_t page, size_t word, int bit) const {
  return base_ + page * kPageBytes + (word * 64 + static_cast<uint64_t>(bit)) * 8;
}

void TypeWalk::Add(uint64_t address) {
  if (!reader_->Holds(address)) return;
  const uint64_t index = (address - base_) / 8;
  std::unique_ptr<Page>& page = pages_[static_cast<size_t>(index / (64 * kWords))];
  if (!page) page = std::make_unique<Page>();
  const auto word = static_cast<size_t>(index / 64 % kWords);
  const uint64_t bit = uint64_t{1} << (index % 64);
  if ((page->seen[word] & bit) != 0) return;
  page->seen[word] |= bit;
  page->pending[word] |= bit;
  added_ = true;
}

Result<void> TypeWalk::Spend(uint64_t edges) {
  if (edges > budget_) {
    exhausted_ = true;
    return Fail(ErrorCode::kBadInput, reader_->image().name() + ": type descriptors overlap each other");
  }
  budget_ -= edges;
  return {};
}

Result<void> TypeWalk::Run(const std::function<void(const TypeHeader&)>& each) {
  while (added_) {
    added_ = false;
    GOOFFSETS_CHECK_OK(Sweep(each));
  }
  return {};
}

Result<void> TypeWalk::Sweep(const std::function<void(const TypeHeader&)>& each) {
  for (size_t p = 0; p < pages_.size(); ++p) {
    if (!pages_[p]) continue;
    Page& page = *pages_[p];
    for (size_t w = 0; w < kWords; ++w) {
      // A type may add others behind it in this very word.
      while (page.pending[w] != 0) {
        const int bit = std::countr_zero(page.pending[w]);
        page.pending[w] &= ~(uint64_t{1} << bit);
        const Result<TypeHeader> header = reader_->Header(AddressOf(p, w, bit));
        // What the type refers to is of no use if the type itself cannot be read.
        if (!header) {
          page.seen[w] &= ~(uint64_t{1} << bit);
          GOOFFSETS_CHECK_OK(Spend(1));
          continue;
        }
        ++count_;
        if (each) each(*header);
        const Result<void> followed = Follow(*header);
        if (exhausted_) return followed;
      }
    }
  }
  return {};
}

Result<void> TypeWalk::FollowOffsets(const TypeList& list, uint64_t element_size) {
  GOOFFSETS_CHECK_OK(Spend(list.count));
  if (list.count == 0) return {};
  GOOFFSETS_TRY(const std::span<const std::byte> bytes,
                reader_->blocks().View(list.address, static_cast<size_t>(list.count * element_size)));
  for (uint32_t i = 0; i < list.count; ++i) {
    int32_t offset = 0;
    std::memcpy(&offset, bytes.data() + i * element_size + 4, sizeof offset);
    if (offset > 0) Add(reader_->types() + static_cast<uint64_t>(offset));
  }
  return {};
}

Result<void> TypeWalk::FollowPointers(const TypeList& list, uint64_t element_size, uint64_t at) {
  GOOFFSETS_CHECK_OK(Spend(list.count));
  if (list.count == 0) return {};
  GOOFFSETS_TRY(const std::span<const std::byte> bytes,
                reader_->blocks().View(list.address, static_cast<size_t>(list.count * element_size)));
  for (uint32_t i = 0; i < list.count; ++i) {
    uint64_t type = 0;
    std::memcpy(&type, bytes.data() + i * element_size + at, sizeof type);
    Add(type);
  }
  return {};
}

Result<void> TypeWalk::FollowLists(const TypeHeader& type) {
  if (type.kind == TypeKind::kStruct) {
    GOOFFSETS_TRY(const TypeList fields, reader_->Fields(type));
    return FollowPointers(fields, TypeReader::kFieldSize, 8);
  }
  if (type.kind == TypeKind::kInterface) {
    GOOFFSETS_TRY(const TypeList methods, reader_->InterfaceMethods(type));
    return FollowOffsets(methods, TypeReader::kInterfaceMethodSize);
  }
  if (type.kind == TypeKind::kFunc) {
    GOOFFSETS_TRY(const FunctionShape shape, reader_->Function(type));
    GOOFFSETS_CHECK_OK(FollowPointers(shape.params, 8, 0));
    return FollowPointers(shape.results, 8, 0);
  }
  return {};
}

Result<void> TypeWalk::Follow(const TypeHeader& type) {
  if (type.pointer_offset > 0) Add(reader_->types() + static_cast<uint64_t>(type.pointer_offset));
  // Pointers to types directly behind the header: element; array: its slice; map: key, value and group or bucket.
  const bool one = type.kind == TypeKind::kPointer || type.kind == TypeKind::kSlice || type.kind == TypeKind::kChan;
  const uint32_t direct = one ? 1 : type.kind == TypeKind::kArray ? 2 : type.kind == TypeKind::kMap ? 3 : 0;
  GOOFFSETS_CHECK_OK(FollowPointers({type.address + TypeReader::kHeaderSize, direct}, 8, 0));
  GOOFFSETS_CHECK_OK(FollowLists(type));
  if (!type.uncommon()) return {};
  GOOFFSETS_TRY(const std::optional<TypeReader::Uncommon> uncommon, reader_->UncommonOf(type));
  // Offsets from the types have 31 bits (src: internal/abi/type.go, TypeOff).
  if (type.kind == TypeKind::kStruct && type.named() && uncommon->package != 0) {
    structs_.push_back({static_cast<uint32_t>(type.address - reader_->types()),
                        static_cast<uint32_t>(uncommon->package - reader_->types())});
  }
  return FollowOffsets(uncommon->methods, TypeReader::kMethodSize);
}

void TypeWalk::ForEach(const std::function<bool(uint64_t)>& each) const {
  for (size_t p = 0; p < pages_.size(); ++p) {
    if (!pages_[p]) continue;
    for (size_t w = 0; w < kWords; ++w) {
      for (uint64_t left = pages_[p]->seen[w]; left != 0; left &= left - 1) {
        if (!each(AddressOf(p, w, std::countr_zero(left)))) return;
      }
    }
  }
}

}  // namespace gooffsets
