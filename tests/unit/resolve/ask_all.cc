#include "ask_all.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <variant>
#include <vector>

namespace gooffsets::testing {

using Kind = DatabaseAnswer::Kind;

void AskAll(const std::string& what, Chain* truth, Chain* chain, const std::string& go, const std::string& module,
            const std::string& version, size_t stride, Counts* counts) {
  size_t number = 0;
  for (const std::string& path : **truth->reader().PackagePaths(module, version)) {
    const auto& seen = **truth->reader().Seen(module, version, path, GoArch::kAmd64);
    if (seen.empty()) continue;
    const SeenPackage* with_go = nullptr;
    for (const SeenPackage& package : seen) {
      if ((*truth->reader().Build(package.build))->evidence.go == go) with_go = &package;
    }
    if (with_go == nullptr) continue;
    for (const PackageEntry& entry : **truth->reader().Entries(with_go->state)) {
      if (entry.layout == 0 || ++number % stride != 0) continue;
      const std::string symbol = *truth->reader().Text(entry.symbol);
      if (symbol.find_first_of("[{ ") != std::string::npos)
        continue;  // listed with their holder, under no symbol of its own
      const Layout& layout = **truth->reader().LayoutOf(entry.layout);
      auto judge = [&](const std::string& name, const DatabaseAnswer& answer, bool same) {
        if (answer.kind == Kind::kUnknown) {
          // A few of them, for whoever reads the log: what is refused has a reason.
          if (++counts->refused <= 5) std::printf("refused: %s: %s\n", name.c_str(), answer.missing.reason.c_str());
        } else if (answer.kind == Kind::kFound && same) {
          ++counts->right[answer.source];
        } else {
          ++counts->wrong;
          if (answer.kind == Kind::kAbsent) ++counts->absent;
          ADD_FAILURE() << name << ": " << ToString(answer.source) << " says " << answer.Says() << " (" << answer.how
                        << ")";
        }
      };
      if (const auto* structure = std::get_if<StructLayout>(&layout)) {
        for (const Field& field : structure->fields) {
          if (field.name == "_") continue;
          const std::string name = path + "." + symbol + "." + field.name;
          const DatabaseAnswer answer = chain->Ask(name);
          judge(name, answer, answer.field.offset == field.offset && answer.field.size == field.size);
          if (counts->wrong > 20) return;
        }
      } else {
        const auto& function = std::get<FunctionLayout>(layout);
        const std::string name = path + "." + symbol;
        const DatabaseAnswer answer = chain->Ask(name);
        auto places = [](const std::vector<Parameter>& a, const std::vector<Parameter>& b) {
          bool same = a.size() == b.size();
          for (size_t i = 0; same && i < a.size(); ++i) same = a[i].size == b[i].size && a[i].pieces == b[i].pieces;
          return same;
        };
        judge(name, answer,
              answer.item == ItemKind::kFunction && places(answer.function.params, function.params) &&
                  places(answer.function.results, function.results));
        if (counts->wrong > 20) return;
      }
    }
  }
  std::printf("%s: %zu right (", what.c_str(), counts->Right());
  for (const auto& [source, count] : counts->right)
    std::printf(" %s %zu", std::string(ToString(source)).c_str(), count);
  std::printf(" ), %zu refused, %zu wrong\n", counts->refused, counts->wrong);
}

}  // namespace gooffsets::testing
