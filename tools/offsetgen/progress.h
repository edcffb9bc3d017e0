// What a run tells while it works: on a terminal one live line per running job and a total with rate and time left,
// elsewhere plain lines, or JSON lines (--log-format json). Everything goes to standard error. Thread-safe.
#ifndef OFFSETGEN_PROGRESS_H_
#define OFFSETGEN_PROGRESS_H_

#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

namespace offsetgen {

class Progress {
 public:
  enum class Format { kAuto, kText, kJson };
  explicit Progress(Format format, FILE* out = stderr);
  ~Progress();

  void AddTotal(size_t jobs);
  void Start(int slot, const std::string& job);
  void Stage(int slot, const std::string& stage);
  // One line for good: what became of the job.
  void Finish(int slot, const std::string& job, const std::string& outcome, double seconds);
  // A line apart from jobs: level is "info", "warning" or "error".
  void Line(const std::string& level, const std::string& text);

 private:
  struct Running {
    std::string job, stage;
    std::chrono::steady_clock::time_point since;
  };
  void Erase();
  void Draw();
  void Print(const std::string& level, const std::string& text, const std::string& job, double seconds);
  std::string TotalLine() const;

  FILE* out_;
  bool live_ = false, json_ = false;
  std::mutex mutex_;
  std::map<int, Running> running_;
  size_t total_ = 0, done_ = 0;
  int drawn_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace offsetgen

#endif  // OFFSETGEN_PROGRESS_H_
