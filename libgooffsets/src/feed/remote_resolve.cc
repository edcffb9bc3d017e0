#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/file.h"
#include "base/quote.h"
#include "feed/http_client.h"
#include "feed/output_file.h"
#include "gooffsets/feed_resolve.h"
#include "gooffsets/resolve.h"

namespace gooffsets {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kMaxCached = 256;

bool IsPrivate(const std::string& path, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return !prefix.empty() && path.starts_with(prefix); });
}

// What of a program decides about its layouts, and nothing else.
BinaryInfo Reduced(const BinaryInfo& info, const std::vector<std::string>& private_prefixes) {
  BinaryInfo out;
  out.goarch = info.goarch;
  out.go_text = info.go_text;
  out.go_version = info.go_version;
  out.go_language = info.go_language;
  out.go_suffix = info.go_suffix;
  out.go_devel = info.go_devel;
  out.experiments = info.experiments;
  out.tags = info.tags;
  out.cgo = info.cgo;
  out.fips = info.fips;
  // That there is a module list matters, not whose: this is what Go calls a program without a module.
  if (info.main_module) out.main_module = BinaryModule{"command-line-arguments", "(devel)", "", false, "", ""};
  for (const BinaryModule& module : info.modules) {
    if (IsPrivate(module.path, private_prefixes)) continue;
    BinaryModule sent = module;
    sent.sum.clear();
    // A local directory is a path of this machine; that it replaces the module is enough.
    const bool local = sent.replacement_path.starts_with("/") || sent.replacement_path.starts_with(".");
    if (local || IsPrivate(sent.replacement_path, private_prefixes)) sent.replacement_path = "./";
    out.modules.push_back(std::move(sent));
  }
  return out;
}

bool IsJsonObject(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_object();
}

class AnswerCache {
 public:
  AnswerCache(const RemoteResolveOptions& options, const std::string& request) : directory_(options.cache_directory) {
    if (!directory_.empty()) path_ = directory_ + "/" + Sha256Hex(options.url + "\n" + request) + ".json";
    limit_ = options.max_answer_size;
  }
  // An answer that is at most so old.
  Result<std::string> Get(int64_t max_age) const {
    struct stat status {};
    if (path_.empty() || ::stat(path_.c_str(), &status) != 0 || std::time(nullptr) - status.st_mtime > max_age) {
      return Fail(ErrorCode::kNotFound, "no answer is cached");
    }
    GOOFFSETS_TRY(std::string text, ReadFile(path_, limit_));
    if (!IsJsonObject(text)) return Fail(ErrorCode::kBadInput, path_ + " is damaged");
    return text;
  }
  Result<void> Put(const std::string& text) const {
    if (path_.empty()) return {};
    GOOFFSETS_CHECK_OK(MakeDirectories(directory_));
    GOOFFSETS_CHECK_OK(WriteFileAtomic(path_, text, 0600));
    return Prune();
  }

 private:
  Result<void> Prune() const {
    namespace fs = std::filesystem;
    std::vector<std::pair<fs::file_time_type, std::string>> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory_, error)) {
      if (entry.path().extension() == ".json") files.emplace_back(entry.last_write_time(error), entry.path().string());
    }
    std::sort(files.begin(), files.end());
    for (size_t i = 0; i + kMaxCached < files.size(); ++i) GOOFFSETS_CHECK_OK(RemoveFile(files[i].second));
    return {};
  }
  std::string directory_, path_;
  uint64_t limit_ = 0;
};

Result<std::string> AskService(const std::string& request, const RemoteResolveOptions& options) {
  const CallLimits limits(options.deadline, {});
  HttpOptions http;
  http.retries = options.retries;
  http.proxy = options.proxy;
  http.proxy_from_environment = options.proxy_from_environment;
  http.ca_file = options.ca_file;
  http.user_agent = options.user_agent.empty() ? std::string("gooffsets/") + GOOFFSETS_VERSION : options.user_agent;
  HttpClient client(http, &limits);
  HttpRequest post{.limit = options.max_answer_size};
  post.url = options.url;
  while (post.url.ends_with('/')) post.url.pop_back();
  post.url += "/v1/resolve";
  post.body = request;
  post.headers = {"Content-Type: application/json", "Accept: application/json"};
  if (!options.token.empty()) post.headers.push_back("Authorization: Bearer " + options.token);
  GOOFFSETS_TRY(HttpAnswer answer, client.Do(post));
  if (answer.status == 200) {
    if (IsJsonObject(answer.body)) return std::move(answer.body);
    return Fail(ErrorCode::kNetwork,
                WithoutCredentials(post.url) + " does not answer with JSON: " + Quote(answer.body, 40));
  }
  std::string detail;
  const Json problem = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (problem.is_object() && problem.contains("detail") && problem["detail"].is_string()) {
    detail = ": " + Quote(problem["detail"].get<std::string>(), 300);
  }
  const ErrorCode code = answer.status == 401 || answer.status == 403   ? ErrorCode::kPermission
                         : answer.status == 400 || answer.status == 413 ? ErrorCode::kBadInput
                                                                        : ErrorCode::kNetwork;
  return Fail(code, WithoutCredentials(post.url) + " answers with status " + std::to_string(answer.status) + detail);
}

Result<std::string> AskLocally(const BinaryInfo& info, std::string_view wants_toml, const Database* database) {
  GOOFFSETS_TRY(const WantList wants, ParseWantList(wants_toml, "the want list"));
  GOOFFSETS_TRY(Resolver resolver, Resolver::ForFacts(info, database, {}));
  GOOFFSETS_TRY(const Resolution resolution, resolver.Resolve(wants));
  return ResolutionJson(resolution);
}

}  // namespace

std::string_view ToString(RemoteResolution::Origin origin) {
  switch (origin) {
    case RemoteResolution::Origin::kService:
      return "service";
    case RemoteResolution::Origin::kCache:
      return "cache";
    case RemoteResolution::Origin::kLocal:
      return "local";
  }
  return "";
}

std::string RemoteResolveRequest(const BinaryInfo& info, std::string_view wants_toml,
                                 const RemoteResolveOptions& options) {
  const Json wants = wants_toml;
  return "{\"binary\":" + BinaryInfoJson(Reduced(info, options.private_prefixes)) +
         ",\"wants\":" + wants.dump(-1, ' ', false, Json::error_handler_t::replace) + "}";
}

Result<RemoteResolution> ResolveRemotely(const BinaryInfo& info, std::string_view wants_toml,
                                         const RemoteResolveOptions& options) {
  GOOFFSETS_CHECK_OK(ParseWantList(wants_toml, "the want list"));
  if (!options.url.starts_with("http://") && !options.url.starts_with("https://")) {
    return Fail(ErrorCode::kUsage, Quote(options.url) + " is no address of a service", "https://offsets.example");
  }
  // What a header may not hold would end it.
  if (options.token.find_first_of("\r\n") != std::string::npos)
    return Fail(ErrorCode::kUsage, "the token has line ends");
  using Origin = RemoteResolution::Origin;
  const std::string request = RemoteResolveRequest(info, wants_toml, options);
  const AnswerCache cache(options, request);
  if (auto cached = cache.Get(options.cache_fresh.count()))
    return RemoteResolution{Origin::kCache, std::move(*cached), {}};
  Result<std::string> answer = AskService(request, options);
  if (answer) {
    RemoteResolution out{Origin::kService, std::move(*answer), {}};
    // Without a cache the answer is as good.
    if (auto put = cache.Put(out.json); !put) out.notes.push_back(put.error().message);
    return out;
  }
  // That the request is wrong is no reason to answer from elsewhere.
  if (answer.error().code == ErrorCode::kBadInput) return tl::unexpected(answer.error());
  std::vector<std::string> notes = {answer.error().message};
  constexpr int64_t kAnyAge = int64_t{1} << 40;
  if (auto cached = cache.Get(kAnyAge)) return RemoteResolution{Origin::kCache, std::move(*cached), std::move(notes)};
  if (options.database == nullptr) return tl::unexpected(answer.error());
  GOOFFSETS_TRY(std::string local, AskLocally(info, wants_toml, options.database));
  return RemoteResolution{Origin::kLocal, std::move(local), std::move(notes)};
}

}  // namespace gooffsets
