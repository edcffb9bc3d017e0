// /feed: the files of a feed directory as they are (docs/feed.md), for update-offsets of other hosts.
//
// A path is a chain of plain names, opened one by one without following symbolic links: nothing outside the directory
// can be reached, whatever is put into the address. Blobs are named by their digests and never change; all else may.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/quote.h"
#include "handlers.h"
#include "http_range.h"
#include "problem.h"

namespace gooffsets {

namespace {

bool IsPlainName(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.size() > 255) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_';
  });
}

bool IsBlob(std::string_view path) {
  constexpr std::string_view kFolder = "blobs/";
  if (!path.starts_with(kFolder)) return false;
  path.remove_prefix(kFolder.size());
  return path.size() == 64 &&
         std::all_of(path.begin(), path.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string_view TypeOf(std::string_view path) {
  const auto ends = [&](std::string_view suffix) { return path.ends_with(suffix); };
  if (ends(".json")) return "application/json";
  if (ends(".minisig") || ends(".txt")) return "text/plain; charset=utf-8";
  if (ends(".html")) return "text/html; charset=utf-8";
  if (ends(".css")) return "text/css; charset=utf-8";
  if (ends(".js")) return "text/javascript; charset=utf-8";
  if (ends(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

HttpResponse NoFile(std::string_view path) {
  return Problem(404, "not found", "the feed has no file " + Quote(path), "manifest.json names all of its files");
}

Result<UniqueFd> OpenBelow(const std::string& directory, std::string_view path) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError(errno, "cannot open the feed directory " + Quote(directory));
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (!IsPlainName(name)) return Fail(ErrorCode::kNotFound, "no such file");
    const bool last = slash == std::string_view::npos;
    // O_NONBLOCK: a named pipe would hold up the thread.
    UniqueFd next(::openat(fd.get(), std::string(name).c_str(),
                           O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY)));
    if (!next.valid()) {
      if (errno == ELOOP) return Fail(ErrorCode::kNotFound, "a symbolic link");
      return ErrnoError(errno, "cannot open " + Quote(name) + " of the feed");
    }
    if (last) return next;
    fd = std::move(next);
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

HttpResponse HandleFeed(const RequestTarget& target, const IncomingRequest& request, const Service& service) {
  if (Result<void> known = CheckParameters(target, {}); !known) return Failed(known.error(), service);
  if (service.settings->feed_directory.empty()) {
    return Problem(404, "not found", "this server has no feed", "offsetd --feed DIR serves one");
  }
  constexpr std::string_view kMount = "/feed/";
  std::string path = target.path.size() > kMount.size() ? target.path.substr(kMount.size()) : std::string();
  if (path.empty() || path.ends_with('/')) path += "index.html";
  Result<UniqueFd> fd = OpenBelow(service.settings->feed_directory, path);
  if (!fd) {
    if (fd.error().code == ErrorCode::kNotFound) return NoFile(path);
    if (service.log) service.log(fd.error().ToString());
    return Problem(500, ToString(fd.error().code), "the feed's file could not be read", "the server's log says why");
  }
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0 || !S_ISREG(status.st_mode)) return NoFile(path);
  const auto size = static_cast<uint64_t>(status.st_size);

  HttpResponse response;
  response.content_type = TypeOf(path);
  if (IsBlob(path)) {
    response.caching = Caching::kForever;
    response.etag = "\"" + path.substr(path.size() - 64) + "\"";
  } else {
    response.caching = Caching::kRevalidate;
    response.etag = "\"" + std::to_string(status.st_ino) + "-" + std::to_string(status.st_size) + "-" +
                    std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) + "\"";
  }
  response.headers.emplace_back("Accept-Ranges", "bytes");
  response.file.emplace(FileBody{std::move(*fd), 0, size});
  const bool same = request.if_range.empty() || request.if_range == response.etag;
  if (request.range.empty() || !same || request.method != "GET") return response;
  const ByteRange range = ParseByteRange(request.range, size);
  switch (range.kind) {
    case ByteRange::Kind::kAll:
      return response;
    case ByteRange::Kind::kPart:
      response.status = 206;
      response.file->offset = range.offset;
      response.file->size = range.size;
      response.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.offset) + "-" +
                                                         std::to_string(range.offset + range.size - 1) + "/" +
                                                         std::to_string(size));
      return response;
    case ByteRange::Kind::kUnsatisfiable: {
      HttpResponse problem =
          Problem(416, "usage", "the file has " + std::to_string(size) + " bytes: the range lies behind its end");
      problem.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
      return problem;
    }
  }
  return response;
}

}  // namespace gooffsets
