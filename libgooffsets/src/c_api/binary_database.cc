// The C interface: binaries and databases.
#include "c_api/handles.h"

using gooffsets::Guard;
using gooffsets::OwnedText;
using gooffsets::Result;
using gooffsets::Unusable;

extern "C" {

gooffsets_status gooffsets_binary_open(const char* path, gooffsets_binary** binary, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (path == nullptr || binary == nullptr) return Unusable("path or binary");
    *binary = nullptr;
    GOOFFSETS_TRY(gooffsets::GoBinary opened, gooffsets::GoBinary::Open(path));
    *binary = new gooffsets_binary{std::move(opened)};
    return GOOFFSETS_OK;
  });
}

gooffsets_status gooffsets_binary_open_process(int pid, gooffsets_binary** binary, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (binary == nullptr) return Unusable("binary");
    *binary = nullptr;
    GOOFFSETS_TRY(gooffsets::GoBinary opened, gooffsets::GoBinary::OpenProcess(pid));
    *binary = new gooffsets_binary{std::move(opened)};
    return GOOFFSETS_OK;
  });
}

gooffsets_status gooffsets_binary_info_json(const gooffsets_binary* binary, char** json, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (binary == nullptr || json == nullptr) return Unusable("binary or json");
    *json = OwnedText(gooffsets::BinaryInfoJson(binary->binary.info()));
    return GOOFFSETS_OK;
  });
}

void gooffsets_binary_close(gooffsets_binary* binary) { delete binary; }

gooffsets_status gooffsets_database_open(const char* path, gooffsets_database** database, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (path == nullptr || database == nullptr) return Unusable("path or database");
    *database = nullptr;
    GOOFFSETS_TRY(gooffsets::Database opened, gooffsets::Database::Open(path));
    *database = new gooffsets_database{std::move(opened)};
    return GOOFFSETS_OK;
  });
}

gooffsets_status gooffsets_database_lookup_json(const gooffsets_database* database, const char* module,
                                                const char* version, const char* go, const char* goarch,
                                                const char* symbol, char** json, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (database == nullptr || module == nullptr || version == nullptr || goarch == nullptr || symbol == nullptr ||
        json == nullptr) {
      return Unusable("an argument other than go");
    }
    gooffsets::Query query;
    query.module = module;
    query.version = version;
    query.go = go == nullptr ? "" : go;
    query.symbol = symbol;
    GOOFFSETS_TRY(query.goarch, gooffsets::ParseGoArch(goarch));
    GOOFFSETS_TRY(gooffsets::Answer answer, database->database.Lookup(query));
    *json = OwnedText(gooffsets::AnswerJson(answer));
    return GOOFFSETS_OK;
  });
}

void gooffsets_database_close(gooffsets_database* database) { delete database; }

}  // extern "C"
