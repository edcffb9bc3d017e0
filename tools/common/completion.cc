#include "common/completion.h"

#include <fmt/format.h>

#include <vector>

namespace gooffsets {
namespace {

struct OptionWords {
  std::vector<std::string> names;    // "--format", "-h"
  std::vector<std::string> choices;  // "text", "json"
  bool takes_value = false;
  std::string what;  // first line of its description
};

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// CLI11 shows the values of IsMember as "TEXT:{text,json}" in the type's name.
std::vector<std::string> ChoicesOf(const std::string& type) {
  const size_t open = type.find('{'), close = type.find('}', open == std::string::npos ? 0 : open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (size_t at = open + 1; at < close;) {
    const size_t end = std::min(type.find(',', at), close);
    choices.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

std::vector<OptionWords> OptionsOf(const CLI::App& app) {
  std::vector<OptionWords> all;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty() || (option->get_lnames().empty() && option->get_snames().empty())) continue;
    OptionWords words;
    for (const std::string& name : option->get_lnames()) words.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) words.names.push_back("-" + name);
    words.takes_value = option->get_items_expected_max() > 0;
    words.choices = ChoicesOf(option->get_type_name());
    words.what = FirstLine(option->get_description());
    all.push_back(std::move(words));
  }
  return all;
}

std::vector<const CLI::App*> SubcommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// A tool or one of its subcommands; `path` is "" for the tool, "diff" or "a b" below it.
struct Level {
  std::string path;
  const CLI::App* app;
};

void Collect(const CLI::App& app, const std::string& path, std::vector<Level>* levels) {
  levels->push_back({path, &app});
  for (const CLI::App* sub : SubcommandsOf(app)) {
    if (!sub->get_name().empty()) Collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), levels);
  }
}

std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string SubcommandNames(const CLI::App& app) {
  std::string names;
  for (const CLI::App* sub : SubcommandsOf(app)) names += sub->get_name() + " ";
  return names;
}

std::string Identifier(std::string text) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return text;
}

std::string Bash(const std::string& tool, const std::vector<Level>& levels) {
  std::string level_cases, value_cases, word_cases;
  for (const Level& level : levels) {
    std::string words = SubcommandNames(*level.app);
    for (const CLI::App* sub : SubcommandsOf(*level.app)) {
      level_cases += fmt::format("      {}) path={} ;;\n", Quoted(level.path + "/" + sub->get_name()),
                                 Quoted(level.path.empty() ? sub->get_name() : level.path + " " + sub->get_name()));
    }
    for (const OptionWords& option : OptionsOf(*level.app)) {
      for (const std::string& name : option.names) {
        words += name + " ";
        if (!option.takes_value) continue;
        value_cases += fmt::format("    {}) ", Quoted(level.path + "/" + name));
        if (option.choices.empty()) {
          value_cases += "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n";
        } else {
          value_cases += fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\"); return ;;\n",
                                     Quoted(fmt::format("{}", fmt::join(option.choices, " "))));
        }
      }
    }
    word_cases += fmt::format("    {}) words={} subcommands={} ;;\n", Quoted(level.path), Quoted(words),
                              Quoted(SubcommandNames(*level.app)));
  }
  return fmt::format(R"(# bash completion of {0}: made from its options
_{1}() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path='' words='' subcommands='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/${{COMP_WORDS[i]}}" in
{2}    esac
  done
  case "$path/$prev" in
{3}  esac
  case "$path" in
{4}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"; [[ "$cur" == -* || -n "$subcommands" ]] || compgen -f -- "$cur")
}}
complete -o filenames -F _{1} {0}
)",
                     tool, Identifier(tool), level_cases, value_cases, word_cases);
}

// _arguments takes "[", "]" and ":" in descriptions as its own.
std::string ZshText(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string Zsh(const std::string& tool, const std::vector<Level>& levels) {
  std::string functions;
  for (const Level& level : levels) {
    const std::string name = "_" + Identifier(tool + (level.path.empty() ? "" : " " + level.path));
    std::string arguments, commands, cases;
    for (const OptionWords& option : OptionsOf(*level.app)) {
      const std::string value = !option.takes_value ? ""
                                : option.choices.empty()
                                    ? ":value:_files"
                                    : fmt::format(":value:({})", fmt::join(option.choices, " "));
      for (const std::string& spelled : option.names) {
        arguments += " \\\n    " + Quoted(fmt::format("*{}[{}]{}", spelled, ZshText(option.what), value));
      }
    }
    for (const CLI::App* sub : SubcommandsOf(*level.app)) {
      commands += " " + Quoted(ZshText(sub->get_name()) + ":" + FirstLine(sub->get_description()));
      cases += fmt::format("      {}) {}_{} ;;\n", sub->get_name(), name, Identifier(sub->get_name()));
    }
    if (commands.empty()) {
      functions += fmt::format("{}() {{\n  _arguments{} \\\n    '*:file:_files'\n}}\n\n", name, arguments);
      continue;
    }
    functions += fmt::format(R"({0}() {{
  local curcontext="$curcontext" state line
  _arguments -C{1} \
    '1: :->command' '*:: :->rest'
  case $state in
    command) local -a commands=({2}); _describe command commands ;;
    rest) case $line[1] in
{3}    esac ;;
  esac
}}

)",
                             name, arguments, commands, cases);
  }
  return fmt::format("#compdef {0}\n# zsh completion of {0}: made from its options\n\n{1}_{2} \"$@\"\n", tool, functions,
                     Identifier(tool));
}

std::string Fish(const std::string& tool, const std::vector<Level>& levels) {
  std::string out = fmt::format("# fish completion of {0}: made from its options\n", tool);
  for (const Level& level : levels) {
    // A level is reached when its last word was given and none of its own subcommands yet.
    std::string condition;
    if (!level.path.empty()) condition = "__fish_seen_subcommand_from " + level.path.substr(level.path.rfind(' ') + 1);
    const std::string subcommands = SubcommandNames(*level.app);
    if (!subcommands.empty()) {
      condition += (condition.empty() ? "" : "; and ") + ("not __fish_seen_subcommand_from " + subcommands);
    }
    const std::string start =
        fmt::format("complete -c {}{}", tool, condition.empty() ? "" : " -n " + Quoted(condition));
    for (const CLI::App* sub : SubcommandsOf(*level.app)) {
      out += fmt::format("{} -f -a {} -d {}\n", start, sub->get_name(), Quoted(FirstLine(sub->get_description())));
    }
    for (const OptionWords& option : OptionsOf(*level.app)) {
      out += start;
      for (const std::string& name : option.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.choices.empty()) {
        out += " -x -a " + Quoted(fmt::format("{}", fmt::join(option.choices, " ")));
      } else if (option.takes_value) {
        out += " -r";
      }
      out += " -d " + Quoted(option.what) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, Shell shell) {
  std::vector<Level> levels;
  Collect(app, "", &levels);
  switch (shell) {
    case Shell::kBash:
      return Bash(app.get_name(), levels);
    case Shell::kZsh:
      return Zsh(app.get_name(), levels);
    case Shell::kFish:
      return Fish(app.get_name(), levels);
  }
  return {};
}

}  // namespace gooffsets
