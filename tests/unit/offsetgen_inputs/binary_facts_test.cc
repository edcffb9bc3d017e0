// Build info: programs are built here by the go command from go.mod files that this test wrote, so that what they were
// built from is known without reading them.
#include "binary_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "binary/build_info.h"
#include "closure.h"
#include "keepgen.h"
#include "world.h"

namespace offsetgen {
namespace {

namespace fs = std::filesystem;
using gooffsets::BinaryInfo;
using gooffsets::BinaryModule;
using gooffsets::ErrorCode;
using gooffsets::GoArch;
using gooffsets::ModuleVersion;
using gooffsets::Result;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kA = "example.test/a.git";
constexpr const char* kB = "example.test/b.git";
constexpr const char* kFork = "example.test/fork.git";

// The build info of a program that `file` names, with these texts in it.
BinaryInfo InfoOf(const std::string& go, const std::string& modules, GoArch elf_arch = GoArch::kAmd64,
                  const std::string& file = "f") {
  BinaryInfo info;
  info.file = file;
  info.goarch = elf_arch;
  const auto parsed = gooffsets::ParseBuildInfo({go, modules, "content"}, &info);
  EXPECT_TRUE(parsed) << parsed.error().ToString();
  return info;
}
bool Refused(const BinaryInfo& info) { return !ModulesForBinary(info, Targets{}); }

class BinaryFactsTest : public ::testing::Test {
 protected:
  // a 1.0.0 requires b 1.0.0; b has 0.9.0, 1.0.0 and 1.1.0; fork 1.5.0 is a copy of b under another address.
  void MakeModules() {
    world_.InitRepository("b");
    for (const char* version : {"v0.9.0", "v1.0.0", "v1.1.0"}) {
      world_.Write("repos/b.git/go.mod", std::string("module ") + kB + "\n\ngo 1.18\n");
      world_.Write("repos/b.git/b.go", std::string("package b\n\ntype T struct{ F int } // ") + version + "\n");
      world_.Commit("b");
      world_.Tag("b", version);
    }
    world_.InitRepository("a");
    world_.Write("repos/a.git/go.mod", std::string("module ") + kA + "\n\ngo 1.18\n\nrequire " + kB + " v1.0.0\n");
    world_.Write("repos/a.git/a.go",
                 std::string("package a\n\nimport \"") + kB + "\"\n\ntype S struct{ X bool; T b.T }\n");
    world_.Commit("a");
    world_.Tag("a", "v1.0.0");
    world_.InitRepository("fork");
    world_.Write("repos/fork.git/go.mod", std::string("module ") + kB + "\n\ngo 1.18\n");
    world_.Write("repos/fork.git/b.go", "package b\n\ntype T struct{ Extra, F int }\n");
    world_.Write("repos/fork.git/only/only.go", "package only\n\ntype O struct{ X int }\n");
    world_.Commit("fork");
    world_.Tag("fork", "v1.5.0");
  }

  // A program that requires a 1.0.0 and b as `requirement` says; returns its path.
  std::string Build(const std::string& name, const std::string& requirements, const std::string& environment,
                    const std::string& flags) {
    world_.Write(name + "/go.mod", "module example.test/app\n\ngo 1.18\n\n" + requirements + "\n");
    world_.Write(name + "/main.go", std::string("package main\n\nimport (\n\t\"") + kA + "\"\n\t\"" + kB +
                                        "\"\n)\n\nvar s = a.S{T: b.T{F: 1}}\n\nfunc main() { println(s.X, s.T.F) }\n");
    world_.Run(name, environment + " GOFLAGS=-mod=mod go build " + flags + " -o app . 2>&1");
    return world_.Path(name + "/app");
  }
  std::string BuildPlain(const std::string& name, const std::string& environment, const std::string& flags) {
    world_.Write(name + "/go.mod", "module example.test/" + name + "\n\ngo 1.18\n");
    world_.Write(name + "/main.go", "package main\n\nfunc main() { println(1) }\n");
    world_.Run(name, environment + " go build " + flags + " -o app . 2>&1");
    return world_.Path(name + "/app");
  }

  static BinaryInfo Read(const std::string& path) {
    Result<BinaryInfo> info = ReadBinaryInfo(path);
    EXPECT_TRUE(info) << info.error().ToString();
    return info ? *std::move(info) : BinaryInfo{};
  }
  static BinaryPlan PlanOf(const BinaryInfo& info) {
    Result<BinaryPlan> plan = ModulesForBinary(info, Targets{});
    EXPECT_TRUE(plan) << plan.error().ToString();
    return plan ? *std::move(plan) : BinaryPlan{};
  }
  static std::vector<std::string> Names(const BinaryPlan& plan) {
    std::vector<std::string> names;
    for (const PlannedModule& m : plan.modules) names.push_back(m.module + "@" + m.versions.at(0).text());
    return names;
  }

  std::vector<std::string> ClosureOf(const ModuleVersion& root, const std::vector<PinnedModule>& pinned) {
    const Toolchain newest = world_.toolchain();
    auto keepgen = BuildKeepgen(world_.go(), newest);
    EXPECT_TRUE(keepgen) << keepgen.error().ToString();
    if (!keepgen) return {};
    ModuleRequest request;
    request.root = root;
    request.pinned = pinned;
    std::vector<std::string> names;
    for (int again = 0; again < 2; ++again) {  // the second answer comes from the cache
      auto closure = ResolveClosure(world_.go(), *keepgen, newest, request);
      EXPECT_TRUE(closure) << closure.error().ToString();
      if (!closure) return {};
      std::vector<std::string> now = {closure->root};
      for (const ClosureModule& m : closure->modules) {
        now.push_back(m.path + " is " + m.Owner().module + "@" + m.Owner().version);
        EXPECT_TRUE(fs::exists(m.dir + "/go.mod"));
      }
      if (again == 1) {
        EXPECT_EQ(now, names);
      }
      names = now;
    }
    return names;
  }

  World world_;
};

TEST_F(BinaryFactsTest, WhatAStrippedArm64ProgramWasBuiltFrom) {
  MakeModules();
  const std::string path = Build("app", std::string("require ") + kA + " v1.0.0\nrequire " + kB + " v1.1.0\n",
                                 "GOARCH=arm64", "-trimpath -ldflags='-s -w' -tags zeta,alpha,beta");
  const BinaryInfo info = Read(path);
  EXPECT_EQ(info.go_version, world_.toolchain().version);
  EXPECT_EQ(info.goarch, GoArch::kArm64);
  EXPECT_EQ(info.settings.at("GOOS"), "linux");
  EXPECT_THAT(info.tags, ElementsAre("alpha", "beta", "zeta"));
  EXPECT_THAT(info.experiments, IsEmpty());
  EXPECT_EQ(info.cgo, false);
  EXPECT_EQ(info.main_package, "example.test/app");
  ASSERT_TRUE(info.main_module);
  EXPECT_EQ(info.main_module->path, "example.test/app");
  ASSERT_EQ(info.modules.size(), 2u);
  EXPECT_EQ(info.modules[0].path, kA);
  EXPECT_EQ(info.modules[0].version, "v1.0.0");
  EXPECT_EQ(info.modules[1].path, kB);
  EXPECT_EQ(info.modules[1].version, "v1.1.0");

  const BinaryPlan plan = PlanOf(info);
  EXPECT_THAT(Names(plan),
              ElementsAre("std@" + world_.toolchain().version, std::string(kA) + "@1.0.0", std::string(kB) + "@1.1.0"));
  for (const PlannedModule& m : plan.modules) {
    EXPECT_THAT(m.arches, ElementsAre(GoArch::kArm64));
    EXPECT_EQ(m.tags, info.tags);
    EXPECT_EQ(ToString(m.go), world_.toolchain().version);
  }
  ASSERT_EQ(plan.left_out.size(), 1u);
  EXPECT_EQ(plan.left_out[0].module, "example.test/app");
  EXPECT_THAT(plan.notes, IsEmpty());

  // As in the binary; without it, as a alone requires.
  EXPECT_THAT(ClosureOf({kA, "1.0.0"}, plan.pinned),
              ElementsAre(kA, std::string(kA) + " is " + kA + "@1.0.0", std::string(kB) + " is " + kB + "@1.1.0"));
  EXPECT_THAT(ClosureOf({kA, "1.0.0"}, {}),
              ElementsAre(kA, std::string(kA) + " is " + kA + "@1.0.0", std::string(kB) + " is " + kB + "@1.0.0"));
}

TEST_F(BinaryFactsTest, ReplacementsLowerVersionsAndPutForksInPlace) {
  MakeModules();
  const std::string requires_both = std::string("require ") + kA + " v1.0.0\nrequire " + kB + " v1.0.0\n";
  const BinaryPlan lowered =
      PlanOf(Read(Build("lowered", requires_both + "replace " + kB + " => " + kB + " v0.9.0\n", "", "")));
  EXPECT_THAT(Names(lowered), Contains(std::string(kB) + "@0.9.0"));
  EXPECT_THAT(ClosureOf({kA, "1.0.0"}, lowered.pinned),
              ElementsAre(kA, std::string(kA) + " is " + kA + "@1.0.0", std::string(kB) + " is " + kB + "@0.9.0"));

  const BinaryInfo info = Read(Build("forked", requires_both + "replace " + kB + " => " + kFork + " v1.5.0\n", "", ""));
  const BinaryModule* replaced = info.Module(kB);
  ASSERT_NE(replaced, nullptr);
  EXPECT_EQ(replaced->version, "v1.0.0");
  EXPECT_EQ(replaced->replacement_path, kFork);
  EXPECT_EQ(replaced->replacement_version, "v1.5.0");
  const BinaryPlan forked = PlanOf(info);
  // Filed under the module whose code it is, never under b: b has no 1.5.0, and its 1.0.0 is other code.
  EXPECT_THAT(Names(forked), ElementsAre("std@" + world_.toolchain().version, std::string(kA) + "@1.0.0",
                                         std::string(kFork) + "@1.5.0"));
  EXPECT_THAT(ClosureOf({kA, "1.0.0"}, forked.pinned),
              ElementsAre(kA, std::string(kA) + " is " + kA + "@1.0.0", std::string(kB) + " is " + kFork + "@1.5.0"));
  EXPECT_THAT(ClosureOf({kFork, "1.5.0"}, forked.pinned), ElementsAre(kB, std::string(kB) + " is " + kFork + "@1.5.0"));
}

TEST_F(BinaryFactsTest, LocalReplacementsAreLeftOutWithTheReason) {
  MakeModules();
  world_.Write("local_b/go.mod", std::string("module ") + kB + "\n\ngo 1.18\n");
  world_.Write("local_b/b.go", "package b\n\ntype T struct{ A, F int }\n");
  const BinaryPlan plan = PlanOf(Read(Build(
      "app", std::string("require ") + kA + " v1.0.0\nrequire " + kB + " v1.0.0\nreplace " + kB + " => ../local_b\n",
      "", "-trimpath")));
  EXPECT_THAT(Names(plan), ElementsAre("std@" + world_.toolchain().version, std::string(kA) + "@1.0.0"));
  EXPECT_THAT(plan.pinned, ElementsAre(PinnedModule{kA, "1.0.0", {kA, "1.0.0"}}));
  ASSERT_EQ(plan.left_out.size(), 2u);
  EXPECT_EQ(plan.left_out[0].module, kB);
  EXPECT_THAT(plan.left_out[0].why, HasSubstr("../local_b"));
}

TEST_F(BinaryFactsTest, ExperimentsAreWhatTheProgramHas) {
  const BinaryInfo info = Read(BuildPlain("experiment", "GOEXPERIMENT=fieldtrack,arenas", ""));
  EXPECT_THAT(info.experiments, ElementsAre("arenas", "fieldtrack"));
  EXPECT_EQ(info.go_version, world_.toolchain().version);
  EXPECT_EQ(PlanOf(info).modules.at(0).goexperiment, "arenas,fieldtrack");
}

TEST_F(BinaryFactsTest, OddNamesAndMissingExecuteBits) {
  const std::string path = BuildPlain("plain", "", "");
  chmod(path.c_str(), 0444);
  EXPECT_EQ(Read(path).main_package, "example.test/plain");
  const std::string odd = world_.Path("-m: go1.2\n\tdep\tx");
  fs::copy_file(path, odd);
  EXPECT_EQ(Read(odd).main_package, "example.test/plain");
  EXPECT_THAT(Read(odd).modules, IsEmpty());
  fs::create_symlink(path, world_.Path("link"));
  EXPECT_EQ(Read(world_.Path("link")).main_package, "example.test/plain");
  EXPECT_TRUE(fs::is_empty(world_.cache().Path("work")));
}

TEST_F(BinaryFactsTest, AProgramWithoutModulesAddsItsGoReleaseOnly) {
  world_.Write("gopath/src/old/main.go", "package main\n\nfunc main() { println(1) }\n");
  world_.Run("gopath/src/old", "GO111MODULE=off GOPATH=" + world_.Path("gopath") + " go build -o app . 2>&1");
  const BinaryInfo info = Read(world_.Path("gopath/src/old/app"));
  EXPECT_FALSE(info.main_module);
  const BinaryPlan plan = PlanOf(info);
  EXPECT_THAT(Names(plan), ElementsAre("std@" + world_.toolchain().version));
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("no module list")));
  EXPECT_THAT(plan.pinned, IsEmpty());
}

TEST_F(BinaryFactsTest, WhatIsNoUsableGoProgramIsRefused) {
  auto refused = [&](const std::string& path, ErrorCode code, const std::string& says) {
    const auto info = ReadBinaryInfo(path);
    ASSERT_FALSE(info) << path;
    EXPECT_EQ(info.error().code, code) << info.error().ToString();
    EXPECT_THAT(info.error().message, HasSubstr(says));
    EXPECT_THAT(info.error().message, HasSubstr(path));
    EXPECT_FALSE(info.error().hint.empty() && code != ErrorCode::kNotFound) << info.error().message;
  };
  world_.Write("text", "no program");
  world_.Write("empty", "");
  refused(world_.Path("text"), ErrorCode::kBadInput, "not an ELF file");
  refused(world_.Path("empty"), ErrorCode::kBadInput, "not an ELF file");
  refused(world_.Path("missing"), ErrorCode::kNotFound, "");
  refused(world_.Path("home"), ErrorCode::kBadInput, "is a directory");
  refused("/bin/sh", ErrorCode::kUnsupported, "no Go program");
  // First bytes as the formats' own documents give them: PE/COFF "MZ", Mach-O MH_MAGIC_64, wasm "\0asm", and the ELF
  // header's class (4), encoding (5) and e_machine (18): EM_386 is 3, EM_RISCV 243, EM_PPC64 21 in big-endian files.
  auto elf = [](char elf_class, char encoding, char low, char high) {
    std::string head(
        "\x7f"
        "ELF",
        4);
    head += elf_class;
    head += encoding;
    head += std::string("\1\0\0\0\0\0\0\0\0\0\2\0", 12);  // version, no OS ABI, ET_EXEC
    return head + low + high + std::string(44, '\0');
  };
  world_.Write("pe", "MZ" + std::string(62, '\0'));
  world_.Write("macho", "\xcf\xfa\xed\xfe" + std::string(60, '\0'));
  world_.Write("wasm", std::string("\0asm", 4) + std::string(60, '\0'));
  world_.Write("i386", elf(1, 1, 3, 0));
  world_.Write("riscv", elf(2, 1, '\xf3', 0));
  world_.Write("ppc64", elf(2, 2, 0, 21));
  refused(world_.Path("pe"), ErrorCode::kUnsupported, "a Windows program");
  refused(world_.Path("macho"), ErrorCode::kUnsupported, "a macOS program");
  refused(world_.Path("wasm"), ErrorCode::kUnsupported, "a WebAssembly program");
  refused(world_.Path("i386"), ErrorCode::kUnsupported, "32-bit");
  refused(world_.Path("riscv"), ErrorCode::kUnsupported, "riscv64");
  refused(world_.Path("ppc64"), ErrorCode::kUnsupported, "big-endian");
  // As garble has the linker write it.
  const std::string garbled = BuildPlain("garbled", "", "-ldflags='-X runtime.buildVersion=unknown'");
  world_.Run("garbled", "objcopy -R .go.buildinfo app");
  refused(garbled, ErrorCode::kBadInput, "does not say what it was built from");
}

// As written by Go 1.17 (no settings), by other build systems, and by nobody.
TEST(ModulesForBinary, FormsThatCannotBeBuiltHere) {
  const BinaryInfo old =
      InfoOf("go1.17.13", "path\tx.test/cmd\nmod\tx.test\tv0.1.0\th1:abc=\ndep\ty.test/z\tv2.2.3+incompatible\th1:d=\n",
             GoArch::kArm64);
  EXPECT_FALSE(old.cgo);
  const auto of_old = ModulesForBinary(old, Targets{});
  ASSERT_TRUE(of_old) << of_old.error().ToString();
  ASSERT_EQ(of_old->modules.size(), 3u);
  EXPECT_THAT(of_old->modules[0].arches, ElementsAre(GoArch::kArm64));
  EXPECT_EQ(of_old->modules[2].versions.at(0).text(), "2.2.3+incompatible");
  const auto plan = ModulesForBinary(
      InfoOf("go1.22.5 (Red Hat 1.22.5-1.el9)", "build\tCGO_ENABLED=1\nbuild\t\"odd=key\"=x\nbuild\t-tags=\"a b\"\n"),
      Targets{});
  ASSERT_TRUE(plan) << plan.error().ToString();
  EXPECT_THAT(plan->modules.at(0).tags, ElementsAre("a", "b"));
  EXPECT_THAT(plan->notes, ElementsAre(HasSubstr("vendor"), HasSubstr("cgo"), HasSubstr("no module list")));

  EXPECT_TRUE(Refused(InfoOf("", "")));
  EXPECT_TRUE(Refused(InfoOf("unknown", "")));
  EXPECT_TRUE(Refused(InfoOf("go1.26.8", "build\tGOARCH=arm64\n")));
  EXPECT_TRUE(Refused(InfoOf("go1.26.8", "build\tGOARCH=riscv64\n")));
  EXPECT_TRUE(Refused(InfoOf("go1.26.8", "build\t-tags=-toolexec=evil\n")));
  EXPECT_TRUE(Refused(InfoOf("go1.26.8", "build\tGOEXPERIMENT=a;b\n")));
  EXPECT_TRUE(Refused(InfoOf("go1.26.8", "build\tGOOS=plan9\n")));
  EXPECT_FALSE(Refused(InfoOf("go1.26.8", "build\tGOOS=linux\nbuild\tGOARCH=amd64\nbuild\t-tags=a,b.c_d\n")));
  std::string many;
  for (int i = 0; i < 5001; ++i) many += "dep\tx.test/m" + std::to_string(i) + "\tv1.0.0\th1:=\n";
  EXPECT_TRUE(Refused(InfoOf("go1.26.8", many)));
}

TEST(ModulesForBinary, OnlyWhatCanBeDownloadedIsPlanned) {
  const BinaryInfo info =
      InfoOf("go1.26.8",
             "mod\texample.test/tool\tv1.2.3\th1:=\n"
             "dep\texample.test/dev\t(devel)\t\n"
             "dep\texample.test/zero\tv0.0.0-00010101000000-000000000000\n=>\texample.test/real\tv1.4.0\th1:=\n"
             "dep\t../escape\tv1.0.0\th1:=\n"
             "dep\texample.test/odd\tv1\th1:=\n"
             "dep\texample.test/bad@x\tv1.0.0\th1:=\n"
             "dep\t--flag\tv1.0.0\th1:=\n"
             "dep\texample.test/twice\tv1.0.0\th1:=\ndep\texample.test/twice\tv1.1.0\th1:=\n"
             "dep\texample.test/v\tv2.0.0+incompatible\th1:=\n=>\t../local\t\t\ndep\n");
  Targets targets;
  targets.targets.push_back(DefaultTarget("example.test/twice"));
  const auto plan = ModulesForBinary(info, targets);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->notes, ElementsAre(HasSubstr("1 line of the build info is left out")));
  std::vector<std::string> names;
  for (const PlannedModule& m : plan->modules) names.push_back(m.module + "@" + m.versions.at(0).text());
  EXPECT_THAT(names, ElementsAre("std@1.26.8", "example.test/twice@1.0.0", "example.test/real@1.4.0",
                                 "example.test/tool@1.2.3"));
  EXPECT_THAT(plan->pinned, ElementsAre(PinnedModule{"example.test/twice", "1.0.0", {"example.test/twice", "1.0.0"}},
                                        PinnedModule{"example.test/zero",
                                                     "0.0.0-00010101000000-000000000000",
                                                     {"example.test/real", "1.4.0"}}));
  EXPECT_EQ(plan->left_out.size(), 7u);
}

// The same module, Go release, architecture and tags, once as it resolves by itself and once as in a binary.
TEST(ModulesForBinary, ABuildWithOtherDependenciesIsAnotherBuild) {
  const BinaryInfo info =
      InfoOf("go1.26.8", "dep\tx.test/a\tv1.0.0\th1:=\ndep\tx.test/b\tv1.1.0\th1:=\nmod\tx.test/app\t(devel)\n");
  const auto plan = ModulesForBinary(info, Targets{});
  ASSERT_TRUE(plan);
  PlanInput input;
  for (const PlannedModule& m : plan->modules) {
    if (m.module == "x.test/a") input.modules.push_back(m);
  }
  ASSERT_EQ(input.modules.size(), 1u);
  StoredBuild stored;
  stored.module = "x.test/a";
  stored.version = "1.0.0";
  stored.go = "1.26.8";
  auto jobs = [&](std::vector<ModuleVersion> closure, bool this_run) {
    stored.closure = std::move(closure);
    stored.this_run = this_run;
    input.builds = {stored};
    return MakePlan(input).jobs.size();
  };
  EXPECT_EQ(jobs({{"x.test/a", "1.0.0"}, {"x.test/b", "1.0.0"}}, false), 1u);
  EXPECT_EQ(jobs({{"x.test/a", "1.0.0"}, {"x.test/b", "1.1.0"}, {"x.test/c", "1.0.0"}}, false), 0u);
  EXPECT_EQ(jobs({{"x.test/a", "1.0.0"}}, false), 0u) << "a closure without b is the same in both";
  EXPECT_EQ(jobs({{"x.test/a", "1.0.0"}, {"x.test/b", "1.0.0"}}, true), 0u) << "never twice in one run";
  input.modules[0].pinned.clear();
  EXPECT_EQ(jobs({{"x.test/a", "1.0.0"}, {"x.test/b", "1.0.0"}}, false), 0u);
}

TEST(ModulesForBinary, GoReleasesThatCannotBeMeasured) {
  for (const char* go : {"devel go1.27-hash", "go1.25-20250209-RC00 cl/1", "devel +5e8a2a5c", "go1.16.15"}) {
    const auto plan = ModulesForBinary(InfoOf(go, "", GoArch::kAmd64, "server"), Targets{});
    ASSERT_FALSE(plan) << go;
    EXPECT_EQ(plan.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(plan.error().message, HasSubstr("server"));
  }
}

TEST(GoModWord, IsReadBackByTheGoCommand) {
  World world;
  // Backslashes and control characters are refused by the go command in whatever form.
  for (const std::string word :
       {"/plain/dir", "/with space/x", "/with\"quote and, (more)", "/a//b", "/tick`", "/\xc3\xa9", "/'x'"}) {
    world.Write("m/go.mod", "module m\n\nreplace x.test/x => " + GoModWord(word) + "\n");
    EXPECT_EQ(world.Run("m",
                        "go mod edit -json | python3 -c 'import json,sys; "
                        "sys.stdout.write(json.load(sys.stdin)[\"Replace\"][0][\"New\"][\"Path\"])'"),
              word);
  }
}

}  // namespace
}  // namespace offsetgen
