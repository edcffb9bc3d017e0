// Fetches a program's debug file from debuginfod servers, with elfutils' client. For main() only: it reads the environment
// (DEBUGINFOD_URLS and its kin; debuginfod-client-config(7)) and keeps what it fetched in that client's cache.
//
//   GOOFFSETS_TRY(std::string path, FetchDebugFile(binary.info()));
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_DEBUGINFOD_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_DEBUGINFOD_H_

#include <string>

#include "gooffsets/binary.h"
#include "gooffsets/result.h"

namespace gooffsets {

// kNetwork: no server answered; kNotFound: none has it; kUsage: DEBUGINFOD_URLS is not set; kUnsupported: the program has
// no GNU build id, by which alone servers know files.
Result<std::string> FetchDebugFile(const BinaryInfo& info);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_DEBUGINFOD_H_
