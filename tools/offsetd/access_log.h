// The access log: one JSON object a line for each answer, written in the background.
//
// What clients sent is text of unknown origin: control characters and bytes that are not UTF-8 become '?', long values
// are cut, so that no client can forge a line or steer a terminal. A request never waits for the disk: lines that do
// not fit the buffer are dropped and counted. Safe from any thread.
//
//   Result<std::unique_ptr<AccessLog>> log = AccessLog::Open("/var/log/offsetd.log", &metrics.log_lines_dropped);
//   (*log)->Write({.client = "127.0.0.1", .method = "GET", .target = "/v1/modules", .status = 200});
#ifndef GOOFFSETS_TOOLS_OFFSETD_ACCESS_LOG_H_
#define GOOFFSETS_TOOLS_OFFSETD_ACCESS_LOG_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct AccessLine {
  std::string_view client = {}, method = {}, target = {}, agent = {};
  int status = 0;
  uint64_t bytes = 0;
  double seconds = 0;
};
// With a line break; `time` in milliseconds since 1970.
std::string AccessLogLine(const AccessLine& line, int64_t time);
// Text of a client for a log: valid UTF-8 without control characters, at most `longest` bytes.
std::string LogText(std::string_view text, size_t longest = 1024);

class AccessLog {
 public:
  // "-": standard error, which the service manager collects.
  static Result<std::unique_ptr<AccessLog>> Open(const std::string& path, std::atomic<uint64_t>* dropped);
  ~AccessLog();  // writes what is left
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void Write(const AccessLine& line);
  // Opens the path again: a rotated file is let go.
  Result<void> Reopen();

 private:
  AccessLog(std::string path, std::atomic<uint64_t>* dropped) : path_(std::move(path)), dropped_(dropped) {}
  void Run();

  std::string path_;
  std::atomic<uint64_t>* dropped_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string buffer_;
  UniqueFd fd_;
  bool stop_ = false;
  std::thread writer_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_ACCESS_LOG_H_
