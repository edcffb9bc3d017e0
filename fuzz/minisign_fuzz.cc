// Keys and signatures in minisign's formats from any bytes: nothing verifies that was not signed, and keys survive
// writing.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "feed/minisign.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto key = gooffsets::ParsePublicKey(text)) {
    auto again = gooffsets::ParsePublicKey(gooffsets::PublicKeyFile(*key));
    FUZZ_REQUIRE(again && *again == *key);
  }
  if (auto signature = gooffsets::ParseSignatureFile(text)) {
    // A key whose secret nobody has: the base point's encoding (RFC 8032, 5.1), with the id that the signature names.
    gooffsets::PublicKey key{signature->key_id, {}};
    key.key.fill(0x66);
    key.key[0] = 0x58;
    FUZZ_REQUIRE(!gooffsets::VerifySignature("a message", text, {key}));
  }
  // Encrypted keys cost a gigabyte each; without a password they are only looked at.
  auto secret = gooffsets::ParseSecretKey(text, "");
  if (secret) {
    auto file = gooffsets::SecretKeyFile(*secret, "");
    FUZZ_REQUIRE(file && gooffsets::ParseSecretKey(*file, ""));
  }
  return 0;
}
