#include "site/assets.h"

#include <algorithm>

#include "base/digest.h"
#include "site_assets.h"

namespace gooffsets {

namespace {

std::string_view ContentType(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

}  // namespace

const std::vector<Asset>& Assets() {
  static const std::vector<Asset>* const assets = [] {
    auto* made = new std::vector<Asset>;
    for (const EmbeddedText& source : kSiteAssets) {
      const std::string_view name = source.name;
      const std::string digest = Blake2b128Hex(source.text).substr(0, 16);
      made->push_back({"assets/" + digest + std::string(name.substr(name.rfind('.'))), ContentType(name), source.text});
    }
    return made;
  }();
  return *assets;
}

const Asset* FindAsset(std::string_view address) {
  for (const Asset& asset : Assets()) {
    if (asset.address == address) return &asset;
  }
  return nullptr;
}

const Asset& AssetNamed(std::string_view name) {
  size_t at = 0;
  for (size_t i = 0; i < std::size(kSiteAssets); ++i) {
    if (kSiteAssets[i].name == name) at = i;
  }
  return Assets()[at];
}

}  // namespace gooffsets
