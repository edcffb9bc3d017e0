// All executables that are traced: each resolved and attached once, brought up to newer data, let go when unused.
//
// What cannot be traced is remembered with its reason and told once. Belongs to one thread; nothing here waits for the
// network.
//
//   Executables executables(kernel, wants, nullptr, say);
//   executables.UseDatabase(local.get());
//   Executables::Entry* entry = executables.Take(*FileOf(path), path, "./server", true);
//   if (entry->executable) ...   // entry->why otherwise
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXECUTABLES_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXECUTABLES_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gotrace/executable.h"
#include "gotrace/offset_service.h"
#include "gotrace/preparation.h"
#include "gotrace/processes.h"

namespace gooffsets::trace {

class Executables {
 public:
  using MessageSink = std::function<void(const std::string&)>;
  using Clock = std::chrono::steady_clock;

  struct Entry {
    std::string name;
    std::unique_ptr<Executable> executable;  // null: `why` says why it is none that can be traced
    Error why;
    std::optional<uint32_t> id;  // in the kernel's tables; nullopt: nothing is attached (yet)
    size_t processes = 0;        // that run it
    Clock::time_point unused_since;
    // What the service is asked.
    std::optional<RemoteAnswers> answers;
    bool asked = false;
    Clock::time_point ask_at{};

    bool traced() const { return id.has_value(); }
  };

  // `prepared` are not opened again. `service` may be null.
  Executables(Kernel* kernel, WantList wants, PreparedExecutables prepared, std::unique_ptr<OffsetService> service,
              MessageSink messages);
  ~Executables();
  // Leaves programs alone that export spans themselves.
  void SkipInstrumented() { skip_instrumented_ = true; }

  // The database to ask from now on; may be null. Executables that lack something are looked at again, one each Turn().
  void UseDatabase(const Database* database);

  // Known already, or opened, resolved and attached now. Null: too many files were looked at. `tell`: in a message, why
  // nothing of it is traced.
  Entry* Take(const FileId& file, const std::string& path, const std::string& name, bool tell);
  Entry* Find(const FileId& file);
  Executable* ById(uint32_t id) const;
  // Drops what nobody runs any more, but for those in `keep`; files that could not be traced may be looked at again.
  void LetGo(const std::set<FileId>& keep);
  // Once in a while: new data and the service's answers. True: an executable can be traced that could not before.
  bool Turn();
  // Of executables: those attached; those of them that lack something newer data may tell.
  size_t traced() const { return by_id_.size(); }
  size_t lacking() const;
  size_t probes() const;

 private:
  // Attaches a resolved executable, or says why not.
  Result<void> Attach(Executable* executable, uint32_t id);  // with its messages
  void Begin(const FileId& file, Entry* entry);
  bool StaysAlone(const FileId& file, Entry* entry);
  bool Renew(const FileId& file, Entry* entry);
  void TendRoutes();
  // With one wait of the kernel for the probes of all.
  void LetGoOf(const std::function<bool(const std::pair<const FileId, Entry>&)>& which);
  bool TakeReplies();
  void AskFor(const FileId& file, Entry* entry, Clock::time_point now);

  Kernel* const kernel_;
  const WantList wants_;
  PreparedExecutables prepared_;
  const std::unique_ptr<OffsetService> service_;
  const MessageSink messages_;
  const Database* database_ = nullptr;
  std::map<FileId, Entry> entries_;
  std::map<uint32_t, Executable*> by_id_;
  std::set<FileId> to_renew_;
  std::set<FileId> told_;  // that they cannot be traced
  std::map<uint64_t, FileId> questions_;
  uint64_t next_question_ = 0;
  bool service_away_ = false, skip_instrumented_ = false;
  std::chrono::seconds patience_;
  Clock::time_point retry_at_{}, asked_around_{};
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXECUTABLES_H_
