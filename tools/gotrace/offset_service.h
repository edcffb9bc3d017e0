// Asks an offset service about programs, on a thread of its own: tracing never waits for the network.
//
// Each question gets one reply. What leaves the host is what gooffsets/feed_resolve.h says; answers are kept in its
// cache directory. Called from one thread; ends its thread with itself, which may take as long as one request.
//
//   OffsetService service({.url = "http://offsets:8080", .cache_directory = "/var/cache/gooffsets"}, wants);
//   service.Ask(id, binary.info());
//   for (OffsetService::Reply& reply : service.Take()) ...
#ifndef GOOFFSETS_TOOLS_GOTRACE_OFFSET_SERVICE_H_
#define GOOFFSETS_TOOLS_GOTRACE_OFFSET_SERVICE_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gooffsets/binary.h"
#include "gotrace/remote_answers.h"

namespace gooffsets::trace {

struct OffsetServiceSettings {
  std::string url;  // "http://offsets.example"; empty: there is none
  std::string token;
  std::string cache_directory;
};

class OffsetService {
 public:
  struct Reply {
    uint64_t key = 0;
    Result<RemoteAnswers> answers;
    std::string away;  // why the service itself did not answer: the cache did, or nobody
  };

  // `wants_toml`: the want lists, as they are sent.
  OffsetService(OffsetServiceSettings settings, std::string wants_toml);
  ~OffsetService();
  OffsetService(const OffsetService&) = delete;
  OffsetService& operator=(const OffsetService&) = delete;

  void Ask(uint64_t key, const BinaryInfo& info);
  // What has arrived since the last call; does not wait.
  std::vector<Reply> Take();

 private:
  struct Question {
    uint64_t key = 0;
    BinaryInfo info;
  };
  void Work();
  Reply Answer(const Question& question) const;

  const OffsetServiceSettings settings_;
  const std::string wants_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::deque<Question> questions_;
  std::vector<Reply> replies_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_OFFSET_SERVICE_H_
