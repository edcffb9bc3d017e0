// The web pages at /, and the symbol index that they share with /v1/symbols: made once for each snapshot.
//
// A build without the pages has the index alone, and / says where the API's description is. Safe from any thread; the
// Database belongs to the caller's.
//
//   Result<std::unique_ptr<const SiteMount>> site = SiteMount::Make(database);
//   HttpResponse page = (*site)->Answer(target, database);
#ifndef GOOFFSETS_TOOLS_OFFSETD_SITE_MOUNT_H_
#define GOOFFSETS_TOOLS_OFFSETD_SITE_MOUNT_H_

#include <memory>

#include "gooffsets/database.h"
#include "gooffsets/symbol_index.h"
#include "http.h"
#include "target.h"

namespace gooffsets {

class SiteMount {
 public:
  static Result<std::unique_ptr<const SiteMount>> Make(const Database& database);
  ~SiteMount();
  const SymbolIndex& symbols() const;
  HttpResponse Answer(const RequestTarget& target, const Database& database) const;

 private:
  struct State;
  explicit SiteMount(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_SITE_MOUNT_H_
