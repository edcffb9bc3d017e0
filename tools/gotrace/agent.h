// The agent's loop: finds processes, attaches to what they run, turns the kernel's records into spans, hands those on.
//
// One executable is resolved and attached once; processes come and go. What cannot be traced costs that process or that
// probe, with one message. Belongs to one thread.
//
//   Agent agent(std::move(kernel), &database, settings, [&](Span&& span) { pipeline.Offer(std::move(span)); });
//   GOOFFSETS_CHECK_OK(agent.Start());
//   while (!stop) agent.Turn(milliseconds(20));
#ifndef GOOFFSETS_TOOLS_GOTRACE_AGENT_H_
#define GOOFFSETS_TOOLS_GOTRACE_AGENT_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gooffsets/database.h"
#include "gotrace/assemble.h"
#include "gotrace/executable.h"
#include "gotrace/kernel.h"
#include "gotrace/open_calls.h"
#include "gotrace/pipeline/clock.h"
#include "gotrace/pipeline/metrics.h"
#include "gotrace/pipeline/resource.h"
#include "gotrace/processes.h"
#include "gotrace/selection.h"
#include "gotrace/span.h"

namespace gooffsets::trace {

struct AgentSettings {
  Selection selection;
  ResourceOptions resource;
};

class Agent {
 public:
  using SpanSink = std::function<void(Span&&)>;
  using MessageSink = std::function<void(const std::string&)>;
  Agent(std::unique_ptr<Kernel> kernel, const Database* database, AgentSettings settings, Metrics* metrics,
        SpanSink spans, MessageSink messages);

  // Attaches to what runs already. Only what makes tracing impossible as a whole is an error.
  Result<void> Start();
  // One round: waits at most so long for records, handles them, looks after processes.
  void Turn(std::chrono::milliseconds wait);
  // What was lost up to now, in words; empty: nothing.
  std::string Losses() const;
  size_t process_count() const { return processes_.size(); }

 private:
  struct Traced {
    uint32_t executable = 0;
    FileId file;
    std::shared_ptr<const Resource> resource;
  };
  struct Known {
    std::unique_ptr<Executable> executable;  // null: cannot be traced
    uint32_t id = 0;
    std::chrono::steady_clock::time_point unused_since;
    size_t processes = 0;
  };

  void Receive(const gt_header& header, size_t size);
  void Finish(const SpanRecord& record);
  void Consider(int pid, const std::set<int>& listeners);
  void Forget(int pid);
  void LookAround();
  Known* KnownOf(const FileId& file, const std::string& path, const std::string& name);
  std::optional<uint32_t> FreeId() const;
  void ReadCounters();

  std::unique_ptr<Kernel> kernel_;
  const Database* const database_;
  AgentSettings settings_;
  Metrics* const metrics_;
  const SpanSink spans_;
  const MessageSink messages_;
  WantList wants_;
  OpenCalls open_calls_;
  RealTimeClock clock_;
  std::map<FileId, Known> executables_;
  std::map<uint32_t, Executable*> by_id_;
  std::map<int, Traced> processes_;
  std::set<int> pending_;  // processes that records spoke of, looked at after the records
  std::chrono::steady_clock::time_point looked_{}, counted_{};
  bool watching_ = false;
  std::array<Counter*, GT_COUNTERS> counters_{};
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_AGENT_H_
