// Which of two results of the same build is kept: a success for ever, a failure until something tells more.
//
// Called inside the transaction that then stores the build. One thread at a time, as the connection.
//
//   GOOFFSETS_TRY(AddOutcome outcome, MakeRoomFor(&db, record.build));
//   if (outcome != AddOutcome::kStored) return outcome;   // nothing was changed
#ifndef GOOFFSETS_STORE_BUILD_RULES_H_
#define GOOFFSETS_STORE_BUILD_RULES_H_

#include "gooffsets/result.h"
#include "store/record.h"
#include "store/sqlite.h"

namespace gooffsets {

enum class AddOutcome {
  kStored,
  kAlreadyThere,  // a successful build of this id, or this very failure, is there: nothing changed
  kKeptBetter,    // this is a failure, and a success or a more telling failure is there: nothing changed
};

// Says what stands in the way of `build`, or deletes the failures that it replaces and answers kStored.
Result<AddOutcome> MakeRoomFor(Connection* db, const BuildInfo& build);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_BUILD_RULES_H_
