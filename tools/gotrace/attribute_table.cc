#include "gotrace/attribute_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/database_path.h"
#include "common/exit_code.h"
#include "gooffsets/resolve.h"
#include "gooffsets/version.h"
#include "gotrace/table.h"

namespace gooffsets::trace {

namespace {

// What an attribute needs besides its span: names of the want lists, as "probe/name". Of several in one text, between
// bars, one is enough.
struct Row {
  const char* attribute;
  std::vector<std::string> needs;
};
struct Section {
  const char *probe, *title, *module;
  std::vector<Row> rows;
};

constexpr char kMaps[] = "swiss_map/map.groups|bucket_map/hmap.buckets";

std::vector<Row> ServerRows(const std::string& probe) {
  const auto name = [&](const char* text) { return probe + "/" + text; };
  std::vector<Row> rows = {
      {"`http.request.method`", {name("req.Method")}},
      {"`url.path`, `url.query`", {name("req.RequestURI")}},
      {"`url.scheme`", {name("req.TLS")}},
      {"`http.response.status_code`", {name("status"), name("wroteHeader")}},
      {"`server.address`, `server.port`", {name("req.Host")}},
      {"`network.peer.address`, `network.peer.port`, `client.address`", {name("req.RemoteAddr")}},
      {"`user_agent.original`; the parent from `traceparent`; `tracestate`", {name("req.Header"), kMaps}},
      {"being the parent of calls, by their context", {name("req.ctx"), "context/valueCtx.parent"}},
      {"being the parent of calls without a context, inferred", {"goroutine/g.goid", "goroutine/g.parentGoid"}},
  };
  if (probe == "h1") {
    rows.push_back({"`network.protocol.version`", {name("req.ProtoMinor")}});
    rows.push_back({"`http.route`", {name("req.Pattern")}});
    rows.push_back({"`http.route` where the request was copied", {name("req.Pattern"), name("mux"), name("handler")}});
  }
  return rows;
}

std::vector<Row> ClientRows(const std::string& probe) {
  const auto name = [&](const char* text) { return probe + "/" + text; };
  return {
      {"`http.request.method`", {name("req.Method")}},
      {"`url.full`", {name("url.Scheme"), name("url.Host"), name("url.Path"), name("url.RawQuery")}},
      {"`server.address`, `server.port`", {name("url.Host")}},
      {"`http.response.status_code`", {name("resp.StatusCode")}},
      {"`network.protocol.version`", {name("resp.ProtoMajor"), name("resp.ProtoMinor")}},
      {"`error.type`", {}},
      {"the parent, by the context", {name("req.ctx"), "context/valueCtx.parent"}},
      {"the parent without a context, inferred", {"goroutine/g.goid", "goroutine/g.parentGoid"}},
  };
}

std::vector<Section> Sections() {
  const std::vector<Row> server = {
      {"`rpc.system`, `rpc.service`, `rpc.method`", {"grpc_server/stream.method"}},
      {"`rpc.grpc.status_code`", {"grpc_server/status.inner", "grpc_server/proto.Code"}},
      {"the status message", {"grpc_server/status.inner", "grpc_server/proto.Message"}},
      {"`network.peer.address`, `network.peer.port`",
       {"grpc_server/transport.remoteAddr", "grpc_server/TCPAddr.IP", "grpc_server/TCPAddr.Port"}},
      {"`network.peer.address` of unix sockets", {"grpc_server/transport.remoteAddr", "grpc_server/UnixAddr.Name"}},
      {"the parent from `traceparent`; `user_agent.original`", {"grpc_server/stream.ctx", kMaps}},
  };
  const std::vector<Row> handler = {
      {"`rpc.grpc.status_code`", {"grpc_server/status.inner", "grpc_server/proto.Code"}},
      {"`network.peer.address`, `network.peer.port`", {"grpc_handler/handler.req", "grpc_handler/handler.RemoteAddr"}},
  };
  const std::vector<Row> client = {
      {"`rpc.system`, `rpc.service`, `rpc.method`", {}},
      {"`rpc.grpc.status_code`", {"grpc_client/error.status", "grpc_client/proto.Code"}},
      {"the status message", {"grpc_client/error.status", "grpc_client/proto.Message"}},
      {"`server.address`, `server.port`", {"grpc_client/cc.target"}},
      {"the parent, by the context", {"context/valueCtx.parent"}},
  };
  return {
      {"h1", "net/http: HTTP/1 servers", "std", ServerRows("h1")},
      {"h2", "net/http: HTTP/2 servers", "std", ServerRows("h2")},
      {"client", "net/http: clients", "std", ClientRows("client")},
      {"x2", "golang.org/x/net/http2: servers, up to Go 1.26", "golang.org/x/net", ServerRows("x2")},
      {"x2_client", "golang.org/x/net/http2: clients used by themselves, up to Go 1.26", "golang.org/x/net",
       ClientRows("x2_client")},
      {"grpc_server", "google.golang.org/grpc: servers", "google.golang.org/grpc", server},
      {"grpc_handler", "google.golang.org/grpc: servers behind net/http", "google.golang.org/grpc", handler},
      {"grpc_client", "google.golang.org/grpc: clients", "google.golang.org/grpc", client},
  };
}

enum class Has { kYes, kNo, kUnknown };

// What one version answers, by "probe/name".
using Answers = std::map<std::string, Has, std::less<>>;
struct Observed {
  std::string version;
  Answers answers;
};

Has Worse(Has a, Has b) { return a == Has::kNo || b == Has::kNo ? Has::kNo : std::max(a, b); }

Has Of(const ResolvedWant& want) {
  if (want.answer) return Has::kYes;
  const auto& tried = want.not_found;
  return !tried.empty() && std::all_of(tried.begin(), tried.end(), [](const Resolved& one) { return one.absent; })
             ? Has::kNo
             : Has::kUnknown;
}

Answers AnswersOf(const Resolution& resolution) {
  Answers answers;
  for (const ResolvedProbe& probe : resolution.probes) {
    Has whole = Has::kYes;
    for (const auto* list : {&probe.attach, &probe.wants}) {
      for (const ResolvedWant& want : *list) {
        // Which itabs there are, only a program tells.
        if (want.want.any.front().kind == ItemKind::kItab) continue;
        const Has has = Of(want);
        answers[probe.name + "/" + want.want.as] = has;
        // No database has closures; they are named after the function that holds them.
        if (want.want.needed && want.want.as != "deferred") whole = Worse(whole, has);
      }
    }
    answers[probe.name] = whole;
  }
  return answers;
}

Has Evaluate(const Answers& answers, std::string_view rest) {
  Has best = Has::kNo;
  while (!rest.empty()) {
    const size_t bar = rest.find('|');
    const auto found = answers.find(rest.substr(0, bar));
    const Has has = found == answers.end() ? Has::kUnknown : found->second;
    if (has == Has::kYes) return has;
    if (has == Has::kUnknown) best = has;
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
  return best;
}

// Modules that a measured one needs, at their newest: gRPC's status is a generated type of these.
constexpr const char* kCompanions[] = {"google.golang.org/genproto/googleapis/rpc", "google.golang.org/protobuf"};

// A program of one module's version, as its build info would say it.
BinaryInfo ProgramWith(const Version& go, const std::vector<std::pair<std::string, std::string>>& modules) {
  BinaryInfo info;
  info.go_version = go.text();
  info.go_text = "go" + go.text();
  info.go_language = go.minor_line();
  info.cgo = false;
  info.build_info.found = true;
  info.main_module.emplace();
  info.main_module->path = "command-line-arguments";
  info.main_module->version = "(devel)";
  for (const auto& [path, version] : modules) {
    BinaryModule one;
    one.path = path;
    one.version = "v" + version;
    info.modules.push_back(std::move(one));
  }
  return info;
}

// Releases that the page has a say about: Go before 1.17 has no register ABI; pre-releases are left out.
std::optional<Version> Release(std::string_view module, std::string_view text) {
  const Result<Version> version = Version::Parse(SchemeOf(module), text);
  if (!version || version->is_prerelease()) return std::nullopt;
  if (module == kStdModule && version->minor() < 17) return std::nullopt;
  return *version;
}

// From Go 1.27 on golang.org/x/net/http2 hands its work to net/http (src: its build constraint "!(go1.27 &&
// !http2legacy)"): its own is looked at with the newest Go before.
Result<Version> GoFor(const Database& database, const std::string& module) {
  GOOFFSETS_TRY(const std::vector<std::string> all, database.Versions(std::string(kStdModule)));
  Version newest;
  for (const std::string& text : all) {
    const std::optional<Version> version = Release(kStdModule, text);
    if (version && (module != "golang.org/x/net" || version->minor() < 27)) newest = *version;
  }
  return newest;
}

Result<std::vector<Observed>> Observe(const Database& database, const std::string& module, const WantList& wants) {
  std::vector<std::pair<std::string, std::string>> companions;
  for (const char* companion : kCompanions) {
    GOOFFSETS_TRY(const std::vector<std::string> versions, database.Versions(companion));
    if (!versions.empty()) companions.emplace_back(companion, versions.back());
  }
  GOOFFSETS_TRY(const Version newest_go, GoFor(database, module));
  std::vector<Observed> all;
  GOOFFSETS_TRY(const std::vector<VersionCoverage> coverage, database.Coverage(module));
  for (const VersionCoverage& version : coverage) {
    const std::optional<Version> release = Release(module, version.version);
    if (!release || version.amd64.builds == 0) continue;
    auto modules = companions;
    const bool is_std = module == kStdModule;
    if (!is_std) modules.emplace_back(module, version.version);
    const BinaryInfo info = ProgramWith(is_std ? *release : newest_go, modules);
    GOOFFSETS_TRY(Resolver resolver, Resolver::ForFacts(info, &database, {}));
    GOOFFSETS_TRY(const Resolution resolution, resolver.Resolve(wants));
    all.push_back({version.version, AnswersOf(resolution)});
  }
  return all;
}

// "1.17.0 to 1.22.12, 1.24.0", of the versions where the row has this state.
std::string Ranges(const std::vector<Observed>& versions, const std::vector<Has>& states, Has wanted) {
  std::string text;
  for (size_t i = 0; i < states.size(); ++i) {
    if (states[i] != wanted) continue;
    size_t last = i;
    while (last + 1 < states.size() && states[last + 1] == wanted) ++last;
    text += (text.empty() ? "" : ", ") + versions[i].version;
    if (last > i) text += " to " + versions[last].version;
    i = last;
  }
  return text;
}

void AppendSection(const Section& section, const std::vector<Observed>& versions, std::string* page) {
  *page += fmt::format("\n## {}\n\n| Attribute | Available | There is none | Not known |\n|---|---|---|---|\n",
                       section.title);
  std::vector<Row> rows = {{"the span", {section.probe}}};
  rows.insert(rows.end(), section.rows.begin(), section.rows.end());
  for (const Row& row : rows) {
    std::vector<Has> states;
    for (const Observed& version : versions) {
      Has has = Evaluate(version.answers, section.probe);
      for (const std::string& need : row.needs) has = Worse(has, Evaluate(version.answers, need));
      states.push_back(has);
    }
    *page += fmt::format("| {} | {} | {} | {} |\n", row.attribute, Ranges(versions, states, Has::kYes),
                         Ranges(versions, states, Has::kNo), Ranges(versions, states, Has::kUnknown));
  }
}

constexpr char kHead[] =
    R"(# Attributes by library and version

What this page is for: which attributes `gotrace` has for which releases. Made by a command from the want lists
(`tools/gotrace/wants/`) and the database, and compared with them by `tests/bpf/attributes_test.py`:

```
gotrace attributes --db FILE > docs/trace-attributes.md
```

It says what the database alone answers, of amd64 releases that were measured, without pre-releases; of modules in a program
of the newest Go. A program tells most of this itself, also of releases that no database has:
`gotrace inspect FILE` says what holds for it. "There is none": that release does not have what the attribute is read from.
"Not known": nothing was measured that tells. Functions that only programs name (closures) and itabs are not looked at.
What each attribute means: [tracing.md](tracing.md).
)";

}  // namespace

Result<std::string> AttributePage(const Database& database) {
  GOOFFSETS_TRY(const WantList wants, TracerWants());
  std::map<std::string, std::vector<Observed>> observed;
  std::string page = kHead;
  for (const Section& section : Sections()) {
    auto known = observed.find(section.module);
    if (known == observed.end()) {
      GOOFFSETS_TRY(auto versions, Observe(database, section.module, wants));
      known = observed.emplace(section.module, std::move(versions)).first;
    }
    AppendSection(section, known->second, &page);
  }
  return page;
}

CLI::App* AddAttributes(CLI::App* app, AttributesOptions* options) {
  CLI::App* command = app->add_subcommand(
      "attributes", "For every attribute, library and version whether it is available, as a page of Markdown");
  command->add_option("--db", options->database, "Database (default: the installed one, else the released one)");
  return command;
}

int RunAttributes(const AttributesOptions& options) {
  const auto page = [&]() -> Result<std::string> {
    GOOFFSETS_TRY(const std::string path, FindDatabase(options.database));
    GOOFFSETS_TRY(const Database database, Database::Open(path));
    return AttributePage(database);
  }();
  if (!page) return ReportError("gotrace", page.error());
  std::cout << *page;
  return 0;
}

}  // namespace gooffsets::trace
