#include "base/digest.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/file.h"

namespace gooffsets {
namespace {

const unsigned char* Bytes(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
const unsigned char* Bytes(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string ToHex(std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

std::string ToHex(std::string_view bytes) {
  return ToHex(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

Result<Digest128> ParseDigest128(std::string_view hex) {
  Digest128 digest{};
  if (hex.size() != digest.size() * 2) return Fail(ErrorCode::kBadInput, "a digest has 32 hexadecimal digits");
  for (size_t i = 0; i < digest.size(); ++i) {
    int high = HexValue(hex[2 * i]), low = HexValue(hex[2 * i + 1]);
    if (high < 0 || low < 0) return Fail(ErrorCode::kBadInput, "a digest has hexadecimal digits only");
    digest[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return digest;
}

// The libsodium calls below fail only on sizes outside their documented range, which are constants here.
Blake2b128::Blake2b128() { crypto_generichash_init(&state_, nullptr, 0, std::tuple_size_v<Digest128>); }
void Blake2b128::Update(std::string_view bytes) { crypto_generichash_update(&state_, Bytes(bytes), bytes.size()); }
void Blake2b128::Update(std::span<const std::byte> bytes) {
  crypto_generichash_update(&state_, Bytes(bytes), bytes.size());
}
Digest128 Blake2b128::Finish() {
  Digest128 digest{};
  crypto_generichash_final(&state_, digest.data(), digest.size());
  crypto_generichash_init(&state_, nullptr, 0, digest.size());
  return digest;
}

Sha256::Sha256() { crypto_hash_sha256_init(&state_); }
void Sha256::Update(std::string_view bytes) { crypto_hash_sha256_update(&state_, Bytes(bytes), bytes.size()); }
void Sha256::Update(std::span<const std::byte> bytes) {
  crypto_hash_sha256_update(&state_, Bytes(bytes), bytes.size());
}
Digest256 Sha256::Finish() {
  Digest256 digest{};
  crypto_hash_sha256_final(&state_, digest.data());
  crypto_hash_sha256_init(&state_);
  return digest;
}

Digest128 Blake2b128Of(std::string_view bytes) {
  Blake2b128 hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}
std::string Blake2b128Hex(std::string_view bytes) { return ToHex(Blake2b128Of(bytes)); }

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hasher;
  hasher.Update(bytes);
  return ToHex(hasher.Finish());
}

Result<std::string> Sha256HexOfFile(const std::string& path) {
  GOOFFSETS_TRY(UniqueFd fd, OpenForReading(path));
  Sha256 hasher;
  std::vector<char> buffer(256 * 1024);
  while (true) {
    ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "cannot read " + path);
    if (got == 0) break;
    hasher.Update(std::string_view(buffer.data(), static_cast<size_t>(got)));
  }
  return ToHex(hasher.Finish());
}

}  // namespace gooffsets
