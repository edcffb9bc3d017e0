#include "connections.h"

#include <sys/socket.h>

#include <algorithm>

namespace gooffsets {

namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(250);

}  // namespace

int64_t SteadyNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Connections::Connections(const Deadlines& deadlines, Metrics* metrics) : deadlines_(deadlines), metrics_(metrics) {
  reaper_ = std::thread([this] { Run(); });
}

Connections::~Connections() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  reaper_.join();
}

ClientConnection* Connections::Add(int fd) {
  std::lock_guard lock(mutex_);
  ClientConnection& connection = connections_.emplace_front();
  connection.fd = fd;
  connection.self = connections_.begin();
  connection.deadline = SteadyNow() + deadlines_.headers.count();
  metrics_->connections_accepted.fetch_add(1, std::memory_order_relaxed);
  metrics_->connections.fetch_add(1, std::memory_order_relaxed);
  return &connection;
}

void Connections::Remove(ClientConnection* connection) {
  {
    std::lock_guard lock(mutex_);
    connections_.erase(connection->self);
  }
  metrics_->connections.fetch_sub(1, std::memory_order_relaxed);
  if (draining()) changed_.notify_all();
}

void Connections::RequestBegins(ClientConnection* connection, int64_t now) {
  connection->started = now;
  connection->busy.store(true, std::memory_order_relaxed);
  connection->deadline.store(now + deadlines_.request.count(), std::memory_order_relaxed);
  metrics_->requests_in_flight.fetch_add(1, std::memory_order_relaxed);
}

void Connections::AnswerBegins(ClientConnection* connection, uint64_t bytes) {
  const uint64_t seconds = bytes / deadlines_.bytes_per_second;
  if (seconds == 0) return;
  connection->deadline.fetch_add(static_cast<int64_t>(seconds * 1'000'000'000), std::memory_order_relaxed);
}

void Connections::RequestEnds(ClientConnection* connection, int64_t now) {
  connection->deadline.store(now + deadlines_.idle.count(), std::memory_order_relaxed);
  connection->answered.store(true, std::memory_order_relaxed);
  connection->busy.store(false, std::memory_order_relaxed);
  metrics_->requests_in_flight.fetch_sub(1, std::memory_order_relaxed);
}

bool Connections::Drain(std::chrono::nanoseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  draining_ = true;
  std::unique_lock lock(mutex_);
  while (!connections_.empty()) {
    // What has arrived is still read and answered: only what would come after it is refused.
    for (ClientConnection& connection : connections_) {
      if (!connection.busy) ::shutdown(connection.fd, SHUT_RD);
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) return false;
    changed_.wait_until(lock,
                        std::min<std::chrono::steady_clock::time_point>(end, now + std::chrono::milliseconds(50)));
  }
  return true;
}

void Connections::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    changed_.wait_for(lock, kLookEvery, [&] { return stop_; });
    const int64_t now = SteadyNow();
    for (ClientConnection& connection : connections_) {
      if (connection.deadline.load(std::memory_order_relaxed) > now) continue;
      connection.deadline.store(INT64_MAX, std::memory_order_relaxed);
      // One that only waits for its next request is no slow client.
      if (connection.busy.load(std::memory_order_relaxed) || !connection.answered.load(std::memory_order_relaxed)) {
        metrics_->slow_clients.fetch_add(1, std::memory_order_relaxed);
      }
      ::shutdown(connection.fd, SHUT_RDWR);
    }
  }
}

}  // namespace gooffsets
