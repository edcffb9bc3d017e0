#include "gooffsets/binary.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/quote.h"
#include "binary/byte_source.h"
#include "binary/go_binary_impl.h"
#include "binary/recognise.h"

namespace gooffsets {
namespace {

// /proc/PID/exe leads nowhere.
tl::unexpected<Error> NoProgram(int pid) {
  const bool exists = ::access(fmt::format("/proc/{}", pid).c_str(), F_OK) == 0;
  return Fail(ErrorCode::kNotFound,
              exists ? fmt::format("process {} has ended, or is a thread of the kernel: it runs no program", pid)
                     : fmt::format("there is no process {}", pid),
              "see the process ids with ps");
}

}  // namespace

std::optional<Error> GoBinary::Impl::FindTables() {
  auto missing = [](const Error& error) { return TableInfo{false, error.message}; };
  Result<Pclntab> pclntab = Pclntab::Find(image_);
  if (!pclntab) {
    info_.pclntab = missing(pclntab.error());
    info_.moduledata = info_.types = {false, "not looked for: it is found through the pclntab"};
    if (!info_.obfuscation.empty()) {
      info_.moduledata.how = info_.types.how = "not looked for: the program is obfuscated (" + info_.obfuscation + ")";
    }
    return pclntab.error();
  }
  pclntab_ = std::move(*pclntab);
  info_.pclntab = {true, pclntab_->found_by()};
  Result<Moduledata> module = FindModuledata(image_, *pclntab_);
  if (!module) {
    info_.moduledata = missing(module.error());
    info_.types = {false, "not looked for: moduledata says where they lie"};
    return std::nullopt;
  }
  module_ = std::move(*module);
  info_.moduledata = {true, fmt::format("{}, layout {}{}", module_->found_by, module_->layout,
                                        module_->self_checked ? ", confirmed by its own type descriptor" : "")};
  pclntab_->SetText(module_->text_map);
  Result<RuntimeTypes> types = RuntimeTypes::Open(image_, *module_);
  if (!types) {
    info_.types = missing(types.error());
    return std::nullopt;
  }
  types_ = std::move(*types);
  info_.types = {true, "moduledata"};
  return std::nullopt;
}

Result<std::unique_ptr<GoBinary::Impl>> GoBinary::Impl::Make(Image image) {
  std::unique_ptr<Impl> impl(new Impl(std::move(image)));
  GOOFFSETS_TRY(impl->info_, Recognise(impl->image_));
  const std::optional<Error> no_pclntab = impl->FindTables();
  if (!impl->info_.build_info.found && impl->module_) {
    const Result<RawBuildInfo> raw = ReadBuildVariables(impl->image_, &*impl->pclntab_);
    if (raw) {
      if (impl->image_.FindSection(".go.buildinfo") != nullptr) impl->info_.notes.push_back(impl->info_.build_info.how);
      TakeBuildInfo(impl->image_, *raw, &impl->info_);
    } else if (raw.error().code != ErrorCode::kNotFound) {
      impl->info_.notes.push_back(raw.error().message);
    }
  }
  const BinaryInfo& info = impl->info_;
  if (info.build_info.found || !info.packing.empty() || !info.obfuscation.empty()) return impl;
  // Nothing but a pclntab shows that it is a Go program; one of an unknown release, or a garbled one, shows it as well.
  if (!no_pclntab || no_pclntab->code == ErrorCode::kUnsupported) return impl;
  // What could not be read of a file is the reason, not what was not found in the rest.
  if (no_pclntab->code != ErrorCode::kNotFound && !impl->image_.is_memory()) return tl::unexpected(*no_pclntab);
  return Fail(ErrorCode::kUnsupported, info.file + " is no Go program: it has neither build info nor a pclntab",
              "name the program itself, not a wrapper that starts it; of a packed one, its process");
}

GoBinary::GoBinary(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GoBinary::GoBinary(GoBinary&&) noexcept = default;
GoBinary& GoBinary::operator=(GoBinary&&) noexcept = default;
GoBinary::~GoBinary() = default;

const BinaryInfo& GoBinary::info() const { return impl_->info(); }

Result<GoBinary> GoBinary::Open(const std::string& path) {
  GOOFFSETS_TRY(std::shared_ptr<const ByteSource> source, OpenFileSource(path));
  GOOFFSETS_TRY(Image image, Image::Open(std::move(source)));
  GOOFFSETS_TRY(std::unique_ptr<Impl> impl, Impl::Make(std::move(image)));
  return GoBinary(std::move(impl));
}

Result<GoBinary> GoBinary::OpenProcess(int pid) {
  if (pid <= 0) return Fail(ErrorCode::kUsage, fmt::format("{} is no process id", pid));
  // The link opens the very file that runs, also when its name is gone or belongs to another mount namespace.
  Result<GoBinary> file = Open(fmt::format("/proc/{}/exe", pid));
  if (!file && file.error().code == ErrorCode::kNotFound) return NoProgram(pid);
  if (!file && file.error().code == ErrorCode::kPermission) {
    return Fail(ErrorCode::kPermission, file.error().message, "run as the user of the process, or with CAP_SYS_PTRACE");
  }
  if (file && file->info().packing.empty()) return file;
  if (!file && file.error().code != ErrorCode::kUnsupported) return file;
  // A packed program unpacks itself into memory: only there are its tables.
  Result<Image> memory = Image::OpenProcessMemory(pid);
  if (!memory) return file ? std::move(file) : tl::unexpected(std::move(memory).error());
  Result<std::unique_ptr<Impl>> impl = Impl::Make(std::move(*memory));
  if (!impl) return file ? std::move(file) : tl::unexpected(std::move(impl).error());
  return GoBinary(std::move(*impl));
}

Result<std::vector<GoBinary::NamedStruct>> GoBinary::Structs() const {
  RuntimeTypes* types = impl_->types();
  if (types == nullptr) {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: no type descriptors: {}", info().file, info().types.how),
                "gooffsets inspect without --types tells what the program is");
  }
  std::vector<NamedStruct> structs;
  GOOFFSETS_CHECK_OK(types->ForEachStruct([&](const RuntimeType& type) {
    structs.push_back({type.name, type.structure});
    return true;
  }));
  std::stable_sort(structs.begin(), structs.end(),
                   [](const NamedStruct& a, const NamedStruct& b) { return a.name < b.name; });
  return structs;
}

}  // namespace gooffsets
