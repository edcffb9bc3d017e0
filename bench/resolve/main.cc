// What one stripped program costs an agent: opening it and resolving 100 fields and 100 functions with return points.
//
//   resolve_bench [--rounds N] BINARY [DATABASE [ANOTHER]]
//
// Takes every n-th described struct field and every n-th function of the program as the want list (made in another
// process, so that its memory does not count), then opens and resolves the program anew, again and again. With a
// database three times are taken: `first` with the database opened for this program, `after_another` with it opened and
// asked for ANOTHER before, `again` when it answered for this program before. Prints one JSON object: milliseconds of
// CPU (best and median; all that is read lies in memory, so that an idle machine takes no longer) of each, and how much
// private memory this process came to hold for it, the database's included.
#include <fmt/format.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binary/go_binary_impl.h"
#include "gooffsets/binary.h"
#include "gooffsets/database.h"
#include "gooffsets/resolve.h"

namespace {

using namespace gooffsets;  // NOLINT: a program of one file

constexpr size_t kWanted = 100;
constexpr int kRounds = 21;  // without --rounds

[[noreturn]] void Die(const std::string& message) {
  std::cerr << "resolve_bench: " << message << "\n";
  std::exit(3);
}

// Symbols with quotes, brackets or a middle dot (instances of generics, local types) are left out: no tracer asks for
// them.
bool Plain(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("\"[]{}<>").find(c) == std::string_view::npos;
  });
}

template <typename T>
std::vector<T> Every(const std::vector<T>& all) {
  std::vector<T> some;
  for (size_t i = 0; i < kWanted && i < all.size(); ++i)
    some.push_back(all[i * all.size() / std::min(kWanted, all.size())]);
  return some;
}

std::string WantsFor(const std::string& path) {
  Result<GoBinary> binary = GoBinary::Open(path);
  if (!binary) Die(binary.error().ToString());
  std::vector<std::string> fields, functions;
  Result<std::vector<GoBinary::NamedStruct>> structs = binary->Structs();
  if (!structs) Die(structs.error().ToString());
  for (const GoBinary::NamedStruct& named : *structs) {
    if (!Plain(named.name) || named.name.find('.') == std::string::npos || named.layout.fields.empty()) continue;
    const Field& field = named.layout.fields.back();
    if (field.name != "_") fields.push_back(named.name + "." + field.name);
  }
  Result<void> walked = binary->impl().pclntab()->ForEachFunction([&](const FunctionEntry& function) {
    if (Plain(function.name) && function.name.find(".func") == std::string::npos &&
        function.name.find('.') != std::string::npos && !function.name.ends_with("-fm") &&
        !function.name.starts_with("type") && !function.name.starts_with("go")) {
      functions.push_back(function.name);
    }
    return true;
  });
  if (!walked) Die(walked.error().ToString());
  std::sort(functions.begin(), functions.end());
  std::string text = "[probe.all]\nattach = []\nwant = [\n";
  for (const std::string& symbol : Every(fields)) text += "\"" + symbol + "\",\n";
  for (const std::string& symbol : Every(functions)) text += "\"" + symbol + "\",\n";
  return text + "]\n";
}

// The want list, made by a child.
std::string WantsFromChild(const std::string& path) {
  int ends[2];
  if (pipe(ends) != 0) Die("pipe");
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = WantsFor(path);
    for (size_t done = 0; done < text.size();) {
      const ssize_t wrote = write(ends[1], text.data() + done, text.size() - done);
      if (wrote <= 0) _exit(4);
      done += static_cast<size_t>(wrote);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) Die("the want list could not be made");
  return text;
}

// Bytes of this process that are its own (proc(5), smaps_rollup: Private_Dirty).
uint64_t PrivateBytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  std::string word;
  while (file >> word) {
    uint64_t kilobytes = 0;
    if (word == "Private_Dirty:" && file >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

struct Program {
  std::string path;
  WantList wants;
};

Program ProgramOf(const std::string& path) {
  Result<WantList> wants = ParseWantList(WantsFromChild(path), "made list");
  if (!wants) Die(wants.error().ToString());
  return {path, *std::move(wants)};
}

double CpuMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Outcome {
  double milliseconds = 0;
  uint64_t private_bytes = 0;  // of the process, with everything open
  size_t asked = 0, found = 0, returns = 0;
};

// With a path, opens the database as well.
Outcome Resolve(const Program& program, std::optional<Database>* database, const char* path = nullptr) {
  const double begin = CpuMilliseconds();
  if (path != nullptr) {
    Result<Database> opened = Database::Open(path);
    if (!opened) Die(opened.error().ToString());
    *database = *std::move(opened);
  }
  Result<GoBinary> binary = GoBinary::Open(program.path);
  if (!binary) Die(binary.error().ToString());
  Result<Resolver> resolver = Resolver::Make(&*binary, *database ? &**database : nullptr, {});
  if (!resolver) Die(resolver.error().ToString());
  Result<Resolution> resolution = resolver->Resolve(program.wants);
  if (!resolution) Die(resolution.error().ToString());
  Outcome outcome;
  outcome.milliseconds = CpuMilliseconds() - begin;
  outcome.private_bytes = PrivateBytes();
  for (const ResolvedWant& want : resolution->probes.at(0).wants) {
    ++outcome.asked;
    outcome.found += want.answer.has_value();
    if (!want.answer || !want.answer->function) continue;
    for (const FunctionBody& body : want.answer->function->bodies) outcome.returns += body.returns.size();
  }
  return outcome;
}

std::string Summary(std::vector<double> milliseconds) {
  std::sort(milliseconds.begin(), milliseconds.end());
  return fmt::format("{{\"best_ms\":{:.2f},\"median_ms\":{:.2f}}}", milliseconds.front(),
                     milliseconds[milliseconds.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = kRounds;
  if (argc > 2 && std::string_view(argv[1]) == "--rounds") {
    rounds = std::atoi(argv[2]);
    argc -= 2;
    argv += 2;
  }
  if (argc < 2 || argc > 4 || rounds < 1) {
    std::cerr << "resolve_bench [--rounds N] BINARY [DATABASE [ANOTHER]]\n";
    return 2;
  }
  const Program program = ProgramOf(argv[1]);
  std::optional<Program> another;
  if (argc == 4) another = ProgramOf(argv[3]);
  std::optional<Database> database;
  const uint64_t before = PrivateBytes();
  uint64_t most = 0;
  std::map<std::string, std::vector<double>> times;
  Outcome last;
  const auto note = [&](const std::string& what, const Outcome& outcome) {
    times[what].push_back(outcome.milliseconds);
    last = outcome;
  };
  // As an agent lives: the database is opened once.
  for (int round = 0; round < rounds; ++round) {
    const bool opens = argc > 2 && round == 0;
    note(argc == 2 ? "itself" : opens ? "first" : "again", Resolve(program, &database, opens ? argv[2] : nullptr));
    most = std::max(most, last.private_bytes);
  }
  for (int round = 1; round < rounds && argc > 2; ++round) {
    database.reset();
    note("first", Resolve(program, &database, argv[2]));
    if (!another) continue;
    database.reset();
    Resolve(*another, &database, argv[2]);
    note("after_another", Resolve(program, &database));
  }
  std::cout << fmt::format("{{\"asked\":{},\"found\":{},\"returns\":{},\"private_bytes\":{}", last.asked, last.found,
                           last.returns, most - before);
  for (const auto& [what, list] : times) std::cout << fmt::format(",\"{}\":{}", what, Summary(list));
  std::cout << "}\n";
}
