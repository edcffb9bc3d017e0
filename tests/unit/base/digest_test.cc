#include "base/digest.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace gooffsets {
namespace {

// Expected values: `printf %s TEXT | b2sum -l 128` and `| sha256sum` (GNU coreutils 9.1).
TEST(Digest, Blake2bAgreesWithB2sum) {
  EXPECT_EQ(Blake2b128Hex(""), "cae66941d9efbd404e4d88758ea67670");
  EXPECT_EQ(Blake2b128Hex("abc"), "cf4ab791c62b8d2b2109c90275287816");
}

TEST(Digest, Sha256AgreesWithSha256sum) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, CutsDoNotMatter) {
  std::string text(100'000, 'x');
  Blake2b128 blake;
  Sha256 sha;
  for (size_t at = 0; at < text.size(); at += 777) {
    blake.Update(std::string_view(text).substr(at, 777));
    sha.Update(std::as_bytes(std::span(text).subspan(at, std::min<size_t>(777, text.size() - at))));
  }
  EXPECT_EQ(ToHex(blake.Finish()), Blake2b128Hex(text));
  EXPECT_EQ(ToHex(sha.Finish()), Sha256Hex(text));
  // Finish starts anew.
  blake.Update("abc");
  EXPECT_EQ(ToHex(blake.Finish()), Blake2b128Hex("abc"));
  sha.Update("abc");
  EXPECT_EQ(ToHex(sha.Finish()), Sha256Hex("abc"));
}

TEST(Digest, HexRoundTrip) {
  Digest128 digest = Blake2b128Of("abc");
  auto parsed = ParseDigest128("CF4AB791c62b8d2b2109c90275287816");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, digest);
  EXPECT_FALSE(ParseDigest128("cf4ab791c62b8d2b2109c9027528781"));
  EXPECT_FALSE(ParseDigest128("cf4ab791c62b8d2b2109c9027528781g"));
  EXPECT_FALSE(ParseDigest128(""));
}

TEST(Digest, File) {
  std::string path = testing::TempDir() + "digest_test.bin";
  std::string text(1'000'000, 'y');
  ASSERT_TRUE(WriteFileAtomic(path, text));
  auto digest = Sha256HexOfFile(path);
  ASSERT_TRUE(digest) << digest.error().ToString();
  EXPECT_EQ(*digest, Sha256Hex(text));
  EXPECT_EQ(Sha256HexOfFile(path + ".none").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(Sha256HexOfFile("/"));
}

}  // namespace
}  // namespace gooffsets
