// How long one answer takes. GOOFFSETS_BENCH_DB names a database that holds std 1.26.8 (bench/run uses the released
// one).
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "gooffsets/database.h"
#include "gooffsets/module_view.h"

namespace {

using gooffsets::Answer;
using gooffsets::Database;
using gooffsets::Query;
using gooffsets::Result;

Result<Database> OpenBenchDatabase() {
  const char* path = std::getenv("GOOFFSETS_BENCH_DB");
  if (path == nullptr) {
    return gooffsets::Fail(gooffsets::ErrorCode::kUsage, "GOOFFSETS_BENCH_DB names no database", "bench/run");
  }
  return Database::Open(path);
}

void BM_Open(benchmark::State& state) {
  for (auto _ : state) {
    Result<Database> db = OpenBenchDatabase();
    if (!db) {
      state.SkipWithError(db.error().ToString().c_str());
      return;
    }
    benchmark::DoNotOptimize(db);
  }
}
BENCHMARK(BM_Open)->Unit(benchmark::kMicrosecond);

void Lookup(benchmark::State& state, const std::string& symbol) {
  Result<Database> db = OpenBenchDatabase();
  if (!db) {
    state.SkipWithError(db.error().ToString().c_str());
    return;
  }
  const Query query{
      .module = "std", .version = "1.26.8", .go = "", .goarch = gooffsets::GoArch::kAmd64, .symbol = symbol};
  for (auto _ : state) {
    Result<Answer> answer = db->Lookup(query);
    if (!answer || answer->status != gooffsets::Status::kFound) {
      state.SkipWithError(answer ? answer->reason.c_str() : answer.error().ToString().c_str());
      return;
    }
    benchmark::DoNotOptimize(answer);
  }
}
void BM_LookupField(benchmark::State& state) { Lookup(state, "net/http.Request.URL"); }
void BM_LookupStruct(benchmark::State& state) { Lookup(state, "net/http.Server"); }
void BM_LookupFunction(benchmark::State& state) { Lookup(state, "net/http.(*Server).Serve"); }
BENCHMARK(BM_LookupField)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_LookupStruct)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_LookupFunction)->Unit(benchmark::kMicrosecond);

// An agent's way: the module of the program opened once, then one field after the other. The first answer for a field
// reads it; what is measured are all others.
void BM_ModuleViewField(benchmark::State& state) {
  Result<Database> db = OpenBenchDatabase();
  if (!db) {
    state.SkipWithError(db.error().ToString().c_str());
    return;
  }
  Result<gooffsets::ModuleView> view = gooffsets::ModuleView::Open(
      &*db, {.module = "std", .version = "1.26.8", .go = "", .goarch = gooffsets::GoArch::kAmd64});
  if (!view) {
    state.SkipWithError(view.error().ToString().c_str());
    return;
  }
  constexpr std::array kFields = {"net/http.Request.URL", "net/http.Request.Method", "net/http.Request.Header",
                                  "net/http.Request.ctx", "net/url.URL.Path",        "net/http.Response.StatusCode",
                                  "net/http.Server.Addr", "runtime.g.goid"};
  size_t next = 0;
  for (auto _ : state) {
    Result<gooffsets::ModuleView::FieldView> field = view->Field(kFields[next++ % kFields.size()]);
    if (!field) {
      state.SkipWithError(field.error().ToString().c_str());
      return;
    }
    benchmark::DoNotOptimize(field);
  }
}
BENCHMARK(BM_ModuleViewField)->Unit(benchmark::kNanosecond);

void BM_AllVersions(benchmark::State& state) {
  Result<Database> db = OpenBenchDatabase();
  if (!db) {
    state.SkipWithError(db.error().ToString().c_str());
    return;
  }
  const Query query{
      .module = "std", .version = "", .go = "", .goarch = gooffsets::GoArch::kAmd64, .symbol = "net/http.Request.ctx"};
  for (auto _ : state) {
    Result<gooffsets::Timeline> timeline = db->AllVersions(query);
    if (!timeline) {
      state.SkipWithError(timeline.error().ToString().c_str());
      return;
    }
    benchmark::DoNotOptimize(timeline);
  }
}
BENCHMARK(BM_AllVersions)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
