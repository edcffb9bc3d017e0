// Hand-made build records for tests: small, but with every kind of thing a real one has.
#ifndef GOOFFSETS_TESTS_UNIT_STORE_MAKE_RECORD_H_
#define GOOFFSETS_TESTS_UNIT_STORE_MAKE_RECORD_H_

#include <string>
#include <utility>
#include <vector>

#include "store/record.h"
#include "store/record_json.h"

namespace gooffsets::testing {

inline Field MakeField(std::string name, uint64_t offset, uint64_t size, std::string type, TypeKind kind,
                       bool by_value = false, bool embedded = false) {
  Field field;
  field.name = std::move(name);
  field.offset = offset;
  field.size = size;
  field.align = 8;
  field.type = std::move(type);
  field.kind = kind;
  field.by_value = by_value;
  field.embedded = embedded;
  return field;
}

inline StructLayout MakeStruct(uint64_t size, std::vector<Field> fields) {
  StructLayout layout;
  layout.size = size;
  layout.align = 8;
  layout.fields = std::move(fields);
  return layout;
}

// A string parameter in the first two integer registers from `first`.
inline Parameter StringParameter(std::string name, int first) {
  Parameter param;
  param.name = std::move(name);
  param.type = "string";
  param.size = 16;
  param.align = 8;
  param.words = {{0, 8, false}, {8, 8, false}};
  param.pieces = {{Piece::Base::kIntRegister, first, 8, 0}, {Piece::Base::kIntRegister, first + 1, 8, 8}};
  return param;
}

inline SymbolEntry Entry(Layout layout) { return SymbolEntry{std::move(layout)}; }
inline SymbolEntry Entry(SkipReason reason) { return SymbolEntry{reason}; }

inline std::string Selection(char digit) { return std::string(32, digit); }

inline void Seal(BuildRecord* record) { record->build.id = BuildId(record->build); }

// std at one Go release: net/http, crypto/tls and sync/atomic in small. `tls_size` is the size of ConnectionState.
inline BuildRecord StdRecord(const std::string& go, GoArch arch = GoArch::kAmd64, uint64_t tls_size = 176,
                             uint64_t url_offset = 16) {
  BuildRecord record;
  record.build.root = {"std", go};
  record.build.go = go;
  record.build.goarch = arch;
  record.build.probe_digest = std::string(64, 'a');
  record.build.tool_version = "0.1.0";
  record.build.structs = 3;
  PackageRecord http;
  http.owner = {"std", go};
  http.path = "net/http";
  http.files = {"request.go", "server.go"};
  http.selection = Selection('1');
  http.symbols["Request"] = Entry(MakeStruct(
      248, {MakeField("Method", 0, 16, "string", TypeKind::kString),
            MakeField("URL", url_offset, 8, "*net/url.URL", TypeKind::kPointer),
            MakeField("TLS", 192, 8, "*crypto/tls.ConnectionState", TypeKind::kPointer)}));
  FunctionLayout serve;
  serve.params = {StringParameter("addr", 0)};
  serve.results = {StringParameter("", 0)};
  http.symbols["ListenAndServe"] = Entry(serve);
  http.symbols["Header"] = Entry(SkipReason::kNotStruct);
  PackageRecord tls;
  tls.owner = {"std", go};
  tls.path = "crypto/tls";
  tls.files = {"common.go"};
  tls.selection = Selection('2');
  tls.symbols["ConnectionState"] = Entry(MakeStruct(
      tls_size, {MakeField("Version", 0, 2, "uint16", TypeKind::kUint16),
                 MakeField("HandshakeComplete", 2, 1, "bool", TypeKind::kBool),
                 MakeField("ServerName", tls_size - 16, 16, "string", TypeKind::kString)}));
  PackageRecord atomic;
  atomic.owner = {"std", go};
  atomic.path = "sync/atomic";
  atomic.files = {"type.go"};
  atomic.selection = Selection('3');
  atomic.symbols["Pointer"] = Entry(SkipReason::kGeneric);
  atomic.symbols["AddInt32"] = Entry(SkipReason::kBodiless);
  record.packages = {tls, http, atomic};
  record.modules = {{{"std", go},
                     {{"crypto/tls", true, ""},
                      {"internal/trace", false, "not a root"},
                      {"net/http", true, ""},
                      {"sync/atomic", true, ""}}}};
  Seal(&record);
  return record;
}

// A module with two packages and a dependency; TLSInfo holds a std struct by value.
inline BuildRecord GrpcRecord(const std::string& version, const std::string& go, GoArch arch = GoArch::kAmd64,
                              uint64_t method_offset = 80, uint64_t tls_size = 176) {
  const ModuleVersion self = {"google.golang.org/grpc", version};
  const ModuleVersion net = {"golang.org/x/net", "0.55.0"};
  BuildRecord record;
  record.build.root = self;
  record.build.go = go;
  record.build.goarch = arch;
  record.build.closure = {net, self};
  record.build.tags = {"netgo"};
  record.build.probe_digest = std::string(64, 'b');
  record.build.tool_version = "0.1.0";
  record.build.functions = 2;
  PackageRecord transport;
  transport.owner = self;
  transport.path = "google.golang.org/grpc/internal/transport";
  transport.files = {"http2_server.go", "transport.go"};
  transport.selection = Selection('4');
  transport.selections = {{"1.17", "1.26", Selection('4')}, {"1.27", "1.27", Selection('5')}};
  Field ids = MakeField("ids", 96, 24, "[2][3]uint32", TypeKind::kArray);
  ids.align = 4;
  ids.dims = {2, 3};
  ids.elem = "uint32";
  transport.symbols["Stream"] =
      Entry(MakeStruct(144, {MakeField("id", 0, 4, "uint32", TypeKind::kUint32),
                             MakeField("method", method_offset, 16, "string", TypeKind::kString), ids,
                             MakeField("buf", 120, 16, "google.golang.org/grpc/internal/transport.recvBuffer",
                                       TypeKind::kStruct, true, true),
                             MakeField("st", 136, 8, "*google.golang.org/grpc/internal/transport.recvBuffer",
                                       TypeKind::kPointer)}));
  transport.symbols["recvBuffer"] =
      Entry(MakeStruct(16, {MakeField("c", 0, 8, "chan int", TypeKind::kChan),
                            MakeField("err", 8, 8, "*error", TypeKind::kPointer)}));
  FunctionLayout method;
  Parameter receiver;
  receiver.name = "s";
  receiver.type = "*google.golang.org/grpc/internal/transport.Stream";
  receiver.size = 8;
  receiver.align = 8;
  receiver.words = {{0, 8, false}};
  receiver.pieces = {{Piece::Base::kIntRegister, 0, 8, 0}};
  Parameter matrix;
  matrix.name = "m";
  matrix.type = "[4]float64";
  matrix.size = 32;
  matrix.align = 8;
  matrix.register_assignable = false;
  matrix.pieces = {{Piece::Base::kStack, 8, 32, 0}};
  Parameter ratio;
  ratio.name = "ratio";
  ratio.type = "float64";
  ratio.size = 8;
  ratio.align = 8;
  ratio.words = {{0, 8, true}};
  ratio.pieces = {{Piece::Base::kFloatRegister, 0, 8, 0}};
  method.params = {receiver, matrix, ratio};
  method.results = {StringParameter("", 0)};
  transport.symbols["(*Stream).Method"] = Entry(method);
  method.wrapper = true;
  transport.symbols["(*Stream).Wrapped"] = Entry(method);
  PackageRecord credentials;
  credentials.owner = self;
  credentials.path = "google.golang.org/grpc/credentials";
  credentials.files = {"tls.go"};
  credentials.selection = Selection('6');
  credentials.selections = {{"1.17", "1.27", Selection('6')}};
  credentials.std_by_value = {"crypto/tls.ConnectionState"};
  credentials.symbols["TLSInfo"] =
      Entry(MakeStruct(tls_size + 16, {MakeField("State", 0, tls_size, "crypto/tls.ConnectionState",
                                                 TypeKind::kStruct, true),
                                       MakeField("SPIFFEID", tls_size, 8, "*net/url.URL", TypeKind::kPointer)}));
  PackageRecord http2;
  http2.owner = net;
  http2.path = "golang.org/x/net/http2";
  http2.fully_kept = false;
  http2.files = {"server.go"};
  http2.selection = Selection('7');
  http2.symbols["serverConn"] = Entry(MakeStruct(8, {MakeField("srv", 0, 8, "*int", TypeKind::kPointer)}));
  http2.symbols["noDialClientConnPool"] = Entry(SkipReason::kExcluded);
  record.packages = {http2, credentials, transport};
  record.modules = {{net, {{"golang.org/x/net/http2", true, ""}, {"golang.org/x/net/webdav", false, "not a root"}}},
                    {self,
                     {{"google.golang.org/grpc", false, "not a root"},
                      {"google.golang.org/grpc/credentials", true, ""},
                      {"google.golang.org/grpc/internal/transport", true, ""}}}};
  Seal(&record);
  return record;
}

// The same with the build tags of packages in its first list: known to be none, some, and of other lists not recorded.
inline BuildRecord WithTags(BuildRecord record) {
  std::vector<ModulePackages::Package>& packages = record.modules.at(0).packages;
  packages.at(0).tags.emplace();
  packages.at(1).tags = {"cgo", "goexperiment.synctest", "purego"};
  return record;
}

inline BuildRecord FailedRecord(const std::string& module, const std::string& version, const std::string& go,
                                BuildStatus status, std::string reason, GoArch arch = GoArch::kAmd64) {
  BuildRecord record;
  record.build.root = {module, version};
  record.build.go = go;
  record.build.goarch = arch;
  record.build.status = status;
  record.build.reason = std::move(reason);
  Seal(&record);
  return record;
}

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_STORE_MAKE_RECORD_H_
