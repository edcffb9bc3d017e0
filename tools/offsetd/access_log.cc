#include "access_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "base/quote.h"
#include "common/exit_code.h"
#include "store/json_text.h"

namespace gooffsets {

namespace {

constexpr size_t kMostBuffered = size_t{4} << 20;
constexpr auto kWriteEvery = std::chrono::milliseconds(200);

}  // namespace

std::string LogText(std::string_view text, size_t longest) {
  std::string clean = Printable(text.substr(0, longest));
  if (!IsPlainText(clean)) {
    for (char& c : clean) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  if (text.size() > longest) clean += "...";
  return clean;
}

std::string AccessLogLine(const AccessLine& line, int64_t time) {
  std::string out;
  JsonObject object(&out);
  const std::chrono::sys_time<std::chrono::milliseconds> when{std::chrono::milliseconds(time)};
  object.Text("time",
              fmt::format("{:%Y-%m-%dT%H:%M:}{:02}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(when)),
                          time / 1000 % 60, time % 1000));
  object.Text("client", LogText(line.client, 64));
  object.Text("method", LogText(line.method, 16));
  object.Text("target", LogText(line.target));
  object.Number("status", static_cast<uint64_t>(line.status));
  object.Number("bytes", line.bytes);
  object.Number("us", static_cast<uint64_t>(line.seconds * 1e6));
  object.Text("agent", LogText(line.agent, 256));
  object.Close();
  out.push_back('\n');
  return out;
}

Result<std::unique_ptr<AccessLog>> AccessLog::Open(const std::string& path, std::atomic<uint64_t>* dropped) {
  std::unique_ptr<AccessLog> log(new AccessLog(path, dropped));
  GOOFFSETS_CHECK_OK(log->Reopen());
  log->writer_ = std::thread([log = log.get()] { log->Run(); });
  return log;
}

AccessLog::~AccessLog() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (writer_.joinable()) writer_.join();
}

Result<void> AccessLog::Reopen() {
  UniqueFd fd(path_ == "-" ? ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                           : ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!fd.valid()) return ErrnoError(errno, "cannot write the access log " + Quote(path_));
  std::lock_guard lock(mutex_);
  fd_ = std::move(fd);
  return {};
}

void AccessLog::Write(const AccessLine& line) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string text = AccessLogLine(line, std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  std::lock_guard lock(mutex_);
  if (buffer_.size() + text.size() > kMostBuffered) {
    dropped_->fetch_add(1, std::memory_order_relaxed);
    return;
  }
  buffer_ += text;
}

void AccessLog::Run() {
  std::string writing;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_for(lock, kWriteEvery, [&] { return stop_; });
    const bool last = stop_;
    writing.clear();
    writing.swap(buffer_);
    // A descriptor of its own: Reopen() may replace the other while this one is written to.
    UniqueFd fd(writing.empty() ? -1 : ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3));
    lock.unlock();
    size_t at = 0;
    while (fd.valid() && at < writing.size()) {
      const ssize_t count = ::write(fd.get(), writing.data() + at, writing.size() - at);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        for (size_t i = at; i < writing.size(); ++i) {
          if (writing[i] == '\n') dropped_->fetch_add(1, std::memory_order_relaxed);
        }
        break;
      }
      at += static_cast<size_t>(count);
    }
    if (last) return;
    lock.lock();
  }
}

}  // namespace gooffsets
