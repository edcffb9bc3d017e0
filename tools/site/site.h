// The web pages: a request and a database in, a page out. The same pages are served by offsetd and written out as a
// static site (static_site.h).
//
// Everything is rendered here, so that each answer is there without JavaScript; the script only adds search as one
// types, the version slider, comparing, and evidence under the pointer. Pages are a pure function of database and
// request: equal ones give equal bytes. Every text that comes from the database or the request is escaped (html.h), and
// nothing on a page needs more than kContentSecurityPolicy allows, which must be sent with it.
//
// SiteData is made once a database file and may be shared by threads; a Database belongs to one thread at a time.
//
//   GOOFFSETS_TRY(std::shared_ptr<const SiteData> data, SiteData::Make(db));
//   Page page = Render(db, *data, {.path = "/m/std/-/net/http.Request.URL/"});   // page.status == 200
#ifndef GOOFFSETS_TOOLS_SITE_SITE_H_
#define GOOFFSETS_TOOLS_SITE_SITE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/result.h"
#include "gooffsets/symbol_index.h"

namespace gooffsets {

inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'";
// What a page cannot say of itself and only a header can.
inline constexpr std::string_view kContentSecurityPolicyHeader =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

struct SiteRequest {
  std::string path;                          // percent-decoded, begins with "/"
  std::map<std::string, std::string> query;  // decoded: "q", "symbol", "module"
};

struct Page {
  int status = 200;  // 200, 303, 308, 400, 404, 500
  std::string title;
  std::string content_type;
  std::string body;
  std::string etag;        // quoted; a digest of the body
  std::string location;    // of 303 and 308: relative to the request's address
  bool immutable = false;  // its address names its content: may be kept for good
};

// What all pages of one database share.
struct SiteData {
  SymbolIndex index;
  std::map<std::string, std::vector<VersionCoverage>> coverage;  // by module: those with observations

  static Result<std::shared_ptr<const SiteData>> Make(const Database& database);
};

// Pages for a host that only serves files differ in three things: search reads files, symbols without a page of their
// own lead to their package's page, and that says their fields.
struct StaticMode {
  // Whether a symbol has a page ("std", "net/http.Request").
  virtual bool HasPage(std::string_view module, std::string_view symbol) const = 0;

 protected:
  ~StaticMode() = default;
};

Page Render(const Database& database, const SiteData& data, const SiteRequest& request,
            const StaticMode* static_mode = nullptr);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_SITE_H_
