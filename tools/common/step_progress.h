// What a command that takes a while tells of its steps: on a terminal one live line with rate and time left, elsewhere
// a line when a step begins and one every ten seconds, so that a log stays short.
//
// Writes to the stream it is given, standard error by default, and leaves no live line behind when it goes out of
// scope. One thread at a time.
//
//   StepProgress progress;
//   progress.Show({.what = "adding", .done = 430, .total = 1432, .unit = "builds"});
//   // adding 1432 builds: 430 done, 43.0 a second, 23s left
#ifndef GOOFFSETS_TOOLS_COMMON_STEP_PROGRESS_H_
#define GOOFFSETS_TOOLS_COMMON_STEP_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace gooffsets {

struct Step {
  std::string what = {};
  uint64_t done = 0, total = 0;  // total 0: a step without a measure
  std::string unit = {};         // empty: bytes, told in MB
};

class StepProgress {
 public:
  explicit StepProgress(FILE* out = stderr);
  ~StepProgress() { Erase(); }
  StepProgress(const StepProgress&) = delete;
  StepProgress& operator=(const StepProgress&) = delete;

  void Show(const Step& step);
  void Erase();  // the live line, before something else is written; the next Show() draws it again

 private:
  using Clock = std::chrono::steady_clock;

  FILE* out_;
  const bool live_;
  bool drawn_ = false;
  std::string current_;      // the step that is under way
  uint64_t begun_with_ = 0;  // its `done` when it began
  Clock::time_point begun_, said_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_COMMON_STEP_PROGRESS_H_
