"""The released database against the Go compiler, for the standard library.

Two ways per Go release: constant assertions, put into the measured package through an overlay, which compile only if
every stored offset is right (both architectures, nothing is run); and, on amd64, a program that prints reflect's view of
the exported types.
"""

import json
import subprocess

import harness
import truth

RELEASES = ["1.17.13", "1.19.13", "1.22.12", "1.24.13", "1.25.14", "1.26.10", "1.26.11", "1.27.4"]
ARCHES = ["amd64", "arm64"]

# Structs that tracers read, exported or not, and structs that others often hold by value. "since"/"until": Go minors.
STRUCTS = {
    "net/http": ["Request", "Response", "Server", "Transport", "Cookie", "response", "conn", "persistConn", "timeoutWriter"],
    "net/url": ["URL"],
    "runtime": ["g", "m", "p", "stack", "moduledata", "sudog", "hchan", "itab"],
    "crypto/tls": ["ConnectionState", "Conn", "Config"],
    "database/sql": ["DB", "Tx", "Stmt", "Rows"],
    "sync": ["Mutex", "WaitGroup", "Once", "Pool"],
    "time": ["Time", "Timer", "Ticker"],
    "net": ["Dialer", "TCPAddr", "netFD"],
    "bufio": ["Reader", "Writer"],
    "log": ["Logger"],
    "os": ["file"],
    "context": ["cancelCtx", "valueCtx", "timerCtx"],
    "text/template": ["Template"],
    "encoding/json": ["Decoder", "encodeState"],
}
# What a program outside the package can name: reflect prints all their fields, the unexported ones too.
EXPORTED = {path: [name for name in names if name[0].isupper()] for path, names in STRUCTS.items()}

REFLECT_MAIN = '''package main

import (
	"encoding/json"
	"fmt"
	"reflect"

{imports})

type field struct {{
	Name         string
	Offset, Size uintptr
	Embedded     bool
}}

func main() {{
	for name, t := range map[string]reflect.Type{{
{entries}	}} {{
		fields := []field{{}}
		for i := 0; i < t.NumField(); i++ {{
			f := t.Field(i)
			fields = append(fields, field{{f.Name, f.Offset, f.Type.Size(), f.Anonymous}})
		}}
		b, err := json.Marshal(map[string]interface{{}}{{"Name": name, "Size": t.Size(), "Align": t.Align(), "Fields": fields}})
		if err != nil {{
			panic(err)
		}}
		fmt.Println(string(b))
	}}
}}
'''


def cases():
    """(release, architecture) pairs: each release once, the architectures in turn; or all."""
    if harness.WHOLE_MATRIX:
        return [(release, arch) for release in RELEASES for arch in ARCHES]
    chosen = [(release, ARCHES[index % 2]) for index, release in enumerate(RELEASES)]
    harness.left_out(f"standard library against the compiler: {len(RELEASES) * 2 - len(chosen)} of "
                     f"{len(RELEASES) * 2} pairs of Go release and architecture")
    return chosen


class StdTruth(harness.ToolTest):
    fixtures = ()

    def released(self, release, symbol, arch, exits=harness.DONE):
        """The answer of the database that the build made from the released data."""
        command = [harness.tool("GOOFFSETS"), "lookup", "--module", "std", "--version", release, "--arch", arch, "--format",
                   "json", symbol]
        run = harness.run_tool(command, self.environment(), self.directory, limit=60)
        if exits is not None:
            self.assertEqual(run.returncode, exits, str(run))
        return json.loads(run.stdout)

    def is_released(self, release, arch):
        answer = self.released(release, "net/http.Request", arch, exits=None)
        if answer["status"] == "unknown" and answer["reason"].startswith("never built"):
            harness.left_out(f"released data: std {release} {arch} has not been built yet")
            return False
        return True

    def test_every_stored_offset_compiles(self):
        for release, arch in cases():
            if not self.is_released(release, arch):
                continue
            toolchain = harness.toolchain(release)
            compared = 0
            for path, names in STRUCTS.items():
                with self.subTest(go=release, arch=arch, package=path):
                    compared += self.check_package(toolchain, release, arch, path, names)
            self.assertGreater(compared, 400, f"{release} {arch}: hardly anything was compared")
            print(f"go{release} {arch}: {compared} offsets and sizes confirmed by the compiler", flush=True)

    def check_package(self, toolchain, release, arch, path, names):
        directory = toolchain.goroot / "src" / path
        values = {}
        for name in names:
            answer = self.released(release, f"{path}.{name}", arch, exits=None)
            if answer["status"] == "absent":
                # Then the package's sources must not declare it.
                declared = subprocess.run(["grep", "-rhE", rf"^type {name} struct|^\t{name} struct", "--include=*.go",
                                           "--exclude=*_test.go", "--exclude-dir=*", "."], cwd=directory, capture_output=True)
                self.assertEqual(declared.returncode, 1, f"{path}.{name} is declared in Go {release}: {answer}")
                continue
            self.assertEqual((answer["status"], answer.get("kind")), ("found", "struct"), answer)
            values[name] = answer["size"]
            values.update({f"{name}.{f['name']}": f["offset"] for f in answer["fields"] if f["name"] != "_"})
        self.assertTrue(values, f"no struct of {path} in Go {release}")
        source = self.directory / "zz_assert.go"
        overlay = self.directory / "overlay.json"
        source.write_text(truth.assertions(truth.package_name(directory), values))
        overlay.write_text(json.dumps({"Replace": {str(directory / "zz_assert.go"): str(source)}}))
        done = toolchain.run(["build", "-gcflags=-e", "-overlay", str(overlay), path], cwd=self.directory, goarch=arch,
                             check=False, GOFLAGS="", GO111MODULE="off")
        self.assertEqual(done.returncode, 0, f"Go {release} {arch} {path}: {done.stdout}{done.stderr}")
        return len(values)

    def test_the_assertions_can_fail(self):
        release = RELEASES[-1]
        toolchain = harness.toolchain(release)
        directory = toolchain.goroot / "src" / "net/url"
        source, overlay = self.directory / "zz_assert.go", self.directory / "overlay.json"
        source.write_text(truth.assertions("url", {"URL.RawQuery": 1}))
        overlay.write_text(json.dumps({"Replace": {str(directory / "zz_assert.go"): str(source)}}))
        done = toolchain.run(["build", "-gcflags=-e", "-overlay", str(overlay), "net/url"], cwd=self.directory, check=False,
                             GOFLAGS="", GO111MODULE="off")
        self.assertIn("overflows", done.stdout + done.stderr)

    def test_reflect_prints_the_same_fields_on_amd64(self):
        releases = RELEASES if harness.WHOLE_MATRIX else [RELEASES[0], RELEASES[3], RELEASES[-1]]
        if not harness.WHOLE_MATRIX:
            harness.left_out(f"reflect's view of the standard library with {len(RELEASES) - len(releases)} of "
                             f"{len(RELEASES)} Go releases")
        for release in releases:
            if not self.is_released(release, "amd64"):
                continue
            for name, size, align, fields in self.reflect(harness.toolchain(release)):
                with self.subTest(go=release, struct=name):
                    answer = self.released(release, name, "amd64")
                    self.assertEqual((answer["size"], answer["align"]), (size, align), name)
                    self.assertEqual([(f["name"], f["offset"], f["size"], f["embedded"]) for f in answer["fields"]],
                                     [(f["Name"], f["Offset"], f["Size"], f["Embedded"]) for f in fields], name)

    def reflect(self, toolchain):
        directory = self.directory / f"reflect-{toolchain.version}"
        directory.mkdir()
        (directory / "go.mod").write_text("module reflected\n\ngo 1.17\n")
        imports, entries = "", ""
        for index, (path, names) in enumerate(EXPORTED.items()):
            if names:
                imports += f'\tp{index} "{path}"\n'
                entries += "".join(f'\t\t"{path}.{n}": reflect.TypeOf((*p{index}.{n})(nil)).Elem(),\n' for n in names)
        (directory / "main.go").write_text(REFLECT_MAIN.format(imports=imports, entries=entries))
        for line in toolchain.run(["run", "."], cwd=directory).stdout.splitlines():
            entry = json.loads(line)
            yield entry["Name"], entry["Size"], entry["Align"], entry["Fields"]


if __name__ == "__main__":
    harness.main()
