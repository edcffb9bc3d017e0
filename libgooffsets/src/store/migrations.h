// The numbered schema scripts of schema/sqlite/, embedded when the build is configured.
//
// Script i brings a database from level i to level i + 1 (PRAGMA user_version). Scripts are only ever added: a released one
// never changes. Immutable; safe from any thread.
//
//   for (size_t level = user_version; level < Migrations().size(); ++level) Run(Migrations()[level]);
#ifndef GOOFFSETS_STORE_MIGRATIONS_H_
#define GOOFFSETS_STORE_MIGRATIONS_H_

#include <string_view>
#include <vector>

namespace gooffsets {

const std::vector<std::string_view>& Migrations();

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_MIGRATIONS_H_
