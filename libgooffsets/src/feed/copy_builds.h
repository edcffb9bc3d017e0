// Takes builds over from one database into another, under the row numbers that are free there.
//
// What builds share (layouts, packages, lists) is read once, so that a whole database is copied in seconds; and it is
// checked once, against the digest under which it is stored: what was changed behind the makers' back is kBadInput.
// Both stores are borrowed, and one thread uses all three. The copy of a build is one transaction. The order of new
// rows depends on what is copied, never on the numbers in `from`.
//
//   BuildCopier copier(&from, &to);
//   GOOFFSETS_CHECK_OK(copier.Copy("0123456789abcdef0123456789abcdef"));
#ifndef GOOFFSETS_FEED_COPY_BUILDS_H_
#define GOOFFSETS_FEED_COPY_BUILDS_H_

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/digest.h"
#include "gooffsets/result.h"
#include "store/catalog.h"
#include "store/store.h"

namespace gooffsets {

class BuildCopier {
 public:
  BuildCopier(Store* from, Store* to)
      : from_(from->connection()), to_(to->connection()), reader_(from_), writer_(to_) {}

  // `to` must not have the build. kNotFound: `from` does not have it.
  Result<void> Copy(const std::string& id);
  // To be called when rows of `to` were deleted: what was taken over before may be gone.
  void Forget();

 private:
  struct CopiedLayout {
    int64_t row = 0;
    Digest128 digest{};
  };
  Result<int64_t> State(int64_t from_id);
  Result<int64_t> PackageLayout(int64_t from_id, const std::string& package);
  Result<const CopiedLayout*> LayoutOf(int64_t from_id, const std::string& symbol);
  Result<int64_t> Version(int64_t from_id);
  Result<int64_t> PackageList(int64_t from_id);
  Result<void> CopyObservations(int64_t from_build, int64_t to_build);
  Result<void> CopyModuleLists(int64_t from_build, int64_t to_build);

  Connection* from_;
  Connection* to_;
  CatalogReader reader_;
  CatalogWriter writer_;
  // By the number in `from`: what it is in `to`.
  std::unordered_map<int64_t, int64_t> states_, versions_, lists_;
  std::unordered_map<int64_t, CopiedLayout> layouts_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_COPY_BUILDS_H_
