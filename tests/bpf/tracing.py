"""What the tracer's tests share: fixtures built with a Go release, a running gotrace, spans and the programs' own words.

Needs root and a kernel that runs uprobe programs; elsewhere the tests are skipped, counted and say why.
"""

import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import harness

FIXTURES = harness.SOURCE_DIR / "tests" / "fixtures" / "trace"
LIMIT = 60  # seconds that any step may take


class Case(unittest.TestCase):
    """A test that traces: a directory of its own, and a skip that says why where nothing can be traced."""

    def setUp(self):
        if reason := why_not():
            harness.skip(self, reason)
        directory = tempfile.TemporaryDirectory(prefix="gotrace-test-")
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)


def why_not():
    """None where tracing can be tested."""
    if os.geteuid() != 0:
        return "tracing needs root"
    if not os.path.exists("/sys/bus/event_source/devices/uprobe/type"):
        return "this kernel has no uprobes"
    return None


def database():
    """The released one of the build tree, or what GOTRACE_TEST_DB names."""
    return os.environ.get("GOTRACE_TEST_DB") or str(harness.BUILD_DIR / "share" / "gooffsets" / "offsets.db")


def built(name, version, flags=(), mode="exe", requires=(), shares=(), tags=(), goarch="amd64"):
    """The fixture's executable, built once for each release and way of linking; `shares` names files of other fixtures."""
    source = FIXTURES / name
    key = harness.digest_of(*sorted(p for p in source.rglob("*") if p.is_file()), *(FIXTURES / s for s in shares))[:16]
    key += "".join("-" + module.rsplit("@", 1)[1] for module in requires)
    key += "".join("-" + tag for tag in tags) + ("" if goarch == "amd64" else "-" + goarch)
    folder = harness.cache_root() / "trace"
    folder.mkdir(exist_ok=True)
    target = folder / f"{name}-{version}-{mode}-{'stripped' if '-s' in flags else 'full'}-{key}"
    if not target.exists():
        with_module = folder / f".src-{name}-{version}-{mode}-{os.getpid()}"
        shutil.copytree(source, with_module)
        for shared in shares:
            shutil.copy(FIXTURES / shared, with_module)
        fresh = f"{target}.{os.getpid()}"
        # The language version decides how net/http's mux works (GODEBUG httpmuxgo121), so it is that of the release.
        module = with_module / "go.mod"
        release = ".".join(version.split(".")[:2])
        module.write_text(re.sub(r"(?m)^go .*$", f"go {release}", module.read_text()))
        try:
            if requires:
                harness.toolchain(version).run(["get", *requires], with_module)
            harness.toolchain(version).run(["build", f"-buildmode={mode}", "-tags=" + ",".join(tags), "-ldflags=" + " ".join(flags),
                                            "-o", fresh, "."], with_module, goarch=goarch)
            os.rename(fresh, target)
        finally:
            shutil.rmtree(with_module)
    return target


class Lines:
    """The lines of a pipe, as they come."""

    def __init__(self, stream):
        self.lines = queue.Queue()
        self.all = []
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        for line in stream:
            self.lines.put(line)
        self.lines.put(None)

    def everything(self):
        """What was taken, and what is still waiting."""
        return self.all + [line for line in list(self.lines.queue) if line is not None]

    def until(self, wanted, limit=LIMIT):
        """The lines up to the first that `wanted` likes, with it."""
        taken = []
        end = time.monotonic() + limit
        while True:
            line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            if line is None:
                raise AssertionError("ended before the line that is waited for: " + "".join(taken[-20:]))
            taken.append(line)
            self.all.append(line)
            if wanted(line):
                return taken


class Target:
    """A running fixture."""

    def __init__(self, path, *arguments, user=None, env=None):
        self.process = subprocess.Popen([str(path), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, user=user, group=user, env=env)
        self.output = Lines(self.process.stdout)
        self.ready = json.loads(self.output.until(lambda line: '"ready"' in line)[-1])

    def work(self, command):
        """Sends one line of work and returns what the program logged of it."""
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        lines = self.output.until(lambda line: '"side":"done"' in line)
        return [json.loads(line) for line in lines[:-1]]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.output.thread.join()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()


class Tracer:
    """A running gotrace; its spans come as JSON lines in a file."""

    def __init__(self, directory, *arguments, env=None):
        self.path = pathlib.Path(directory) / f"spans-{time.monotonic_ns()}.jsonl"
        command = [harness.tool("GOTRACE"), "--format", "none", "--file", str(self.path), *map(str, arguments)]
        if "--db" not in arguments and "--no-db" not in arguments:
            command += ["--db", database()]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                                        env=env or harness.clean_environment())
        self.messages = Lines(self.process.stderr)
        self.messages.until(lambda line: "gotrace: tracing " in line)

    def stop(self):
        """The spans, all of them: gotrace exports what it has before it ends."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=LIMIT)
        return self.spans()

    def spans(self):
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.messages.thread.join()
        self.process.stderr.close()


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    """The status of one request, on a connection of its own."""
    try:
        with urllib.request.urlopen(url, timeout=LIMIT) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def metrics_of(address):
    """Prometheus' text format, version 0.0.4: {(name, labels): value}"""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=LIMIT) as answer:
        text = answer.read().decode()
    found, typed = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif line and not line.startswith("#"):
            name, labels, value = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line).groups()
            assert name in typed or re.sub("_(bucket|sum|count)$", "", name) in typed, line
            found[name, labels or ""] = float(value)
    return found


def until(holds, what):
    end = time.monotonic() + LIMIT
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen")
        time.sleep(0.05)
