// Sizes of named types of the standard library under each Go release, as the store knows them: what decides whether a
// third-party layout may differ under another release.
//
// Three answers are kept apart: a known size, *absent* (the release's std was stored and has no such type), and
// *unknown* (it was not stored, or that package only in part). Filled by the caller, then only read; reading is safe
// from any thread.
//
//   StdSizes sizes;
//   sizes.AddRelease(GoArch::kAmd64, "1.21.13");
//   sizes.Add(GoArch::kAmd64, "1.21.13", "crypto/tls.ConnectionState", 176, 8);
//   sizes.Get(GoArch::kAmd64, "1.21.13", "crypto/tls.Gone").kind;   // kAbsent
//   sizes.Get(GoArch::kAmd64, "1.26.8", "crypto/tls.ConnectionState").kind;   // kUnknown: not stored
#ifndef OFFSETGEN_STD_SIZES_H_
#define OFFSETGEN_STD_SIZES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gooffsets/layout.h"

namespace offsetgen {

struct SizeFact {
  enum class Kind : uint8_t { kUnknown, kAbsent, kKnown } kind = Kind::kUnknown;
  uint64_t size = 0;
  uint32_t align = 0;

  bool operator==(const SizeFact&) const = default;
};

class StdSizes {
 public:
  // The std of this release is stored: types that are not added are absent from it.
  void AddRelease(gooffsets::GoArch arch, std::string_view go);
  void Add(gooffsets::GoArch arch, std::string_view go, std::string_view type, uint64_t size, uint32_t align);
  // Neither known nor absent, although the release is stored: the type's package was seen only in part.
  void AddUnknown(gooffsets::GoArch arch, std::string_view go, std::string_view type);

  bool IsStored(gooffsets::GoArch arch, std::string_view go) const;
  SizeFact Get(gooffsets::GoArch arch, std::string_view go, std::string_view type) const;

  // For many questions about one type: its facts by release number, where releases are numbered by ReleaseNumber().
  // A shorter row than a number means that nothing was added for it.
  static constexpr size_t kNoRelease = static_cast<size_t>(-1);
  size_t ReleaseNumber(gooffsets::GoArch arch, std::string_view go) const;  // kNoRelease: not stored
  struct Cell {
    bool added = false;
    SizeFact fact;
  };
  const std::vector<Cell>* Row(gooffsets::GoArch arch, std::string_view type) const;

 private:
  struct Table {
    std::unordered_map<std::string, size_t> releases;
    std::unordered_map<std::string, std::vector<Cell>> rows;
  };
  Cell& At(gooffsets::GoArch arch, std::string_view go, std::string_view type);

  std::map<gooffsets::GoArch, Table> tables_;
};

}  // namespace offsetgen

#endif  // OFFSETGEN_STD_SIZES_H_
