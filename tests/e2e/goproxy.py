"""A local module proxy made of files, from the sources under tests/fixtures/modules.

File tree as `go help goproxy` describes it: <root>/<module>/@v/{list,<version>.info,<version>.mod,<version>.zip}.

    proxy = Proxy(directory)
    proxy.module("healthy")     # "example.test/healthy"
    proxy.url                   # "file:///...": for GOPROXY
"""

import http.server
import json
import pathlib
import threading
import zipfile

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "modules"
DOMAIN = "example.test"  # the fixtures' module paths begin with it
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def fixture_versions():
    """[(name, version, directory)] of every fixture module version, sorted."""
    found = []
    for directory in sorted(FIXTURES.iterdir()):
        if directory.is_dir():
            name, _, version = directory.name.partition("@")
            found.append((name, version, directory))
    return found


def escape(path):
    """Upper-case letters are written "!x" in a proxy's paths (golang.org/x/mod/module.EscapePath)."""
    return "".join("!" + c.lower() if c.isupper() else c for c in path)


class Proxy:
    def __init__(self, root, only=None, domain=DOMAIN):
        """only: names of the fixtures to publish (None: all); domain: for other modules that add() publishes."""
        self.root = pathlib.Path(root)
        self.domain = domain
        self.url = self.root.as_uri()
        for name, version, directory in fixture_versions():
            if only is None or name in only:
                self._publish(name, version, directory)

    def module(self, name):
        return f"{self.domain}/{name}"

    def files_of(self, name, version):
        """{relative path: content} of one version, as published."""
        directory = FIXTURES / f"{name}@{version}"
        files = {}
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                files[path.relative_to(directory).as_posix()] = path.read_bytes()
        files.pop("MODULE", None)
        return files

    def path(self, name, version, suffix):
        return self.root / escape(self.module(name)) / "@v" / f"{escape(version)}.{suffix}"

    def add(self, name, version, files):
        """Publishes a version that is not among the fixtures; files: {relative path: bytes}."""
        self._write(name, version, files)

    def remove(self, name, version):
        for suffix in ("info", "mod", "zip"):
            self.path(name, version, suffix).unlink()
        self._list(name)

    def corrupt(self, name, version):
        """Replaces the zip by a well-formed one with other content: its checksum is no longer the recorded one."""
        files = self.files_of(name, version)
        go_file = next(path for path in files if path.endswith(".go"))
        files[go_file] += b"\n// changed after the release\n"
        self._zip(name, version, files)

    def unpack(self, name, version, directory):
        """Writes the version's sources to a directory, for the compiler-truth programs."""
        for relative, content in self.files_of(name, version).items():
            target = pathlib.Path(directory) / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def _publish(self, name, version, directory):
        self._write(name, version, self.files_of(name, version))

    def _write(self, name, version, files):
        info = self.path(name, version, "info")
        info.parent.mkdir(parents=True, exist_ok=True)
        info.write_text(json.dumps({"Version": version, "Time": "2024-01-02T03:04:05Z"}))
        mod = files.get("go.mod", f"module {self.module(name)}\n".encode())
        self.path(name, version, "mod").write_bytes(mod)
        self._zip(name, version, files)
        self._list(name)

    def _zip(self, name, version, files):
        with zipfile.ZipFile(self.path(name, version, "zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            for relative, content in sorted(files.items()):
                entry = zipfile.ZipInfo(f"{self.module(name)}@{version}/{relative}", ZIP_DATE)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, content)

    def _list(self, name):
        directory = self.root / escape(self.module(name)) / "@v"
        versions = sorted(path.stem for path in directory.glob("*.zip"))
        # Pseudo-versions are not listed by proxies.
        listed = [v for v in versions if "-2024" not in v]
        (directory / "list").write_text("".join(v + "\n" for v in listed))


class BadProxy:
    """An HTTP proxy on a loopback port that answers every request with one status; counts the requests."""

    def __init__(self, status):
        self.requests = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 (the base class names it)
                outer.requests += 1
                body = f"answered with {status} by the test\n".encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
