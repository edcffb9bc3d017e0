// An agent's first step: everything its probes need to know of one program.
#include <gooffsets/binary.h>
#include <gooffsets/database.h>
#include <gooffsets/resolve.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace gooffsets;

static int Report(const Error& error) {
  std::cerr << "agent: " << error.ToString() << "\n";
  return ExitStatus(error.code);
}

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "agent PROGRAM WANTS DATABASE\n";
    return 2;
  }
  std::ifstream file(argv[2]);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  Result<WantList> wants = ParseWantList(text, argv[2]);
  if (!wants) return Report(wants.error());
  Result<GoBinary> binary = GoBinary::Open(argv[1]);
  if (!binary) return Report(binary.error());
  Result<Database> database = Database::Open(argv[3]);
  if (!database) return Report(database.error());
  Result<Resolver> resolver = Resolver::Make(&*binary, &*database, {});
  if (!resolver) return Report(resolver.error());
  Result<Resolution> resolution = resolver->Resolve(*wants);
  if (!resolution) return Report(resolution.error());

  const GoArch goarch = resolution->binary.goarch;
  for (const ResolvedProbe& probe : resolution->probes) {
    std::printf("%s %s\n", probe.name.c_str(), probe.usable ? "usable" : "disabled");
    for (const std::string& reason : probe.disabled_by) std::printf("  because %s\n", reason.c_str());
    for (const ResolvedWant& attach : probe.attach) {
      if (!attach.answer) continue;
      for (const FunctionBody& body : attach.answer->function->bodies) {
        std::printf("  attach %s at %#llx, %zu returns\n", attach.want.as.c_str(),
                    static_cast<unsigned long long>(body.entry_file_offset.value_or(0)), body.returns.size());
      }
      if (!attach.answer->function->layout) continue;
      for (const Parameter& parameter : attach.answer->function->layout->params) {
        if (parameter.pieces.empty()) continue;
        std::printf("  argument %s in %s\n", parameter.name.c_str(), RegisterName(goarch, parameter.pieces[0]).c_str());
      }
    }
    for (const ResolvedWant& want : probe.wants) {
      if (want.answer && want.answer->field) {
        std::printf("  field %s %llu (%s)\n", want.want.as.c_str(),
                    static_cast<unsigned long long>(want.answer->field->offset),
                    std::string(ToString(want.answer->source)).c_str());
      } else if (want.answer && want.answer->itab) {
        std::printf("  type %s %#llx\n", want.want.as.c_str(),
                    static_cast<unsigned long long>(want.answer->itab->type_address));
      } else if (!want.not_found.empty()) {
        std::printf("  without %s: %s\n", want.want.as.c_str(), want.not_found.front().reason.c_str());
      }
    }
  }
  return 0;
}
