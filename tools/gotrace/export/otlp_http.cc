#include "gotrace/export/otlp_http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <random>
#include <utility>

#include "base/file.h"
#include "base/quote.h"
#include "gotrace/export/otlp.h"

namespace gooffsets::trace {
namespace {

using Clock = Deadline::Clock;
using std::chrono::milliseconds;

constexpr size_t kMaxResponse = 64 << 10;
constexpr size_t kMaxCertificate = 16 << 20;
// How soon a running request notices that its deadline has moved.
constexpr milliseconds kPoll{50};

struct Answer {
  long status = 0;      // HTTP; 0: none came
  std::string body;     // at most kMaxResponse
  std::string error;    // of the transport
  bool passes = false;  // worth another try
  std::chrono::seconds retry_after{0};
};

size_t KeepBody(char* data, size_t, size_t size, void* to) {
  std::string& body = static_cast<Answer*>(to)->body;
  body.append(data, std::min(size, kMaxResponse - body.size()));
  return size;  // what is too much is read and forgotten, so that the connection can be used again
}

// What may be right a moment later, without anybody changing the settings.
bool Passes(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return true;
    default:
      return false;
  }
}

class OtlpExporter : public Exporter {
 public:
  OtlpExporter(const OtlpSettings& settings, const Backoff& backoff) : settings_(settings), backoff_(backoff) {}
  ~OtlpExporter() override {
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
  }

  Result<void> Open() {
    static std::once_flag once;  // libcurl asks for it; not undone, as other parts of the program may use it
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    easy_ = curl_easy_init();
    multi_ = curl_multi_init();
    if (easy_ == nullptr || multi_ == nullptr) return Fail(ErrorCode::kInternal, "libcurl cannot be set up");
    bool fits = true;
    auto set = [&](CURLoption option, auto value) { fits &= curl_easy_setopt(easy_, option, value) == CURLE_OK; };
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    fits &= curl_easy_setopt(easy_, CURLOPT_URL, settings_.endpoint.c_str()) == CURLE_OK;
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_POST, 1L);
    set(CURLOPT_ERRORBUFFER, error_);
    set(CURLOPT_WRITEFUNCTION, &KeepBody);
    set(CURLOPT_USERAGENT, "OTel-OTLP-Exporter-gotrace/" GOOFFSETS_VERSION);
    if (!settings_.ca_file.empty()) set(CURLOPT_CAINFO, settings_.ca_file.c_str());
    if (!settings_.client_certificate.empty()) set(CURLOPT_SSLCERT, settings_.client_certificate.c_str());
    if (!settings_.client_key.empty()) set(CURLOPT_SSLKEY, settings_.client_key.c_str());
    AddHeader(settings_.protocol == OtlpProtocol::kJson ? "Content-Type: application/json"
                                                        : "Content-Type: application/x-protobuf");
    if (settings_.gzip) AddHeader("Content-Encoding: gzip");
    AddHeader("Expect:");  // no wait for "100 Continue" before large bodies
    for (const auto& [name, value] : settings_.headers) {
      // libcurl takes "Name;" for a header without a value.
      AddHeader(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
    }
    set(CURLOPT_HTTPHEADER, headers_);
    if (!fits) return Fail(ErrorCode::kInternal, "libcurl does not know an option that is needed");
    return {};
  }

  std::string_view name() const override { return "otlp"; }

  ExportOutcome Export(std::span<const Span> spans, Deadline* deadline) override {
    std::string body = settings_.protocol == OtlpProtocol::kJson ? EncodeOtlpJson(spans) : EncodeOtlpProtobuf(spans);
    ExportOutcome outcome;
    if (settings_.gzip) {
      Result<std::string> packed = Gzip(body);
      if (!packed) return {.failed = spans.size(), .error = packed.error().message};
      body = std::move(*packed);
    }
    milliseconds wait = backoff_.first;
    while (true) {
      const Answer answer = Send(body, *deadline);
      if (answer.status >= 200 && answer.status < 300) {
        if (std::exchange(troubled_, false)) Tell(settings_.endpoint + " takes spans again");
        return Accepted(answer, spans.size(), outcome.retries);
      }
      outcome.error = Told(answer);
      outcome.failed = spans.size();
      if (!answer.passes) return outcome;
      // Jitter of a fifth, so that many agents do not come back at once.
      const milliseconds jittered(static_cast<int64_t>(static_cast<double>(wait.count()) * jitter_(random_)));
      const milliseconds pause = answer.retry_after.count() > 0 ? milliseconds(answer.retry_after) : jittered;
      wait = std::min(wait * 2, backoff_.longest);
      // A wait that ends behind the deadline would be for nothing.
      if (Clock::now() + pause >= deadline->at()) return outcome;
      // Told when it begins: a batch may be tried for half a minute.
      if (!std::exchange(troubled_, true)) Tell(outcome.error + "; it is tried again");
      if (!deadline->Sleep(pause)) return outcome;
      ++outcome.retries;
    }
  }

 private:
  void AddHeader(const std::string& line) {
    if (curl_slist* more = curl_slist_append(headers_, line.c_str())) headers_ = more;
  }

  Answer Send(const std::string& body, const Deadline& deadline) {
    Answer answer;
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
    error_[0] = '\0';
    if (curl_multi_add_handle(multi_, easy_) != CURLM_OK) {
      answer.error = "libcurl takes no request";
      return answer;
    }
    const CURLcode code = Perform(deadline);
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &seconds);  // from both forms: seconds, and a date
    curl_multi_remove_handle(multi_, easy_);
    answer.retry_after = std::chrono::seconds(std::clamp<curl_off_t>(seconds, 0, 86'400));
    if (code != CURLE_OK) {
      answer.status = 0;
      answer.error = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
      answer.passes = Passes(code);
    } else {
      answer.passes = answer.status == 429 || answer.status == 502 || answer.status == 503 || answer.status == 504;
    }
    return answer;
  }

  CURLcode Perform(const Deadline& deadline) {
    while (true) {
      int running = 0;
      if (curl_multi_perform(multi_, &running) != CURLM_OK) return CURLE_FAILED_INIT;
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg == CURLMSG_DONE) return message->data.result;
      }
      const auto rest = std::chrono::duration_cast<milliseconds>(deadline.at() - Clock::now());
      if (rest.count() <= 0) {
        fmt::format_to_n(error_, sizeof(error_) - 1, "the time for the batch is over{}", '\0');
        return CURLE_ABORTED_BY_CALLBACK;
      }
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::min(rest, kPoll).count()), nullptr);
    }
  }

  ExportOutcome Accepted(const Answer& answer, size_t count, uint32_t retries) const {
    const auto partial = settings_.protocol == OtlpProtocol::kJson ? DecodePartialSuccessJson(answer.body)
                                                                   : DecodePartialSuccessProtobuf(answer.body);
    ExportOutcome outcome{.exported = count, .retries = retries};
    if (!partial) return outcome;  // accepted all the same: the status says so
    outcome.rejected = static_cast<size_t>(std::min<uint64_t>(partial->rejected_spans, count));
    outcome.exported -= outcome.rejected;
    if (outcome.rejected > 0) {
      outcome.error = fmt::format("{} rejected {} of {} spans: {}", settings_.endpoint, outcome.rejected, count,
                                  Quote(partial->message));
    } else if (!partial->message.empty()) {  // "warnings or suggestions", says the specification
      outcome.error = fmt::format("{} says: {}", settings_.endpoint, Quote(partial->message));
    }
    return outcome;
  }

  std::string Told(const Answer& answer) const {
    if (answer.status == 0) return fmt::format("cannot send to {}: {}", settings_.endpoint, answer.error);
    // Protobuf answers hold a google.rpc.Status whose text reads well enough between its escapes.
    return fmt::format("{} answers {}{}{}", settings_.endpoint, answer.status, answer.body.empty() ? "" : ": ",
                       answer.body.empty() ? "" : Quote(answer.body));
  }

  const OtlpSettings settings_;
  const Backoff backoff_;
  CURL* easy_ = nullptr;
  CURLM* multi_ = nullptr;
  curl_slist* headers_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};
  bool troubled_ = false;  // the last answer was none, or one that passes
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_real_distribution<double> jitter_{0.8, 1.2};
};

Result<void> CheckReadable(const std::string& file) {
  if (file.empty()) return {};
  GOOFFSETS_TRY(const std::string content, ReadFile(file, kMaxCertificate));
  if (content.find("-----BEGIN ") == std::string::npos) {
    return Fail(ErrorCode::kBadInput, fmt::format("{} is no PEM file", Quote(file)));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Exporter>> MakeOtlpExporter(const OtlpSettings& settings, const Backoff& backoff) {
  const std::string_view url = settings.endpoint;
  const size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || url.size() == scheme || url[scheme] == '/' || url.find_first_of(" \r\n\t") != url.npos) {
    return Fail(ErrorCode::kUsage, fmt::format("{} is no address of an OTLP endpoint", Quote(url)),
                "http://HOST:4318; OTLP over gRPC is not spoken");
  }
  for (const std::string* file : {&settings.ca_file, &settings.client_certificate, &settings.client_key}) {
    GOOFFSETS_CHECK_OK(CheckReadable(*file));
  }
  auto exporter = std::make_unique<OtlpExporter>(settings, backoff);
  GOOFFSETS_CHECK_OK(exporter->Open());
  return exporter;
}

}  // namespace gooffsets::trace
