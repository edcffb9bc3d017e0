// What the tracer's pipeline costs for a span: the queue, the encodings, and both together with the exporting thread.
//
// "cpu_us_per_span" of Pipeline* is the processor time of the whole process, both threads, less that of making the
// spans (which MakeSpan prints): what an agent adds to reading events.
#include <benchmark/benchmark.h>

#include "gotrace/export/json_lines.h"
#include "gotrace/export/otlp.h"
#include "gotrace/export/otlp_http.h"
#include "gotrace/pipeline/pipeline.h"
#include "measure.h"

namespace gooffsets::trace {
namespace {

// An HTTP server span with the attributes that the semantic conventions require or recommend.
Span MakeSpan(uint64_t number, const std::shared_ptr<const Resource>& resource) {
  Span span;
  span.trace_id = {
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  span.span_id = {1, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  span.name = "GET /users/{id}";
  span.kind = SpanKind::kServer;
  span.start_ns = 1'700'000'000'000'000'000 + number;
  span.end_ns = span.start_ns + 1'000'000;
  span.attributes.reserve(11);
  span.attributes = {{"http.request.method", std::string("GET")},
                     {"url.path", std::string("/users/12345")},
                     {"url.scheme", std::string("http")},
                     {"http.route", std::string("/users/{id}")},
                     {"http.response.status_code", int64_t{200}},
                     {"server.address", std::string("shop.example.com")},
                     {"server.port", int64_t{8080}},
                     {"client.address", std::string("10.1.2.3")},
                     {"network.peer.port", int64_t{54321}},
                     {"network.protocol.version", std::string("1.1")},
                     {"user_agent.original", std::string("Mozilla/5.0 (X11; Linux x86_64)")}};
  span.library = "net/http";
  span.library_version = "1.26.8";
  span.resource = resource;
  return span;
}

std::vector<Span> MakeBatch(size_t count) {
  std::vector<Span> spans;
  const auto resource = MakeResource();
  for (size_t i = 0; i < count; ++i) spans.push_back(MakeSpan(i, resource));
  return spans;
}

void BM_MakeSpan(benchmark::State& state) {
  const auto resource = MakeResource();
  uint64_t number = 0;
  for (auto _ : state) benchmark::DoNotOptimize(MakeSpan(++number, resource));
}
BENCHMARK(BM_MakeSpan);

template <auto kEncode>
void BM_Encode(benchmark::State& state) {
  const std::vector<Span> spans = MakeBatch(512);
  size_t bytes = 0;
  for (auto _ : state) bytes = kEncode(spans).size();
  state.SetItemsProcessed(state.iterations() * 512);
  state.counters["bytes_per_span"] = static_cast<double>(bytes) / 512;
}
std::string EncodeGzip(std::span<const Span> spans) { return Gzip(EncodeOtlpProtobuf(spans)).value(); }
std::string EncodeLines(std::span<const Span> spans) {
  std::string out;
  for (const Span& span : spans) out += SpanAsJsonLine(span);
  return out;
}
BENCHMARK(BM_Encode<&EncodeOtlpProtobuf>)->Name("BM_EncodeProtobuf");
BENCHMARK(BM_Encode<&EncodeGzip>)->Name("BM_EncodeProtobufGzip");
BENCHMARK(BM_Encode<&EncodeOtlpJson>)->Name("BM_EncodeOtlpJson");
BENCHMARK(BM_Encode<&EncodeLines>)->Name("BM_EncodeJsonLines");

// Sampled, queued, batched, encoded and freed; spans are made outside the measured time.
void BM_Pipeline(benchmark::State& state) {
  constexpr size_t kSpans = 8'192;
  double cpu = 0;
  size_t lost = 0, total = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Span> spans = MakeBatch(kSpans);
    Metrics metrics;
    Pipeline pipeline(Settings(), &metrics);
    pipeline.Add(std::make_unique<EncodingExporter>(), BatchSettings());
    state.ResumeTiming();
    const double begin = ProcessCpuNanoseconds();
    for (Span& span : spans) lost += pipeline.Offer(std::move(span)) ? 0 : 1;
    pipeline.Shutdown(std::chrono::seconds(10));
    cpu += ProcessCpuNanoseconds() - begin;
    total += kSpans;
  }
  state.counters["cpu_us_per_span"] = cpu / 1e3 / static_cast<double>(total);
  state.counters["lost"] = static_cast<double>(lost);
}
BENCHMARK(BM_Pipeline)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace gooffsets::trace

BENCHMARK_MAIN();
