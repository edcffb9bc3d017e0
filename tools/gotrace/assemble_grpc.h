// The part of a span that is gRPC's: service and method, status, peers.
//
// Attributes as in OpenTelemetry's semantic conventions for gRPC. Pure function.
#ifndef GOOFFSETS_TOOLS_GOTRACE_ASSEMBLE_GRPC_H_
#define GOOFFSETS_TOOLS_GOTRACE_ASSEMBLE_GRPC_H_

#include "gotrace/assemble.h"

namespace gooffsets::trace {

void AssembleGrpc(const SpanRecord& record, const Surroundings& surroundings, Span* span);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_ASSEMBLE_GRPC_H_
