#include "gooffsets/result.h"

namespace gooffsets {

std::string_view ToString(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
      return "usage";
    case ErrorCode::kBadInput:
      return "bad input";
    case ErrorCode::kTooNew:
      return "too new";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kIo:
      return "i/o";
    case ErrorCode::kNoSpace:
      return "no space";
    case ErrorCode::kPermission:
      return "permission";
    case ErrorCode::kNetwork:
      return "network";
    case ErrorCode::kToolchain:
      return "toolchain";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kPartial:
      return "partial";
    case ErrorCode::kUnknown:
      return "unknown";
    case ErrorCode::kInterrupted:
      return "interrupted";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

int ExitStatus(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
      return 2;
    case ErrorCode::kBadInput:
    case ErrorCode::kTooNew:
    case ErrorCode::kNotFound:
    case ErrorCode::kUnsupported:
      return 3;
    case ErrorCode::kIo:
    case ErrorCode::kNoSpace:
    case ErrorCode::kPermission:
    case ErrorCode::kNetwork:
    case ErrorCode::kToolchain:
    case ErrorCode::kTimeout:
    case ErrorCode::kBusy:
      return 4;
    case ErrorCode::kPartial:
      return 5;
    case ErrorCode::kUnknown:
      return 6;
    case ErrorCode::kInterrupted:
      return 130;  // 128 + SIGINT, as shells report it
    case ErrorCode::kInternal:
      return 70;  // EX_SOFTWARE of sysexits.h
  }
  return 70;
}

std::string Error::ToString() const {
  if (hint.empty()) return message;
  return message + " (try: " + hint + ")";
}

}  // namespace gooffsets
