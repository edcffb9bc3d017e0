// What the benchmarks of the tracer's pipeline share: the processor time of both threads, and an exporter that encodes
// and forgets.
#ifndef GOOFFSETS_BENCH_GOTRACE_MEASURE_H_
#define GOOFFSETS_BENCH_GOTRACE_MEASURE_H_

#include <benchmark/benchmark.h>

#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gotrace/export/otlp.h"
#include "gotrace/pipeline/pipeline.h"

namespace gooffsets::trace {

class EncodingExporter : public Exporter {
 public:
  std::string_view name() const override { return "bench"; }
  ExportOutcome Export(std::span<const Span> spans, Deadline*) override {
    benchmark::DoNotOptimize(EncodeOtlpProtobuf(spans));
    return {.exported = spans.size()};
  }
};

inline double ProcessCpuNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

inline std::shared_ptr<const Resource> MakeResource() {
  auto resource = std::make_shared<Resource>();
  resource->pid = 1;
  resource->service_name = "shop";
  resource->attributes = {{"service.name", std::string("shop")}, {"process.pid", int64_t{1}}};
  return resource;
}

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_BENCH_GOTRACE_MEASURE_H_
