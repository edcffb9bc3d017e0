#include "gotrace/executable.h"

#include <malloc.h>
#include <sys/stat.h>

#include <charconv>
#include <iterator>
#include <string_view>
#include <tuple>

#include "binary/go_binary_impl.h"
#include "binary/runtime_types_links.h"
#include "binary/type_names.h"
#include "gooffsets/resolve.h"
#include "gotrace/context_types.h"
#include "gotrace/processes.h"

namespace gooffsets::trace {

namespace {

// The register ABI, on which goroutines are found, began with these (src: Go 1.17 and 1.18 release notes, "Compiler").
int OldestGo(GoArch goarch) { return goarch == GoArch::kAmd64 ? 17 : 18; }

// N of "1.N"; nullopt where the program does not say it.
std::optional<int> MinorOf(const std::string& go_language) {
  if (!go_language.starts_with("1.")) return std::nullopt;
  int minor = 0;
  const auto [end, error] = std::from_chars(go_language.data() + 2, go_language.data() + go_language.size(), minor);
  if (error != std::errc() || end != go_language.data() + go_language.size()) return std::nullopt;
  return minor;
}

Result<Plan> PlanOf(GoBinary* binary, const Database* database, const RemoteAnswers* remote, const WantList& wants) {
  ResolveOptions options;
  options.count_inlined = false;
  // Reading a wrong place costs a wrong attribute, not the program, and `inspect` names what is bracketed. Places of
  // arguments are confirmed by what the program tells of them.
  options.policy.allow_bracketed = true;
  GOOFFSETS_TRY(Resolver resolver, Resolver::Make(binary, database, options));
  GOOFFSETS_TRY(Resolution resolution, resolver.Resolve(wants));
  if (remote) remote->Complete(&resolution);
  Plan plan = MakePlan(resolution);
  // No interface names the key of gRPC's incoming metadata, so that it has no itab: its descriptor is looked up.
  const std::vector<std::string> keys = {"google.golang.org/grpc/metadata.mdIncomingKey"};
  if (RuntimeTypes* types = binary->impl().types(); types && binary->info().Module("google.golang.org/grpc")) {
    const Result<RuntimeTypes::Found> found = types->FindTypes(keys);
    if (found && found->types.front()) plan.table.type[GT_TYPE_RPC_INCOMING] = found->types.front()->address;
  }
  if (RuntimeTypes* types = binary->impl().types()) {
    // Without them the walk through contexts ends at the program's own types.
    if (const auto contexts = FindContextTypes(types, binary->impl().image(), *binary->impl().module())) {
      SetContextTypes(*contexts, &plan.table);
    }
  }
  return plan;
}

}  // namespace

Result<std::unique_ptr<Executable>> Executable::Open(const std::string& path, const std::string& name,
                                                     const Database* database, const WantList& wants) {
  const auto begin = std::chrono::steady_clock::now();
  const auto named = [&](Error error) {
    if (const size_t at = error.message.find(path); at != std::string::npos && path != name) {
      error.message.replace(at, path.size(), name);
    }
    return tl::unexpected(std::move(error));
  };
  // A pipe would keep whoever opens it waiting.
  if (struct stat data; stat(path.c_str(), &data) == 0 && !S_ISREG(data.st_mode) && !S_ISDIR(data.st_mode)) {
    return Fail(ErrorCode::kBadInput, name + " is no regular file", "name the program itself");
  }
  Result<UniqueFd> file = OpenForReading(path);
  if (!file) return named(file.error());
  const std::string same = "/proc/self/fd/" + std::to_string(file->get());
  Result<GoBinary> binary = GoBinary::Open(path);
  if (!binary) return named(binary.error());
  if (FileOf(same) != FileOf(path)) return Fail(ErrorCode::kIo, name + " was replaced while it was opened");
  const BinaryInfo& info = binary->info();
  if (!info.obfuscation.empty()) {
    return Fail(ErrorCode::kUnsupported,
                name + " is obfuscated (" + info.obfuscation + "): its functions have other names",
                "trace a build that is not obfuscated; stripped ones are fine");
  }
  if (!info.packing.empty() && !info.pclntab.found) {
    return Fail(ErrorCode::kUnsupported, name + " is packed (" + info.packing + "): its code is not in the file",
                "trace a build that is not packed; stripped ones are fine");
  }
  if (const std::optional<int> minor = MinorOf(info.go_language); minor && *minor < OldestGo(info.goarch)) {
    return Fail(ErrorCode::kUnsupported, name + " was built with Go " + info.go_language + ", which is too old",
                "Go 1." + std::to_string(OldestGo(info.goarch)) + " or later can be traced on " +
                    std::string(ToString(info.goarch)));
  }
  if (!info.pclntab.found) {
    return Fail(ErrorCode::kUnsupported, name + ": its functions cannot be found: " + info.pclntab.how);
  }
  std::unique_ptr<Executable> executable(new Executable(std::move(*file), std::move(*binary)));
  if (Result<void> resolved = executable->Resolve(database, nullptr, wants); !resolved) return named(resolved.error());
  executable->resolved_in_ = std::chrono::steady_clock::now() - begin;
  return executable;
}

std::optional<Error> Executable::WhyNothing(const std::string& name) const {
  if (plan_.any()) return std::nullopt;
  if (!plan_.lacking) {
    return Error{ErrorCode::kUnsupported,
                 name + ": nothing in it can be traced: no net/http, golang.org/x/net/http2 or gRPC that it uses",
                 "`gotrace inspect` of it says more"};
  }
  return Error{ErrorCode::kUnknown,
               name + ": not traced yet: it does not say enough itself, and there is no data about its modules",
               "update-offsets brings newer data, --offsets asks a service; `gotrace inspect` of it says more"};
}

Result<GoBinary*> Executable::Binary() {
  if (!binary_) {
    GOOFFSETS_TRY(binary_, GoBinary::Open(Path()));
  }
  return &*binary_;
}

Result<void> Executable::Resolve(const Database* database, const RemoteAnswers* remote, const WantList& wants) {
  GOOFFSETS_TRY(GoBinary* const binary, Binary());
  Result<Plan> plan = PlanOf(binary, database, remote, wants);
  binary_.reset();
#ifdef __GLIBC__
  malloc_trim(0);  // which keeps what is free for itself otherwise, unless it lies at the end
#endif
  if (!plan) return tl::unexpected(plan.error());
  KeepKnown(plan_, &*plan);
  plan_ = std::move(*plan);
  return {};
}

Result<void> Executable::Attach(Kernel* kernel, uint32_t id, std::vector<std::string>* messages) {
  GOOFFSETS_CHECK_OK(kernel->SetTable(id, plan_.table));
  const std::string path = Path();
  std::vector<const Place*> fresh;
  std::vector<ProbePlace> places;
  for (const Place& place : plan_.places) {
    if (probes_.count({place.program, place.file_offset})) continue;
    fresh.push_back(&place);
    places.push_back({place.program, place.file_offset});
  }
  std::vector<Result<Probe>> attached = kernel->AttachAll(path, places);
  for (size_t i = 0; i < fresh.size(); ++i) {
    if (attached[i]) {
      probes_.emplace(std::make_pair(fresh[i]->program, fresh[i]->file_offset), std::move(*attached[i]));
    } else {
      messages->push_back(fresh[i]->function + ": " + attached[i].error().message);
      if (attached[i].error().code == ErrorCode::kPermission && probes_.empty()) {
        return tl::unexpected(attached[i].error());
      }
    }
  }
  return {};
}

void Executable::TendRoutes(Kernel* kernel, uint32_t id, std::vector<std::string>* messages) {
  const RouteProbes::Wish wish = routes_.wish();
  routes_.Done();
  // What cannot be attached again is told; without it the program is traced all the same.
  if (wish == RouteProbes::Wish::kReturn) std::ignore = Attach(kernel, id, messages);
  if (wish != RouteProbes::Wish::kLeave) return;
  std::vector<Probe> left;
  for (auto probe = probes_.begin(); probe != probes_.end();) {
    const bool leaves = RouteProbes::Concerns(probe->first.first);
    if (leaves) left.push_back(std::move(probe->second));
    probe = leaves ? probes_.erase(probe) : std::next(probe);
  }
  Kernel::Detach(std::move(left));
}

std::vector<Probe> Executable::TakeProbes() {
  std::vector<Probe> probes;
  for (auto& [place, probe] : probes_) probes.push_back(std::move(probe));
  probes_.clear();
  return probes;
}

Executable::~Executable() { Kernel::Detach(TakeProbes()); }

const std::string& Executable::TypeName(uint64_t address) {
  // Addresses come from the traced program's memory: however many it may show, this many names are kept.
  constexpr size_t kMostNames = 4096;
  static const std::string none;
  if (const auto known = type_names_.find(address); known != type_names_.end()) return known->second;
  if (type_names_.size() >= kMostNames) return none;
  const Result<GoBinary*> binary = Binary();
  const Moduledata* module = binary ? (*binary)->impl().module() : nullptr;
  if (!module) return none;
  const Image& image = (*binary)->impl().image();
  TypeReader reader(&image, module->types, module->etypes, DetectTypeFormat(image, *module), size_t{4} << 10, 16);
  TypeNames names(&reader, TypeHashRule::kUnknown);
  names.SetBudget(1 << 16);
  return type_names_[address] = names.Full(address).value_or("");
}

const std::string& Executable::LibraryVersion(const std::string& package) {
  if (const auto known = library_versions_.find(package); known != library_versions_.end()) return known->second;
  std::string& version = library_versions_[package];
  if (package == "net/http") return version = info_.go_version;
  for (std::string_view path = package;; path = path.substr(0, path.rfind('/'))) {
    if (const BinaryModule* module = info_.Module(path)) return version = module->code_version();
    if (path.find('/') == std::string_view::npos) return version;
  }
}

}  // namespace gooffsets::trace
