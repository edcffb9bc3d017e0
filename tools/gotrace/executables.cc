#include "gotrace/executables.h"

#include <algorithm>
#include <utility>

#include "gotrace/instrumented.h"

namespace gooffsets::trace {

namespace {

using std::chrono::seconds;

// An executable that nobody runs any more stays attached so long: programs are restarted.
constexpr seconds kKeepUnused{60};
// How many files are remembered that were looked at.
constexpr size_t kMostRemembered = 16384;
// A service that does not answer is asked again after this, then after twice as long, up to the limit.
constexpr seconds kPatience{5}, kMostPatience{300};
// What it does not know it is asked again: it may have new data.
constexpr seconds kAskAgain{600};

// A process that runs this file; nullopt: nobody does.
std::optional<int> RunnerOf(const FileId& file) {
  const std::vector<int> all = AllProcesses();
  const auto found = std::find_if(all.begin(), all.end(), [&](int pid) { return FileOf(ExePath(pid)) == file; });
  return found == all.end() ? std::nullopt : std::optional<int>(*found);
}

}  // namespace

Executables::Executables(Kernel* kernel, WantList wants, PreparedExecutables prepared,
                         std::unique_ptr<OffsetService> service, MessageSink messages)
    : kernel_(kernel),
      wants_(std::move(wants)),
      prepared_(std::move(prepared)),
      service_(std::move(service)),
      messages_(std::move(messages)),
      patience_(kPatience) {}

Executables::~Executables() {
  LetGoOf([](const auto&) { return true; });
}

Executable* Executables::ById(uint32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Executables::Entry* Executables::Find(const FileId& file) {
  const auto found = entries_.find(file);
  return found == entries_.end() ? nullptr : &found->second;
}

size_t Executables::probes() const {
  size_t count = 0;
  for (const auto& [id, executable] : by_id_) count += executable->attached();
  return count;
}

size_t Executables::lacking() const {
  return static_cast<size_t>(std::count_if(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry.second.executable && entry.second.executable->plan().lacking;
  }));
}

Executables::Entry* Executables::Take(const FileId& file, const std::string& path, const std::string& name, bool tell) {
  if (Entry* known = Find(file)) return known;
  if (entries_.size() >= kMostRemembered) return nullptr;
  Entry& entry = entries_[file];
  entry.name = name;
  entry.unused_since = Clock::now();
  auto prepared = prepared_.extract(file);
  Result<std::unique_ptr<Executable>> executable =
      prepared ? std::move(prepared.mapped()) : Executable::Open(path, name, database_, wants_);
  if (executable) {
    entry.executable = std::move(*executable);
    Begin(file, &entry);
    AskFor(file, &entry, Clock::now());
  } else {
    entry.why = executable.error();
  }
  if (told_.size() >= kMostRemembered) told_.clear();
  if (!entry.traced() && tell && told_.insert(file).second) messages_(entry.why.ToString());
  return &entry;
}

bool Executables::StaysAlone(const FileId& file, Entry* entry) {
  const Plan& plan = entry->executable->plan();
  if (const std::string library = OwnTracing(plan); !library.empty()) {
    if (skip_instrumented_) {
      entry->why = {ErrorCode::kUnsupported, entry->name + " exports spans by itself (" + library + "): left alone",
                    ""};
      entry->executable.reset();
      return true;
    }
    messages_(
        entry->name + " exports spans by itself (" + library +
        " is used in it): with gotrace's there are two of a request; --skip-instrumented leaves such programs alone");
  }
  const std::optional<int> runner = RunnerOf(file);
  const std::vector<std::string> probed = runner ? ForeignProbes(*runner, plan.places) : std::vector<std::string>();
  if (!probed.empty()) {
    messages_(entry->name + " is probed by another tracer already (" + probed.front() +
              (probed.size() > 1 ? " and " + std::to_string(probed.size() - 1) + " more functions" : "") +
              "): with gotrace's there may be two spans of a request");
  }
  return false;
}

Result<void> Executables::Attach(Executable* executable, uint32_t id) {
  std::vector<std::string> messages;
  Result<void> attached = executable->Attach(kernel_, id, &messages);
  for (const std::string& message : messages) messages_(message);
  return attached;
}

void Executables::Begin(const FileId& file, Entry* entry) {
  if (std::optional<Error> nothing = entry->executable->WhyNothing(entry->name)) {
    entry->why = std::move(*nothing);
    if (!entry->executable->plan().lacking) entry->executable.reset();
    return;
  }
  if (StaysAlone(file, entry)) return;
  uint32_t id = 0;
  while (id < GT_MAX_EXECUTABLES && by_id_.count(id)) ++id;
  if (id == GT_MAX_EXECUTABLES) {
    entry->why = {ErrorCode::kUnsupported,
                  entry->name + " is not traced: " + std::to_string(id) + " other executables are", ""};
    entry->executable.reset();
    return;
  }
  const Clock::time_point begin = Clock::now();
  const Result<void> attached = Attach(entry->executable.get(), id);
  if (!attached) {
    entry->why = attached.error();
    entry->why.message = entry->name + ": " + entry->why.message;
    entry->executable.reset();
    return;
  }
  entry->id = id;
  by_id_[id] = entry->executable.get();
  const auto milliseconds = [](Clock::duration time) {
    return std::to_string(std::chrono::round<std::chrono::milliseconds>(time).count()) + " ms";
  };
  messages_(entry->name + ": " + std::to_string(entry->executable->attached()) + " probes attached in " +
            milliseconds(Clock::now() - begin) + ", resolved in " + milliseconds(entry->executable->resolved_in()));
}

bool Executables::Renew(const FileId& file, Entry* entry) {
  Executable& executable = *entry->executable;
  const size_t before = executable.attached();
  const Result<void> resolved = executable.Resolve(database_, entry->answers ? &*entry->answers : nullptr, wants_);
  if (!resolved) {
    messages_(entry->name + ": " + resolved.error().ToString());
    return false;
  }
  if (!entry->traced()) {
    Begin(file, entry);
    return entry->traced();
  }
  const Result<void> attached = Attach(&executable, *entry->id);
  if (!attached) messages_(entry->name + ": " + attached.error().ToString());
  if (executable.attached() > before) {
    messages_(entry->name + ": " + std::to_string(executable.attached() - before) + " more probes attached");
  }
  return false;
}

void Executables::UseDatabase(const Database* database) {
  database_ = database;
  for (const auto& [file, entry] : entries_) {
    if (entry.executable && entry.executable->plan().lacking) to_renew_.insert(file);
  }
}

void Executables::AskFor(const FileId& file, Entry* entry, Clock::time_point now) {
  if (!service_ || entry->asked || now < entry->ask_at || !entry->executable || !entry->executable->plan().lacking)
    return;
  entry->asked = true;
  questions_[next_question_] = file;
  service_->Ask(next_question_++, entry->executable->info());
}

bool Executables::TakeReplies() {
  bool more = false;
  const Clock::time_point now = Clock::now();
  for (OffsetService::Reply& reply : service_->Take()) {
    const auto question = questions_.find(reply.key);
    if (question == questions_.end()) continue;
    const FileId file = question->second;
    Entry* entry = Find(file);
    questions_.erase(question);
    if (!reply.away.empty() && !service_away_) {
      messages_("the offset service does not answer; it is asked again: " + reply.away);
    }
    if (reply.away.empty() && service_away_) messages_("the offset service answers again");
    service_away_ = !reply.away.empty();
    if (!service_away_) patience_ = kPatience;
    if (!entry) continue;
    entry->asked = false;
    if (service_away_ && now >= retry_at_) {
      retry_at_ = now + patience_;
      patience_ = std::min(2 * patience_, kMostPatience);
    }
    entry->ask_at = service_away_ ? retry_at_ : now + kAskAgain;
    if (!reply.answers) {
      if (!service_away_) messages_(entry->name + ": " + reply.answers.error().ToString());
      continue;
    }
    entry->answers = std::move(*reply.answers);
    if (entry->executable) more |= Renew(file, entry);
  }
  return more;
}

void Executables::TendRoutes() {
  for (auto& [file, entry] : entries_) {
    if (!entry.traced() || entry.executable->routes().wish() == RouteProbes::Wish::kNone) continue;
    std::vector<std::string> messages;
    entry.executable->TendRoutes(kernel_, *entry.id, &messages);
    for (const std::string& message : messages) messages_(message);
  }
}

bool Executables::Turn() {
  TendRoutes();
  bool more = service_ && TakeReplies();
  if (!to_renew_.empty()) {
    const FileId file = *to_renew_.begin();
    to_renew_.erase(to_renew_.begin());
    if (Entry* entry = Find(file); entry && entry->executable) more |= Renew(file, entry);
  }
  if (const Clock::time_point now = Clock::now(); service_ && now - asked_around_ >= seconds(1)) {
    asked_around_ = now;
    for (auto& [file, entry] : entries_) AskFor(file, &entry, now);
  }
  return more;
}

void Executables::LetGo(const std::set<FileId>& keep) {
  const Clock::time_point now = Clock::now();
  LetGoOf([&](const auto& item) {
    const Entry& entry = item.second;
    return !entry.processes && !keep.count(item.first) && now - entry.unused_since >= kKeepUnused;
  });
}

void Executables::LetGoOf(const std::function<bool(const std::pair<const FileId, Entry>&)>& which) {
  std::vector<Probe> probes;
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (!which(*at)) {
      ++at;
      continue;
    }
    if (at->second.id) by_id_.erase(*at->second.id);
    if (at->second.executable) {
      for (Probe& probe : at->second.executable->TakeProbes()) probes.push_back(std::move(probe));
    }
    at = entries_.erase(at);
  }
  Kernel::Detach(std::move(probes));
}

}  // namespace gooffsets::trace
