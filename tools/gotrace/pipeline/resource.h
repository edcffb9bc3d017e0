// Who a span comes from: the resource attributes of a traced process, read from outside.
//
// From /proc: its own OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, executable, container; from its build info:
// names, versions. Nothing else of its environment or command line gets into the attributes, because both may hold
// secrets. Missing rights or a process that has ended cost single attributes, never the resource. All files are read
// bounded. May be called from any thread.
//
//   ResourceOptions options;
//   std::shared_ptr<const Resource> resource = DetectResource(pid, binary.info(), options);
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_RESOURCE_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_RESOURCE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/binary.h"
#include "gotrace/span.h"

namespace gooffsets::trace {

struct ResourceOptions {
  std::string service_name;           // --service-name: wins over everything
  std::string default_service_name;   // the agent's own OTEL_SERVICE_NAME: for processes that do not say theirs
  std::vector<Attribute> attributes;  // the agent's own OTEL_RESOURCE_ATTRIBUTES; the process's own win
  bool command_args = false;          // process.command_args, which may hold secrets
  std::string proc = "/proc";
};

std::shared_ptr<const Resource> DetectResource(int pid, const BinaryInfo& info, const ResourceOptions& options);

// "A=1\0B=2\0" as the kernel shows it. The first of equal names counts, as for getenv.
std::map<std::string, std::string> ParseEnvironmentBlock(std::string_view block);
// The container's 64 hexadecimal digits, as Docker, containerd, CRI-O and Podman put them into paths. `cgroup` and
// `mountinfo` are the files of /proc/PID; the second one knows it where the first is namespaced.
std::optional<std::string> ContainerId(std::string_view cgroup, std::string_view mountinfo);
// Of a Kubernetes pod, from the name of its cgroup (kubelet's cgroup_manager_linux.go).
std::optional<std::string> PodUid(std::string_view cgroup);
// "example.com/shop/cmd/server" is "server", "example.com/shop/v2" is "shop". Empty where the package has no name of
// its own ("command-line-arguments").
std::string NameOfPackage(std::string_view main_package);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_RESOURCE_H_
