// update-offsets: brings a newer database of offsets from a signed feed, verifies it and puts it in place.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <string>

#include "commands.h"
#include "common/exit_code.h"

namespace {

std::atomic<bool> g_interrupted = false;

extern "C" void OnSignal(int) {
  // A second one ends at once: what is installed is whole at every moment.
  if (g_interrupted.exchange(true)) _exit(130);
}

}  // namespace

int main(int argc, char** argv) {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "Brings a newer database of offsets from a signed feed, verifies it, and puts it in place.\n\n"
      "Examples:\n"
      "  update-offsets --from https://offsets.example/feed --key gooffsets.pub\n"
      "  update-offsets --from https://offsets.example/feed --key gooffsets.pub check\n"
      "  update-offsets rollback\n"
      "  update-offsets --from https://offsets.example/feed --key gooffsets.pub mirror /srv/feed",
      "update-offsets");
  app.set_version_flag("--version", std::string("update-offsets ") + GOOFFSETS_VERSION);
  app.footer(
      "Exit status: 0 done or already newest, 1 check: an update is available; diff: answers changed, 2 usage, 3 what "
      "is\n"
      "offered or installed is not acceptable, 4 environment (network, disk, rights, another process), 5 refused: "
      "published\n"
      "answers would change; or a hook failed, 130 interrupted.");
  gooffsets::Commands commands(&app);
  if (std::optional<int> exit = gooffsets::ParseArguments(&app, argc, argv)) return *exit;
  return commands.Run([] { return g_interrupted.load(); });
}
