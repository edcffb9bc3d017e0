#include "gotrace/export/file_exporter.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/quote.h"
#include "gotrace/export/json_lines.h"
#include "gotrace/export/otlp.h"

namespace gooffsets::trace {
namespace {

class FileExporter : public Exporter {
 public:
  FileExporter(UniqueFd fd, std::string path, FileFormat format)
      : fd_(std::move(fd)), path_(std::move(path)), format_(format) {}

  std::string_view name() const override { return "file"; }

  ExportOutcome Export(std::span<const Span> spans, Deadline* deadline) override {
    std::string text;
    if (format_ == FileFormat::kOtlpJson) {
      text = EncodeOtlpJson(spans) + "\n";
    } else {
      for (const Span& span : spans) text += SpanAsJsonLine(span) + "\n";
    }
    const size_t written = Write(text, deadline);
    if (written == text.size()) return {.exported = spans.size()};
    const int error = errno;
    const size_t whole = CutOff(std::string_view(text).substr(0, written));
    ExportOutcome outcome;
    // A line a span, or a line for all of them.
    if (format_ == FileFormat::kJsonLines) outcome.exported = whole;
    outcome.failed = spans.size() - outcome.exported;
    outcome.error = ErrnoError(error, "cannot write " + Quote(path_)).value().message;
    return outcome;
  }

 private:
  // How much was written. Pipes whose reader does not read are waited for until the deadline.
  size_t Write(std::string_view text, Deadline* deadline) {
    size_t done = 0;
    while (done < text.size()) {
      pollfd ready{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
      if (poll(&ready, 1, 50) == 0) {
        errno = ETIMEDOUT;
        if (Deadline::Clock::now() >= deadline->at()) return done;
        continue;
      }
      // Not more than a pipe takes at once (PIPE_BUF) where the descriptor may block, so that the deadline is kept.
      const size_t piece = regular_ ? text.size() - done : std::min<size_t>(text.size() - done, 4096);
      const ssize_t count = write(fd_.get(), text.data() + done, piece);
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count < 0) return done;
      done += static_cast<size_t>(count);
    }
    return done;
  }

  // Takes back what is behind the last line end; says how many lines are whole.
  size_t CutOff(std::string_view written) {
    const size_t end = written.rfind('\n') + 1;  // 0 if there is none
    struct stat about {};
    if (regular_ && fstat(fd_.get(), &about) == 0) {
      const auto cut = static_cast<off_t>(written.size() - end);
      if (cut > 0 && about.st_size >= cut && ftruncate(fd_.get(), about.st_size - cut) != 0) {
        // The half line stays; it is counted as failed all the same.
      }
    }
    size_t lines = 0;
    for (const char c : written) lines += c == '\n' ? 1 : 0;
    return lines;
  }

  static bool IsRegular(int fd) {
    struct stat about {};
    return fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
  }

  const UniqueFd fd_;
  const std::string path_;
  const FileFormat format_;
  const bool regular_ = IsRegular(fd_.get());
};

}  // namespace

std::unique_ptr<Exporter> MakeFileExporter(UniqueFd fd, std::string path, FileFormat format) {
  return std::make_unique<FileExporter>(std::move(fd), std::move(path), format);
}

Result<std::unique_ptr<Exporter>> OpenFileExporter(const std::string& path, FileFormat format) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return ErrnoError(errno, "cannot write " + Quote(path));
  return MakeFileExporter(std::move(fd), path, format);
}

}  // namespace gooffsets::trace
