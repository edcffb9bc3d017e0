#include "gotrace/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/database_path.h"
#include "common/exit_code.h"
#include "gotrace/executable.h"
#include "gotrace/processes.h"

namespace gooffsets::trace {

namespace {

// What each probe is about, and the attributes that its wishes are for; a missing wish costs its attribute.
struct Subject {
  const char *probe, *title;
};
constexpr Subject kSubjects[] = {
    {"h1", "HTTP/1 server (net/http)"},
    {"h2", "HTTP/2 server (net/http)"},
    {"x2", "HTTP/2 server (golang.org/x/net)"},
    {"client", "HTTP client (net/http)"},
    {"x2_client", "HTTP/2 client (golang.org/x/net)"},
    {"grpc_server", "gRPC server"},
    {"grpc_handler", "gRPC server behind net/http"},
    {"grpc_client", "gRPC client"},
};
struct Lost {
  const char *name, *attribute;
};
constexpr Lost kLost[] = {
    {"status", "http.response.status_code"},
    {"wroteHeader", "http.response.status_code"},
    {"deferred", "spans of handlers that panic or take over the connection"},
    {"req.Host", "server.address, server.port"},
    {"req.RemoteAddr", "network.peer.address, network.peer.port, client.address"},
    {"req.Header", "parents out of traceparent, user_agent.original"},
    {"req.ctx", "parents inside the process"},
    {"req.TLS", "url.scheme"},
    {"req.Pattern", "http.route (needs Go 1.23)"},
    {"mux", "http.route behind middleware that copies the request"},
    {"proto.Code", "rpc.grpc.status_code"},
    {"proto.Message", "the status message"},
    {"error.status", "rpc.grpc.status_code of failed calls"},
    {"*status.Error", "rpc.grpc.status_code of failed calls"},
    {"status.inner", "rpc.grpc.status_code"},
    {"handler.req", "network.peer.address, network.peer.port"},
    {"*transport.handlerTransport", "the HTTP request as parent"},
    {"cc.target", "server.address, server.port"},
    {"transport.remoteAddr", "network.peer.address, network.peer.port"},
    {"url.Host", "server.address and the host of url.full"},
    {"resp.ProtoMajor", "network.protocol.version"},
};

std::string AttributeOf(const std::string& wish) {
  const auto found =
      std::find_if(std::begin(kLost), std::end(kLost), [&](const Lost& lost) { return wish == lost.name; });
  return found == std::end(kLost) ? std::string() : found->attribute;
}

const ProbeState* Find(const Plan& plan, std::string_view name) {
  const auto found =
      std::find_if(plan.probes.begin(), plan.probes.end(), [&](const ProbeState& p) { return p.name == name; });
  return found == plan.probes.end() ? nullptr : &*found;
}

void PrintText(const Executable& executable) {
  const BinaryInfo& info = executable.info();
  const Plan& plan = executable.plan();
  std::cout << Printable(fmt::format("{}: {}, {}{}", info.file,
                                     info.go_text.empty() ? "Go, version not said" : info.go_text,
                                     ToString(info.goarch), info.stripped ? ", stripped" : ""))
            << "\n";
  std::string not_here;
  for (const Subject& subject : kSubjects) {
    const ProbeState* probe = Find(plan, subject.probe);
    if (!probe) continue;
    if (probe->not_here) {
      not_here += (not_here.empty() ? "" : ", ") + std::string(subject.title);
      continue;
    }
    std::cout << fmt::format("{}: {}\n", subject.title, probe->usable ? "traced" : "not traced");
    for (const std::string& reason : probe->disabled_by) std::cout << "    " << Printable(reason) << "\n";
    for (const Place& place : plan.places) {
      if (place.probe != probe->name || place.at_return) continue;
      const auto returns = std::count_if(plan.places.begin(), plan.places.end(), [&](const Place& other) {
        return other.at_return && other.probe == place.probe && other.function == place.function;
      });
      std::cout << Printable(fmt::format("    {} at {:#x} of the file{}{}", place.function, place.file_offset,
                                         place.emulated ? "" : ", single-stepped",
                                         returns ? fmt::format(", and its {} returns", returns) : ""))
                << "\n";
    }
    if (!probe->usable) continue;
    for (const ProbeState::Bracketed& one : probe->bracketed) {
      std::cout << Printable(fmt::format("    bracketed: {}: {}", one.name, one.how)) << "\n";
    }
    for (const ProbeState::Missing& missing : probe->missing) {
      const std::string attribute = AttributeOf(missing.name);
      // What this release does not have, and no attribute needs, is no loss.
      if (attribute.empty() && !missing.unknown) continue;
      std::cout << Printable(fmt::format("    without {}: {}: {}", attribute.empty() ? "one detail" : attribute,
                                         missing.name, missing.reason))
                << "\n";
    }
  }
  if (!not_here.empty()) std::cout << "not in this program: " << not_here << "\n";
  const ProbeState* goroutine = Find(plan, "goroutine");
  if (!goroutine || !goroutine->usable)
    std::cout << "Goroutine ids are not known: calls are told apart by their addresses\n";
  if (plan.table.value[GT_MAP_KIND] == GT_NONE)
    std::cout << "How maps lie in memory is not known: no traceparent is read\n";
}

nlohmann::ordered_json AsJson(const Executable& executable) {
  nlohmann::ordered_json json{{"file", executable.info().file}, {"go", executable.info().go_text}};
  for (const ProbeState& probe : executable.plan().probes) {
    nlohmann::ordered_json entry{{"probe", probe.name},
                                 {"usable", probe.usable},
                                 {"in_program", !probe.not_here},
                                 {"disabled_by", probe.disabled_by}};
    entry["missing"] = nlohmann::ordered_json::array();
    for (const auto& missing : probe.missing) {
      entry["missing"].push_back({{"name", missing.name},
                                  {"attribute", AttributeOf(missing.name)},
                                  {"reason", missing.reason},
                                  {"unknown", missing.unknown}});
    }
    entry["bracketed"] = nlohmann::ordered_json::array();
    for (const auto& one : probe.bracketed) entry["bracketed"].push_back({{"name", one.name}, {"how", one.how}});
    entry["places"] = nlohmann::ordered_json::array();
    for (const Place& place : executable.plan().places) {
      if (place.probe != probe.name) continue;
      entry["places"].push_back({{"function", place.function},
                                 {"file_offset", place.file_offset},
                                 {"function_offset", place.function_offset},
                                 {"program", place.program},
                                 {"at_return", place.at_return},
                                 {"emulated", place.emulated}});
    }
    json["probes"].push_back(std::move(entry));
  }
  return json;
}

Result<std::unique_ptr<Executable>> OpenFor(const InspectOptions& options, std::optional<Database>* database) {
  if (!options.no_database) {
    const Result<std::string> path = FindDatabase(options.database);
    if (!path && !options.database.empty()) return tl::unexpected(path.error());
    if (path) {
      GOOFFSETS_TRY(*database, Database::Open(*path));
    }
  }
  GOOFFSETS_TRY(const WantList wants, TracerWants());
  const std::string name = options.pid ? "process " + std::to_string(options.pid) : options.file;
  return Executable::Open(options.pid ? ExePath(options.pid) : options.file, name, *database ? &**database : nullptr,
                          wants);
}

}  // namespace

CLI::App* AddInspect(CLI::App* app, InspectOptions* options) {
  CLI::App* command =
      app->add_subcommand("inspect", "Which probes would attach to a program, and what they could not tell");
  CLI::Option* file = command->add_option("FILE", options->file, "a Go program");
  command->add_option("--pid", options->pid, "what this process runs")->excludes(file);
  command->add_option("--db", options->database, "Database (default: the installed one, else the released one)");
  command->add_flag("--no-db", options->no_database, "Only what the program says itself");
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->footer("Exit codes: 0 something is traced, 1 nothing is, 2 usage, 3 bad input.");
  return command;
}

int RunInspect(const InspectOptions& options) {
  if (options.file.empty() && !options.pid) {
    std::cerr << "gotrace: error: inspect needs a file or --pid\n";
    return kExitUsage;
  }
  std::optional<Database> database;
  const Result<std::unique_ptr<Executable>> executable = OpenFor(options, &database);
  if (!executable) return ReportError("gotrace", executable.error());
  if (options.format == "json") {
    std::cout << AsJson(**executable).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    PrintText(**executable);
  }
  return (*executable)->plan().any() ? 0 : 1;
}

}  // namespace gooffsets::trace
