// One executable file that is traced: what it is, its probe table, and its attached probes.
//
// One file is resolved and attached once, however many processes run it. A probe that cannot be attached costs itself
// only, with a message. Belongs to one thread; detaches when it ends.
//
//   GOOFFSETS_TRY(auto executable, Executable::Open("/proc/42/exe", database, wants));
//   executable->Attach(kernel, 0, "/proc/42/exe", &messages);
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXECUTABLE_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXECUTABLE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gooffsets/binary.h"
#include "gooffsets/database.h"
#include "gotrace/kernel.h"
#include "gotrace/table.h"

namespace gooffsets::trace {

class Executable {
 public:
  // kUnsupported, kBadInput: no Go program, or one that says too little. `database` may be null.
  static Result<std::unique_ptr<Executable>> Open(const std::string& path, const Database* database,
                                                  const WantList& wants);

  const BinaryInfo& info() const { return binary_.info(); }
  const Plan& plan() const { return plan_; }
  // Written to the kernel's slot `id` first, so that no probe runs without its table.
  Result<void> Attach(Kernel* kernel, uint32_t id, const std::string& path, std::vector<std::string>* messages);
  size_t attached() const { return probes_.size(); }

  // The name of the type whose descriptor is linked at this address: "*net.OpError"; empty: it has none there.
  const std::string& TypeName(uint64_t address);
  // The version of the module that a span's library belongs to: "1.80.0", of net/http the Go release.
  std::string LibraryVersion(const std::string& package) const;

 private:
  Executable(GoBinary binary, Plan plan) : binary_(std::move(binary)), plan_(std::move(plan)) {}

  GoBinary binary_;
  Plan plan_;
  std::vector<Probe> probes_;
  std::map<uint64_t, std::string> type_names_;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXECUTABLE_H_
