// Errors as values: Result<T> for whatever can fail, Error with one closed list of codes.
//
// Error::message says what went wrong and where, in one sentence without a trailing period. Error::hint says what to try
// next (may be empty). Nothing in the library throws across this API, prints, or exits. Thread-safe: plain values.
//
//   Result<Database> db = Database::Open("offsets.db");
//   if (!db) { std::cerr << db.error().ToString() << "\n"; return ExitStatus(db.error().code); }
#ifndef GOOFFSETS_RESULT_H_
#define GOOFFSETS_RESULT_H_

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace gooffsets {

// Closed list. ExitStatus() below and docs/exit-codes.md are the one table from code to exit status.
enum class ErrorCode {
  kUsage,         // the call itself is wrong (unknown option, malformed constraint)      -> 2
  kBadInput,      // a file or answer could be read but is not what it should be          -> 3
  kTooNew,        // written by a newer gooffsets than this one                           -> 3
  kNotFound,      // a named thing (file, module, version) does not exist                 -> 3
  kUnsupported,   // well-formed, but outside what we handle                              -> 3
  kIo,            // the operating system refused an operation on a file                  -> 4
  kNoSpace,       // disk full or quota                                                   -> 4
  kPermission,    //                                                                      -> 4
  kNetwork,       // proxy, checksum database, remote repository                          -> 4
  kToolchain,     // no usable go command, or a toolchain that cannot be brought          -> 4
  kTimeout,       // a time limit ran out                                                 -> 4
  kBusy,          // another process holds the lock                                       -> 4
  kPartial,       // some of the work failed, or two sources disagree                     -> 5
  kUnknown,       // no observation answers the question                                  -> 6
  kInterrupted,   // SIGINT/SIGTERM                                                       -> 130
  kInternal,      // a bug                                                                -> 70
};

std::string_view ToString(ErrorCode code);
// The process exit status that documents `code` (DESIGN: 0 done, 1 absent/ambiguous, 2 .. 6, 130).
int ExitStatus(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // what, where, why
  std::string hint;     // what to try; may be empty

  std::string ToString() const;  // "message (try: hint)"
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> Fail(ErrorCode code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

}  // namespace gooffsets

// Propagates an error: GOOFFSETS_TRY(auto x, F());  GOOFFSETS_CHECK_OK(G());
#define GOOFFSETS_CONCAT_(a, b) a##b
#define GOOFFSETS_CONCAT(a, b) GOOFFSETS_CONCAT_(a, b)
#define GOOFFSETS_TRY_(tmp, decl, expr)                            \
  auto tmp = (expr);                                               \
  if (!tmp) return ::tl::unexpected(std::move(tmp).error());       \
  decl = std::move(*tmp)
#define GOOFFSETS_TRY(decl, expr) GOOFFSETS_TRY_(GOOFFSETS_CONCAT(try_, __LINE__), decl, expr)
#define GOOFFSETS_CHECK_OK(expr)                                                   \
  do {                                                                             \
    auto check_ok_ = (expr);                                                       \
    if (!check_ok_) return ::tl::unexpected(std::move(check_ok_).error());         \
  } while (0)

#endif  // GOOFFSETS_RESULT_H_
