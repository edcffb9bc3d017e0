// Writes the pages as files, for a host that only serves files.
//
// Not every symbol becomes a page: all modules and packages do, and the symbols of the packages that `options` names,
// as far as `max_pages` goes; packages say the fields of their other structs. Search reads small files that are written
// beside the pages. Equal databases and options give equal bytes. The site is made complete under another name
// first and takes the place of an earlier copy in one step: nobody ever serves half a site. A directory that holds
// anything but an earlier copy is refused.
//
//   GOOFFSETS_TRY(StaticSiteCounts counts, WriteStaticSite(db, "feed/site", StaticSiteOptions()));
#ifndef GOOFFSETS_TOOLS_SITE_STATIC_SITE_H_
#define GOOFFSETS_TOOLS_SITE_STATIC_SITE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct StaticSiteOptions {
  // Packages whose structs and exported functions have pages of their own.
  std::vector<std::string> packages = {"net/http", "net/url", "golang.org/x/net/http2",
                                       "google.golang.org/grpc/internal/transport", "google.golang.org/grpc/metadata"};
  // Other symbols with pages of their own, fields too: those that tracers read most.
  std::vector<std::string> symbols = {"net/http.Request.Method",
                                      "net/http.Request.URL",
                                      "net/http.Request.Header",
                                      "net/http.Request.Host",
                                      "net/http.response.status",
                                      "net/url.URL.Path",
                                      "crypto/tls.Conn",
                                      "crypto/tls.ConnectionState",
                                      "database/sql.DB",
                                      "net.TCPConn",
                                      "net.netFD",
                                      "runtime.g",
                                      "runtime.g.goid",
                                      "runtime.m",
                                      "google.golang.org/grpc.ClientConn",
                                      "google.golang.org/grpc/internal/transport.Stream.method"};
  size_t max_pages = 4000;
  std::function<void(size_t done, size_t total)> progress = {};  // of pages; may be empty
};

struct StaticSiteCounts {
  size_t pages = 0, files = 0;
  uint64_t bytes = 0;
  size_t left_out = 0;  // symbols of the named packages beyond max_pages
};

Result<StaticSiteCounts> WriteStaticSite(const Database& database, const std::string& directory,
                                         const StaticSiteOptions& options);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_STATIC_SITE_H_
