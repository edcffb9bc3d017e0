// Requests of any bytes, through the router and every handler, over an empty database: an answer that is well formed.
//
// The input is "METHOD TARGET", headers as "name: value" lines, an empty line, and the body.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "content.h"
#include "require.h"
#include "router.h"
#include "snapshot.h"
#include "store/store.h"

namespace {

std::shared_ptr<const gooffsets::Snapshot> EmptySnapshot() {
  std::string path = "/tmp/gooffsets-fuzz-XXXXXX";
  FUZZ_REQUIRE(::mkdtemp(path.data()) != nullptr);
  const std::string file = path + "/offsets.db";
  FUZZ_REQUIRE(gooffsets::Store::Open(file, gooffsets::OpenMode::kCreate).has_value());
  auto snapshot = gooffsets::Snapshot::Load({.path = file, .answers_per_connection = ~0U});
  FUZZ_REQUIRE(snapshot.has_value());
  for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((file + suffix).c_str());
  ::rmdir(path.c_str());
  return *snapshot;
}

std::string_view TakeLine(std::string_view* text) {
  const size_t end = std::min(text->find('\n'), text->size());
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::shared_ptr<const gooffsets::Snapshot> snapshot = EmptySnapshot();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  gooffsets::IncomingRequest request;
  std::string_view line = TakeLine(&text);
  const size_t space = std::min(line.find(' '), line.size());
  request.method = line.substr(0, space);
  request.target = line.substr(std::min(space + 1, line.size()));
  while (!(line = TakeLine(&text)).empty()) {
    const size_t colon = std::min(line.find(": "), line.size());
    const std::string_view name = line.substr(0, colon), value = line.substr(std::min(colon + 2, line.size()));
    if (name == "accept-encoding") request.accept_encoding = value;
    if (name == "if-none-match") request.if_none_match = value;
    if (name == "range") request.range = value;
    if (name == "if-range") request.if_range = value;
    if (name == "authorization") request.authorization = value;
  }
  request.body = text;
  gooffsets::ServiceSettings settings;
  settings.feed_directory = "/proc/self/fdinfo";  // a directory of plain names, none of which is any file's business
  if (!request.authorization.empty()) settings.resolve_token = "0123456789abcdef";
  const gooffsets::Service service{.snapshot = snapshot.get(), .settings = &settings};
  const gooffsets::HttpResponse response = gooffsets::Handle(request, service);
  FUZZ_REQUIRE(response.status >= 200 && response.status < 600 && response.status != 500);
  if (response.content_type.ends_with("json") && !response.file) {
    FUZZ_REQUIRE(nlohmann::json::accept(response.body));
  }
  for (const auto& [name, value] : response.headers) {
    FUZZ_REQUIRE(name.find_first_of("\r\n") == std::string::npos && value.find_first_of("\r\n") == std::string::npos);
  }
  const gooffsets::Encoding encoding = gooffsets::ChooseEncoding(request.accept_encoding);
  (void)gooffsets::Compress(encoding, response.body);
  (void)gooffsets::HasMatch(request.if_none_match, gooffsets::EtagOf(response.etag, encoding));
  return 0;
}
