#include "go/promotion.h"

#include <algorithm>
#include <set>
#include <utility>

namespace gooffsets {
namespace {

// Go code embeds a handful of structs in each other; hostile layouts must come to an end.
constexpr int kMostDepth = 64;
constexpr size_t kMostStructs = 1024;

struct Node {
  StructLayout layout;
  size_t scope = 0;
  uint64_t base = 0;
  std::vector<std::string> path;
  std::string pointer;  // the embedded pointer that it lies behind; empty: none
};

Promotion None(std::string why) { return {Promotion::Kind::kNone, {}, {}, 0, std::move(why)}; }

const Field* FieldOf(const StructLayout& layout, std::string_view name) {
  const auto found = std::find_if(layout.fields.begin(), layout.fields.end(),
                                  [&](const Field& field) { return field.name == name && name != "_"; });
  return found == layout.fields.end() ? nullptr : &*found;
}

}  // namespace

Result<Promotion> FindPromoted(const StructLayout& outer, std::string_view name, const FindEmbedded& find) {
  std::vector<Node> level = {{outer, 0, 0, {}, ""}};
  std::set<std::string> shallower;  // types of the levels above: what they promote is theirs
  size_t structs = 0;
  for (int depth = 0; depth < kMostDepth && !level.empty(); ++depth) {
    std::vector<Node> next;
    std::set<std::string> types;
    std::string not_known;
    for (const Node& here : level) {
      for (const Field& field : here.layout.fields) {
        const bool pointer = field.kind == TypeKind::kPointer && field.type.starts_with('*');
        if (!field.embedded || !(pointer || field.kind == TypeKind::kStruct)) continue;
        const std::string type = pointer ? field.type.substr(1) : field.type;
        if (shallower.contains(type)) continue;
        if (++structs > kMostStructs) return None("it embeds more structs than any Go program's");
        types.insert(type);
        std::string why;
        GOOFFSETS_TRY(std::optional<EmbeddedStruct> held, find(here.scope, type, &why));
        if (!held) {
          if (not_known.empty()) not_known = "embedded " + type + ": " + why;
          continue;
        }
        Node& node = next.emplace_back();
        node.layout = std::move(held->layout);
        node.scope = held->scope;
        node.base = here.base + field.offset;
        node.path = here.path;
        node.path.push_back(field.name);
        node.pointer = !here.pointer.empty() ? here.pointer : pointer ? field.name : "";
      }
    }
    const Node* match = nullptr;
    for (const Node& node : next) {
      if (FieldOf(node.layout, name) == nullptr) continue;
      if (match != nullptr) return None("several embedded structs promote one of this name, Go calls it ambiguous");
      match = &node;
    }
    if (!not_known.empty()) return Promotion{Promotion::Kind::kNotKnown, {}, {}, 0, std::move(not_known)};
    if (match != nullptr && !match->pointer.empty()) {
      return None("it is promoted through the embedded pointer " + match->pointer +
                  ", and lies in another block of memory");
    }
    if (match != nullptr) {
      Promotion found{Promotion::Kind::kFound, match->path, *FieldOf(match->layout, name), match->scope, {}};
      found.path.emplace_back(name);
      found.field.offset += match->base;
      return found;
    }
    shallower.merge(types);
    level = std::move(next);
  }
  return None("");
}

}  // namespace gooffsets
