#include "problem.h"

#include "store/json_text.h"

namespace gooffsets {

std::string_view StatusPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 206:
      return "Partial Content";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 416:
      return "Range Not Satisfiable";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

int HttpStatus(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
    case ErrorCode::kBadInput:
    case ErrorCode::kTooNew:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kUnsupported:
      return 422;
    case ErrorCode::kPermission:
      return 403;
    case ErrorCode::kBusy:
    case ErrorCode::kInterrupted:
    case ErrorCode::kTimeout:
      return 503;
    case ErrorCode::kIo:
    case ErrorCode::kNoSpace:
    case ErrorCode::kNetwork:
    case ErrorCode::kToolchain:
    case ErrorCode::kPartial:
    case ErrorCode::kUnknown:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

HttpResponse Problem(int status, std::string_view code, std::string_view detail, std::string_view hint) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  JsonObject object(&response.body);
  object.Text("type", "about:blank");
  object.Text("title", StatusPhrase(status));
  object.Number("status", static_cast<uint64_t>(status));
  object.Text("code", code);
  object.Text("detail", detail);
  if (!hint.empty()) object.Text("try", hint);
  object.Close();
  response.body += '\n';
  return response;
}

HttpResponse Problem(const Error& error) {
  return Problem(HttpStatus(error.code), ToString(error.code), error.message, error.hint);
}

}  // namespace gooffsets
