"""What the end-to-end tests share: running the tools, Go toolchains, caches, reading answers.

Paths of the executables come from the environment variables OFFSETGEN and GOOFFSETS (set by ctest). Toolchains are
brought by the go command through the user's own configuration, once, into $XDG_CACHE_HOME/gooffsets/tests.
"""

import fcntl
import functools
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

import goproxy

SOURCE_DIR = pathlib.Path(os.environ.get("GOOFFSETS_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BUILD_DIR = pathlib.Path(os.environ.get("GOOFFSETS_BUILD_DIR", SOURCE_DIR / "build" / "dev"))
WHOLE_MATRIX = os.environ.get("GOOFFSETS_TEST_ALL") == "1"

# Exit codes (docs/exit-codes.md).
DONE, NEGATIVE, USAGE, BAD_INPUT, ENVIRONMENT, PARTIAL, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130

# The Go release that single-release tests use: the newest, which offsetgen also builds its own helper with.
GO = "1.27.4"
RUN_LIMIT = 900  # seconds; a tool that hangs is a failure, not a stuck test run


def cache_root():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    root = pathlib.Path(base) / "gooffsets" / "tests"
    root.mkdir(parents=True, exist_ok=True)
    return root


def left_out(what):
    """Says what the covering subset does not run; scripts/test collects these lines."""
    print(f"\nleft out: {what}", flush=True)  # unittest has begun a line


def skip(test, reason):
    print(f"\nskipped: {test.id()}: {reason}", flush=True)
    test.skipTest(reason)


def clean_environment(**extra):
    """The environment of the user, less what would change how Go builds; extra on top."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("GOOFFSETS_") and k not in ("GOFLAGS", "GOARCH", "GOOS", "GOEXPERIMENT", "GOTOOLCHAIN")}
    env.update({k: v for k, v in extra.items() if v is not None})
    return env


@functools.lru_cache(maxsize=None)
def go_env(name):
    return subprocess.run(["go", "env", name], check=True, capture_output=True, text=True, timeout=60,
                          cwd="/").stdout.strip()


def tool(variable):
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        raise AssertionError(f"{variable} must name the built executable: run through ctest, or set it")
    return path


class Toolchain:
    """One Go release, cross-compiling; brought on first use."""

    def __init__(self, version):
        self.version = version
        with open(cache_root() / f"toolchain-{version}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in parallel
            self.goroot = self._bring()

    def _bring(self):
        directory = cache_root() / "mod" / "golang.org" / f"toolchain@v0.0.1-go{self.version}.linux-amd64"
        marker = directory.parent / f".{directory.name}.ready"
        if not marker.exists():
            env = clean_environment(GOMODCACHE=str(cache_root() / "mod"), GOFLAGS="-mod=mod", GOTOOLCHAIN="local",
                                    GO111MODULE="on")
            module = f"golang.org/toolchain@v0.0.1-go{self.version}.linux-amd64"
            done = subprocess.run(["go", "mod", "download", "-json", module], env=env, cwd="/tmp", timeout=600,
                                  capture_output=True, text=True)
            if done.returncode != 0:
                raise AssertionError(f"Go {self.version} cannot be brought through this machine's Go configuration "
                                     f"(GOPROXY={go_env('GOPROXY')}): {done.stdout}{done.stderr}")
            for path in [*directory.glob("bin/*"), *directory.glob("pkg/tool/*/*")]:
                path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            marker.touch()
        return directory

    def environment(self, goarch="amd64", **extra):
        settings = {"GOROOT": str(self.goroot), "GOARCH": goarch, "GOOS": "linux", "CGO_ENABLED": "0",
                    "GOTOOLCHAIN": "local", "GOWORK": "off",
                    # Flags in the user's own settings file may be unknown to old releases; the proxy in it still counts.
                    "GOENV": "off", **{name: go_env(name) for name in ("GOPROXY", "GOSUMDB", "GONOSUMDB")}, "GOCACHE": str(cache_root() / "gocache"),
                    # Not the module cache that holds the toolchains: -overlay refuses to touch files below it.
                    "GOMODCACHE": str(cache_root() / "truth-mod"), "GOFLAGS": "-mod=mod -modcacherw"}
        settings.update(extra)
        return clean_environment(**settings)

    def run(self, arguments, cwd, goarch="amd64", check=True, **extra):
        done = subprocess.run([str(self.goroot / "bin" / "go"), *arguments], cwd=cwd, timeout=RUN_LIMIT,
                              env=self.environment(goarch, **extra), capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"go {' '.join(arguments)} (Go {self.version}, {goarch}): {done.stdout}{done.stderr}")
        return done


@functools.lru_cache(maxsize=None)
def toolchain(version):
    return Toolchain(version)


class Run:
    """A finished run of a tool."""

    def __init__(self, command, returncode, stdout, stderr):
        self.command, self.returncode, self.stdout, self.stderr = command, returncode, stdout, stderr

    @property
    def output(self):
        return self.stdout + self.stderr

    def __str__(self):
        return (f"$ {' '.join(map(str, self.command))}\nexit status {self.returncode}\n--- stdout\n"
                f"{self.stdout[-4000:]}\n--- stderr\n{self.stderr[-4000:]}")


def run_tool(command, env, cwd, limit=RUN_LIMIT):
    process = subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True)
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError("still running after %d s: %s" % (limit, Run(command, "none", out, err)))
    return Run(command, process.returncode, out, err)


class ToolTest(unittest.TestCase):
    """Base of the tests: a directory of its own, a local proxy, the tools."""

    fixtures = None  # names of the fixture modules to publish; None: all

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gooffsets-e2e-"))
        self.addCleanup(remove_tree, self.directory)
        self.proxy = goproxy.Proxy(self.directory / "proxy", self.fixtures)
        self.db = self.directory / "offsets.db"
        self.cache = self.new_cache("cache")
        self.goproxy = f"{self.proxy.url},{go_env('GOPROXY')}"

    def new_cache(self, name):
        """A cache directory of the test's own, so that no module, record or log of another test can answer. Toolchains,
        Go's build caches and the helper are the same for all and shared: making them again would take most of the time."""
        cache = self.directory / name
        cache.mkdir()
        for unit in ("toolchains", "gocache", "gocache-bootstrap", "helper"):
            shared = cache_root() / "offsetgen" / unit
            shared.mkdir(parents=True, exist_ok=True)
            (cache / unit).symlink_to(shared)
        return cache

    def environment(self, **extra):
        # The checksum database knows no fixture; it still vouches for the toolchains.
        settings = {"GOPROXY": self.goproxy, "GONOSUMDB": goproxy.DOMAIN, "XDG_DATA_HOME": str(self.directory / "data")}
        settings.update(extra)
        return clean_environment(**settings)

    def offsetgen(self, *arguments, exits=DONE, env=None, cwd=None, db=True, cache=True):
        command = [tool("OFFSETGEN"), *map(str, arguments)]
        if db:
            command += ["--db", str(self.db)]
        if cache:
            command += ["--cache-dir", str(self.cache)]
        run = run_tool(command, env or self.environment(), cwd or self.directory)
        if exits is not None:
            self.assertEqual(run.returncode, exits, str(run))
        return run

    def truth_environment(self):
        """For the compiler-truth programs of fixtures: as above, with a module cache of the test's own."""
        return {"GOPROXY": self.proxy.url, "GONOSUMDB": goproxy.DOMAIN, "GOMODCACHE": str(self.directory / "truth-mod")}

    def generate(self, name, versions, *more, go=GO, arch="amd64", **options):
        """offsetgen for one fixture module."""
        return self.offsetgen("--module", self.proxy.module(name), "--versions", versions, "--arch", arch, "--go", go,
                              *more, **options)

    def lookup(self, module, version, symbol, arch="amd64", go=None, exits=DONE, db=None, more=()):
        """The JSON answer of gooffsets lookup."""
        command = [tool("GOOFFSETS"), "lookup", "--db", str(db or self.db), "--module", module, "--version", version,
                   "--arch", arch, "--format", "json", *more]
        if go:
            command += ["--go", go]
        run = run_tool([*command, symbol], clean_environment(), self.directory, limit=60)
        if exits is not None:
            self.assertEqual(run.returncode, exits, str(run))
        try:
            return json.loads(run.stdout)
        except ValueError:
            raise AssertionError(f"no JSON object: {run}") from None

    def offset(self, module, version, symbol, **options):
        answer = self.lookup(module, version, symbol, **options)
        self.assertEqual(answer["status"], "found", answer)
        return answer["offset"]

    def export(self, db=None):
        """The canonical JSON export, as bytes."""
        target = self.directory / f"export-{secrets.token_hex(4)}.json"
        run = run_tool([tool("OFFSETGEN"), "export", "--db", str(db or self.db), str(target)],
                       self.environment(), self.directory)
        self.assertEqual(run.returncode, DONE, str(run))
        return target.read_bytes()

    def assert_says(self, run, *words):
        """The run's one message names all the words (upper and lower case alike)."""
        text = run.output.lower()
        for word in words:
            self.assertIn(word.lower(), text, str(run))

    def assert_no_crash(self, run):
        self.assertGreaterEqual(run.returncode, 0, f"ended by a signal: {run}")
        self.assertNotEqual(run.returncode, 70, f"internal error: {run}")
        for word in ("terminate called", "AddressSanitizer", "what():"):
            self.assertNotIn(word, run.output)


def remove_tree(directory):
    def writable(function, path, _):  # Go's module cache is read-only
        os.chmod(os.path.dirname(path), 0o700)
        os.chmod(path, 0o700)
        function(path)
    shutil.rmtree(directory, onerror=writable)


def digest_of(*paths):
    state = hashlib.sha256()
    for path in paths:
        state.update(pathlib.Path(path).read_bytes())
    return state.hexdigest()


def main():
    unittest.main(module=sys.modules["__main__"], verbosity=2)
