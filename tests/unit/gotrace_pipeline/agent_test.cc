// What the agent says of itself and of the traced process: clock, metrics, resources, limits, files.
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "gotrace/export/file_exporter.h"
#include "gotrace/pipeline/clock.h"
#include "gotrace/pipeline/metrics.h"
#include "gotrace/pipeline/metrics_server.h"
#include "gotrace/pipeline/pipeline.h"
#include "gotrace/pipeline/resource.h"

namespace gooffsets::trace {
namespace {

using ::testing::HasSubstr;

TEST(ClockTest, OneOffsetThatFitsBothClocks) {
  RealTimeClock clock;
  EXPECT_GE(clock.uncertainty_ns(), 0);
  timespec boot{}, real{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  clock_gettime(CLOCK_REALTIME, &real);
  const auto boot_ns = static_cast<uint64_t>(boot.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(boot.tv_nsec);
  const auto real_ns = static_cast<uint64_t>(real.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(real.tv_nsec);
  const UnixInterval when = clock.ToUnix(boot_ns, boot_ns + 5);
  EXPECT_NEAR(static_cast<double>(when.start_ns - real_ns / 1'000'000'000 * 1'000'000'000),
              static_cast<double>(real_ns % 1'000'000'000),
              1e9);  // a second: the machine may be busy between the readings
  EXPECT_EQ(when.end_ns - when.start_ns, 5u);
  EXPECT_FALSE(clock.MeasureIfOlderThan(std::chrono::hours(1)));
  EXPECT_TRUE(clock.MeasureIfOlderThan(std::chrono::nanoseconds(-1)));
}

TEST(ClockTest, OddEventsMakeNoNegativeSpans) {
  const RealTimeClock clock;
  const UnixInterval backwards = clock.ToUnix(1'000, 10);
  EXPECT_EQ(backwards.start_ns, backwards.end_ns);
  EXPECT_EQ(clock.ToUnix(0, UINT64_MAX).end_ns, UINT64_MAX);
}

TEST(LimitsTest, TheFirstAttributesStayAndValuesAreCutBetweenCharacters) {
  Span span;
  for (int i = 0; i < 5; ++i) span.attributes.push_back({std::to_string(i), std::string("\xe2\x82\xac\xe2\x82\xac")});
  ApplyLimits({.attribute_count = 3, .value_length = 4}, &span);
  ASSERT_EQ(span.attributes.size(), 3u);
  EXPECT_EQ(span.dropped_attributes, 2u);
  EXPECT_EQ(std::get<std::string>(span.attributes[2].value), "\xe2\x82\xac");
}

TEST(MetricsTest, TextIsWhatPrometheusReads) {
  Metrics metrics;
  Counter* counter = metrics.AddCounter("b_total", "Help\nof b.", {{"reason", "a\"b\\c\n"}});
  EXPECT_EQ(metrics.AddCounter("b_total", "", {{"reason", "a\"b\\c\n"}}), counter);
  counter->Add(2);
  metrics.AddGauge("a", "Half.", {}, [] { return 0.5; });
  Histogram* histogram = metrics.AddHistogram("c_seconds", "Time.", {{"x", "y"}});
  histogram->Observe(0.003);
  histogram->Observe(100);
  EXPECT_THAT(metrics.Text(), ::testing::StartsWith("# HELP a Half.\n# TYPE a gauge\na 0.5\n"
                                                    "# HELP b_total Help\\nof b.\n# TYPE b_total counter\n"
                                                    "b_total{reason=\"a\\\"b\\\\c\\n\"} 2\n"
                                                    "# HELP c_seconds Time.\n# TYPE c_seconds histogram\n"
                                                    "c_seconds_bucket{x=\"y\",le=\"0.001\"} 0\n"
                                                    "c_seconds_bucket{x=\"y\",le=\"0.005\"} 1\n"));
  EXPECT_THAT(metrics.Text(), ::testing::EndsWith("c_seconds_bucket{x=\"y\",le=\"+Inf\"} 2\n"
                                                  "c_seconds_sum{x=\"y\"} 100.003\nc_seconds_count{x=\"y\"} 2\n"));
  metrics.RemoveGauge("a", {});
  EXPECT_THAT(metrics.Text(), ::testing::Not(HasSubstr("TYPE a ")));
}

struct Fetched {
  long status = 0;
  std::string body;
};

Fetched Fetch(const std::string& url) {
  Fetched out;
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &out.body);
  curl_easy_setopt(
      curl, CURLOPT_WRITEFUNCTION, +[](char* data, size_t, size_t size, void* to) -> size_t {
        static_cast<std::string*>(to)->append(data, size);
        return size;
      });
  EXPECT_EQ(curl_easy_perform(curl), CURLE_OK) << url;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out.status);
  curl_easy_cleanup(curl);
  return out;
}

TEST(MetricsServerTest, AnswersOverHttpAndTellsWhyItCannot) {
  Metrics metrics;
  metrics.AddCounter("x_total", "X.")->Add(7);
  auto server = MetricsServer::Start("127.0.0.1:0", &metrics);
  ASSERT_TRUE(server) << server.error().message;
  const std::string base = "http://127.0.0.1:" + std::to_string((*server)->port());
  const Fetched page = Fetch(base + "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, metrics.Text());
  EXPECT_EQ(Fetch(base + "/").status, 404);

  const auto twice = MetricsServer::Start("127.0.0.1:" + std::to_string((*server)->port()), &metrics);
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("in use"));
  for (const char* bad : {"", "localhost:1", "1.2.3.4", ":70000", "a:b", "[::1:1"}) {
    EXPECT_EQ(MetricsServer::Start(bad, &metrics).error().code, ErrorCode::kUsage) << bad;
  }
}

TEST(ResourceTest, NamesOfPackages) {
  EXPECT_EQ(NameOfPackage("example.com/shop/cmd/server"), "server");
  EXPECT_EQ(NameOfPackage("example.com/shop/v2"), "shop");
  EXPECT_EQ(NameOfPackage("hello"), "hello");
  EXPECT_EQ(NameOfPackage("v2"), "v2");
  EXPECT_EQ(NameOfPackage("command-line-arguments"), "");
  EXPECT_EQ(NameOfPackage(""), "");
}

// Lines as the runtimes' documentation and their users' reports show them.
TEST(ResourceTest, ContainersAndPods) {
  const std::string id(64, 'a');
  EXPECT_EQ(ContainerId("0::/system.slice/docker-" + id + ".scope\n", ""), id);
  EXPECT_EQ(ContainerId("4:cpu:/docker/" + id + "\n", ""), id);
  EXPECT_EQ(ContainerId("0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod01234567_89ab_cdef_0123_"
                        "456789abcdef.slice/cri-containerd-" +
                            id + ".scope\n",
                        ""),
            id);
  EXPECT_EQ(ContainerId("0::/machine.slice/libpod-" + id + ".scope/container\n", ""), id);
  EXPECT_EQ(ContainerId("0::/\n", "1 2 8:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw\n"), id);
  EXPECT_EQ(ContainerId("0::/\n", "1 2 8:1 /sandboxes/" + id + "/hostname /etc/hostname rw\n"), std::nullopt);
  EXPECT_EQ(ContainerId("0::/user.slice/session-1.scope\n", "1 2 8:1 / / rw\n"), std::nullopt);
  EXPECT_EQ(ContainerId("0::/x" + id + "\n", "containers/"), std::nullopt);
  EXPECT_EQ(PodUid("0::/kubepods/burstable/pod01234567-89ab-cdef-0123-456789abcdef/" + id),
            "01234567-89ab-cdef-0123-456789abcdef");
  EXPECT_EQ(PodUid("0::/kubepods.slice/kubepods-pod01234567_89ab_cdef_0123_456789abcdef.slice"),
            "01234567-89ab-cdef-0123-456789abcdef");
  EXPECT_EQ(PodUid("0::/podman/pod"), std::nullopt);
}

std::string Text(const Resource& resource, std::string_view key) {
  for (const Attribute& attribute : resource.attributes) {
    if (attribute.key != key) continue;
    if (const auto* text = std::get_if<std::string>(&attribute.value)) return *text;
    return "(no text)";
  }
  return "(none)";
}

class ResourceOfProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "gooffsets-resource-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    options_.proc = directory_;
    std::filesystem::create_directory(directory_ / "7");
    std::filesystem::create_symlink("/srv/bin/shop (deleted)", directory_ / "7" / "exe");
    info_.go_text = "go1.26.8";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void Write(const char* file, const std::string& text) { std::ofstream(directory_ / "7" / file) << text; }

  std::filesystem::path directory_;
  ResourceOptions options_;
  BinaryInfo info_;
};

TEST_F(ResourceOfProcessTest, ItsOwnWordThenTheAgentsThenItsBuildThenItsFile) {
  EXPECT_EQ(DetectResource(7, info_, options_)->service_name, "shop");
  info_.main_package = "example.com/store/cmd/front";
  EXPECT_EQ(DetectResource(7, info_, options_)->service_name, "front");
  options_.default_service_name = "agents";
  EXPECT_EQ(DetectResource(7, info_, options_)->service_name, "agents");
  using std::string_literals::operator""s;
  Write("environ",
        "SECRET=1\0OTEL_RESOURCE_ATTRIBUTES=service.name=attr,team=a,process.pid=9\0OTEL_SERVICE_NAME=own\0"s);
  options_.attributes = {{"team", std::string("b")}, {"zone", std::string("z")}};
  const auto resource = DetectResource(7, info_, options_);
  EXPECT_EQ(resource->service_name, "own");
  EXPECT_EQ(Text(*resource, "service.name"), "own");
  EXPECT_EQ(Text(*resource, "team"), "a");
  EXPECT_EQ(Text(*resource, "zone"), "z");
  EXPECT_EQ(Text(*resource, "process.executable.path"), "/srv/bin/shop");
  EXPECT_EQ(Text(*resource, "process.runtime.version"), "go1.26.8");
  EXPECT_EQ(Text(*resource, "process.command_args"), "(none)");
  for (const Attribute& attribute : resource->attributes) EXPECT_NE(attribute.key, "SECRET");
  options_.service_name = "mine";
  EXPECT_EQ(DetectResource(7, info_, options_)->service_name, "mine");
}

TEST_F(ResourceOfProcessTest, ArgumentsOnlyIfAskedAndVersionsFromTheBuild) {
  using std::string_literals::operator""s;
  Write("cmdline", "shop\0--token=x\0"s);
  Write("environ", "KUBERNETES_SERVICE_HOST=10.0.0.1\0HOSTNAME=shop-0\0POD_NAMESPACE=prod\0"s);
  info_.main_module.emplace().version = "v1.2.3";
  info_.settings["vcs.revision"] = "abc";
  options_.command_args = true;
  const auto resource = DetectResource(7, info_, options_);
  bool found = false;
  for (const Attribute& attribute : resource->attributes) {
    if (attribute.key != "process.command_args") continue;
    found = true;
    EXPECT_THAT(std::get<std::vector<std::string>>(attribute.value), ::testing::ElementsAre("shop", "--token=x"));
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(Text(*resource, "service.version"), "v1.2.3");
  EXPECT_EQ(Text(*resource, "vcs.ref.head.revision"), "abc");
  EXPECT_EQ(Text(*resource, "k8s.pod.name"), "shop-0");
  EXPECT_EQ(Text(*resource, "k8s.namespace.name"), "prod");
}

TEST(ResourceTest, ARealProcessAndOneThatIsNotThere) {
  const auto own = DetectResource(getpid(), {}, {});
  EXPECT_EQ(Text(*own, "process.executable.path"), std::filesystem::read_symlink("/proc/self/exe"));
  EXPECT_EQ(own->service_name, std::filesystem::read_symlink("/proc/self/exe").filename());
  EXPECT_EQ(DetectResource(-1, {}, {})->service_name, "unknown_service:go");
}

TEST(FileExporterTest, AppendsWholeLinesForTheOwnerOnly) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("gooffsets-spans-" + std::to_string(getpid()));
  Deadline deadline;
  const std::vector<Span> spans(3);
  for (int i = 0; i < 2; ++i) {
    auto exporter = OpenFileExporter(path, FileFormat::kJsonLines);
    ASSERT_TRUE(exporter);
    EXPECT_EQ((*exporter)->Export(spans, &deadline).exported, 3u);
  }
  std::ifstream in(path);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
  struct stat about {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  std::filesystem::remove(path);
  EXPECT_EQ(OpenFileExporter("/nonexistent/spans", FileFormat::kOtlpJson).error().code, ErrorCode::kNotFound);
}

TEST(FileExporterTest, AFullDiskFailsTheSpansAndSaysSo) {
  auto exporter = OpenFileExporter("/dev/full", FileFormat::kJsonLines);
  ASSERT_TRUE(exporter);
  Deadline deadline;
  const std::vector<Span> spans(3);
  const ExportOutcome outcome = (*exporter)->Export(spans, &deadline);
  EXPECT_EQ(outcome.failed, 3u);
  EXPECT_THAT(outcome.error, HasSubstr("No space left"));
}

}  // namespace
}  // namespace gooffsets::trace
