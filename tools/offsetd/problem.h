// Errors as answers: problem details (RFC 9457), and the one table from error code to HTTP status.
//
// The answer's `type` is "about:blank", so `title` is the status's own phrase; `detail` says what, where and why, `try`
// what to do about it, and `code` is the library's name of the error. Pure; safe from any thread.
//
//   HttpResponse response = Problem(400, "bad input", "no symbol is named", "symbol=net/http.Request");
#ifndef GOOFFSETS_TOOLS_OFFSETD_PROBLEM_H_
#define GOOFFSETS_TOOLS_OFFSETD_PROBLEM_H_

#include <string_view>

#include "gooffsets/result.h"
#include "http.h"

namespace gooffsets {

// "Bad Request"; "Error" for a status that this server never sends.
std::string_view StatusPhrase(int status);
int HttpStatus(ErrorCode code);
HttpResponse Problem(int status, std::string_view code, std::string_view detail, std::string_view hint = {});
HttpResponse Problem(const Error& error);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_PROBLEM_H_
