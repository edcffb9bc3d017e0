// What resolvers of one database share is what the file holds: the same answers as alone, and new ones when it grew.
#include <gtest/gtest.h>

#include <string>

#include "../store/make_record.h"
#include "../store/temp_dir.h"
#include "gooffsets/database.h"
#include "gooffsets/resolve.h"
#include "program.h"
#include "store/database_impl.h"
#include "store/module_view_reader.h"
#include "store/store.h"

namespace gooffsets {
namespace {

using testing::Program;
using testing::StdRecord;

void Add(const std::string& path, const BuildRecord& record) {
  Result<Store> store = Store::Open(path, OpenMode::kCreate);
  ASSERT_TRUE(store) << store.error().ToString();
  Result<AddOutcome> added = store->Add(record);
  ASSERT_TRUE(added) << added.error().ToString();
}

Resolved Url(const Database& database, const std::string& go) {
  Result<Resolver> resolver = Resolver::ForFacts(Program(go, {}), &database, {});
  EXPECT_TRUE(resolver);
  Result<std::vector<Resolved>> answers = resolver->ResolveItems({{ItemKind::kField, "net/http.Request.URL", ""}});
  if (answers) return answers->front();
  ADD_FAILURE() << answers.error().ToString();
  return {};
}

TEST(SharedReader, ResolversOfOneDatabaseShareWhatWasRead) {
  const testing::TempDir dir;
  Add(dir / "o.db", StdRecord("1.26.8"));
  Result<Database> database = Database::Open(dir / "o.db");
  ASSERT_TRUE(database) << database.error().ToString();
  EXPECT_EQ(Url(*database, "1.26.8").field->offset, 16U);
  const auto reader = Database::Impl::Of(*database).LendReader();
  const size_t remembered = reader->remembered();
  EXPECT_GT(remembered, 0U);
  EXPECT_EQ(Url(*database, "1.26.8").field->offset, 16U);
  EXPECT_EQ(Database::Impl::Of(*database).LendReader(), reader);
  EXPECT_EQ(reader->remembered(), remembered) << "nothing had to be read again";
}

TEST(SharedReader, AWorkingDatabaseThatGrewIsReadAnew) {
  const testing::TempDir dir;
  Add(dir / "o.db", StdRecord("1.26.8"));
  Result<Database> database = Database::Open(dir / "o.db");
  ASSERT_TRUE(database) << database.error().ToString();
  EXPECT_FALSE(Url(*database, "1.27.1").found());
  Add(dir / "o.db", StdRecord("1.27.1"));
  const Resolved grown = Url(*database, "1.27.1");
  ASSERT_TRUE(grown.found()) << grown.reason;
  EXPECT_EQ(grown.field->offset, 16U);
  EXPECT_EQ(Url(*database, "1.26.8").field->offset, 16U);
}

}  // namespace
}  // namespace gooffsets
