#include "programs.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace gooffsets::testing {

std::string BuildProgram(const std::string& source, const Variant& variant, const std::string& output) {
  const GoCommand go = variant.release.empty() ? GoOnPath() : GoRelease(variant.release);
  if (go.go.empty()) return go.why;
  std::vector<std::string> arguments = {"build", "-o", output};
  // The checkout's commit is none of the tests' business; releases before 1.18 know no such flag.
  if (variant.release.empty()) arguments.push_back("-buildvcs=false");
  arguments.insert(arguments.end(), variant.flags.begin(), variant.flags.end());
  arguments.push_back(".");
  const CommandResult built =
      RunGo(go, std::string(GOOFFSETS_SOURCE_DIR) + "/tests/fixtures/image/" + source, variant.goarch, arguments);
  return built.status == 0 ? "" : "go build: " + built.output;
}

nlohmann::json Truth::Ask(const std::vector<std::string>& arguments) {
  if (!built_) {
    const std::string error = BuildProgram("truth", {"", "amd64", {}, ""}, dir_ / "truth");
    EXPECT_EQ(error, "");
    built_ = true;
  }
  std::string command = Quote(dir_ / "truth");
  for (const std::string& argument : arguments) command += " " + Quote(argument);
  const CommandResult result = RunShell(command);
  EXPECT_EQ(result.status, 0) << result.output;
  nlohmann::json json = nlohmann::json::parse(result.output, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << result.output;
  return json;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(file.good()) << path;
}

void Put(std::string* bytes, size_t at, uint64_t value, size_t size) {
  ASSERT_LE(at + size, bytes->size());
  for (size_t i = 0; i < size; ++i) (*bytes)[at + i] = static_cast<char>(value >> (8 * i));
}

Result<Image> OpenBytes(std::string bytes) { return Image::Open(MemorySource("program", std::move(bytes))); }

}  // namespace gooffsets::testing
