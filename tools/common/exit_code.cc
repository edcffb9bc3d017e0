#include "common/exit_code.h"

#include <iostream>
#include <map>
#include <string>

#include "common/completion.h"

namespace gooffsets {

std::optional<int> ParseArguments(CLI::App* app, int argc, char** argv) {
  app->set_help_all_flag("--help-all", "also the options of every subcommand");
  // Before everything that a command line needs otherwise; in no help text, because only the build asks for it.
  const std::map<std::string, Shell> shells = {{"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}};
  if (argc == 3 && std::string_view(argv[1]) == "--completion") {
    const auto shell = shells.find(argv[2]);
    if (shell == shells.end()) {
      std::cerr << app->get_name() << ": error: no completion for the shell " << Printable(argv[2]) << "\n"
                << app->get_name() << ": try: bash, zsh or fish\n";
      return kExitUsage;
    }
    std::cout << CompletionScript(*app, shell->second);
    return 0;
  }
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
  for (size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    if (c < 0x20 || c == 0x7f) out[i] = '?';
    // U+0080 to U+009F are control characters as well, to terminals that read UTF-8.
    if (c == 0xc2 && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) >= 0x80 &&
        static_cast<unsigned char>(out[i + 1]) < 0xa0) {
      out[i] = out[i + 1] = '?';
    }
  }
  return out;
}

}  // namespace gooffsets
