// Digests: BLAKE2b-128 names layouts, packages and builds (not a security boundary); SHA-256 names whole files.
//
// Both are incremental: equal byte sequences give equal digests however they were cut into updates. The caller
// separates values itself (lengths or terminators), else "ab"+"c" and "a"+"bc" are one. A hasher belongs to one thread;
// the free functions may be called from any.
//
//   Blake2b128 hasher;
//   hasher.Update("net/http.Request");
//   std::string id = ToHex(hasher.Finish());   // 32 hex digits
#ifndef GOOFFSETS_BASE_DIGEST_H_
#define GOOFFSETS_BASE_DIGEST_H_

#include <sodium.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gooffsets/result.h"

namespace gooffsets {

using Digest128 = std::array<uint8_t, 16>;
using Digest256 = std::array<uint8_t, 32>;

// Lower-case hexadecimal digits.
std::string ToHex(std::span<const uint8_t> bytes);
std::string ToHex(std::string_view bytes);  // of a database's blob
// Reads exactly 32 hex digits of either case.
Result<Digest128> ParseDigest128(std::string_view hex);

class Blake2b128 {
 public:
  Blake2b128();
  void Update(std::string_view bytes);
  void Update(std::span<const std::byte> bytes);
  // Ends the computation; the object then starts anew.
  Digest128 Finish();

 private:
  crypto_generichash_state state_;
};

class Sha256 {
 public:
  Sha256();
  void Update(std::string_view bytes);
  void Update(std::span<const std::byte> bytes);
  Digest256 Finish();

 private:
  crypto_hash_sha256_state state_;
};

Digest128 Blake2b128Of(std::string_view bytes);
std::string Blake2b128Hex(std::string_view bytes);  // 32 hex digits
std::string Sha256Hex(std::string_view bytes);      // 64 hex digits
// Reads the file in pieces, so that memory does not grow with it.
Result<std::string> Sha256HexOfFile(const std::string& path);

}  // namespace gooffsets

#endif  // GOOFFSETS_BASE_DIGEST_H_
