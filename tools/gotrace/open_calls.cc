#include "gotrace/open_calls.h"

#include <cstddef>
#include <cstring>
#include <utility>

namespace gooffsets::trace {

namespace {

constexpr size_t kHead = offsetof(gt_span, data);

uint64_t IdOf(const gt_span& span) {
  uint64_t id = 0;
  std::memcpy(&id, span.ids.span, sizeof id);
  return id;
}

}  // namespace

void OpenCalls::Begin(const gt_span& span, size_t size) {
  // Ended calls leave their place in the order behind; it is cleaned when it has grown to twice what may be open.
  while (calls_.size() >= most_ || order_.size() >= 2 * most_) {
    if (calls_.erase(order_.front())) ++dropped_;
    order_.pop_front();
  }
  calls_[IdOf(span)] = std::string(reinterpret_cast<const char*>(&span), size);
  order_.push_back(IdOf(span));
}

std::string OpenCalls::End(const gt_span& end, size_t size) {
  const auto found = calls_.find(IdOf(end));
  if (found == calls_.end()) return {};
  std::string whole = std::move(found->second);
  calls_.erase(found);
  gt_span* span = reinterpret_cast<gt_span*>(whole.data());
  span->end = end.end;
  span->status = end.status;
  span->error_type = end.error_type;
  span->flags |= end.flags;
  span->proto_major = end.proto_major;
  span->proto_minor = end.proto_minor;
  // Of strings the end has a message only, which is the last but one of all; no client call has a tracestate.
  const size_t message = end.length[GT_STR_MESSAGE];
  if (message && kHead + message <= size) {
    whole.append(end.data, message);
    span = reinterpret_cast<gt_span*>(whole.data());
    span->length[GT_STR_MESSAGE] = end.length[GT_STR_MESSAGE];
    span->truncated = static_cast<unsigned short>(span->truncated | end.truncated);
  }
  span->header.size = static_cast<unsigned>(whole.size());
  return whole;
}

}  // namespace gooffsets::trace
