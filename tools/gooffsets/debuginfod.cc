#include "debuginfod.h"

#include <elfutils/debuginfod.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace gooffsets {

Result<std::string> FetchDebugFile(const BinaryInfo& info) {
  const char* urls = std::getenv("DEBUGINFOD_URLS");
  if (urls == nullptr || *urls == '\0') {
    return Fail(ErrorCode::kUsage, "--debuginfod: no server is named", "DEBUGINFOD_URLS=https://... gooffsets ...");
  }
  if (info.gnu_build_id.empty()) {
    return Fail(ErrorCode::kUnsupported, info.file + " has no GNU build id, by which debuginfod servers know files",
                "--debug-file FILE");
  }
  struct Closer {
    void operator()(debuginfod_client* client) const { debuginfod_end(client); }
  };
  const std::unique_ptr<debuginfod_client, Closer> client(debuginfod_begin());
  if (client == nullptr) return Fail(ErrorCode::kInternal, "debuginfod's client cannot be started");
  char* path = nullptr;
  // Length 0: the build id is given as text (debuginfod_find_debuginfo(3)).
  const int fd = debuginfod_find_debuginfo(client.get(), reinterpret_cast<const unsigned char*>(info.gnu_build_id.c_str()), 0, &path);
  const std::unique_ptr<char, decltype(&std::free)> owned(path, &std::free);
  if (fd >= 0) {
    close(fd);
    return std::string(path);
  }
  if (fd == -ENOENT) {
    return Fail(ErrorCode::kNotFound, fmt::format("no debuginfod server has the debug file of build id {}", info.gnu_build_id),
                "another server in DEBUGINFOD_URLS, or without --debuginfod: type descriptors and the database still answer");
  }
  return Fail(ErrorCode::kNetwork, fmt::format("the debug file of build id {} cannot be fetched: {}", info.gnu_build_id, std::strerror(-fd)),
              "check DEBUGINFOD_URLS");
}

}  // namespace gooffsets
