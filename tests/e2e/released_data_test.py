"""The released database: known places where offsets move, and third-party layouts against the Go compiler.

The regression values were measured with programs that the Go compiler built (unsafe.Offsetof), before this project
existed; the other expectations come from the compiler while the test runs.
"""

import json
import shutil

import harness
import truth

# (module, version, go or None, symbol, offset)
OFFSETS = [
    # A patch release moved it.
    ("std", "1.26.10", None, "net/http.response.status", 120),
    ("std", "1.26.11", None, "net/http.response.status", 128),
    ("std", "1.27.4", None, "net/http.response.status", 128),
    # Reordered at unchanged size.
    ("std", "1.25.14", None, "net/url.URL.RawQuery", 96), ("std", "1.26.0", None, "net/url.URL.RawQuery", 88),
    ("std", "1.25.14", None, "net/url.URL.RawPath", 72), ("std", "1.26.0", None, "net/url.URL.RawPath", 104),
    ("std", "1.25.14", None, "net/url.URL.Fragment", 112), ("std", "1.26.0", None, "net/url.URL.Fragment", 72),
    ("std", "1.22.12", None, "runtime.g.goid", 152), ("std", "1.23.0", None, "runtime.g.goid", 160),
    ("std", "1.24.13", None, "runtime.g.goid", 160), ("std", "1.25.0", None, "runtime.g.goid", 152),
    ("std", "1.22.12", None, "net/http.Request.ctx", 232), ("std", "1.23.0", None, "net/http.Request.ctx", 248),
    ("std", "1.26.8", None, "net/http.Request.URL", 16),
    ("google.golang.org/grpc", "1.14.0", None, "google.golang.org/grpc/internal/transport.Stream.method", 64),
    ("google.golang.org/grpc", "1.25.0", None, "google.golang.org/grpc/internal/transport.Stream.method", 72),
    ("google.golang.org/grpc", "1.37.0", None, "google.golang.org/grpc/internal/transport.Stream.method", 80),
    ("google.golang.org/grpc", "1.60.1", None, "google.golang.org/grpc/internal/transport.Stream.method", 80),
    ("google.golang.org/grpc", "1.66.0", None, "google.golang.org/grpc/internal/transport.Stream.method", 88),
    ("google.golang.org/grpc", "1.69.0", None, "google.golang.org/grpc/internal/transport.Stream.method", 24),
    ("google.golang.org/grpc", "1.77.0", None, "google.golang.org/grpc/internal/transport.Stream.method", 16),
    # Holds crypto/tls.ConnectionState by value, which grew.
    ("google.golang.org/grpc", "1.60.1", "1.21.13", "google.golang.org/grpc/credentials.TLSInfo.CommonAuthInfo", 176),
    ("google.golang.org/grpc", "1.60.1", "1.26.8", "google.golang.org/grpc/credentials.TLSInfo.CommonAuthInfo", 192),
]
SIZES = [
    ("std", "1.25.14", None, "net/url.URL", 144), ("std", "1.26.0", None, "net/url.URL", 144),
    ("google.golang.org/grpc", "1.60.1", "1.21.13", "google.golang.org/grpc/credentials.TLSInfo", 192),
    ("google.golang.org/grpc", "1.60.1", "1.26.8", "google.golang.org/grpc/credentials.TLSInfo", 208),
    # Other source files from Go 1.27 on: struct{}.
    ("golang.org/x/net", "0.55.0", "1.27.4", "golang.org/x/net/http2.serverConn", 0),
]
# (module, version, symbol): the release does not have it; the neighbouring release has.
ABSENT = [
    ("std", "1.22.12", "net/http.Request.Pattern"), ("std", "1.24.0", "runtime.hmap.count"),
    ("std", "1.27.0", "net/http.http2serverConn.conn"), ("std", "1.26.11", "net/http/internal/http2.serverConn.conn"),
    ("google.golang.org/grpc", "1.69.0", "google.golang.org/grpc/internal/transport.Stream.st"),
]
PRESENT = [
    ("std", "1.23.0", "net/http.Request.Pattern"), ("std", "1.23.12", "runtime.hmap.count"),
    ("std", "1.24.0", "internal/runtime/maps.Map"), ("std", "1.26.11", "net/http.http2serverConn.conn"),
    ("std", "1.27.0", "net/http/internal/http2.serverConn.conn"),
    ("google.golang.org/grpc", "1.68.0", "google.golang.org/grpc/internal/transport.Stream.st"),
]

# Third-party layouts that the compiler confirms: (module, version, Go release, {package: [types]}).
THIRD_PARTY = [
    ("google.golang.org/grpc", "1.60.1", "1.21.13", {"internal/transport": ["Stream", "http2Client", "http2Server"],
                                                     "credentials": ["TLSInfo"], "": ["Server", "ClientConn"]}),
    ("google.golang.org/grpc", "1.60.1", "1.27.4", {"internal/transport": ["Stream", "http2Client", "http2Server"],
                                                    "credentials": ["TLSInfo"], "": ["Server", "ClientConn"]}),
    ("google.golang.org/grpc", "1.14.0", "1.26.11", {"internal/transport": ["Stream", "http2Server"]}),
    ("google.golang.org/grpc", "1.77.0", "1.27.4", {"internal/transport": ["Stream", "ServerStream"], "": ["Server"]}),
    ("golang.org/x/net", "0.55.0", "1.26.11", {"http2": ["serverConn", "Framer", "MetaHeadersFrame"]}),
    ("google.golang.org/genproto/googleapis/rpc", "0.0.0-20261019180522-ce908d29299b", "1.27.4", {"status": ["Status"]}),
    ("google.golang.org/protobuf", "1.36.0", "1.27.4", {"internal/impl": ["MessageInfo"]}),
]


class ReleasedData(harness.ToolTest):
    fixtures = ()

    def ask(self, module, version, symbol, arch="amd64", go=None):
        command = [harness.tool("GOOFFSETS"), "lookup", "--module", module, "--version", version, "--arch", arch, "--format",
                   "json", symbol, *(["--go", go] if go else [])]
        run = harness.run_tool(command, self.environment(), self.directory, limit=60)
        self.assertIn(run.returncode, (0, 1, 6), str(run))
        answer = json.loads(run.stdout)
        if answer["status"] == "unknown" and answer["reason"].startswith("never built"):
            harness.left_out(f"released data: {module} {version} {arch} has not been built yet")
            self.skipTest("not built yet")
        return answer

    def test_offsets_that_move(self):
        for module, version, go, symbol, offset in OFFSETS:
            for arch in ("amd64", "arm64"):
                with self.subTest(version=version, symbol=symbol, go=go, arch=arch):
                    answer = self.ask(module, version, symbol, arch, go)
                    self.assertEqual((answer["status"], answer.get("offset")), ("found", offset), answer)

    def test_sizes(self):
        for module, version, go, symbol, size in SIZES:
            for arch in ("amd64", "arm64"):
                with self.subTest(version=version, symbol=symbol, go=go, arch=arch):
                    answer = self.ask(module, version, symbol, arch, go)
                    self.assertEqual((answer["status"], answer.get("size")), ("found", size), answer)

    def test_without_a_go_release_the_answer_is_ambiguous_where_it_matters(self):
        """It lies behind a crypto/tls.ConnectionState, whose sizes the compilers print as 176, 192 and 216."""
        module, version, symbol = "google.golang.org/grpc", "1.60.1", "google.golang.org/grpc/credentials.TLSInfo.CommonAuthInfo"
        by_go = {"1.21.13": 176, "1.26.8": 192, "1.27.4": 216}
        for arch in ("amd64", "arm64"):
            with self.subTest(arch=arch):
                answer = self.ask(module, version, symbol, arch)
                self.assertEqual(answer["status"], "ambiguous", answer)
                # Each Go release is in one answer, each answer is another offset, ascending by Go release.
                seen = [(go, a["offset"]) for a in answer["answers"] for go in a["go"]]
                self.assertEqual(set(by_go.values()), {offset for _, offset in seen}, answer)
                self.assertLessEqual({("1.27.4", 216)}, set(seen), answer)
                self.assertEqual(len(seen), len(dict(seen)), answer)
                offsets = [a["offset"] for a in answer["answers"]]
                self.assertEqual(offsets, sorted(set(offsets)), answer)
                self.assertNotIn("offset", answer)  # nothing that a reader could take for the answer

                run = harness.run_tool([harness.tool("GOOFFSETS"), "lookup", "--module", module, "--version", version, "--arch",
                                        arch, symbol], self.environment(), self.directory, limit=60)
                self.assertEqual(run.returncode, harness.NEGATIVE, str(run))
                lines = run.stdout.splitlines()
                self.assertEqual(lines[0], f"ambiguous: {symbol}  ({module} {version}, {arch})")
                self.assertEqual(lines[-1], "name the Go release of the program with --go")
                for go, offset in seen:
                    at = next((i for i, line in enumerate(lines) if line.startswith("with Go ") and go in line), None)
                    self.assertIsNotNone(at, str(run))
                    self.assertTrue(lines[at + 1].startswith(f"offset {offset} ({offset:#x}), size 8, "), str(run))

    def test_symbols_that_come_and_go(self):
        for module, version, symbol in ABSENT:
            with self.subTest(version=version, symbol=symbol):
                answer = self.ask(module, version, symbol)
                self.assertEqual(answer["status"], "absent", answer)
                self.assertTrue(answer["evidence"], answer)
        for module, version, symbol in PRESENT:
            with self.subTest(version=version, symbol=symbol):
                self.assertEqual(self.ask(module, version, symbol)["status"], "found")

    def test_third_party_layouts_compile(self):
        arches = ("amd64", "arm64")
        for index, (module, version, release, packages) in enumerate(THIRD_PARTY):
            for arch in arches if harness.WHOLE_MATRIX else [arches[index % 2]]:
                with self.subTest(module=module, version=version, go=release, arch=arch):
                    self.check_module(module, version, release, packages, arch)
        if not harness.WHOLE_MATRIX:
            harness.left_out(f"third-party layouts against the compiler: {len(THIRD_PARTY)} of {len(THIRD_PARTY) * 2} cases")

    def check_module(self, module, version, release, packages, arch):
        toolchain = harness.toolchain(release)
        done = toolchain.run(["mod", "download", "-json", f"{module}@v{version}"], cwd=self.directory)
        copy = self.directory / "copy"
        if copy.exists():
            harness.remove_tree(copy)
        shutil.copytree(json.loads(done.stdout)["Dir"], copy)
        for path in [copy, *copy.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)
        if not (copy / "go.mod").exists():  # a release from before modules
            (copy / "go.mod").write_text(f"module {module}\n")
        compared = 0
        for relative, names in packages.items():
            values = {}
            for name in names:
                symbol = f"{module}/{relative}.{name}" if relative else f"{module}.{name}"
                answer = self.ask(module, version, symbol, arch, release)
                self.assertEqual((answer["status"], answer.get("kind")), ("found", "struct"), answer)
                values[name] = answer["size"]
                values.update({f"{name}.{f['name']}": f["offset"] for f in answer["fields"] if f["name"] != "_"})
            directory = copy / relative
            (directory / "zz_assert.go").write_text(truth.assertions(truth.package_name(directory), values))
            complaints = truth.failing_assertions(toolchain, copy, f"./{relative}", arch)
            self.assertEqual(complaints, "", f"{module}@{version} {relative} Go {release} {arch}")
            compared += len(values)
        self.assertGreater(compared, 0)
        print(f"{module} {version} go{release} {arch}: {compared} offsets and sizes confirmed by the compiler", flush=True)


if __name__ == "__main__":
    harness.main()
