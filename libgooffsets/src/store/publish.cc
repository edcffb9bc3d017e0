// VACUUM INTO a new file, made fit for immutable readers, renamed into place.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.h"
#include "base/quote.h"
#include "store/atomic_stream.h"
#include "store/export.h"
#include "store/temporary_database.h"

namespace gooffsets {

Result<void> Publish(Store* store, const std::string& path) {
  std::string pattern = path + ".XXXXXX";
  UniqueFd fd(::mkstemp(pattern.data()));
  if (!fd.valid()) return ErrnoError(errno, "cannot write " + Quote(path));
  if (::fchmod(fd.get(), 0644) != 0) return ErrnoError(errno, "cannot write " + Quote(path));
  TemporaryDatabase temporary(pattern);
  // VACUUM INTO accepts an existing file only when it is empty, as this one is.
  GOOFFSETS_CHECK_OK(store->connection()->Prepare("VACUUM INTO ?").BindText(temporary.path()).Run());
  {
    GOOFFSETS_TRY(Connection copy, Connection::Open(temporary.path(), Connection::Mode::kReadWrite));
    GOOFFSETS_CHECK_OK(copy.Execute("PRAGMA journal_mode = DELETE; PRAGMA secure_delete = ON; DELETE FROM local; PRAGMA optimize;"));
    GOOFFSETS_TRY(int64_t broken, copy.IntOf("SELECT count(*) FROM pragma_foreign_key_check"));
    if (broken != 0) return Fail(ErrorCode::kBadInput, "database " + Quote(store->path()) + " has dangling references");
  }
  return RenameIntoPlace(temporary.path(), path);
}

}  // namespace gooffsets
