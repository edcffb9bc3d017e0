#include "feed/minisign.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/quote.h"
#include "feed/minisign_text.h"

namespace gooffsets {
namespace {

constexpr std::string_view kAlgorithm = "Ed", kPrehashed = "ED";
constexpr size_t kPublicKeySize = 2 + 8 + 32, kSignatureSize = 2 + 8 + 64;

std::string_view View(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string KeyIdText(const std::array<uint8_t, 8>& id) {
  // A little-endian number (src: minisign, le64_load of keynum).
  std::string out;
  for (size_t i = id.size(); i-- > 0;) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    out += kDigits[id[i] >> 4];
    out += kDigits[id[i] & 15];
  }
  return out;
}

std::array<uint8_t, 64> Blake2b512(std::string_view message) {
  std::array<uint8_t, 64> hash{};
  crypto_generichash(hash.data(), hash.size(), Bytes(message), message.size(), nullptr, 0);
  return hash;
}

bool Verifies(const std::array<uint8_t, 64>& signature, std::string_view message, const PublicKey& key) {
  return crypto_sign_verify_detached(signature.data(), Bytes(message), message.size(), key.key.data()) == 0;
}

std::string GlobalMessage(const std::array<uint8_t, 64>& signature, std::string_view trusted_comment) {
  return std::string(View(signature)) + std::string(trusted_comment);
}

}  // namespace

std::string PublicKey::Id() const { return KeyIdText(id); }

std::string PublicKey::Text() const {
  return ToBase64(std::string(kAlgorithm) + std::string(View(id)) + std::string(View(key)));
}

std::string SignatureFile::KeyId() const { return KeyIdText(key_id); }

Result<PublicKey> ParsePublicKey(std::string_view text) {
  GOOFFSETS_TRY(std::vector<std::string_view> lines, CommentedLines(text, 2, "public key"));
  if (lines.size() == 2 && !lines[0].starts_with("untrusted comment:")) {
    return Fail(ErrorCode::kBadInput, "the public key's first line is no comment: " + Quote(lines[0], 40));
  }
  GOOFFSETS_TRY(std::string bytes, FromBase64(lines.back(), kPublicKeySize, "public key"));
  if (!bytes.starts_with(kAlgorithm)) {
    return Fail(ErrorCode::kBadInput, "the public key is not one of Ed25519 in minisign's format");
  }
  PublicKey key;
  std::memcpy(key.id.data(), bytes.data() + 2, key.id.size());
  std::memcpy(key.key.data(), bytes.data() + 10, key.key.size());
  return key;
}

std::string PublicKeyFile(const PublicKey& key) {
  return "untrusted comment: minisign public key " + key.Id() + "\n" + key.Text() + "\n";
}

std::string Sign(std::string_view message, const SecretKey& key, std::string_view trusted_comment) {
  const std::array<uint8_t, 64> hash = Blake2b512(message);
  std::array<uint8_t, 64> signature{}, global{};
  crypto_sign_detached(signature.data(), nullptr, hash.data(), hash.size(), key.key.data());
  const std::string covered = GlobalMessage(signature, trusted_comment);
  crypto_sign_detached(global.data(), nullptr, Bytes(covered), covered.size(), key.key.data());
  std::string out(kUntrustedComment);
  out += "signature from key " + KeyIdText(key.id) + "\n";
  out += ToBase64(std::string(kPrehashed) + std::string(View(key.id)) + std::string(View(signature))) + "\n";
  out += std::string(kTrustedComment) + std::string(trusted_comment) + "\n" + ToBase64(View(global)) + "\n";
  return out;
}

Result<SignatureFile> ParseSignatureFile(std::string_view file) {
  if (file.starts_with("<")) {
    return Fail(ErrorCode::kBadInput, "the signature is no signature: it begins like a web page",
                "an address that ends with the feed's directory; a portal or proxy may be answering in its place");
  }
  GOOFFSETS_TRY(std::vector<std::string_view> lines, CommentedLines(file, 4, "signature"));
  if (lines.size() != 4 || !lines[0].starts_with(kUntrustedComment) || !lines[2].starts_with(kTrustedComment)) {
    return Fail(ErrorCode::kBadInput, "the signature is not in minisign's format");
  }
  GOOFFSETS_TRY(std::string bytes, FromBase64(lines[1], kSignatureSize, "signature"));
  GOOFFSETS_TRY(std::string global, FromBase64(lines[3], 64, "signature of the trusted comment"));
  SignatureFile out;
  out.prehashed = bytes.starts_with(kPrehashed);
  if (!out.prehashed && !bytes.starts_with(kAlgorithm)) {
    return Fail(ErrorCode::kBadInput, "the signature is of a kind that minisign does not know");
  }
  std::memcpy(out.key_id.data(), bytes.data() + 2, out.key_id.size());
  std::memcpy(out.signature.data(), bytes.data() + 10, out.signature.size());
  std::memcpy(out.global_signature.data(), global.data(), out.global_signature.size());
  out.trusted_comment = lines[2].substr(kTrustedComment.size());
  return out;
}

Result<std::string> VerifySignature(std::string_view message, std::string_view signature_file,
                                    const std::vector<PublicKey>& keys) {
  GOOFFSETS_TRY(SignatureFile file, ParseSignatureFile(signature_file));
  auto key = std::find_if(keys.begin(), keys.end(), [&](const PublicKey& k) { return k.id == file.key_id; });
  if (key == keys.end()) {
    return Fail(ErrorCode::kPermission, "it is signed with the key " + file.KeyId() + ", which is not trusted here",
                "compare the key with the one its publisher names, and give that one with --key");
  }
  const std::array<uint8_t, 64> hash = Blake2b512(message);
  if (!Verifies(file.signature, file.prehashed ? View(hash) : message, *key)) {
    return Fail(ErrorCode::kBadInput,
                "its signature is wrong: it was changed after it was signed with key " + key->Id());
  }
  if (!Verifies(file.global_signature, GlobalMessage(file.signature, file.trusted_comment), *key)) {
    return Fail(ErrorCode::kBadInput, "the signature's comment was changed after it was signed with key " + key->Id());
  }
  return file.trusted_comment;
}

}  // namespace gooffsets
