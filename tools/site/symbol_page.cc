// A struct, a field or a function: the answer in words, the timeline, and each of its layouts.
#include <algorithm>

#include "gooffsets/version.h"
#include "site/function_drawing.h"
#include "site/pages.h"
#include "site/story.h"
#include "site/struct_drawing.h"
#include "site/timeline_drawing.h"
#include "store/json_text.h"

namespace gooffsets {

namespace {

constexpr size_t kMaxVariants = 60;  // drawn; the table of runs has all

// What the page is about, in its first sentence.
std::string Summary(const Story& story) {
  const size_t observed = story.Observed().size();
  const Value& newest = story.variants[story.Newest()];
  const std::string among = " in all " + Count(observed, "observed version") + ".";
  switch (story.kind) {
    case SymbolKind::kField: {
      std::vector<uint64_t> offsets;
      for (const Value& value : story.variants) offsets.push_back(value.field.offset);
      std::sort(offsets.begin(), offsets.end());
      offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
      const std::string now = "At byte " + std::to_string(newest.field.offset);
      if (offsets.size() == 1) return now + among;
      return now + " in the newest version, at " + Count(offsets.size(), "different place") + " over " +
             Count(observed, "observed version") + ".";
    }
    case SymbolKind::kStruct: {
      const std::string now =
          Count(newest.structure.size, "byte") + " and " + Count(newest.structure.fields.size(), "field");
      if (story.variants.size() == 1) return now + among;
      return now + " in the newest version; " + Count(story.variants.size(), "different layout") + " over " +
             Count(observed, "observed version") + ".";
    }
    case SymbolKind::kFunction: {
      const std::string now =
          Count(newest.function.params.size(), "parameter") + " and " + Count(newest.function.results.size(), "result");
      if (story.variants.size() == 1) return now + among;
      return now + " in the newest version; " + Count(story.variants.size(), "different signature") + " over " +
             Count(observed, "observed version") + ".";
    }
  }
  return {};
}

// For the slider: observed versions, and the layouts of each on each architecture.
std::string SliderData(const Story& story) {
  std::string out;
  const std::vector<size_t> observed = story.Observed();
  JsonObject json(&out);
  json.Key("versions");
  JsonArray versions(&out);
  for (size_t v : observed) versions.Text(story.versions[v]);
  versions.Close();
  for (const Story::Side& side : story.sides) {
    json.Key(ToString(side.arch));
    JsonArray all(&out);
    for (size_t v : observed) {
      all.Next();
      JsonArray names(&out);
      for (size_t run : side.at[v]) {
        if (side.variant_of[run] != Story::kAbsent) names.Text(VariantName(side.variant_of[run]));
      }
      names.Close();
    }
    all.Close();
  }
  json.Close();
  return out;
}

void Slider(Html* html, const Story& story) {
  const std::vector<size_t> observed = story.Observed();
  html->Open("form", {{"class", "slider"}, {"id", "slider"}, {"hidden", "hidden"}, {"data-story", SliderData(story)}});
  html->Open("p").Leaf("label", {{"for", "version"}}, "Version");
  html->Void("input", {{"type", "range"},
                       {"id", "version"},
                       {"min", "0"},
                       {"max", std::to_string(observed.empty() ? 0 : observed.size() - 1)},
                       {"value", std::to_string(observed.empty() ? 0 : observed.size() - 1)}});
  html->Leaf("output", {{"id", "version-said"}, {"for", "version"}, {"aria-live", "polite"}}, "").Close();
  html->Open("p").Leaf("label", {{"for", "arch"}}, "Architecture").Open("select", {{"id", "arch"}});
  for (const Story::Side& side : story.sides) html->Leaf("option", ToString(side.arch));
  html->Close().Leaf("label", {{"for", "against"}}, "Compare with").Open("select", {{"id", "against"}});
  html->Leaf("option", {{"value", ""}}, "nothing");
  for (size_t v = 0; v < std::min(kMaxVariants, story.variants.size()); ++v) {
    std::string versions = story.VersionsOf(v);
    if (versions.size() > 40) versions = versions.substr(0, versions.find(',')) + " \xe2\x80\xa6";
    html->Leaf("option", {{"value", VariantName(v)}}, VariantName(v) + " (" + versions + ")");
  }
  html->Close().Close();
  html->Leaf("div", {{"id", "difference"}, {"aria-live", "polite"}}, "").Close();
}

std::vector<GoArch> ArchesOf(const Story& story, size_t variant) {
  std::vector<GoArch> arches;
  for (const Story::Side& side : story.sides) {
    if (std::find(side.variant_of.begin(), side.variant_of.end(), variant) != side.variant_of.end()) {
      arches.push_back(side.arch);
    }
  }
  return arches;
}

void Changes(Html* html, const Story& story, size_t variant) {
  if (variant == 0) return;
  const Value& before = story.variants[variant - 1];
  const Value& after = story.variants[variant];
  if (before.kind != after.kind) return;
  const std::vector<std::string> changes = story.kind == SymbolKind::kStruct
                                               ? ChangesBetween(before.structure, after.structure)
                                               : ChangesBetween(before.function, after.function);
  html->Open("details", {{"class", "changes"}});
  html->Leaf("summary", Count(changes.size(), "change") + " from layout " + VariantName(variant - 1)).Open("ul");
  for (const std::string& change : changes) html->Leaf("li", change);
  html->Close().Close();
}

void Variants(Html* html, const PageContext& context, const Story& story, const std::string& package,
              const std::string& name) {
  const size_t newest = story.Newest();
  html->Leaf("h2", {{"id", "layouts"}}, story.kind == SymbolKind::kStruct ? "Byte by byte" : "Where its values are");
  Slider(html, story);
  const size_t shown = std::min(kMaxVariants, story.variants.size());
  if (shown < story.variants.size()) {
    html->Leaf("p", {{"class", "note"}}, "The first " + Thousands(shown) + " layouts are drawn.");
  }
  for (size_t v = shown; v-- > 0;) {
    const Value& value = story.variants[v];
    html->Open("details", {{"class", "variant"},
                           {"id", "layout-" + VariantName(v)},
                           {"data-layout", VariantName(v)},
                           {"open", v == std::min(newest, shown - 1) ? std::string_view("open") : Html::kNone}});
    html->Open("summary").Leaf("b", {{"class", "swatch c" + std::to_string(v % 10)}}, "Layout " + VariantName(v));
    html->Text(" " + story.VersionsOf(v) + " on " + story.ArchesOf(v)).Close();
    Changes(html, story, v);
    if (value.kind == SymbolKind::kStruct) {
      html->Open("div", {{"class", "beside"}}).Open("div", {{"class", "picture"}});
      DrawStruct(html, value.structure, name);
      html->Close().Open("div", {{"class", "scroll"},
                                 {"tabindex", "0"},
                                 {"role", "region"},
                                 {"aria-label", "Fields of layout " + VariantName(v)}});
      FieldTable(
          html, value.structure, [&](const std::string& type) { return LinkOfType(context, story.module, type); },
          [&](const std::string& field) {
            const std::string symbol = package + "." + name + "." + field;
            if (context.static_mode && !context.static_mode->HasPage(story.module, symbol)) return std::string();
            return context.To(PageAddress(story.module, symbol));
          });
      html->Close().Close();
    } else if (value.kind == SymbolKind::kFunction) {
      DrawFunction(html, value.function, ArchesOf(story, v));
    }
    html->Close();
  }
}

void Gaps(Html* html, const Story& story) {
  // Equal reasons together; of both architectures the one that tells more.
  const Story::Side& side =
      story.sides[story.sides[0].timeline.gaps.size() >= story.sides[1].timeline.gaps.size() ? 0 : 1];
  if (side.timeline.gaps.empty()) return;
  html->Open("details", {{"class", "gaps"}});
  html->Leaf("summary", Count(side.timeline.gaps.size(), "known version") + " without an observation on " +
                            std::string(ToString(side.arch)));
  html->Open("ul");
  for (size_t g = 0; g < side.timeline.gaps.size();) {
    size_t end = g + 1;
    while (end < side.timeline.gaps.size() && side.timeline.gaps[end].reason == side.timeline.gaps[g].reason) ++end;
    std::string reason = side.timeline.gaps[g].reason;
    if (reason.size() > 160) reason = reason.substr(0, 160) + "\xe2\x80\xa6";
    std::string versions = side.timeline.gaps[g].version;
    if (end - g > 1) versions += " to " + side.timeline.gaps[end - 1].version + " (" + Thousands(end - g) + ")";
    html->Leaf("li", versions + ": " + reason);
    g = end;
  }
  html->Close().Close();
}

}  // namespace

Result<Html> SymbolPage(const PageContext& context, const std::string& module, const std::string& symbol) {
  GOOFFSETS_TRY(Story story, MakeStory(context.db, context.data.coverage.at(module), module, symbol));
  if (!story.found()) return Fail(ErrorCode::kUnknown, "no build showed " + symbol);
  // The longest package that the symbol begins with, as the database splits it.
  std::string package;
  for (const IndexedPackage& one : context.data.index.Packages()) {
    if (one.module == module && symbol.starts_with(one.path + ".") && one.path.size() > package.size())
      package = one.path;
  }
  const std::string name = package.empty() ? symbol : symbol.substr(package.size() + 1);
  std::vector<std::pair<std::string, std::string>> steps = {{context.To(ModuleAddress(module)), module}};
  if (!package.empty()) steps.emplace_back(context.To(PageAddress(module, package)), package);
  std::string here = name;
  if (story.kind == SymbolKind::kField && !package.empty()) {
    const size_t dot = name.rfind('.');
    const std::string outer = name.substr(0, dot);
    if (dot != std::string::npos && context.data.index.Find(module, package + "." + outer)) {
      steps.emplace_back(context.ToSymbol(module, package, outer), outer);
      here = name.substr(dot + 1);
    }
  }
  Html html;
  Trail(&html, context, steps, here);
  html.Open("h1").Leaf("span", {{"class", "kind"}}, ToString(story.kind)).Text(" ");
  html.Leaf("code", symbol).Close();
  html.Leaf("p", {{"class", "lead"}, {"id", "answer"}}, Summary(story));
  html.Leaf("h2", "Over the versions of " + (module == kStdModule ? std::string("Go") : module));
  DrawTimeline(&html, story);
  if (story.kind != SymbolKind::kField) Variants(&html, context, story, package, name);
  html.Leaf("h2", "In words");
  TimelineTable(&html, story);
  Gaps(&html, story);
  html.Leaf("h2", "The same on the command line");
  const bool quoted = symbol.find_first_of("(*[ ") != std::string::npos;
  html.Open("pre").Leaf(
      "code", "gooffsets lookup --module " + module + " --all-versions " + (quoted ? "'" + symbol + "'" : symbol));
  html.Close();
  return html;
}

}  // namespace gooffsets
