"""The debug file of a stripped program, fetched from a debuginfod server where the user asks for it, and never otherwise.

The server is elfutils' own (Debian's `debuginfod`), on this machine; what it serves is what objcopy took out of the program.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import harness
import twins

SOURCE = harness.SOURCE_DIR / "tests/fixtures/real/hello"
WANTS = '[probe.a]\nattach = ["main.main"]\nneed = ["runtime.g.goid"]\nwant = ["runtime.m.g0", "runtime.mheap_.pages"]\n'


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Debuginfod(harness.ToolTest):
    fixtures = set()

    def setUp(self):
        super().setUp()
        for tool in ("debuginfod", "objcopy", "strip"):
            if not shutil.which(tool):
                harness.skip(self, f"there is no {tool} here")
        self.plain, self.program = self.directory / "plain", self.directory / "program"
        harness.toolchain(harness.GO).run(["build", "-trimpath", "-o", str(self.plain), "."], cwd=SOURCE, GOFLAGS="")
        self.served = self.directory / "served"
        self.served.mkdir()
        self.call("objcopy", "--only-keep-debug", self.plain, self.served / "program.debug")
        self.call("strip", "--strip-all", "-o", self.program, self.plain)
        (self.directory / "wants.toml").write_text(WANTS)
        self.build_id = json.loads(self.gooffsets("inspect", self.program, "--format", "json").stdout)["gnu_build_id"]
        self.assertRegex(self.build_id, r"^[0-9a-f]{40}$")

    def call(self, *command):
        subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=120)

    def gooffsets(self, *arguments, **extra):
        environment = harness.clean_environment(DEBUGINFOD_CACHE_PATH=str(self.directory / "fetched"), **extra)
        if "DEBUGINFOD_URLS" not in extra:
            environment.pop("DEBUGINFOD_URLS", None)
        return harness.run_tool([harness.tool("GOOFFSETS"), *map(str, arguments)], environment, self.directory, limit=120)

    def resolve(self, *more, **extra):
        return self.gooffsets("resolve", self.program, "--no-db", "--want", "wants.toml", "--format", "json", *more, **extra)

    def serve(self, directory):
        """The server's address, once it has the file (or has looked for it)."""
        port = free_port()
        log = open(self.directory / "debuginfod.log", "wb")
        self.addCleanup(log.close)
        process = subprocess.Popen(["debuginfod", "-F", "-d", ":memory:", "-p", str(port), str(directory)], stdout=log, stderr=log,
                                   env={**os.environ, "DEBUGINFOD_URLS": ""})
        self.addCleanup(process.wait, 60)
        self.addCleanup(process.kill)
        address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while time.monotonic() < deadline:
            self.assertIsNone(process.poll(), (self.directory / "debuginfod.log").read_text())
            try:
                with urllib.request.urlopen(f"{address}/metrics", timeout=5) as reply:
                    metrics = reply.read().decode()
                # All that was there at its start was scanned.
                if 'thread_work_total{role="traverse"}' in metrics and 'thread_busy{role="scan"} 0' in metrics:
                    return address
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.1)  # it has no way of telling: its counters are asked for
        self.fail("debuginfod did not scan its directory within a minute: " + (self.directory / "debuginfod.log").read_text())

    def test_the_debug_file_is_fetched_where_it_is_asked_for(self):
        truth = twins.structs_of(self.plain)
        address = self.serve(self.served)
        run = self.resolve("--debuginfod", DEBUGINFOD_URLS=address)
        self.assertEqual(run.returncode, harness.PARTIAL, str(run))  # mheap_ is a variable
        wants = {want["as"]: want for want in json.loads(run.stdout)["probes"][0]["wants"]}
        for symbol in ("runtime.g.goid", "runtime.m.g0"):
            struct, _, field = symbol.rpartition(".")
            offset = next(f[1] for f in truth[struct][1] if f[0] == field)
            self.assertEqual((wants[symbol]["offset"], wants[symbol]["how"]), (offset, "DWARF"), symbol)
        self.assertTrue(list((self.directory / "fetched").rglob("debuginfo")), "nothing was fetched")

    def test_nothing_is_fetched_without_being_asked_for(self):
        address = self.serve(self.served)
        run = self.resolve(DEBUGINFOD_URLS=address)
        self.assertIn(run.returncode, (harness.DONE, harness.PARTIAL), str(run))
        self.assertNotIn('"DWARF"', run.stdout)
        self.assertFalse((self.directory / "fetched").exists())

    def test_what_goes_wrong_is_said_with_advice(self):
        empty = self.directory / "empty"
        empty.mkdir()
        self.assert_refused(self.resolve("--debuginfod"), harness.USAGE, "no server is named")
        nobody = f"http://127.0.0.1:{free_port()}"
        self.assert_refused(self.resolve("--debuginfod", DEBUGINFOD_URLS=nobody), harness.ENVIRONMENT, self.build_id)
        # Last: that a server does not have it is remembered by debuginfod's client.
        self.assert_refused(self.resolve("--debuginfod", DEBUGINFOD_URLS=self.serve(empty)), harness.BAD_INPUT, self.build_id)

    def assert_refused(self, run, code, *words):
        self.assertEqual((run.returncode, run.stdout), (code, ""), str(run))
        self.assertRegex(run.stderr, r"^gooffsets: error: [^\n]+\ngooffsets: try: [^\n]+\n\Z")
        self.assert_says(run, *words)


if __name__ == "__main__":
    harness.main()
