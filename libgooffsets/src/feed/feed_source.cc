#include "feed/feed_source.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/quote.h"
#include "feed/bundle.h"

namespace gooffsets {
namespace {

constexpr size_t kPiece = size_t{1} << 20;

// From a file or a part of one. `read` gives bytes at an offset.
template <typename Read>
Result<void> Copy(uint64_t size, OutputFile* out, const FeedSource::Progress& progress, const CallLimits& limits,
                  const Read& read) {
  std::string piece(kPiece, '\0');
  while (out->size() < size) {
    GOOFFSETS_CHECK_OK(limits.Check());
    const size_t count = static_cast<size_t>(std::min<uint64_t>(kPiece, size - out->size()));
    GOOFFSETS_CHECK_OK(read(out->size(), piece.data(), count));
    GOOFFSETS_CHECK_OK(out->Write(std::string_view(piece).substr(0, count)));
    if (progress) progress(out->size());
  }
  return {};
}

class HttpSource : public FeedSource {
 public:
  HttpSource(std::string address, const HttpOptions& options, const CallLimits* limits)
      : address_(std::move(address)), http_(options, limits) {
    while (address_.ends_with('/')) address_.pop_back();
  }

  std::string address() const override { return WithoutCredentials(address_); }

  Result<Small> ReadSmall(const std::string& name, uint64_t limit, const std::string& etag) override {
    HttpRequest request{.url = address_ + "/" + name, .limit = limit};
    if (!etag.empty()) request.headers.push_back("If-None-Match: " + etag);
    GOOFFSETS_TRY(HttpAnswer answer, http_.Do(request));
    if (answer.status == 304 && !etag.empty()) return Small{true, "", etag};
    GOOFFSETS_CHECK_OK(Accept(name, answer.status));
    // What goes into a request header again must not be able to end it.
    const bool plain =
        std::all_of(answer.etag.begin(), answer.etag.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    return Small{false, std::move(answer.body), plain ? answer.etag : ""};
  }

  Result<void> ReadBlob(const std::string& name, uint64_t size, OutputFile* out, const Progress& progress) override {
    if (out->size() == size) return {};
    HttpRequest request{.url = address_ + "/" + name, .limit = size};
    request.sink = [&](std::string_view bytes) -> Result<void> {
      GOOFFSETS_CHECK_OK(out->Write(bytes));
      if (progress) progress(out->size());
      return {};
    };
    request.range_start = [&] { return out->size(); };
    request.restart = [&] { return out->Empty(); };
    GOOFFSETS_TRY(HttpAnswer answer, http_.Do(request));
    GOOFFSETS_CHECK_OK(Accept(name, answer.status));
    if (out->size() == size) return {};
    return Fail(ErrorCode::kBadInput, address() + "/" + name + " has " + std::to_string(out->size()) +
                                          " bytes instead of " + std::to_string(size));
  }

 private:
  Result<void> Accept(const std::string& name, long status) const {
    const std::string what = address() + "/" + name;
    if (status == 200 || status == 206) return {};
    if (status == 404 || status == 410) return Fail(ErrorCode::kNotFound, "there is no " + what);
    if (status == 401 || status == 403) {
      return Fail(ErrorCode::kPermission, what + " is refused with status " + std::to_string(status));
    }
    return Fail(ErrorCode::kNetwork, what + " is answered with status " + std::to_string(status));
  }

  std::string address_;
  HttpClient http_;
};

class DirectorySource : public FeedSource {
 public:
  DirectorySource(std::string path, const CallLimits* limits) : path_(std::move(path)), limits_(limits) {}
  std::string address() const override { return path_; }

  Result<Small> ReadSmall(const std::string& name, uint64_t limit, const std::string&) override {
    GOOFFSETS_TRY(std::string path, PathOf(name));
    GOOFFSETS_TRY(std::string body, ReadFile(path, limit));
    return Small{false, std::move(body), ""};
  }

  Result<void> ReadBlob(const std::string& name, uint64_t size, OutputFile* out, const Progress& progress) override {
    GOOFFSETS_TRY(std::string path, PathOf(name));
    GOOFFSETS_TRY(UniqueFd in, OpenForReading(path));
    GOOFFSETS_TRY(const uint64_t there, FileSize(in, path));
    if (there != size) {
      return Fail(ErrorCode::kBadInput,
                  path + " has " + std::to_string(there) + " bytes instead of " + std::to_string(size));
    }
    return Copy(size, out, progress, *limits_,
                [&](uint64_t at, char* to, size_t count) { return ReadAt(in, at, to, count, path); });
  }

 private:
  // Only plain files: opening a pipe would wait for ever.
  Result<std::string> PathOf(const std::string& name) const {
    std::string path = path_ + "/" + name;
    if (!FileExists(path)) return Fail(ErrorCode::kNotFound, "there is no file " + path);
    return path;
  }
  std::string path_;
  const CallLimits* limits_;
};

class BundleSource : public FeedSource {
 public:
  BundleSource(std::string path, BundleReader bundle, const CallLimits* limits)
      : path_(std::move(path)), bundle_(std::move(bundle)), limits_(limits) {}
  std::string address() const override { return path_; }

  Result<Small> ReadSmall(const std::string& name, uint64_t limit, const std::string&) override {
    GOOFFSETS_TRY(const BundleReader::Entry entry, EntryOf(name));
    if (entry.size > limit) return Fail(ErrorCode::kBadInput, name + " in " + path_ + " is too large");
    Small small;
    small.body.resize(static_cast<size_t>(entry.size));
    GOOFFSETS_CHECK_OK(bundle_.Read(entry, 0, small.body.data(), small.body.size()));
    return small;
  }

  Result<void> ReadBlob(const std::string& name, uint64_t size, OutputFile* out, const Progress& progress) override {
    GOOFFSETS_TRY(const BundleReader::Entry entry, EntryOf(name));
    if (entry.size != size)
      return Fail(ErrorCode::kBadInput, name + " in " + path_ + " has another size than was signed");
    return Copy(size, out, progress, *limits_,
                [&](uint64_t at, char* to, size_t count) { return bundle_.Read(entry, at, to, count); });
  }

 private:
  Result<BundleReader::Entry> EntryOf(const std::string& name) const {
    const BundleReader::Entry* entry = bundle_.Find(name);
    if (entry == nullptr) return Fail(ErrorCode::kNotFound, "there is no " + name + " in " + path_);
    return *entry;
  }
  std::string path_;
  BundleReader bundle_;
  const CallLimits* limits_;
};

}  // namespace

Result<std::unique_ptr<FeedSource>> OpenFeedSource(const std::string& address, const HttpOptions& http,
                                                   const CallLimits* limits) {
  if (address.starts_with("http://") || address.starts_with("https://")) {
    if (address.find_first_of("?#") != std::string::npos) {
      return Fail(ErrorCode::kUsage, "the address of a feed has no query: " + Quote(WithoutCredentials(address)));
    }
    return std::unique_ptr<FeedSource>(std::make_unique<HttpSource>(address, http, limits));
  }
  std::string path = address;
  if (path.starts_with("file://")) path = path.substr(7);
  if (path.empty() || path.find("://") != std::string::npos) {
    return Fail(ErrorCode::kUsage, Quote(address) + " is no source of a feed",
                "an http://, https:// or file:// address, a directory, or a .gofeed file");
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    tl::unexpected<Error> failed = ErrnoError(errno, "cannot read the feed " + path);
    // "localhost:7443/feed", "offsets.example/feed"
    const std::string_view first = std::string_view(path).substr(0, path.find('/'));
    if (failed.value().code == ErrorCode::kNotFound && first.size() > 2 &&
        first.find_first_of(".:") < first.size() - 1 && first[0] != '.') {
      failed.value().hint = "https://" + path + " if it is an address; else check the spelling of the path";
    }
    return failed;
  }
  if (S_ISDIR(status.st_mode)) return std::unique_ptr<FeedSource>(std::make_unique<DirectorySource>(path, limits));
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kBadInput, path + " is neither a directory nor a bundle file");
  GOOFFSETS_TRY(BundleReader bundle, BundleReader::Open(path));
  return std::unique_ptr<FeedSource>(std::make_unique<BundleSource>(path, std::move(bundle), limits));
}

}  // namespace gooffsets
