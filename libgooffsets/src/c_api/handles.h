// What the handles of the C interface hold, and how results become statuses.
//
// Guard() runs the body of one C function: an Error becomes a status and, where the caller wants it, an error object; an
// exception (out of memory) becomes GOOFFSETS_INTERNAL and never crosses the boundary.
#ifndef GOOFFSETS_C_API_HANDLES_H_
#define GOOFFSETS_C_API_HANDLES_H_

#include <algorithm>
#include <cstring>
#include <exception>
#include <map>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "gooffsets/binary.h"
#include "gooffsets/database.h"
#include "gooffsets/gooffsets.h"
#include "gooffsets/resolve.h"

struct gooffsets_error {
  gooffsets_status status = GOOFFSETS_INTERNAL;
  std::string message, hint;
};
struct gooffsets_binary {
  gooffsets::GoBinary binary;
};
struct gooffsets_database {
  gooffsets::Database database;
};
struct gooffsets_resolver {
  gooffsets::Resolver resolver;
};
struct gooffsets_resolution {
  gooffsets::Resolution resolution;
  // Arrays that answer structs point to, made when they are first asked for.
  struct Returns {
    std::vector<uint64_t> addresses, file_offsets;
  };
  mutable std::map<const gooffsets::FunctionBody*, Returns> returns;
  mutable std::map<const gooffsets::Parameter*, std::vector<gooffsets_piece>> pieces;
};

namespace gooffsets {

gooffsets_status StatusOf(ErrorCode code);

// Fills *error (if there is one) and returns `status`.
gooffsets_status SetError(gooffsets_error** error, gooffsets_status status, std::string message, std::string hint = {});

// `body` returns Result<gooffsets_status>: GOOFFSETS_OK, or after SetError another status.
template <typename Body>
gooffsets_status Guard(gooffsets_error** error, Body&& body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    Result<gooffsets_status> result = body();
    if (result) return *result;
    return SetError(error, StatusOf(result.error().code), result.error().message, result.error().hint);
  } catch (const std::exception& e) {
    try {
      return SetError(error, GOOFFSETS_INTERNAL, e.what());
    } catch (...) {
      return GOOFFSETS_INTERNAL;  // not even memory for the message
    }
  }
}

// An owned copy for the caller, freed with gooffsets_string_free.
char* OwnedText(const std::string& text);

// Gives the caller as much of `filled` as its own idea of the struct holds.
template <typename T>
bool Give(T* out, T filled) {
  if (out == nullptr || out->struct_size < sizeof(size_t)) return false;
  const size_t size = out->struct_size;
  filled.struct_size = size;
  std::memcpy(out, &filled, std::min(size, sizeof(T)));
  return true;
}

inline tl::unexpected<Error> Unusable(const char* what) {
  return Fail(ErrorCode::kUsage, std::string(what) + " is NULL, or its struct_size is not set");
}

}  // namespace gooffsets

#endif  // GOOFFSETS_C_API_HANDLES_H_
