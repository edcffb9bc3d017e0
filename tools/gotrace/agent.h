// The agent's loop: finds processes, attaches to what they run, turns the kernel's records into spans, hands those on.
//
// One executable is resolved and attached once; processes come and go. What cannot be traced costs that process or that
// probe, with one message. Belongs to one thread.
//
//   Agent agent(std::move(kernel), std::move(preparation), settings, &metrics,
//               [&](Span&& span) { pipeline.Offer(std::move(span)); }, say);
//   GOOFFSETS_CHECK_OK(agent.Start());
//   while (!stop) agent.Turn(milliseconds(20));
#ifndef GOOFFSETS_TOOLS_GOTRACE_AGENT_H_
#define GOOFFSETS_TOOLS_GOTRACE_AGENT_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gotrace/assemble.h"
#include "gotrace/executables.h"
#include "gotrace/kernel.h"
#include "gotrace/local_database.h"
#include "gotrace/open_calls.h"
#include "gotrace/pipeline/clock.h"
#include "gotrace/pipeline/metrics.h"
#include "gotrace/pipeline/resource.h"
#include "gotrace/preparation.h"
#include "gotrace/processes.h"
#include "gotrace/selection.h"
#include "gotrace/span.h"

namespace gooffsets::trace {

struct AgentSettings {
  Selection selection;  // normalized
  ResourceOptions resource;
  bool skip_instrumented = false;  // programs that export spans themselves
  OffsetServiceSettings service;
};

class Agent {
 public:
  using SpanSink = std::function<void(Span&&)>;
  using MessageSink = std::function<void(const std::string&)>;
  Agent(std::unique_ptr<Kernel> kernel, Preparation preparation, AgentSettings settings, Metrics* metrics,
        SpanSink spans, MessageSink messages);
  ~Agent();

  // Attaches to what runs already. What was named and cannot be traced is an error, and what makes tracing impossible
  // as a whole.
  Result<void> Start();
  // One round: waits at most so long for records, handles them, looks after processes.
  void Turn(std::chrono::milliseconds wait);
  // What was lost up to now, in words; empty: nothing.
  std::string Losses() const;
  size_t process_count() const { return processes_.size(); }
  // All that was to be traced were processes, by number, and they have ended.
  bool Finished() const;

 private:
  struct Traced {
    uint32_t executable = 0;
    FileId file;
    std::shared_ptr<const Resource> resource;
  };
  void Receive(const gt_header& header, size_t size);
  void Finish(const SpanRecord& record);
  // The executables and processes that were named, one by one.
  Result<void> BeginNamed();
  Result<void> TakeNamed(const FileId& file, const std::string& path, const std::string& name);
  void Consider(int pid, const std::set<int>& listeners);
  void Forget(int pid);
  void LookAround();
  void LookForData();
  void ReadCounters();
  void AddGauges();

  std::unique_ptr<Kernel> kernel_;
  AgentSettings settings_;
  Metrics* const metrics_;
  const SpanSink spans_;
  const MessageSink messages_;
  Preparation preparation_;
  std::unique_ptr<Executables> executables_;
  OpenCalls open_calls_;
  RealTimeClock clock_;
  std::map<int, Traced> processes_;
  std::set<int> pending_;  // processes that records spoke of, looked at after the records
  std::chrono::steady_clock::time_point looked_{}, counted_{}, data_looked_{};
  bool watching_ = false;
  std::set<uint32_t> ended_;  // processes whose calls in flight are still in the kernel's maps
  std::array<Counter*, GT_COUNTERS> counters_{};
  // For the metrics' thread.
  std::atomic<size_t> processes_now_ = 0, executables_now_ = 0, probes_now_ = 0, lacking_now_ = 0;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_AGENT_H_
