#include "c_api/handles.h"

#include <cstdlib>

namespace gooffsets {

gooffsets_status StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage: return GOOFFSETS_USAGE;
    case ErrorCode::kBadInput: return GOOFFSETS_BAD_INPUT;
    case ErrorCode::kNotFound: return GOOFFSETS_NOT_FOUND;
    case ErrorCode::kTooNew:
    case ErrorCode::kUnsupported: return GOOFFSETS_UNSUPPORTED;
    case ErrorCode::kPermission: return GOOFFSETS_PERMISSION;
    case ErrorCode::kUnknown: return GOOFFSETS_UNKNOWN;
    case ErrorCode::kIo:
    case ErrorCode::kNoSpace:
    case ErrorCode::kNetwork:
    case ErrorCode::kToolchain:
    case ErrorCode::kTimeout:
    case ErrorCode::kBusy:
    case ErrorCode::kPartial:
    case ErrorCode::kInterrupted: return GOOFFSETS_IO;
    case ErrorCode::kInternal: return GOOFFSETS_INTERNAL;
  }
  return GOOFFSETS_INTERNAL;
}

gooffsets_status SetError(gooffsets_error** error, gooffsets_status status, std::string message, std::string hint) {
  if (error != nullptr) *error = new gooffsets_error{status, std::move(message), std::move(hint)};
  return status;
}

char* OwnedText(const std::string& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

}  // namespace gooffsets

extern "C" {

const char* gooffsets_version(void) { return GOOFFSETS_VERSION; }

gooffsets_status gooffsets_error_status(const gooffsets_error* error) {
  return error == nullptr ? GOOFFSETS_OK : error->status;
}
const char* gooffsets_error_message(const gooffsets_error* error) { return error == nullptr ? "" : error->message.c_str(); }
const char* gooffsets_error_hint(const gooffsets_error* error) { return error == nullptr ? "" : error->hint.c_str(); }
void gooffsets_error_free(gooffsets_error* error) { delete error; }
void gooffsets_string_free(char* text) { std::free(text); }

}  // extern "C"
