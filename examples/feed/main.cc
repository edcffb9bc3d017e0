// Keeps a database fresh, as an agent does at its start and then every few hours, and answers from it.
//
//   fresh FEED KEY DIRECTORY MODULE VERSION SYMBOL
//   fresh https://offsets.example/feed RWQ... /var/lib/agent std 1.26.8 net/http.Request.URL
#include <cstdio>
#include <string>

#include "gooffsets/database.h"
#include "gooffsets/feed.h"

namespace {

int Report(const gooffsets::Error& error) {
  std::fprintf(stderr, "fresh: %s\n", error.ToString().c_str());
  return gooffsets::ExitStatus(error.code);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return Report({gooffsets::ErrorCode::kUsage, "fresh FEED KEY DIRECTORY MODULE VERSION SYMBOL", ""});
  gooffsets::UpdateOptions options;
  options.sources = {argv[1]};
  options.keys = {argv[2]};
  options.directory = argv[3];
  options.deadline = std::chrono::seconds(60);
  auto client = gooffsets::UpdateClient::Make(options);
  if (!client) return Report(client.error());
  // Without a newer one the agent goes on with what it has: an update is never in its way.
  if (auto report = client->Update()) {
    std::printf("version %llu, %s\n", static_cast<unsigned long long>(report->version),
                report->changed ? "just installed" : "already newest");
  } else {
    std::fprintf(stderr, "fresh: no update: %s\n", report.error().ToString().c_str());
  }
  auto database = gooffsets::Database::Open(client->database_path());
  if (!database) return Report(database.error());
  auto answer = database->Lookup({argv[4], argv[5], "", gooffsets::GoArch::kAmd64, argv[6]});
  if (!answer) return Report(answer.error());
  std::printf("%s\n", gooffsets::AnswerJson(*answer).c_str());
  return gooffsets::ExitStatus(answer->status);
}
