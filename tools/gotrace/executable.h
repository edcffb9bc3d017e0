// One executable file that is traced: what it is, its probe table, and its attached probes.
//
// One file is resolved and attached once, however many processes run it. A probe that cannot be attached costs itself
// only, with a message. Belongs to one thread; detaches when it ends.
//
//   GOOFFSETS_TRY(auto executable, Executable::Open("/proc/42/exe", "./server", database, wants));
//   executable->Attach(kernel, 0, &messages);
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXECUTABLE_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXECUTABLE_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "gooffsets/binary.h"
#include "gooffsets/database.h"
#include "gotrace/kernel.h"
#include "gotrace/remote_answers.h"
#include "gotrace/route_probes.h"
#include "gotrace/table.h"

namespace gooffsets::trace {

class Executable {
 public:
  // kUnsupported, kBadInput: no Go program, or one that says too little; the message begins with `name`. `database` may
  // be null.
  static Result<std::unique_ptr<Executable>> Open(const std::string& path, const std::string& name,
                                                  const Database* database, const WantList& wants);
  ~Executable();

  const BinaryInfo& info() const { return info_; }
  const Plan& plan() const { return plan_; }
  // Why there is nothing to trace in it; nullopt: there is.
  std::optional<Error> WhyNothing(const std::string& name) const;

  // Resolves again with newer data, or with what a service knows (`remote`, may be null); what was known stays known.
  Result<void> Resolve(const Database* database, const RemoteAnswers* remote, const WantList& wants);
  // Attaches what is not attached yet. The table is written to the kernel's slot `id` first, so that no probe runs
  // without it.
  Result<void> Attach(Kernel* kernel, uint32_t id, std::vector<std::string>* messages);
  size_t attached() const { return probes_.size(); }
  // For whoever detaches the probes of several executables with one wait.
  std::vector<Probe> TakeProbes();
  // How long it took to open and resolve the file at first.
  std::chrono::steady_clock::duration resolved_in() const { return resolved_in_; }
  // Attaches or detaches the probes that only some programs' routes need, as its spans say; seldom anything to do.
  RouteProbes& routes() { return routes_; }
  void TendRoutes(Kernel* kernel, uint32_t id, std::vector<std::string>* messages);

  // The name of the type whose descriptor is linked at this address: "*net.OpError"; empty: it has none there.
  const std::string& TypeName(uint64_t address);
  // The version of the module that a span's library belongs to: "1.80.0", of net/http the Go release.
  const std::string& LibraryVersion(const std::string& package);

 private:
  Executable(UniqueFd file, GoBinary binary)
      : file_(std::move(file)), info_(binary.info()), binary_(std::move(binary)) {}
  Result<GoBinary*> Binary();
  std::string Path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

  UniqueFd file_;  // the inode, whatever becomes of its path and its processes
  BinaryInfo info_;
  // Closed when it is resolved: what was read of a large program is ten megabytes and more.
  std::optional<GoBinary> binary_;
  Plan plan_;
  std::map<std::pair<std::string, uint64_t>, Probe> probes_;  // by program and place
  RouteProbes routes_;
  std::chrono::steady_clock::duration resolved_in_{};
  std::map<uint64_t, std::string> type_names_;
  std::map<std::string, std::string> library_versions_;  // by package; each span asks
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXECUTABLE_H_
