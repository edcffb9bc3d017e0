#include "gotrace/pipeline/resource.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/file.h"
#include "gotrace/pipeline/settings.h"

namespace gooffsets::trace {
namespace {

constexpr uint64_t kMaxProcFile = 4 << 20;  // arguments and environment together are at most a few MB (execve(2))
constexpr size_t kMaxArguments = 256;
constexpr size_t kIdDigits = 64;

std::string ReadProc(const ResourceOptions& options, int pid, const char* file) {
  return ReadFile(options.proc + "/" + std::to_string(pid) + "/" + file, kMaxProcFile).value_or("");
}

std::string ExecutablePath(const ResourceOptions& options, int pid) {
  std::array<char, 4096> path{};
  const std::string link = options.proc + "/" + std::to_string(pid) + "/exe";
  const ssize_t size = readlink(link.c_str(), path.data(), path.size());
  std::string out(path.data(), size < 0 ? 0 : static_cast<size_t>(size));
  constexpr std::string_view kDeleted = " (deleted)";  // proc(5): replaced or removed since it was started
  if (out.ends_with(kDeleted)) out.resize(out.size() - kDeleted.size());
  return out;
}

std::string_view LastPart(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

template <typename Use>  // bool(line): true ends it
void EachLine(std::string_view text, Use use) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (use(text.substr(0, end))) return;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

bool IsMajorVersion(std::string_view part) {
  return part.size() > 1 && part[0] == 'v' && part.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

// Attributes by key: what is set later replaces.
class Attributes {
 public:
  template <typename T>
  void Set(std::string_view key, T value) {
    const auto same = std::find_if(list_.begin(), list_.end(), [&](const Attribute& a) { return a.key == key; });
    if (same != list_.end()) {
      same->value = std::move(value);
    } else {
      list_.push_back({std::string(key), std::move(value)});
    }
  }
  void SetText(std::string_view key, std::string_view value) {
    if (!value.empty()) Set(key, std::string(value));
  }
  bool Has(std::string_view key) const {
    return std::any_of(list_.begin(), list_.end(), [&](const Attribute& a) { return a.key == key; });
  }
  std::vector<Attribute> Take() && { return std::move(list_); }

 private:
  std::vector<Attribute> list_;
};

void SetKubernetes(const std::map<std::string, std::string>& environment, std::string_view cgroup, Attributes* out) {
  const auto uid = PodUid(cgroup);
  const bool in_cluster = environment.contains("KUBERNETES_SERVICE_HOST") || uid.has_value();
  if (!in_cluster) return;
  if (uid) out->SetText("k8s.pod.uid", *uid);
  // The names that the downward API's documentation and charts give them; the kubelet itself sets HOSTNAME only.
  const std::pair<const char*, std::array<const char*, 3>> kNames[] = {
      {"k8s.pod.name", {"K8S_POD_NAME", "POD_NAME", "HOSTNAME"}},
      {"k8s.namespace.name", {"K8S_NAMESPACE_NAME", "POD_NAMESPACE", "K8S_POD_NAMESPACE"}},
      {"k8s.node.name", {"K8S_NODE_NAME", "NODE_NAME", "MY_NODE_NAME"}},
  };
  for (const auto& [key, variables] : kNames) {
    for (const char* variable : variables) {
      const auto value = environment.find(variable);
      if (value == environment.end() || value->second.empty()) continue;
      out->SetText(key, value->second);
      break;
    }
  }
}

void SetProcess(int pid, const BinaryInfo& info, const ResourceOptions& options, const std::string& path,
                Attributes* out) {
  out->Set("process.pid", static_cast<int64_t>(pid));
  out->SetText("process.executable.path", path);
  out->SetText("process.executable.name", LastPart(path));
  out->SetText("process.runtime.name", "go");
  out->SetText("process.runtime.version", info.go_text);  // as runtime.Version() says it: "go1.26.8"
  if (!options.command_args) return;
  std::vector<std::string> arguments;
  const std::string text = ReadProc(options, pid, "cmdline");
  for (std::string_view rest = text; !rest.empty() && arguments.size() < kMaxArguments;) {
    const size_t end = rest.find('\0');
    arguments.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  if (!arguments.empty()) out->Set("process.command_args", std::move(arguments));
}

void SetBuild(const BinaryInfo& info, Attributes* out) {
  if (info.main_module && !out->Has("service.version")) {
    const std::string& version = info.main_module->version;
    if (version != "(devel)") out->SetText("service.version", version);
  }
  const auto revision = info.settings.find("vcs.revision");
  if (revision != info.settings.end()) out->SetText("vcs.ref.head.revision", revision->second);
}

}  // namespace

std::map<std::string, std::string> ParseEnvironmentBlock(std::string_view block) {
  std::map<std::string, std::string> out;
  while (!block.empty()) {
    const size_t end = block.find('\0');
    const std::string_view entry = block.substr(0, end);
    block = end == std::string_view::npos ? std::string_view() : block.substr(end + 1);
    const size_t equals = entry.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

std::optional<std::string> ContainerId(std::string_view cgroup, std::string_view mountinfo) {
  std::optional<std::string> found;
  // "0::/system.slice/docker-<id>.scope", "4:cpu:/docker/<id>", ".../cri-containerd-<id>.scope",
  // "/kubepods/.../<id>", ".../libpod-<id>.scope/container"
  EachLine(cgroup, [&](std::string_view line) {
    while (!found && !line.empty()) {
      std::string_view part = LastPart(line);
      line = line.substr(0, line.size() - std::min(line.size(), part.size() + 1));
      if (part.ends_with(".scope")) part.remove_suffix(6);
      if (part.size() < kIdDigits) continue;
      const std::string_view before = part.substr(0, part.size() - kIdDigits), id = part.substr(before.size());
      if (IsHex(id) && (before.empty() || before.ends_with('-') || before.ends_with(':'))) found = std::string(id);
    }
    return found.has_value();
  });
  if (found) return found;
  // "... /var/lib/docker/containers/<id>/hostname /etc/hostname ...": the files that a runtime mounts into a container.
  // A path with "sandboxes" instead names the pod, not the container.
  EachLine(mountinfo, [&](std::string_view line) {
    constexpr std::string_view kMark = "containers/";
    for (size_t at = line.find(kMark); !found && at != std::string_view::npos; at = line.find(kMark, at + 1)) {
      const std::string_view id = line.substr(at + kMark.size(), kIdDigits);
      const size_t behind = at + kMark.size() + kIdDigits;
      if (id.size() == kIdDigits && IsHex(id) && behind < line.size() && line[behind] == '/') found = std::string(id);
    }
    return found.has_value();
  });
  return found;
}

std::optional<std::string> PodUid(std::string_view cgroup) {
  std::optional<std::string> found;
  constexpr size_t kUidSize = 36;
  // "/kubepods/burstable/pod<uid>/..." or ".../kubepods-burstable-pod<uid with _ for ->.slice/..."
  EachLine(cgroup, [&](std::string_view line) {
    for (size_t at = line.find("pod"); !found && at != std::string_view::npos; at = line.find("pod", at + 1)) {
      std::string uid(line.substr(at + 3, kUidSize));
      std::replace(uid.begin(), uid.end(), '_', '-');
      if (uid.size() != kUidSize || at == 0 || (line[at - 1] != '/' && line[at - 1] != '-')) continue;
      bool fits = true;
      for (size_t i = 0; i < kUidSize; ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        fits &= dash ? uid[i] == '-' : IsHex(std::string_view(&uid[i], 1));
      }
      if (fits) found = std::move(uid);
    }
    return found.has_value();
  });
  return found;
}

std::string NameOfPackage(std::string_view main_package) {
  std::string_view last = LastPart(main_package);
  if (IsMajorVersion(last) && last.size() < main_package.size()) {
    last = LastPart(main_package.substr(0, main_package.size() - last.size() - 1));
  }
  return last == "command-line-arguments" || last == "main" ? std::string() : std::string(last);
}

std::shared_ptr<const Resource> DetectResource(int pid, const BinaryInfo& info, const ResourceOptions& options) {
  const std::map<std::string, std::string> environment = ParseEnvironmentBlock(ReadProc(options, pid, "environ"));
  std::map<std::string, std::string> own;  // of the variables, only these two
  for (const char* name : {"OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"}) {
    if (const auto it = environment.find(name); it != environment.end()) own.insert(*it);
  }
  const Settings said = SettingsFromEnvironment(own);
  const std::string path = ExecutablePath(options, pid);

  auto resource = std::make_shared<Resource>();
  resource->pid = pid;
  const std::array<std::string, 5> names = {options.service_name, said.service_name, options.default_service_name,
                                            NameOfPackage(info.main_package), std::string(LastPart(path))};
  const auto name = std::find_if(names.begin(), names.end(), [](const std::string& n) { return !n.empty(); });
  // The specification's name for what has none.
  resource->service_name = name == names.end() ? "unknown_service:go" : *name;

  Attributes attributes;
  attributes.SetText("service.name", resource->service_name);
  const std::string cgroup = ReadProc(options, pid, "cgroup");
  SetProcess(pid, info, options, path, &attributes);
  attributes.SetText("container.id", ContainerId(cgroup, ReadProc(options, pid, "mountinfo")).value_or(""));
  SetKubernetes(environment, cgroup, &attributes);
  for (const auto* list : {&options.attributes, &said.resource_attributes}) {
    for (const Attribute& attribute : *list) {
      if (attribute.key != "service.name") attributes.Set(attribute.key, attribute.value);
    }
  }
  SetBuild(info, &attributes);
  // Of what made the spans; nobody else's to set.
  attributes.SetText("telemetry.sdk.language", "go");
  attributes.SetText("telemetry.sdk.name", "gooffsets");
  attributes.SetText("telemetry.sdk.version", GOOFFSETS_VERSION);
  attributes.SetText("telemetry.distro.name", "gotrace");
  attributes.SetText("telemetry.distro.version", GOOFFSETS_VERSION);
  resource->attributes = std::move(attributes).Take();
  return resource;
}

}  // namespace gooffsets::trace
