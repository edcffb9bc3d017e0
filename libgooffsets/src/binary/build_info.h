// The build info of a Go binary: its Go version, modules and settings.
//
// Format: src debug/buildinfo/buildinfo.go. From Go 1.18 on the texts lie inline behind the 32-byte header (varint
// lengths); before, the header holds pointers to Go strings (relocated in a PIE). Found by section or by its magic,
// 16-byte aligned, in the program headers' data. Everything in it is a claim of a hostile file: sizes are limited, odd
// lines kept out with a note. Pure; safe from any thread.
//
// A tool may remove the section and its magic (npm's esbuild has none); what it was made of is still there, as the
// runtime refers to it (src: runtime/proc.go, schedinit, "ensure runtime·buildVersion is kept in the resulting
// binary").
//
//   GOOFFSETS_TRY(RawBuildInfo raw, ReadRawBuildInfo(image));
//   GOOFFSETS_CHECK_OK(ParseBuildInfo(raw, &info));
#ifndef GOOFFSETS_BINARY_BUILD_INFO_H_
#define GOOFFSETS_BINARY_BUILD_INFO_H_

#include <string>
#include <string_view>

#include "binary/image.h"
#include "binary/pclntab.h"
#include "gooffsets/binary.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct RawBuildInfo {
  std::string go_version;  // "go1.26.8 X:nocoverageredesign"
  std::string text;        // the module text without its 16-byte marks; empty: no module list
  std::string found_by;    // "section .go.buildinfo", "content", "runtime.buildVersion"
};
// kNotFound: the image has none (not Go, garble -tiny, packed); kBadInput: there, but broken.
Result<RawBuildInfo> ReadRawBuildInfo(const Image& image);
// The same out of the variables runtime.buildVersion and runtime.modinfo, which runtime.schedinit reads. Needs a
// pclntab that knows its text. kNotFound: no such function, or it refers to no such variables.
Result<RawBuildInfo> ReadBuildVariables(const Image& image, Pclntab* pclntab);

// The module text between its marks (src: cmd/go/internal/modload/build.go, infoStart and infoEnd); empty: there is
// none.
std::string WithoutMarks(const std::string& marked);

// Fills go version, modules and settings of `info` from it, and adds notes for odd lines; the rest of `info` is left
// alone. kBadInput: more modules or settings than any program has.
Result<void> ParseBuildInfo(const RawBuildInfo& raw, BinaryInfo* info);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_BUILD_INFO_H_
