// From the kernel's records to finished spans, with the attributes of OpenTelemetry's semantic conventions.
//
// docs/tracing.md lists each attribute and where it comes from. What a record does not say is left out; what was cut is
// named in "gotrace.truncated". Pure functions but for the executable's cache of type names.
//
//   Span span = AssembleSpan(record, size, {executable, resource, interval});
#ifndef GOOFFSETS_TOOLS_GOTRACE_ASSEMBLE_H_
#define GOOFFSETS_TOOLS_GOTRACE_ASSEMBLE_H_

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bpf/intf/events.h"
#include "gotrace/pipeline/clock.h"
#include "gotrace/span.h"

namespace gooffsets::trace {

// A span record, checked: its strings lie inside it.
struct SpanRecord {
  const gt_span* span = nullptr;
  std::array<std::string_view, GT_STR_COUNT> text;
};
// nullopt: another version, cut off, or about no request at all: the preface of an HTTP/2 connection.
std::optional<SpanRecord> ReadSpanRecord(const gt_header& header, size_t size);

struct Surroundings {
  std::shared_ptr<const Resource> resource;
  UnixInterval interval;
  std::function<std::string(uint64_t)> type_name;          // of an error's type
  std::function<std::string(const std::string&)> version;  // of a library
};
Span AssembleSpan(const SpanRecord& record, const Surroundings& surroundings);

// "127.0.0.1:80", "[::1]:80", "@" and paths of unix sockets, "host".
struct Endpoint {
  std::string address;
  std::optional<int64_t> port;
  bool IsUnixSocket() const { return address.starts_with('/') || address.starts_with('@'); }
};
Endpoint SplitEndpoint(std::string_view text);
// network.peer.address and .port, and network.transport where it is not the usual TCP. The client's end of a unix socket
// has no name mostly, which Go writes "@" or "".
void AddPeer(const Endpoint& peer, bool unix_socket, Span* span);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_ASSEMBLE_H_
