// A feed in one file (.gofeed): a tar archive of the same tree, for carrying it where no network leads.
//
// POSIX ustar (IEEE Std 1003.1-2017, pax, "ustar Interchange Format"): plain files only; `tar tf` lists it. A reader
// believes no name, size or count beyond its limits; what lies in the files is verified elsewhere, by the manifest's
// signature. One thread at a time.
//
//   GOOFFSETS_TRY(BundleReader bundle, BundleReader::Open("offsets.gofeed"));
//   const BundleReader::Entry* manifest = bundle.Find("manifest.json");
#ifndef GOOFFSETS_FEED_BUNDLE_H_
#define GOOFFSETS_FEED_BUNDLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "feed/output_file.h"
#include "gooffsets/result.h"

namespace gooffsets {

class BundleReader {
 public:
  struct Entry {
    uint64_t offset = 0, size = 0;
  };
  static Result<BundleReader> Open(const std::string& path);
  // Null: not in it.
  const Entry* Find(const std::string& name) const;
  const std::map<std::string, Entry>& entries() const { return entries_; }
  Result<void> Read(const Entry& entry, uint64_t at, char* out, size_t size) const;

 private:
  BundleReader() = default;
  UniqueFd fd_;
  std::string path_;
  std::map<std::string, Entry> entries_;
};

class BundleWriter {
 public:
  static Result<BundleWriter> Create(const std::string& path);
  Result<void> AddText(const std::string& name, std::string_view text);
  Result<void> AddFile(const std::string& name, const std::string& path);
  Result<void> Finish();  // the end mark, and synced

 private:
  explicit BundleWriter(OutputFile out) : out_(std::move(out)) {}
  Result<void> Header(const std::string& name, uint64_t size);
  Result<void> Pad(uint64_t size);
  OutputFile out_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_BUNDLE_H_
