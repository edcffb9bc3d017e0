#include "gotrace/executable.h"

#include <string_view>

#include "binary/go_binary_impl.h"
#include "binary/runtime_types_links.h"
#include "binary/type_names.h"
#include "gooffsets/resolve.h"

namespace gooffsets::trace {

Result<std::unique_ptr<Executable>> Executable::Open(const std::string& path, const Database* database,
                                                     const WantList& wants) {
  GOOFFSETS_TRY(GoBinary binary, GoBinary::Open(path));
  ResolveOptions options;
  options.count_inlined = false;
  Plan plan;
  {
    GOOFFSETS_TRY(Resolver resolver, Resolver::Make(&binary, database, options));
    GOOFFSETS_TRY(const Resolution resolution, resolver.Resolve(wants));
    plan = MakePlan(resolution);
  }
  // No interface names the key of gRPC's incoming metadata, so that it has no itab: its descriptor is looked up.
  const std::vector<std::string> keys = {"google.golang.org/grpc/metadata.mdIncomingKey"};
  if (RuntimeTypes* types = binary.impl().types(); types && binary.info().Module("google.golang.org/grpc")) {
    const Result<RuntimeTypes::Found> found = types->FindTypes(keys);
    if (found && found->types.front()) plan.table.type[GT_TYPE_RPC_INCOMING] = found->types.front()->address;
  }
  return std::unique_ptr<Executable>(new Executable(std::move(binary), std::move(plan)));
}

Result<void> Executable::Attach(Kernel* kernel, uint32_t id, const std::string& path,
                                std::vector<std::string>* messages) {
  GOOFFSETS_CHECK_OK(kernel->SetTable(id, plan_.table));
  for (const Place& place : plan_.places) {
    Result<Probe> probe = kernel->Attach(place.program, path, place.file_offset);
    if (probe) {
      probes_.push_back(std::move(*probe));
    } else {
      messages->push_back(place.function + ": " + probe.error().message);
      if (probe.error().code == ErrorCode::kPermission && probes_.empty()) return tl::unexpected(probe.error());
    }
  }
  return {};
}

const std::string& Executable::TypeName(uint64_t address) {
  // Addresses come from the traced program's memory: however many it may show, this many names are kept.
  constexpr size_t kMostNames = 4096;
  static const std::string none;
  if (const auto known = type_names_.find(address); known != type_names_.end()) return known->second;
  const Moduledata* module = binary_.impl().module();
  if (!module || type_names_.size() >= kMostNames) return none;
  const Image& image = binary_.impl().image();
  TypeReader reader(&image, module->types, module->etypes, DetectTypeFormat(image, *module), size_t{4} << 10, 16);
  TypeNames names(&reader, TypeHashRule::kUnknown);
  names.SetBudget(1 << 16);
  return type_names_[address] = names.Full(address).value_or("");
}

std::string Executable::LibraryVersion(const std::string& package) const {
  const BinaryInfo& info = binary_.info();
  if (package == "net/http") return info.go_version;
  for (std::string_view path = package;; path = path.substr(0, path.rfind('/'))) {
    if (const BinaryModule* module = info.Module(path)) return module->code_version();
    if (path.find('/') == std::string_view::npos) return {};
  }
}

}  // namespace gooffsets::trace
