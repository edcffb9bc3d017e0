#include "feed/http_client.h"

#include <curl/curl.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/quote.h"

namespace gooffsets {
namespace {

constexpr std::chrono::milliseconds kFirstWait{500}, kLongestWait{30000};
// A server that sends less than this for so long is given up, and asked again as long as the deadline allows.
constexpr long kSlowBytesASecond = 256, kSlowSeconds = 30;

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeList>;

// One attempt at one request.
struct Transfer {
  const HttpRequest* request = nullptr;
  const CallLimits* limits = nullptr;
  CURL* curl = nullptr;
  HttpAnswer answer = {};
  uint64_t start = 0;     // asked for
  uint64_t received = 0;  // of the body
  std::optional<uint64_t> range_start = {};
  bool begun = false;  // the first piece of the body came
  std::optional<Error> error = {};
};

bool IsRetried(long status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

// "bytes 100-199/200"
std::optional<uint64_t> ParseRangeStart(std::string_view value) {
  constexpr std::string_view kUnit = "bytes ";
  if (!value.starts_with(kUnit)) return std::nullopt;
  value.remove_prefix(kUnit.size());
  uint64_t start = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), start);
  if (error != std::errc() || end == value.data() + value.size() || *end != '-') return std::nullopt;
  return start;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // of each answer on the way: a redirect's headers do not count
    transfer->answer = {};
    transfer->range_start.reset();
    return size * count;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (name == "etag") transfer->answer.etag = value.substr(0, 1024);
  if (name == "content-type") transfer->answer.content_type = value.substr(0, 256);
  if (name == "content-range") transfer->range_start = ParseRangeStart(value);
  return size * count;
}

Result<void> Accept(Transfer* transfer, std::string_view bytes) {
  long status = 0;
  curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
  if (transfer->request->sink && status != 200 && status != 206) return {};  // an error's page
  if (!transfer->begun) {
    transfer->begun = true;
    if (transfer->start > 0 && !(status == 206 && transfer->range_start == transfer->start)) {
      if (status == 206) return Fail(ErrorCode::kNetwork, "the server sends another range than was asked for");
      GOOFFSETS_CHECK_OK(transfer->request->restart());
      transfer->start = 0;
    }
  }
  transfer->received += bytes.size();
  if (transfer->start + transfer->received > transfer->request->limit) {
    return Fail(ErrorCode::kBadInput, WithoutCredentials(transfer->request->url) + " sends more than the " +
                                          std::to_string(transfer->request->limit) + " bytes it may have");
  }
  if (transfer->request->sink) return transfer->request->sink(bytes);
  transfer->answer.body += bytes;
  return {};
}

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  Result<void> accepted = Accept(transfer, std::string_view(data, size * count));
  if (accepted) return size * count;
  transfer->error = accepted.error();
  return CURL_WRITEFUNC_ERROR;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->limits->Cancelled() ? 1 : 0;
}

bool IsRetried(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_OUT_OF_MEMORY:
      return false;
    default:
      return true;
  }
}

Error TransportError(const HttpRequest& request, CURLcode code, const char* details) {
  const std::string why = details[0] != '\0' ? Quote(details, 200) : std::string(curl_easy_strerror(code));
  const ErrorCode kind = code == CURLE_OPERATION_TIMEDOUT ? ErrorCode::kTimeout : ErrorCode::kNetwork;
  std::string hint =
      code == CURLE_PEER_FAILED_VERIFICATION ? "--ca-file with the certificate authority of that server" : "";
  if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST) {
    hint = "check the address, and whether this machine reaches it (a proxy: --proxy or https_proxy)";
  }
  return Error{kind, "cannot get " + WithoutCredentials(request.url) + ": " + why, std::move(hint)};
}

}  // namespace

struct HttpClient::State {
  HttpOptions options;
  const CallLimits* limits = nullptr;
  std::unique_ptr<CURL, FreeEasy> curl;

  Result<void> SetUp(const HttpRequest& request, Transfer* transfer, Headers* headers, char* error_text);
  // An answer, or why there is none and whether to ask again (`wait`: at least so long).
  Result<HttpAnswer> Once(const HttpRequest& request, bool* again, std::chrono::milliseconds* wait);
};

Result<void> HttpClient::State::SetUp(const HttpRequest& request, Transfer* transfer, Headers* headers,
                                      char* error_text) {
  if (!curl) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready == CURLE_OK) curl.reset(curl_easy_init());
    if (!curl) return Fail(ErrorCode::kNetwork, "libcurl cannot be set up");
  }
  CURL* c = curl.get();
  curl_easy_reset(c);  // keeps the connection
  transfer->curl = c;
  const bool secure = request.url.starts_with("https:");
  curl_easy_setopt(c, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, request.body.empty() ? 1L : 0L);
  curl_easy_setopt(c, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error_text);
  curl_easy_setopt(c, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count() * 1000));
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(1, limits->Left().count())));
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, kSlowBytesASecond);
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 256L * 1024);
  if (!options.proxy_from_environment || !options.proxy.empty()) {
    curl_easy_setopt(c, CURLOPT_PROXY, options.proxy.c_str());  // "" switches the environment's off
  }
  if (!options.ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, options.ca_file.c_str());
  for (const std::string& header : request.headers) {
    headers->reset(curl_slist_append(headers->release(), header.c_str()));
  }
  if (!request.body.empty()) {
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (transfer->start > 0) {
    curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer->start));
  }
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers->get());
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(c, CURLOPT_HEADERDATA, transfer);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, transfer);
  return {};
}

Result<HttpAnswer> HttpClient::State::Once(const HttpRequest& request, bool* again, std::chrono::milliseconds* wait) {
  *again = false;
  Transfer transfer{.request = &request, .limits = limits};
  if (request.range_start) transfer.start = request.range_start();
  Headers headers;
  char error_text[CURL_ERROR_SIZE] = "";
  GOOFFSETS_CHECK_OK(SetUp(request, &transfer, &headers, error_text));
  CURL* c = curl.get();
  const CURLcode code = curl_easy_perform(c);
  if (transfer.error) {
    *again = transfer.error->code == ErrorCode::kNetwork;
    return tl::unexpected(std::move(*transfer.error));
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) return Fail(ErrorCode::kInterrupted, "interrupted");
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  // A range behind the end is refused: nothing that was there can be continued.
  if ((status == 416 || code == CURLE_RANGE_ERROR) && transfer.start > 0) {
    GOOFFSETS_CHECK_OK(request.restart());
    *again = true;
    return Fail(ErrorCode::kNetwork, "the server does not have the range that was asked for");
  }
  if (code != CURLE_OK) {
    *again = IsRetried(code);
    return tl::unexpected(TransportError(request, code, error_text));
  }
  transfer.answer.status = status;
  if (IsRetried(status)) {
    *again = true;
    curl_off_t seconds = 0;
    curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &seconds);
    *wait = std::chrono::seconds(std::clamp<curl_off_t>(seconds, 0, 86400));
    return Fail(
        ErrorCode::kNetwork,
        WithoutCredentials(request.url) + " answers with status " + std::to_string(status) +
            (seconds > 0 ? " and wants to be asked again in " + std::to_string(seconds) + " s" : std::string()));
  }
  return std::move(transfer.answer);
}

HttpClient::HttpClient(HttpOptions options, const CallLimits* limits) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->limits = limits;
}

HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::Do(const HttpRequest& request) {
  for (unsigned attempt = 0;; ++attempt) {
    GOOFFSETS_CHECK_OK(state_->limits->Check());
    bool again = false;
    std::chrono::milliseconds wait{0};
    const uint64_t before = request.range_start ? request.range_start() : 0;
    Result<HttpAnswer> answer = state_->Once(request, &again, &wait);
    if (answer || !again) return answer;
    // What got further may go on: a large file over a bad line takes many attempts.
    if (request.range_start && request.range_start() > before) attempt = 0;
    if (attempt >= state_->options.retries) return answer;
    // Exponential, between half and one and a half of it, so that clients that failed together do not return together.
    const auto base = std::min(kLongestWait, kFirstWait * (1U << std::min(attempt, 6U)));
    const auto jittered =
        base / 2 + std::chrono::milliseconds(randombytes_uniform(static_cast<uint32_t>(base.count())));
    if (!state_->limits->Wait(std::max(wait, jittered))) {
      if (state_->limits->Cancelled()) return Fail(ErrorCode::kInterrupted, "interrupted");
      return Fail(ErrorCode::kTimeout, answer.error().message + ", and the deadline comes first", answer.error().hint);
    }
  }
}

std::string WithoutCredentials(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const size_t host = scheme + 3, slash = std::min(url.find_first_of("/?#", host), url.size());
  const size_t at = url.rfind('@', slash);
  return at == std::string::npos || at < host ? url : url.substr(0, host) + url.substr(at + 1);
}

}  // namespace gooffsets
