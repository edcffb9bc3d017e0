#include "common/exit_code.h"

#include <iostream>

namespace gooffsets {

std::optional<int> ParseArguments(CLI::App* app, int argc, char** argv) {
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app->exit(success);
  } catch (const CLI::ParseError& error) {
    app->exit(error);
    return kExitUsage;
  }
  return std::nullopt;
}

int ReportError(std::string_view tool, const Error& error) {
  std::cout.flush();
  std::cerr << tool << ": error: " << Printable(error.message) << "\n";
  if (!error.hint.empty()) std::cerr << tool << ": try: " << Printable(error.hint) << "\n";
  return ExitStatus(error.code);
}

std::string Printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

}  // namespace gooffsets
