// The build info of a Go binary: its Go version, modules and settings.
//
// Format: src debug/buildinfo/buildinfo.go. From Go 1.18 on the texts lie inline behind the 32-byte header (varint
// lengths); before, the header holds pointers to Go strings (relocated in a PIE). Found by section or by its magic,
// 16-byte aligned, in the program headers' data. Everything in it is a claim of a hostile file: sizes are limited, odd
// lines kept out with a note. Pure; safe from any thread.
//
//   GOOFFSETS_TRY(RawBuildInfo raw, ReadRawBuildInfo(image));
//   GOOFFSETS_CHECK_OK(ParseBuildInfo(raw, &info));
#ifndef GOOFFSETS_BINARY_BUILD_INFO_H_
#define GOOFFSETS_BINARY_BUILD_INFO_H_

#include <string>
#include <string_view>

#include "binary/image.h"
#include "gooffsets/binary.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct RawBuildInfo {
  std::string go_version;  // "go1.26.8 X:nocoverageredesign"
  std::string text;        // the module text without its 16-byte marks; empty: no module list
  std::string found_by;    // "section .go.buildinfo", "content"
};
// kNotFound: the image has none (not Go, garble -tiny, packed); kBadInput: there, but broken.
Result<RawBuildInfo> ReadRawBuildInfo(const Image& image);

// Fills go version, modules and settings of `info` from it, and adds notes for odd lines; the rest of `info` is left
// alone. kBadInput: more modules or settings than any program has.
Result<void> ParseBuildInfo(const RawBuildInfo& raw, BinaryInfo* info);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_BUILD_INFO_H_
