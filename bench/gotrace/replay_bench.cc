// What the agent spends on a span between the ring buffer and the socket: records as the kernel programs send them go
// through assembling, sampling, the queue and the exporting thread, which encodes OTLP protobuf and forgets it.
//
// "cpu_ns_per_span" is the processor time of the whole process, both threads; "allocations_per_span" counts operator
// new, in both as well. The strings are those of bench/gotrace/server under wrk, and of a gRPC call beside it.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "gotrace/assemble.h"
#include "gotrace/export/otlp.h"
#include "gotrace/open_calls.h"
#include "gotrace/pipeline/pipeline.h"
#include "measure.h"

namespace {
std::atomic<uint64_t> g_allocations{0};
}  // namespace

// Not inlined: GCC takes a free() that it sees in the place of a delete for a mistake (-Wmismatched-new-delete).
[[gnu::noinline]] void* operator new(size_t size) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace gooffsets::trace {
namespace {

using Texts = std::vector<std::pair<gt_string, std::string>>;

// One record, its strings packed behind the head in the order of enum gt_string.
void AddRecord(gt_kind kind, const Texts& texts, uint64_t number, uint32_t flags, int status, std::string* ring) {
  gt_span span{};
  size_t used = 0;
  for (const auto& [which, text] : texts) {
    std::memcpy(span.data + used, text.data(), text.size());
    span.length[which] = static_cast<unsigned short>(text.size());
    used += text.size();
  }
  span.header = {.version = GT_EVENT_VERSION, .event = GT_EVENT_SPAN,
                 .size = static_cast<unsigned>(offsetof(gt_span, data) + used), .pid = 1, .executable = 0};
  span.start = 1'000'000'000 + number * 1'000;
  span.end = span.start + 40'000;
  std::memcpy(span.ids.trace + 8, &number, sizeof number);
  std::memcpy(span.ids.span, &number, sizeof number);
  span.kind = static_cast<unsigned char>(kind);
  span.flags = flags;
  span.status = status;
  span.proto_major = span.proto_minor = 1;
  // As in the kernel's buffer, every record begins at a multiple of 8.
  ring->append(reinterpret_cast<const char*>(&span), (span.header.size + 7) / 8 * 8);
}

constexpr size_t kSpans = 8'192;  // as many as the queue holds

std::string HttpServerRecords() {
  std::string ring;
  for (uint64_t i = 1; i <= kSpans; ++i) {
    AddRecord(GT_HTTP1_SERVER,
              {{GT_STR_METHOD, "GET"},
               {GT_STR_TARGET, "/users/" + std::to_string(100'000 + i) + "?page=2"},
               {GT_STR_HOST, "127.0.0.1:38471"},
               {GT_STR_PEER, "127.0.0.1:54321"},
               {GT_STR_AGENT, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"},
               {GT_STR_ROUTE, "/users/{id}"}},
              i, GT_FLAG_WROTE_STATUS, 200, &ring);
  }
  return ring;
}

std::string HttpClientRecords() {
  std::string ring;
  for (uint64_t i = 1; i <= kSpans; ++i) {
    AddRecord(GT_HTTP_CLIENT,
              {{GT_STR_METHOD, "GET"}, {GT_STR_TARGET, "/users/12345"}, {GT_STR_HOST, "127.0.0.1:38471"},
               {GT_STR_SCHEME, "http"}, {GT_STR_QUERY, "page=2"}},
              i, GT_FLAG_BEGIN, -1, &ring);
    AddRecord(GT_HTTP_CLIENT, {}, i, GT_FLAG_END, 200, &ring);
  }
  return ring;
}

std::string GrpcServerRecords() {
  std::string ring;
  for (uint64_t i = 1; i <= kSpans; ++i) {
    AddRecord(GT_GRPC_SERVER,
              {{GT_STR_METHOD, "/shop.Cart/AddItem"}, {GT_STR_PEER, std::string("\x7f\0\0\1", 4)},
               {GT_STR_AGENT, "grpc-go/1.80.0"}},
              i, GT_FLAG_PEER_BYTES, 0, &ring);
  }
  return ring;
}

// What the agent does with each record (tools/gotrace/agent.cc).
template <typename Sink>
void Replay(const std::string& ring, OpenCalls* open, const Surroundings& surroundings, const Sink& sink) {
  for (size_t at = 0; at < ring.size();) {
    const auto& header = *reinterpret_cast<const gt_header*>(ring.data() + at);
    at += (header.size + 7) / 8 * 8;
    const std::optional<SpanRecord> record = ReadSpanRecord(header, header.size);
    if (!record) std::abort();
    if (record->span->flags & GT_FLAG_BEGIN) {
      open->Begin(*record->span, header.size);
    } else if (record->span->flags & GT_FLAG_END) {
      const std::string whole = open->End(*record->span, header.size);
      sink(AssembleSpan(*ReadSpanRecord(*reinterpret_cast<const gt_header*>(whole.data()), whole.size()), surroundings));
    } else {
      sink(AssembleSpan(*record, surroundings));
    }
  }
}

Surroundings MakeSurroundings() {
  return {
      .resource = MakeResource(), .interval = {1, 2}, .type_name = {}, .version = [](const auto&) { return "1.27.4"; }};
}

void Report(benchmark::State& state, double cpu, uint64_t allocations, size_t spans) {
  state.counters["cpu_ns_per_span"] = cpu / static_cast<double>(spans);
  state.counters["allocations_per_span"] = static_cast<double>(allocations) / static_cast<double>(spans);
}

// Only the reading thread's part.
template <auto kRecords>
void BM_Assemble(benchmark::State& state) {
  const std::string ring = kRecords();
  const Surroundings surroundings = MakeSurroundings();
  double cpu = 0;
  uint64_t allocations = 0;
  size_t spans = 0;
  for (auto _ : state) {
    OpenCalls open;
    const uint64_t before = g_allocations;
    const double begin = ProcessCpuNanoseconds();
    Replay(ring, &open, surroundings, [&](Span&& span) { benchmark::DoNotOptimize(span), ++spans; });
    cpu += ProcessCpuNanoseconds() - begin;
    allocations += g_allocations - before;
  }
  Report(state, cpu, allocations, spans);
}

template <auto kRecords>
void BM_Replay(benchmark::State& state) {
  const std::string ring = kRecords();
  const Surroundings surroundings = MakeSurroundings();
  double cpu = 0;
  uint64_t allocations = 0;
  size_t spans = 0, lost = 0;
  Metrics metrics;
  Pipeline pipeline(Settings(), &metrics);
  pipeline.Add(std::make_unique<EncodingExporter>(), BatchSettings());
  OpenCalls open;
  for (auto _ : state) {
    const uint64_t before = g_allocations;
    const double begin = ProcessCpuNanoseconds();
    Replay(ring, &open, surroundings, [&](Span&& span) { lost += pipeline.Offer(std::move(span)) ? 0 : 1, ++spans; });
    pipeline.Flush(std::chrono::seconds(10));
    cpu += ProcessCpuNanoseconds() - begin;
    allocations += g_allocations - before;
  }
  Report(state, cpu, allocations, spans);
  state.counters["lost"] = static_cast<double>(lost);
}

#define GOTRACE_REPLAY(records)                                                                             \
  BENCHMARK(BM_Assemble<&records>)->Name("BM_Assemble" #records)->Unit(benchmark::kMillisecond);            \
  BENCHMARK(BM_Replay<&records>)->Name("BM_Replay" #records)->Unit(benchmark::kMillisecond)->UseRealTime()
GOTRACE_REPLAY(HttpServerRecords);
GOTRACE_REPLAY(HttpClientRecords);
GOTRACE_REPLAY(GrpcServerRecords);

}  // namespace
}  // namespace gooffsets::trace

BENCHMARK_MAIN();
