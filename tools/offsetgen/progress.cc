#include "progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/terminal.h"

namespace offsetgen {

using gooffsets::ShortDuration;

namespace {

double Since(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
}

}  // namespace

Progress::Progress(Format format, FILE* out) : out_(out), json_(format == Format::kJson) {
  live_ = format == Format::kAuto && gooffsets::TakesLiveLines(out);
}

Progress::~Progress() {
  std::lock_guard<std::mutex> lock(mutex_);
  Erase();
}

void Progress::AddTotal(size_t jobs) {
  std::lock_guard<std::mutex> lock(mutex_);
  total_ += jobs;
}

void Progress::Start(int slot, const std::string& job) {
  std::lock_guard<std::mutex> lock(mutex_);
  running_[slot] = {job, "start", std::chrono::steady_clock::now()};
  Draw();
}

void Progress::Stage(int slot, const std::string& stage) {
  std::lock_guard<std::mutex> lock(mutex_);
  running_[slot].stage = stage;
  Draw();
}

void Progress::Finish(int slot, const std::string& job, const std::string& outcome, double seconds) {
  std::lock_guard<std::mutex> lock(mutex_);
  running_.erase(slot);
  ++done_;
  Erase();
  Print("info", outcome, job, seconds);
  Draw();
}

void Progress::Line(const std::string& level, const std::string& text) {
  std::lock_guard<std::mutex> lock(mutex_);
  Erase();
  Print(level, text, "", -1);
  Draw();
}

void Progress::Print(const std::string& level, const std::string& text, const std::string& job, double seconds) {
  if (json_) {
    nlohmann::ordered_json line = {{"level", level}, {"message", text}};
    if (!job.empty()) line["job"] = job;
    if (seconds >= 0) {
      line["seconds"] = std::round(seconds * 100) / 100;
      line["done"] = done_;
      line["total"] = total_;
    }
    fmt::print(out_, "{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (job.empty()) {
    fmt::print(out_, "{}{}\n", level == "info" ? "" : level + ": ", text);
  } else {
    fmt::print(out_, "[{}/{}] {}: {} ({:.1f}s){}\n", done_, total_, job, text, seconds,
               live_ || done_ % 10 != 0 ? "" : " | " + TotalLine());
  }
  fflush(out_);
}

std::string Progress::TotalLine() const {
  double elapsed = Since(start_);
  double rate = done_ > 0 ? static_cast<double>(done_) / elapsed : 0;
  std::string left = rate > 0 ? ShortDuration(static_cast<double>(total_ - std::min(done_, total_)) / rate) : "?";
  return fmt::format("{}/{} builds, {:.1f} a minute, {} left", done_, total_, rate * 60, left);
}

void Progress::Erase() {
  if (drawn_ > 0) fmt::print(out_, "\x1b[{}A\x1b[J", drawn_);
  drawn_ = 0;
}

void Progress::Draw() {
  if (!live_) return;
  Erase();
  size_t columns = gooffsets::TerminalColumns(out_) - 1;
  for (const auto& [slot, r] : running_) {
    std::string line = fmt::format("  {} {} {}", r.job, r.stage, ShortDuration(Since(r.since)));
    fmt::print(out_, "{}\n", line.substr(0, columns));
    ++drawn_;
  }
  if (total_ > 0) {
    fmt::print(out_, "{}\n", TotalLine().substr(0, columns));
    ++drawn_;
  }
  fflush(out_);
}

}  // namespace offsetgen
