// What a program says of itself before any of its tables is read: BinaryInfo without pclntab, moduledata and types.
//
// Oddities become notes, never errors: one missing thing costs nothing else. Reads headers, notes and build info only.
// Pure; safe from any thread.
//
//   GOOFFSETS_TRY(BinaryInfo info, Recognise(image));
//   if (!info.build_info.found && !info.packing.empty()) ...   // packed: only memory can be read
#ifndef GOOFFSETS_BINARY_RECOGNISE_H_
#define GOOFFSETS_BINARY_RECOGNISE_H_

#include "binary/build_info.h"
#include "binary/image.h"
#include "gooffsets/binary.h"
#include "gooffsets/result.h"

namespace gooffsets {

// Fails only where reading the file does (kIo, kPermission).
Result<BinaryInfo> Recognise(const Image& image);

// Takes build info into `info`, wherever it was found (build_info.h), and compares it with the ELF header.
void TakeBuildInfo(const Image& image, const RawBuildInfo& raw, BinaryInfo* info);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_RECOGNISE_H_
