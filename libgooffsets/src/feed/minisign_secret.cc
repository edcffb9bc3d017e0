// Secret keys: struct SeckeyStruct of minisign, plain or encrypted with a password.
#include <sodium.h>

#include <cstring>

#include "feed/minisign.h"
#include "feed/minisign_text.h"

namespace gooffsets {
namespace {

// signature algorithm, KDF algorithm, checksum algorithm; salt; limits; key id, secret key, checksum.
constexpr size_t kSalt = 6, kOps = 38, kMem = 46, kBody = 54, kBodySize = 8 + 64 + 32, kSize = kBody + kBodySize;
constexpr std::string_view kHead("Ed\0\0B2", 6), kEncryptedHead = "EdScB2";

void Store64(char* at, uint64_t value) {
  for (int i = 0; i < 8; ++i) at[i] = static_cast<char>(value >> (8 * i));
}

uint64_t Load64(const char* at) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

// BLAKE2b-256 over algorithm, key id and secret key.
std::array<uint8_t, 32> Checksum(const char* body) {
  std::array<uint8_t, 32> sum{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, sum.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>("Ed"), 2);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(body), 8 + 64);
  crypto_generichash_final(&state, sum.data(), sum.size());
  return sum;
}

// The body is xored with scrypt's output. False: not enough memory for it.
bool Xor(char* body, std::string_view password, const char* salt, uint64_t ops, uint64_t mem) {
  std::array<uint8_t, kBodySize> stream{};
  if (crypto_pwhash_scryptsalsa208sha256(stream.data(), stream.size(), password.data(), password.size(),
                                         reinterpret_cast<const unsigned char*>(salt), ops, mem) != 0) {
    return false;
  }
  for (size_t i = 0; i < stream.size(); ++i) body[i] = static_cast<char>(static_cast<uint8_t>(body[i]) ^ stream[i]);
  sodium_memzero(stream.data(), stream.size());
  return true;
}

Result<std::string> Decode(std::string_view file) {
  GOOFFSETS_TRY(std::vector<std::string_view> lines, CommentedLines(file, 2, "secret key"));
  if (lines.size() != 2 || !lines[0].starts_with("untrusted comment:")) {
    return Fail(ErrorCode::kBadInput, "the secret key is not in minisign's format");
  }
  auto bytes = FromBase64(lines[1], kSize, "secret key");
  // The message of FromBase64 quotes its text, which is secret here.
  if (!bytes) return Fail(ErrorCode::kBadInput, "the secret key is not in minisign's format");
  return bytes;
}

}  // namespace

SecretKey::~SecretKey() { sodium_memzero(key.data(), key.size()); }

PublicKey SecretKey::Public() const {
  PublicKey out;
  out.id = id;
  crypto_sign_ed25519_sk_to_pk(out.key.data(), key.data());
  return out;
}

Result<SecretKey> NewSecretKey() {
  // Sets up the random source; harmless if it was done before.
  if (sodium_init() < 0) return Fail(ErrorCode::kIo, "the system has no source of random numbers");
  SecretKey key;
  std::array<uint8_t, 32> unused{};
  crypto_sign_keypair(unused.data(), key.key.data());
  randombytes_buf(key.id.data(), key.id.size());
  return key;
}

bool IsEncryptedSecretKey(std::string_view file) {
  auto bytes = Decode(file);
  return bytes && bytes->starts_with(kEncryptedHead);
}

Result<SecretKey> ParseSecretKey(std::string_view file, std::string_view password) {
  GOOFFSETS_TRY(std::string bytes, Decode(file));
  const bool encrypted = bytes.starts_with(kEncryptedHead);
  if (!encrypted && !bytes.starts_with(kHead)) {
    return Fail(ErrorCode::kUnsupported, "the secret key is of a kind that minisign does not write");
  }
  if (encrypted) {
    if (password.empty()) return Fail(ErrorCode::kPermission, "the secret key is encrypted and no password was given");
    // What minisign asks for is libsodium's "sensitive" level, 1 GiB.
    const uint64_t ops = Load64(bytes.data() + kOps), mem = Load64(bytes.data() + kMem);
    if (ops > 4 * crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE ||
        mem > crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE) {
      return Fail(ErrorCode::kUnsupported, "the secret key asks for more memory or time than minisign's keys do");
    }
    if (!Xor(bytes.data() + kBody, password, bytes.data() + kSalt, ops, mem)) {
      return Fail(ErrorCode::kIo,
                  "there is not enough memory to decrypt the secret key (" + std::to_string(mem >> 20) + " MiB)");
    }
    const auto sum = Checksum(bytes.data() + kBody);
    if (sodium_memcmp(sum.data(), bytes.data() + kBody + 72, sum.size()) != 0) {
      return Fail(ErrorCode::kPermission, "the password of the secret key is wrong");
    }
  }
  SecretKey key;
  std::memcpy(key.id.data(), bytes.data() + kBody, key.id.size());
  std::memcpy(key.key.data(), bytes.data() + kBody + 8, key.key.size());
  sodium_memzero(bytes.data(), bytes.size());
  // The second half of an Ed25519 secret key is its public key (RFC 8032, and libsodium's format).
  std::array<uint8_t, 32> seed{}, pub{};
  std::array<uint8_t, 64> again{};
  std::memcpy(seed.data(), key.key.data(), seed.size());
  crypto_sign_seed_keypair(pub.data(), again.data(), seed.data());
  const bool whole = again == key.key;
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(again.data(), again.size());
  if (!whole) return Fail(ErrorCode::kBadInput, "the secret key is damaged: its two halves do not belong together");
  return key;
}

Result<std::string> SecretKeyFile(const SecretKey& key, std::string_view password) {
  std::string bytes(kSize, '\0');
  const bool encrypted = !password.empty();
  bytes.replace(0, kHead.size(), encrypted ? kEncryptedHead : kHead);
  std::memcpy(bytes.data() + kBody, key.id.data(), key.id.size());
  std::memcpy(bytes.data() + kBody + 8, key.key.data(), key.key.size());
  if (encrypted) {
    const auto sum = Checksum(bytes.data() + kBody);
    std::memcpy(bytes.data() + kBody + 72, sum.data(), sum.size());
    randombytes_buf(bytes.data() + kSalt, 32);
    const uint64_t ops = crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE;
    const uint64_t mem = crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE;
    Store64(bytes.data() + kOps, ops);
    Store64(bytes.data() + kMem, mem);
    if (!Xor(bytes.data() + kBody, password, bytes.data() + kSalt, ops, mem)) {
      return Fail(ErrorCode::kIo, "there is not enough memory to encrypt the secret key (1 GiB)");
    }
  }
  std::string file = encrypted ? "untrusted comment: minisign encrypted secret key\n"
                               : "untrusted comment: minisign secret key, not encrypted\n";
  file += ToBase64(bytes) + "\n";
  sodium_memzero(bytes.data(), bytes.size());
  return file;
}

}  // namespace gooffsets
