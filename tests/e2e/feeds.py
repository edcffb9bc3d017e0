"""What the tests of feeds share: a small feed of released data, the updater, and a server that misbehaves on request."""

import functools
import hashlib
import http.server
import json
import os
import pathlib
import pty
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import DONE, SOURCE_DIR, clean_environment, remove_tree, run_tool, tool

DATA = SOURCE_DIR / "data"
MODULE = "google.golang.org/genproto/googleapis/rpc"


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


@functools.lru_cache(maxsize=None)
def made():
    """Made once: two databases, the second with more builds; two pairs of keys; a feed with both as versions 1 and 2, and
    the same feed when it had version 1 only."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="gooffsets-feeds-"))
    unittest.addModuleCleanup(made.cache_clear)
    unittest.addModuleCleanup(remove_tree, directory)
    shards = sorted((DATA / MODULE.replace("/", "_")).glob("*.zst"))
    more = sorted((DATA / "google.golang.org_protobuf").glob("*.zst"))[:1]
    for name, files in (("1.db", shards), ("2.db", shards + more)):
        call("import", "--db", name, *files, cwd=directory)
    for key in ("a.key", "b.key"):
        call("keygen", key, cwd=directory)
    publish(directory / "1.db", directory / "feed", directory / "a.key")
    shutil.copytree(directory / "feed", directory / "feed1")
    publish(directory / "2.db", directory / "feed", directory / "a.key")
    return directory


def call(*arguments, cwd, exits=DONE, **extra):
    run = run_tool([tool("OFFSETGEN"), *map(str, arguments)], clean_environment(**extra), cwd)
    assert exits is None or run.returncode == exits, str(run)
    return run


def publish(db, feed, key, *more, exits=DONE, **extra):
    return call("publish", "--db", db, "--feed", feed, "--sign", key, "--level", "1", *more, cwd="/", exits=exits, **extra)


def on_terminal(command):
    """(exit status, standard output, bytes that a terminal got as standard error)"""
    own, terminal = pty.openpty()
    with open(own, "rb", buffering=0) as reader:
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal, text=True,
                                   env={**clean_environment(), "TERM": "xterm"})
        os.close(terminal)
        shown = b""
        try:
            while part := reader.read(65536):
                shown += part
        except OSError:  # EIO: nobody has the terminal open any more
            pass
    return process.wait(120), process.communicate(timeout=120)[0], shown


def sign(path, key):
    """Signs with minisign itself."""
    subprocess.run(["minisign", "-S", "-s", str(key), "-m", str(path)], check=True, capture_output=True,
                   stdin=subprocess.DEVNULL, timeout=60)


class FeedTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gooffsets-feed-"))
        self.addCleanup(remove_tree, self.directory)
        self.made = made()
        self.place = self.directory / "place"
        self.current = self.place / "current.db"
        self.key = self.made / "a.pub"

    def feed(self, name="feed"):
        """A copy that a test may spoil."""
        target = self.directory / f"{name}-copy"
        shutil.copytree(self.made / name, target)
        return target

    def manifest(self, feed=None):
        return json.loads(((feed or self.made / "feed") / "manifest.json").read_text())

    def update(self, *arguments, source=None, exits=DONE, key=None, place=None, prefix=(), **extra):
        command = [*prefix, tool("UPDATE_OFFSETS"), "--dir", str(place or self.place), "--key", str(key or self.key)]
        if source is not None:
            command += ["--from", str(source)]
        run = run_tool([*command, *map(str, arguments)], clean_environment(**extra), self.directory, limit=120)
        if exits is not None:
            self.assertEqual(run.returncode, exits, str(run))
        self.assertGreaterEqual(run.returncode, 0, str(run))
        return run

    def report(self, *arguments, **options):
        return json.loads(self.update("--format", "json", *arguments, **options).stdout)

    def assert_installed(self, version):
        database = (self.manifest() if version == 2 else self.manifest(self.made / "feed1"))["database"]
        self.assertEqual(sha256(self.current), database["sha256"])
        self.assertEqual(self.report("status")["version"], version)

    def assert_refused(self, source, *words, exits, more=(), version=1, retries=0, **options):
        """The update fails with these words, and what is installed stays."""
        run = self.update(*more, "--retries", retries, source=source, exits=exits, **options)
        for word in words:
            self.assertIn(word.lower(), run.stderr.lower(), str(run))
        if version:
            self.assert_installed(version)
        else:
            self.assertFalse(self.current.exists())
        return run


class Server:
    """Serves a feed over HTTP, and keeps a list of what was asked. `behave(handler, name)` may answer in its own way: it
    returns True when it did."""

    def __init__(self, test, feed, behave=None):
        self.requests = []
        server = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                name = self.path.lstrip("/")
                server.requests.append((name, dict(self.headers), time.monotonic()))
                try:
                    if behave is None or not behave(self, name):
                        self.plain(name)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def plain(self, name, body=None, status=200, headers=()):
                if body is None:
                    path = feed / name
                    if not path.is_file():
                        return self.plain(name, b"no such file", 404)
                    body = path.read_bytes()
                etag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
                if status == 200 and self.headers.get("If-None-Match") == etag:
                    status, body = 304, b""
                start = 0
                if status == 200 and self.headers.get("Range"):
                    start = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
                    if start >= len(body):
                        status, body = 416, b""
                    else:
                        status = 206
                self.send_response(status)
                self.send_header("ETag", etag)
                if status == 206:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                    body = body[start:]
                self.send_header("Content-Length", str(len(body)))
                for header in headers:
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(body)
                return None

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        test.addCleanup(self.http.server_close)
        test.addCleanup(self.http.shutdown)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def names(self):
        return [name for name, _, _ in self.requests]


def start_nginx(test, server):
    """A real nginx with this one server block, in which PORT stands for its port; the port. It ends with the test."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if nginx is None:
        harness.skip(test, "nginx is not installed (scripts/setup --tests)")
    home = pathlib.Path(tempfile.mkdtemp(prefix="gooffsets-nginx-"))
    test.addCleanup(remove_tree, home)
    configuration = home / "nginx.conf"
    # Its workers are somebody else when root starts it, and may not read what the tests made.
    user = "user root;" if running_as_root() else ""
    temporary = " ".join(f"{name}_temp_path {home}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    for _ in range(10):
        # nginx cannot say which port it was given, so a free one is found first; somebody may be quicker, once.
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        configuration.write_text(f"{user} pid {home}/pid; error_log {home}/error.log; daemon off; events {{}}\nhttp {{ access_log off; "
                                 f"{temporary}\nserver {{ {server.replace('PORT', str(port))} }} }}\n")
        process = subprocess.Popen([nginx, "-p", str(home), "-c", str(configuration), "-e", str(home / "error.log")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    test.addCleanup(process.wait, 60)
                    test.addCleanup(process.terminate)
                    return port
            time.sleep(0.01)  # it says nothing when it is ready
    raise AssertionError(f"nginx does not start: {(home / 'error.log').read_text()[-1000:]}")


def running_as_root():
    return os.geteuid() == 0
