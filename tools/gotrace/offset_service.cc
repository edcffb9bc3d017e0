#include "gotrace/offset_service.h"

#include <utility>

#include "gooffsets/feed_resolve.h"

namespace gooffsets::trace {

namespace {

// A request in flight is waited for when the agent ends, so it is short; a slow service is asked again later.
constexpr std::chrono::seconds kDeadline{4};
// How long an answer is taken out of the cache without asking.
constexpr std::chrono::seconds kFresh{600};

}  // namespace

OffsetService::OffsetService(OffsetServiceSettings settings, std::string wants_toml)
    : settings_(std::move(settings)), wants_(std::move(wants_toml)), thread_([this] { Work(); }) {}

OffsetService::~OffsetService() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

void OffsetService::Ask(uint64_t key, const BinaryInfo& info) {
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back({key, info});
  }
  asked_.notify_one();
}

std::vector<OffsetService::Reply> OffsetService::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(replies_, {});
}

OffsetService::Reply OffsetService::Answer(const Question& question) const {
  RemoteResolveOptions options;
  options.url = settings_.url;
  options.token = settings_.token;
  options.deadline = kDeadline;
  options.retries = 0;
  options.proxy_from_environment = true;
  options.cache_directory = settings_.cache_directory;
  options.cache_fresh = kFresh;
  const Result<RemoteResolution> resolution = ResolveRemotely(question.info, wants_, options);
  if (!resolution) return {question.key, tl::unexpected(resolution.error()), resolution.error().message};
  const bool away = resolution->origin == RemoteResolution::Origin::kCache && !resolution->notes.empty();
  return {question.key, RemoteAnswers::Parse(resolution->json, question.info.goarch),
          away ? resolution->notes.front() : std::string()};
}

void OffsetService::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    asked_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
    if (stopping_) return;
    const Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    Reply reply = Answer(question);
    lock.lock();
    replies_.push_back(std::move(reply));
  }
}

}  // namespace gooffsets::trace
