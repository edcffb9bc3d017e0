#include "resolve/std_constraints.h"

#include <algorithm>
#include <array>

namespace gooffsets {
namespace {

struct Row {
  std::string_view tag;
  std::string_view packages;  // separated by spaces
};

// Every word but operating systems, architectures and releases in the build constraints of GOROOT/src (without cmd and
// tests), and the packages whose files mention it; `import "C"` counts as cgo. Collected from all files of the
// releases 1.17.13, 1.18.10, 1.19.13 and forty more from 1.20 to 1.27.4.
constexpr std::array<Row, 42> kRows = {{
    {"appengine", "crypto/internal/subtle"},
    {"asan", "crypto/internal/fips140 internal/asan runtime runtime/asan syscall"},
    {"boringcrypto",
     "crypto/boring crypto/ecdsa crypto/internal/boring crypto/internal/boring/fipstls "
     "crypto/internal/boring/syso crypto/internal/fips140 crypto/rsa crypto/tls crypto/tls/fipsonly "
     "crypto/x509"},
    {"cgo",
     "crypto/internal/boring crypto/internal/fips140 crypto/internal/sysrand/internal/seccomp crypto/sha1 "
     "internal/runtime/cgobench net net/internal/cgotest os/signal/internal/pty os/user plugin "
     "runtime/asan runtime/cgo runtime/msan runtime/race"},
    {"cmd_go_bootstrap", "crypto/internal/boring crypto/sha1"},
    {"compiler_bootstrap", "math/bits strconv"},
    {"debuglog", "runtime"},
    {"faketime", "runtime syscall"},
    {"fips140v1.0", "crypto/hpke crypto/internal/fips140only crypto/internal/rand crypto/mldsa"},
    {"fips140v1.26", "crypto/internal/fips140only crypto/internal/rand"},
    {"goexperiment.allocheaders", "runtime"},
    {"goexperiment.arenas", "arena reflect"},
    {"goexperiment.exectracer2", "runtime"},
    {"goexperiment.greenteagc", "runtime"},
    {"goexperiment.jsonv2",
     "encoding/json encoding/json/internal encoding/json/internal/jsonflags "
     "encoding/json/internal/jsonopts encoding/json/internal/jsontest encoding/json/internal/jsonwire "
     "encoding/json/jsontext encoding/json/v2"},
    {"goexperiment.pagetrace", "runtime"},
    {"goexperiment.rangefunc", "iter"},
    {"goexperiment.regabiargs", "internal/abi"},
    {"goexperiment.regabireflect", "internal/abi"},
    {"goexperiment.runtimesecret", "runtime/secret"},
    {"goexperiment.simd", "internal/runtime/maps simd simd/archsimd simd/internal/bridge"},
    {"goexperiment.spinbitmutex", "runtime"},
    {"goexperiment.staticlockranking", "runtime sync"},
    {"goexperiment.swissmap", "internal/abi internal/runtime/maps reflect runtime"},
    {"goexperiment.synchashtriemap", "sync"},
    {"goexperiment.synctest", "testing/synctest"},
    {"gofuzz", "encoding/csv encoding/json html image/png"},
    {"libfuzzer", "internal/fuzz runtime"},
    {"math_big_pure_go", "math/big"},
    {"msan", "crypto/internal/boring crypto/internal/fips140 internal/msan runtime runtime/msan syscall"},
    {"netcgo", "net"},
    {"netgo", "net net/internal/cgotest"},
    {"nethttpomithttp2", "net/http"},
    {"osusergo", "os/user"},
    {"purego",
     "crypto/aes crypto/ecdsa crypto/ed25519/internal/edwards25519/field crypto/internal/bigmod "
     "crypto/internal/edwards25519/field crypto/internal/fips140 crypto/internal/fips140/aes "
     "crypto/internal/fips140/aes/gcm crypto/internal/fips140/bigmod "
     "crypto/internal/fips140/check/checktest crypto/internal/fips140/ecdsa "
     "crypto/internal/fips140/edwards25519/field crypto/internal/fips140/nistec "
     "crypto/internal/fips140/sha256 crypto/internal/fips140/sha3 crypto/internal/fips140/sha512 "
     "crypto/internal/fips140/subtle crypto/internal/nistec crypto/md5 crypto/sha1 crypto/sha256 "
     "crypto/sha512 crypto/subtle hash/maphash vendor/golang.org/x/crypto/chacha20 "
     "vendor/golang.org/x/crypto/chacha20poly1305 vendor/golang.org/x/crypto/curve25519 "
     "vendor/golang.org/x/crypto/curve25519/internal/field vendor/golang.org/x/crypto/internal/alias "
     "vendor/golang.org/x/crypto/internal/poly1305 vendor/golang.org/x/crypto/internal/subtle "
     "vendor/golang.org/x/crypto/poly1305 vendor/golang.org/x/crypto/sha3"},
    {"quicbasicnet", "vendor/golang.org/x/net/quic"},
    {"race",
     "internal/race internal/runtime/sys runtime runtime/internal/sys runtime/race "
     "vendor/golang.org/x/net/quic"},
    {"tablegen", "crypto/elliptic"},
    {"timetzdata", "time"},
    {"typeparams", "go/ast go/internal/typeparams go/types"},
    {"valgrind", "runtime"},
    {"x509omitbundledroots", "crypto/x509"},
}};

}  // namespace

bool StdSelectionMentions(std::string_view package, std::string_view tag) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.tag == tag; });
  if (row == kRows.end()) return false;
  for (std::string_view rest = row->packages; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (word == package) return true;
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return false;
}

}  // namespace gooffsets
