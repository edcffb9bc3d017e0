// The addresses of pages: stable, without query strings, the same on the service and on a static host.
//
//   /                                   search and numbers            /coverage/   modules and their versions
//   /m/google.golang.org/grpc/          a module                      /search/?q=  what a search finds
//   /m/std/-/net/http/                  a package                     /m/std/-/net/http.Request.URL/   a symbol
//
// All are directories, so that links between pages are relative and a copy of the site works at any place of any host.
// Pure functions; safe from any thread.
//
//   PageAddress("std", "net/http.Request")      // "m/std/-/net/http.Request/"
//   RootFrom("m/std/-/net/http.Request/")       // "../../../../"
#ifndef GOOFFSETS_TOOLS_SITE_ADDRESS_H_
#define GOOFFSETS_TOOLS_SITE_ADDRESS_H_

#include <optional>
#include <string>
#include <string_view>

namespace gooffsets {

// Relative to the site's root and not percent-encoded: also the name of the directory in a static site.
std::string ModuleAddress(std::string_view module);
std::string PageAddress(std::string_view module, std::string_view package_or_symbol);

// RFC 3986: everything but unreserved characters, "/" and what paths may hold besides.
std::string PercentEncode(std::string_view path);

// The way back to the root from a page's address: one "../" a directory.
std::string RootFrom(std::string_view address);

// False for what must not become a name of a file: empty, "." and ".." parts, and characters that file systems or hosts
// treat in their own ways.
bool FitForFile(std::string_view address);

// The parts of "m/MODULE/" and "m/MODULE/-/REST/"; nullopt: it is neither.
struct ModuleRequest {
  std::string module;
  std::string rest;  // empty: the module itself
};
std::optional<ModuleRequest> ParseModuleAddress(std::string_view address);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_ADDRESS_H_
