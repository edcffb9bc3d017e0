// Every open connection, and the deadlines that end slow clients.
//
// libmicrohttpd's own time limit counts from the last byte, so a client that sends one now and then would stay for
// ever. Here each phase has an end that no byte moves: the first request's headers, the wait for a further request and
// its headers, and the answer. A connection beyond it is shut down; libmicrohttpd then sees its end and frees it.
// Callbacks of one connection come from one thread; the reaper from its own.
//
//   Connections connections(deadlines, &metrics);   // starts the reaper
//   ClientConnection* c = connections.Add(fd);            // MHD_CONNECTION_NOTIFY_STARTED
//   connections.Remove(c);                          // MHD_CONNECTION_NOTIFY_CLOSED, before the descriptor is closed
#ifndef GOOFFSETS_TOOLS_OFFSETD_CONNECTIONS_H_
#define GOOFFSETS_TOOLS_OFFSETD_CONNECTIONS_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "metrics.h"

namespace gooffsets {

class Prepared;

// Nanoseconds of the steady clock.
int64_t SteadyNow();

// The state of one connection and of the request it is at. Only the atomics are touched by other threads.
struct ClientConnection {
  int fd = -1;
  std::list<ClientConnection>::iterator self;
  std::atomic<int64_t> deadline{0};
  std::atomic<bool> busy{false};      // between a request's headers and the end of its answer
  std::atomic<bool> answered{false};  // at least one request
  std::string address;                // 4 or 16 bytes
  // The request.
  std::string method, target;
  std::string body;
  std::string key;  // of the cache; here so that its memory is used again
  uint64_t body_seen = 0;
  bool body_refused = false;
  int64_t started = 0;
  int status = 0;
  uint64_t bytes = 0;
  bool counted = false;
};

struct Deadlines {
  std::chrono::nanoseconds headers =
      std::chrono::seconds(10);  // of the first request, from the beginning of the connection
  std::chrono::nanoseconds idle = std::chrono::seconds(60);     // from one answer to the headers of the next request
  std::chrono::nanoseconds request = std::chrono::seconds(30);  // from headers to the end of the answer,
  uint64_t bytes_per_second = 16 << 10;                         // and longer for a long one
};

class Connections {
 public:
  Connections(const Deadlines& deadlines, Metrics* metrics);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  ClientConnection* Add(int fd);
  void Remove(ClientConnection* connection);
  void RequestBegins(ClientConnection* connection, int64_t now);
  void AnswerBegins(ClientConnection* connection, uint64_t bytes);
  void RequestEnds(ClientConnection* connection, int64_t now);

  // No more requests: those that wait for one are ended now, the others with their answer. True: all are gone by then.
  bool Drain(std::chrono::nanoseconds limit);
  bool draining() const { return draining_.load(std::memory_order_relaxed); }

 private:
  void Run();

  const Deadlines deadlines_;
  Metrics* metrics_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<ClientConnection> connections_;
  std::atomic<bool> draining_{false};
  bool stop_ = false;
  std::thread reaper_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_CONNECTIONS_H_
