// The module text against Go's runtime/debug.ParseBuildInfo, versions of modules, and what BinaryInfoJson says.
#include "binary/build_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "binary/recognise.h"
#include "programs.h"

namespace gooffsets {
namespace {

using nlohmann::json;

constexpr const char* kText =
    "path\texample.com/app/cmd/server\n"
    "mod\texample.com/app\tv1.2.4-0.20260102030405-abcdefabcdef+dirty\t\n"
    "dep\tgithub.com/a/b\tv2.0.0+incompatible\th1:KZaTBSyshWX3MP5jukJcNSuXDQTO+rNpt0J564dX/eg=\n"
    "dep\tgithub.com/c/d\tv0.0.0-20240318140521-94a12d6c2237\th1:x=\n"
    "dep\tgolang.org/x/net\tv0.30.0\n"
    "=>\tgithub.com/fork/net\tv0.30.1-fork\th1:y=\n"
    "dep\texample.com/local\tv1.0.0\n"
    "=>\t../local\t\t\n"
    "dep\texample.com/zero\tv0.0.0-00010101000000-000000000000\n"
    "=>\t/abs/zero\t(devel)\t\n"
    "build\t-compiler=gc\n"
    "build\t-tags=netgo,osusergo\n"
    "build\t-ldflags=\"-s -w -X 'main.v=1 2' -X main.q=\\\"z\\\"\"\n"
    "build\t\"a key\"=\"tab\\there\"\n"
    "build\t-x=`raw \\n text`\n"
    "build\tempty=\n"
    "build\tu=\"\\u00e9\\U0001f600 \\x41\\a\"\n"
    "build\tCGO_ENABLED=1\n"
    "build\tGOEXPERIMENT=synctest,arenas\n"
    "build\tGOFIPS140=latest\n"
    "unknown\tline\n";

TEST(ParseBuildInfoText, IsWhatGoReads) {
  testing::TempDir dir;
  testing::WriteAll(dir / "text", kText);
  const json expected = testing::Truth(dir).Ask({"parse", dir / "text"});
  BinaryInfo info;
  ASSERT_TRUE(ParseBuildInfo({"go1.26.8", kText, ""}, &info));
  EXPECT_EQ(info.main_package, expected["Path"]);
  ASSERT_EQ(info.modules.size(), expected["Deps"].size());
  for (size_t i = 0; i < info.modules.size(); ++i) {
    const json& dep = expected["Deps"][i];
    EXPECT_EQ(info.modules[i].path, dep["Path"]);
    EXPECT_EQ(info.modules[i].version, dep["Version"]);
    const bool replaced = dep.contains("Replace") && !dep["Replace"].is_null();
    ASSERT_EQ(info.modules[i].replaced, replaced);
    EXPECT_EQ(info.modules[i].sum, (replaced ? dep["Replace"] : dep).value("Sum", ""));
    if (!replaced) continue;
    EXPECT_EQ(info.modules[i].replacement_path, dep["Replace"]["Path"]);
    EXPECT_EQ(info.modules[i].replacement_version, dep["Replace"].value("Version", ""));
  }
  std::map<std::string, std::string> settings;
  for (const json& setting : expected["Settings"]) settings[setting["Key"]] = setting.value("Value", "");
  EXPECT_EQ(info.settings, settings);
  EXPECT_EQ(info.settings.size(), 10U);
  EXPECT_EQ(info.tags, (std::vector<std::string>{"netgo", "osusergo"}));
  EXPECT_EQ(info.experiments, (std::vector<std::string>{"arenas", "synctest"}));
  EXPECT_EQ(info.cgo, true);
  EXPECT_TRUE(info.fips);
  // Go passes over lines it does not know in silence; here they are told.
  ASSERT_EQ(info.notes.size(), 1U);
  EXPECT_EQ(info.notes[0], "1 line of the build info is left out: \"unknown\\x09line\"");
}

TEST(ParseBuildInfoText, OddLinesCostOnlyThemselves) {
  BinaryInfo info;
  ASSERT_TRUE(ParseBuildInfo({"go1.22.5 X:nocoverageredesign",
                              "=>\tno\tmodule\tbefore\ndep\tonly-path\ndep\ta\tv1.0.0\tsum\textra\nbuild\t=x\nbuild\t\"open\n"
                              "build\t-k=\"x\"y\nbuild\tk=1\nbuild\tk=2\ndep\texample.com/m\tv1.0.0\th1:z=\nno end",
                              ""},
                             &info));
  ASSERT_EQ(info.modules.size(), 1U);
  EXPECT_EQ(info.modules[0].path, "example.com/m");
  EXPECT_EQ(info.settings, (std::map<std::string, std::string>{{"k", "1"}}));
  ASSERT_EQ(info.notes.size(), 1U);
  EXPECT_TRUE(info.notes[0].starts_with("7 lines")) << info.notes[0];
  EXPECT_EQ(info.go_version, "1.22.5");
  EXPECT_EQ(info.experiments, std::vector<std::string>{"nocoverageredesign"});
}

TEST(ParseBuildInfoText, OddGoVersions) {
  BinaryInfo info;
  ASSERT_TRUE(ParseBuildInfo({"unknown", "", ""}, &info));
  EXPECT_EQ(info.go_text, "unknown");
  EXPECT_EQ(info.go_version + info.go_language, "");
  EXPECT_EQ(info.notes.size(), 1U);
  BinaryInfo fips;
  ASSERT_TRUE(ParseBuildInfo({"go1.21.0-fips", "", ""}, &fips));
  EXPECT_EQ(fips.go_version, "1.21.0");
  EXPECT_TRUE(fips.fips);
  BinaryInfo devel;
  ASSERT_TRUE(ParseBuildInfo({"devel go1.27-0123456789 Mon Jan 2", "", ""}, &devel));
  EXPECT_TRUE(devel.go_devel);
  EXPECT_EQ(devel.go_version, "");
  EXPECT_EQ(devel.go_language, "1.27");
}

TEST(ParseBuildInfoText, TooMuchOfItIsRefused) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "dep\tm" + std::to_string(i) + "\tv1.0.0\n";
  BinaryInfo info;
  const auto parsed = ParseBuildInfo({"go1.26.8", text, ""}, &info);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kBadInput);
}

// go.dev/ref/mod, "Versions" and "replace directive".
TEST(BinaryModuleVersion, OfTheCodeThatWasCompiled) {
  const auto version = [](const char* required, const char* path = nullptr, const char* replacement = "") {
    BinaryModule module;
    module.path = "example.com/m";
    module.version = required;
    module.replaced = path != nullptr;
    if (path != nullptr) module.replacement_path = path;
    module.replacement_version = replacement;
    return module.code_version();
  };
  EXPECT_EQ(version("v1.60.1"), "1.60.1");
  EXPECT_EQ(version("v2.0.0+incompatible"), "2.0.0+incompatible");
  EXPECT_EQ(version("v0.0.0-20240318140521-94a12d6c2237"), "0.0.0-20240318140521-94a12d6c2237");
  EXPECT_EQ(version("v1.20.0-rc.1"), "1.20.0-rc.1");
  EXPECT_EQ(version("v1.0.0", "github.com/fork/m", "v1.0.1"), "1.0.1");
  for (const char* unknown : {"(devel)", "", "v1.2.3+dirty", "v0.0.0-00010101000000-000000000000", "1.2.3", "v1", "vx.y.z",
                              "v1.2.3+incompatible+dirty", "v1.2.3\n"}) {
    EXPECT_EQ(version(unknown), "") << unknown;
  }
  EXPECT_EQ(version("v1.0.0", "../local"), "");
  EXPECT_EQ(version("v1.0.0", "./local", "v1.0.0"), "");
  EXPECT_EQ(version("v1.0.0", "/abs/local", "(devel)"), "");
}

// The keys, their order, and docs/formats.md, which lists them in a table.
TEST(BinaryInfoToJson, HasTheDocumentedKeysInTheirOrder) {
  BinaryInfo info;
  info.file = "a \xff file";
  info.modules.push_back({"m", "v1.0.0", "", true, "./x", ""});
  const auto parsed = nlohmann::ordered_json::parse(BinaryInfoJson(info), nullptr, false);
  ASSERT_FALSE(parsed.is_discarded());
  std::vector<std::string> keys;
  for (const auto& item : parsed.items()) keys.push_back(item.key());

  const std::string text = testing::ReadAll(std::string(GOOFFSETS_SOURCE_DIR) + "/docs/formats.md");
  const size_t begin = text.find("\n## Inspect"), end = text.find("\n## ", begin + 4);
  ASSERT_NE(begin, std::string::npos);
  std::vector<std::string> documented;
  for (const std::string& line : testing::Lines(text.substr(begin, end - begin))) {
    // Of each row the first column: `a`, `b`
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> pieces = testing::Split(line.substr(0, line.find('|', 2)), '`');
    for (size_t i = 1; i < pieces.size(); i += 2) documented.push_back(pieces[i]);
  }
  EXPECT_EQ(keys, documented);
  EXPECT_EQ(parsed["modules"][0]["replaced_by"]["path"], "./x");
  EXPECT_TRUE(parsed["cgo"].is_null());
  EXPECT_EQ(parsed["file"], "a \xef\xbf\xbd file");
}

// UPX's mark where it puts it, in a file without build info.
TEST(RecognisePacking, ByItsMark) {
  testing::TempDir dir;
  ASSERT_EQ(testing::BuildProgram("program", {"", "amd64", {"-ldflags=-s -w"}, ""}, dir / "program"), "");
  std::string bytes = testing::ReadAll(dir / "program");
  const size_t magic = bytes.find("\xff Go buildinf:");
  ASSERT_NE(magic, std::string::npos);
  bytes[magic + 1] = 'x';
  auto without = testing::OpenBytes(bytes);
  ASSERT_TRUE(without);
  EXPECT_EQ(Recognise(*without)->packing, "");
  EXPECT_FALSE(Recognise(*without)->build_info.found);
  bytes += "UPX!" + std::string(32, '\0');
  auto packed = testing::OpenBytes(bytes);
  ASSERT_TRUE(packed);
  EXPECT_THAT(Recognise(*packed)->packing, ::testing::StartsWith("UPX"));
  bytes[magic + 1] = ' ';
  auto whole = testing::OpenBytes(bytes);
  ASSERT_TRUE(whole);
  EXPECT_EQ(Recognise(*whole)->packing, "");
}

// What `objcopy --only-keep-debug` leaves is no program, and is known by the program's build ids.
TEST(RecogniseDebugFile, ByCodeWithoutBytes) {
  testing::TempDir dir;
  ASSERT_EQ(testing::BuildProgram("program", {"", "amd64", {}, ""}, dir / "program"), "");
  const auto split = testing::RunShell("objcopy --only-keep-debug " + testing::Quote(dir / "program") + " " +
                                       testing::Quote(dir / "debug"));
  ASSERT_EQ(split.status, 0) << split.output;
  auto program = testing::OpenBytes(testing::ReadAll(dir / "program"));
  auto debug = testing::OpenBytes(testing::ReadAll(dir / "debug"));
  ASSERT_TRUE(program);
  ASSERT_TRUE(debug) << debug.error().message;
  EXPECT_FALSE(program->is_debug_file());
  EXPECT_TRUE(debug->is_debug_file());
  EXPECT_NE(debug->GoBuildId(), "");
  EXPECT_EQ(debug->GoBuildId(), program->GoBuildId());
  EXPECT_EQ(debug->GnuBuildId(), program->GnuBuildId());
  Result<BinaryInfo> info = Recognise(*debug);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->has_dwarf);
  EXPECT_FALSE(info->build_info.found);
  EXPECT_THAT(info->notes, ::testing::Contains(::testing::HasSubstr("separate debug file")));
}

}  // namespace
}  // namespace gooffsets
