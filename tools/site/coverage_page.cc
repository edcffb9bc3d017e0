// Modules and versions: what was observed and what not.
#include <algorithm>
#include <map>

#include "gooffsets/version.h"
#include "site/pages.h"

namespace gooffsets {

namespace {

// How one version stands on one architecture. Each has its own sign, so that none is told by its colour alone.
struct Standing {
  const char *name, *sign, *words;
};
constexpr Standing kBuilt = {"built", "\xe2\x97\x8f", "built and measured"};
constexpr Standing kSeen = {"seen", "\xe2\x97\x90", "seen in part, in programs of other modules"};
constexpr Standing kFailed = {"failed", "\xc3\x97", "does not build"};
constexpr Standing kNone = {"none", "\xe2\x97\x8b", "not built"};

const Standing& StandingOf(const VersionCoverage::Arch& arch) {
  if (arch.builds > 0) return kBuilt;
  if (arch.packages > 0) return kSeen;
  return arch.failure.empty() ? kNone : kFailed;
}

std::string TitleOf(const VersionCoverage& version) {
  std::string text = version.version;
  for (GoArch arch : {GoArch::kAmd64, GoArch::kArm64}) {
    const VersionCoverage::Arch& side = version.Of(arch);
    text += arch == GoArch::kAmd64 ? ": " : "; ";
    text += std::string(ToString(arch)) + " " + StandingOf(side).words;
    if (!side.go.empty()) text += " with Go " + side.go.front() + (side.go.size() > 1 ? " .. " + side.go.back() : "");
    if (side.packages > 0) text += ", " + Count(side.packages, "package");
    if (!side.failure.empty() && side.packages == 0) text += " (" + side.failure.substr(0, 160) + ")";
  }
  return text;
}

std::string LineOf(const std::string& module, const std::string& version) {
  Result<Version> parsed = Version::Parse(SchemeOf(module), version);
  return parsed ? parsed->minor_line() : version;
}

void Legend(Html* html) {
  html->Open("p", {{"class", "legend"}}).Text("Each version with a sign for amd64 and one for arm64: ");
  for (const Standing* standing : {&kBuilt, &kSeen, &kFailed, &kNone}) {
    html->Leaf("span", {{"class", std::string("sign ") + standing->name}}, standing->sign);
    html->Text(std::string(" ") + standing->words + (standing == &kNone ? "." : ", "));
  }
  html->Close();
}

void Matrix(Html* html, const std::string& module, const std::vector<VersionCoverage>& versions) {
  html->Open("table", {{"class", "matrix"}}).Leaf("caption", "Known versions of " + module);
  html->Open("thead").Open("tr").Leaf("th", {{"scope", "col"}}, "Line").Leaf("th", {{"scope", "col"}}, "Versions");
  html->Close().Close().Open("tbody");
  for (size_t v = 0; v < versions.size();) {
    const std::string line = LineOf(module, versions[v].version);
    html->Open("tr").Leaf("th", {{"scope", "row"}}, line).Open("td").Open("ul", {{"class", "chips"}});
    for (; v < versions.size() && LineOf(module, versions[v].version) == line; ++v) {
      const Standing& amd64 = StandingOf(versions[v].amd64);
      const Standing& arm64 = StandingOf(versions[v].arm64);
      html->Open("li", {{"class", std::string("chip ") + amd64.name}, {"title", TitleOf(versions[v])}});
      html->Text(versions[v].version + " ");
      html->Leaf("span",
                 {{"class", std::string("sign ") + amd64.name},
                  {"role", "img"},
                  {"aria-label", std::string("amd64 ") + amd64.words}},
                 amd64.sign);
      html->Leaf("span",
                 {{"class", std::string("sign ") + arm64.name},
                  {"role", "img"},
                  {"aria-label", std::string("arm64 ") + arm64.words}},
                 arm64.sign);
      html->Close();
    }
    html->Close().Close().Close();
  }
  html->Close().Close();
}

}  // namespace

Html CoveragePage(const PageContext& context) {
  Html html;
  Trail(&html, context, {}, "Coverage");
  html.Leaf("h1", "Coverage");
  html.Leaf("p", {{"class", "lead"}},
            "Which versions were built and measured. What is missing here answers \xe2\x80\x9cunknown\xe2\x80\x9d, "
            "never a guess.");
  Legend(&html);
  for (const auto& [name, known] : ModulesInOrder(context.data)) {
    const std::string& module = *name;
    const std::vector<VersionCoverage>& versions = *known;
    size_t built = 0, seen = 0;
    for (const VersionCoverage& version : versions) {
      built += version.amd64.builds > 0 || version.arm64.builds > 0;
      seen += version.amd64.packages > 0 || version.arm64.packages > 0;
    }
    const bool open = built > 0;
    html.Open("details", {{"class", "module"}, {"open", open ? std::string_view("open") : Html::kNone}});
    html.Open("summary").Leaf("b", module);
    html.Text(" \xe2\x80\x94 " + Thousands(seen) + " of " + Count(versions.size(), "version") + " observed").Close();
    html.Open("p").Link(context.To(ModuleAddress(module)), "Packages of " + module).Close();
    Matrix(&html, module, versions);
    html.Close();
  }
  return html;
}

Html ModulePage(const PageContext& context, const std::string& module) {
  const std::vector<VersionCoverage>& versions = context.data.coverage.at(module);
  Html html;
  Trail(&html, context, {}, module);
  html.Leaf("h1", module == kStdModule ? std::string("The standard library") : module);
  size_t seen = 0;
  for (const VersionCoverage& version : versions) seen += version.amd64.packages > 0 || version.arm64.packages > 0;
  html.Leaf("p", {{"class", "lead"}},
            Thousands(seen) + " of " + Count(versions.size(), "known version") + " observed; the newest is " +
                NewestObserved(versions, GoArch::kAmd64) + ".");
  html.Leaf("h2", "Packages");
  html.Open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Packages"}});
  html.Open("table").Open("thead").Open("tr");
  for (const char* head : {"Package", "Structs", "Fields", "Functions"}) html.Leaf("th", {{"scope", "col"}}, head);
  html.Close().Close().Open("tbody");
  for (const IndexedPackage& package : context.data.index.Packages()) {
    if (package.module != module) continue;
    html.Open("tr")
        .Open("th", {{"scope", "row"}})
        .Link(context.To(PageAddress(module, package.path)), package.path)
        .Close();
    for (size_t number : {package.structs, package.fields, package.functions}) {
      html.Leaf("td", {{"class", "number"}}, Thousands(number));
    }
    html.Close();
  }
  html.Close().Close().Close();
  html.Leaf("h2", "Versions");
  Legend(&html);
  Matrix(&html, module, versions);
  return html;
}

}  // namespace gooffsets
