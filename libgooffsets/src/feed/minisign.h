// Ed25519 signatures and keys in minisign's file formats: what `minisign -V` verifies and `minisign -S` writes.
//
// Format: https://jedisct1.github.io/minisign/ ("Signature format", "Public key format", "Secret key format").
// Signatures are made over the BLAKE2b-512 of the file ("ED"); the older kind over the file itself ("Ed") is verified
// as well. Both lines of comments are covered: the trusted one by a second signature. Secret keys are plain or
// encrypted (scrypt). Pure functions; safe from any thread.
//
//   GOOFFSETS_TRY(PublicKey key, ParsePublicKey("RWQ..."));
//   GOOFFSETS_TRY(std::string comment, VerifySignature(manifest, signature_file, {key}));
#ifndef GOOFFSETS_FEED_MINISIGN_H_
#define GOOFFSETS_FEED_MINISIGN_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

struct PublicKey {
  std::array<uint8_t, 8> id{};
  std::array<uint8_t, 32> key{};
  bool operator==(const PublicKey&) const = default;
  std::string Id() const;    // as minisign prints it: 16 upper-case hex digits, most significant first
  std::string Text() const;  // "RW...": 56 characters of base64
};

// Wiped when it goes out of scope.
struct SecretKey {
  std::array<uint8_t, 8> id{};
  std::array<uint8_t, 64> key{};
  PublicKey Public() const;
  SecretKey() = default;
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();
};

// The base64 line alone, or a whole public key file. kBadInput.
Result<PublicKey> ParsePublicKey(std::string_view text);
std::string PublicKeyFile(const PublicKey& key);

// `password` is needed for an encrypted key (kPermission without or with a wrong one). Memory that the file asks for is
// bounded.
bool IsEncryptedSecretKey(std::string_view file);
Result<SecretKey> ParseSecretKey(std::string_view file, std::string_view password);
// With an empty password, unencrypted, as `minisign -G -W` makes them.
Result<std::string> SecretKeyFile(const SecretKey& key, std::string_view password);
Result<SecretKey> NewSecretKey();

// A .minisig file. `trusted_comment` is one line.
std::string Sign(std::string_view message, const SecretKey& key, std::string_view trusted_comment);

// What a .minisig file says, unverified.
struct SignatureFile {
  std::array<uint8_t, 8> key_id{};
  bool prehashed = false;
  std::array<uint8_t, 64> signature{};
  std::string trusted_comment;
  std::array<uint8_t, 64> global_signature{};
  std::string KeyId() const;
};
Result<SignatureFile> ParseSignatureFile(std::string_view file);

// The trusted comment. kPermission: none of `keys` made it; kBadInput: no signature file, or one that does not fit the
// message.
Result<std::string> VerifySignature(std::string_view message, std::string_view signature_file,
                                    const std::vector<PublicKey>& keys);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_MINISIGN_H_
