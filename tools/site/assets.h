// The stylesheet, the script and the icon, as they lie in the executable; each address names the content's digest.
//
// Immutable; safe from any thread.
//
//   const Asset* script = FindAsset("assets/1f2e3d4c5b6a7988.js");
#ifndef GOOFFSETS_TOOLS_SITE_ASSETS_H_
#define GOOFFSETS_TOOLS_SITE_ASSETS_H_

#include <string>
#include <string_view>
#include <vector>

namespace gooffsets {

struct Asset {
  std::string address;  // from the site's root
  std::string_view content_type, text;
};
const std::vector<Asset>& Assets();
const Asset* FindAsset(std::string_view address);  // null: there is none
// By the name of its source: "site.css", "site.js", "icon.svg".
const Asset& AssetNamed(std::string_view name);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_ASSETS_H_
