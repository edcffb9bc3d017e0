#include "store_facts.h"

#include <algorithm>
#include <set>

namespace offsetgen {

using gooffsets::BuildInfo;
using gooffsets::BuildStatus;
using gooffsets::Result;
using gooffsets::Store;

Result<std::vector<StoredBuild>> StoredBuilds(Store* store, const std::string& module) {
  GOOFFSETS_TRY(std::vector<BuildInfo> builds, store->Builds(module));
  std::vector<StoredBuild> out;
  for (const BuildInfo& b : builds) {
    StoredBuild s;
    s.module = b.root.module;
    s.version = b.root.version;
    s.go = b.go;
    s.goarch = b.goarch;
    s.tags = b.tags;
    std::sort(s.tags.begin(), s.tags.end());
    s.goexperiment = b.goexperiment;
    s.status = b.status;
    s.closure = b.closure;
    GOOFFSETS_TRY(auto inputs, store->Local(b.id, kInputsNote));
    GOOFFSETS_TRY(auto max_go, store->Local(b.id, kMaxGoNote));
    GOOFFSETS_TRY(auto missing, store->Local(b.id, kToolchainMissingNote));
    s.inputs = inputs.value_or("");
    s.max_go_directive = max_go.value_or("");
    s.toolchain_missing = missing.has_value();
    if (b.status == BuildStatus::kOk && module != gooffsets::kStdModule) {
      GOOFFSETS_TRY(gooffsets::BuildRecord record, store->ReadBuildFacts(b.id));
      std::set<std::string> by_value;
      for (gooffsets::PackageRecord& p : record.packages) {
        if (p.owner != b.root) continue;
        s.packages.push_back({p.path, p.selections});
        by_value.insert(p.std_by_value.begin(), p.std_by_value.end());
      }
      s.std_by_value.assign(by_value.begin(), by_value.end());
    }
    out.push_back(std::move(s));
  }
  return out;
}

Result<void> AddStdSizes(Store* store, const std::vector<StoredBuild>& builds, StdSizes* sizes) {
  for (gooffsets::GoArch arch : {gooffsets::GoArch::kAmd64, gooffsets::GoArch::kArm64}) {
    std::set<std::string> types;
    for (const StoredBuild& b : builds) {
      if (b.goarch == arch) types.insert(b.std_by_value.begin(), b.std_by_value.end());
    }
    GOOFFSETS_TRY(std::vector<std::string> releases, store->StdReleases(arch));
    for (const std::string& go : releases) {
      if (!sizes->IsStored(arch, go)) sizes->AddRelease(arch, go);
      for (const std::string& type : types) {
        if (sizes->Get(arch, go, type).kind != SizeFact::Kind::kAbsent) continue;  // added already
        GOOFFSETS_TRY(gooffsets::StdTypeSize size, store->StdSize(go, arch, type));
        switch (size.state) {
          case gooffsets::StdTypeSize::State::kKnown:
            sizes->Add(arch, go, type, size.size, size.align);
            break;
          case gooffsets::StdTypeSize::State::kUnknown:
            sizes->AddUnknown(arch, go, type);
            break;
          case gooffsets::StdTypeSize::State::kAbsent:
            break;
        }
      }
    }
  }
  return {};
}

}  // namespace offsetgen
