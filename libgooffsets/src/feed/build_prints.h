// Fingerprints of everything that two databases say of each build, to find what differs without reading layouts.
//
// A build's fingerprint covers its row, what it saw of every package, its module lists and disagreements: equal
// fingerprints mean equal records, whatever numbers the rows have in either file. Borrows the connection.
//
//   GOOFFSETS_TRY(BuildPrints before, ReadBuildPrints(&old_db));   // before["9f1c..."] is a digest
#ifndef GOOFFSETS_FEED_BUILD_PRINTS_H_
#define GOOFFSETS_FEED_BUILD_PRINTS_H_

#include <map>
#include <string>

#include "base/digest.h"
#include "gooffsets/result.h"
#include "store/sqlite.h"

namespace gooffsets {

// Key: build id in hex.
using BuildPrints = std::map<std::string, Digest128>;
Result<BuildPrints> ReadBuildPrints(Connection* db);

// Known versions, as "module version listed".
Result<Digest128> KnownVersionsPrint(Connection* db);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_BUILD_PRINTS_H_
