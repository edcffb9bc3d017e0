// How long reading a probe binary takes. GOOFFSETS_BENCH_BINARY names a Go binary with DWARF (bench/run makes one).
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string>

#include "dwarf/read_dwarf.h"

namespace {

// Peak memory of this process so far, in bytes (Linux counts ru_maxrss in KiB).
double PeakMemory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024.0;
}

void BM_ReadEveryStructAndFunction(benchmark::State& state) {
  const char* path = std::getenv("GOOFFSETS_BENCH_BINARY");
  if (path == nullptr) {
    state.SkipWithError("GOOFFSETS_BENCH_BINARY names no binary: run bench/run");
    return;
  }
  size_t structs = 0;
  size_t functions = 0;
  for (auto _ : state) {
    gooffsets::Result<gooffsets::DwarfContents> contents = gooffsets::ReadDwarf(path);
    if (!contents) {
      state.SkipWithError(contents.error().ToString().c_str());
      return;
    }
    structs = contents->structs.size();
    functions = contents->functions.size();
    benchmark::DoNotOptimize(contents);
  }
  state.counters["structs"] = static_cast<double>(structs);
  state.counters["functions"] = static_cast<double>(functions);
  state.counters["peak_bytes"] = benchmark::Counter(PeakMemory(), benchmark::Counter::kDefaults, benchmark::Counter::kIs1024);
}
BENCHMARK(BM_ReadEveryStructAndFunction)->Unit(benchmark::kMillisecond)->MinTime(2.0);

}  // namespace
