"""The examples build against an installed gooffsets, and nothing else of this tree, and answer what the compiler says."""

import os
import subprocess

import harness
import twins

EXAMPLES = harness.SOURCE_DIR / "examples"


class Examples(harness.ToolTest):
    fixtures = set()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = harness.BUILD_DIR / "example-prefix"
        subprocess.run(["cmake", "--install", str(harness.BUILD_DIR), "--prefix", str(cls.prefix)], check=True,
                       stdout=subprocess.DEVNULL, timeout=120)
        cls.library = next(path.parent for path in cls.prefix.rglob("libgooffsets.so"))
        cls.database = cls.prefix / "share" / "gooffsets" / "offsets.db"
        cls.twin = twins.build("1.26.11", "amd64", "sw")
        cls.truth = {f"{name}.{field[0]}": field[1] for name, (_, fields) in twins.structs_of(cls.twin.plain).items()
                     for field in fields}

    def run_agent(self, command, cwd=None, **extra):
        run = harness.run_tool([*map(str, command), str(self.twin.stripped), str(EXAMPLES / "wants.toml"), str(self.database)],
                               {**os.environ, **extra}, cwd or self.directory)
        self.assertEqual(run.returncode, harness.DONE, str(run))
        return run.stdout

    def test_cpp(self):
        build = self.directory / "agent"
        for command in (["cmake", "-S", EXAMPLES / "cpp", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}"],
                        ["cmake", "--build", build]):
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        out = self.run_agent([build / "agent"])
        self.assertIn("http_server usable\n", out)
        for symbol in ("net/http.Request.URL", "net/url.URL.Path"):
            self.assertIn(f"field {symbol} {self.truth[symbol]} (self)\n", out)
        self.assertIn(f"field status {self.truth['net/http.response.status']} (self)\n", out)
        # The receiver is 0: serverHandler holds one pointer, so rw begins in RBX (src: abi-internal.md).
        self.assertIn("argument rw in RBX\n", out)

    def test_go(self):
        toolchain = harness.toolchain(harness.GO)
        environment = toolchain.environment(CGO_ENABLED="1", GOFLAGS="", PKG_CONFIG_PATH=str(self.library / "pkgconfig"),
                                            LD_LIBRARY_PATH=str(self.library))
        agent = self.directory / "agent"
        done = subprocess.run([str(toolchain.goroot / "bin" / "go"), "build", "-o", str(agent), "."], cwd=EXAMPLES / "go",
                              env=environment, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        out = self.run_agent([agent], LD_LIBRARY_PATH=str(self.library))
        self.assertIn("http_server usable: true\n", out)
        self.assertIn(f"field status {self.truth['net/http.response.status']}\n", out)

    def test_python(self):
        out = self.run_agent(["python3", EXAMPLES / "python" / "agent.py"], LD_LIBRARY_PATH=str(self.library))
        self.assertIn("Go 1.26.11\n", out)
        self.assertIn(f"net/http.Request.URL {self.truth['net/http.Request.URL']}\n", out)
        self.assertIn("http_server usable\n", out)


if __name__ == "__main__":
    harness.main()
