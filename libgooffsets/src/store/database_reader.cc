// The reader that the resolvers of one database share, so that each need not read again what the one before has read.
#include <memory>

#include "store/database_impl.h"
#include "store/module_view_reader.h"

namespace gooffsets {
namespace {

// What a reader may have remembered when it is lent again: a few programs' worth. One that remembers more belongs to
// the resolvers that have it, and ends with them.
constexpr size_t kMostRemembered = size_t{2} << 20;

// Changes when another connection writes (https://www.sqlite.org/pragma.html#pragma_data_version); nullopt: not known.
std::optional<int64_t> DataVersion(Connection* db) {
  Result<int64_t> version = db->IntOf("PRAGMA data_version");
  return version ? std::optional(*version) : std::nullopt;
}

}  // namespace

std::shared_ptr<ModuleViewReader> Database::Impl::LendReader() {
  const std::optional<int64_t> version = DataVersion(&db_);
  if (!lent_ || !version || version != lent_version_ || lent_->remembered() > kMostRemembered) {
    lent_ = std::make_shared<ModuleViewReader>(&db_);
    lent_version_ = version;
  }
  return lent_;
}

}  // namespace gooffsets
