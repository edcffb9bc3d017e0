"""What the tests of offsetd share: starting it on a free port, asking it, waiting for what it counts."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import harness

WAIT = 60  # seconds until something that must happen counts as not happening
URL = "module=std&version={version}&goarch=amd64&symbol=net/http.Request.URL"


def released_database():
    """The database that the build made from the shards."""
    path = harness.BUILD_DIR / "share" / "gooffsets" / "offsets.db"
    named = os.environ.get("GOOFFSETS_TEST_DATABASE")
    path = pathlib.Path(named) if named else path
    if not path.exists():
        raise AssertionError(f"{path} is not there: build the target released_database")
    return path


class Service:
    """A running offsetd."""

    def __init__(self, *options):
        self.process = subprocess.Popen([harness.tool("OFFSETD"), "--listen", "127.0.0.1:0", *map(str, options)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        self.log = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        line = self.process.stdout.readline()
        match = re.fullmatch(r"listening at http://127\.0\.0\.1:(\d+)\n", line)
        if not match:
            self.process.kill()
            self._reader.join()
            raise AssertionError(f"offsetd did not start: {line}{''.join(self.log)}")
        self.port = int(match.group(1))

    def _read_log(self):
        for line in self.process.stderr:
            with self._said:
                self.log.append(line)
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def get(self, target, method="GET", body=None, connection=None, **headers):
        """(status, headers, body bytes)"""
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            own.request(method, target, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = own.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            if connection is None:
                own.close()

    def json(self, target, status=200, **options):
        got, headers, body = self.get(target, **options)
        if got != status:
            raise AssertionError(f"{target}: {got}, not {status}: {body[:500]}")
        return json.loads(body)

    def metrics(self):
        text = self.get("/metrics")[2].decode()
        return {key: float(value) for key, value in re.findall(r"^([a-z]\S*) (\S+)$", text, re.MULTILINE)}

    def wait_for(self, what, holds):
        """Looks again whenever the service says something in its log (databases, updates, signals, its end), and now and then for what
        it does not tell."""
        end = time.monotonic() + WAIT
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not happen: {''.join(self.log[-20:])}")
            if self.process.poll() is not None:
                raise AssertionError(f"offsetd ended with {self.process.returncode}: {''.join(self.log[-20:])}")
            with self._said:
                self._said.wait(0.05)

    def raw(self):
        """A connection without a client library's manners."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
        return connection

    def memory(self, field="VmRSS"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status).group(1)) * 1024

    def stop(self, with_signal=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            code = self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"offsetd did not stop: {''.join(self.log[-20:])}") from None
        finally:
            self._reader.join(WAIT)
            self.process.stdout.close()
            self.process.stderr.close()
        return code


class ServiceTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gooffsets-offsetd-"))
        self.addCleanup(harness.remove_tree, self.directory)

    def start(self, *options, db=None, log="off", rate="0"):
        chosen = [] if "--from" in options else ["--db", db or released_database()]
        service = Service(*chosen, "--access-log", log, "--rate", rate, *options)
        self.addCleanup(lambda: service.process.poll() is None and service.stop())
        return service

    def copy_of_database(self, name="offsets.db"):
        target = self.directory / name
        shutil.copyfile(released_database(), target)
        return target

    def edited_database(self, sql, name="edited.db"):
        """A database whose content differs, made by SQLite's own shell and put in order like a published one."""
        target = self.copy_of_database(name)
        subprocess.run(["sqlite3", str(target), sql], check=True, timeout=WAIT, capture_output=True)
        return target


def quoted(**parameters):
    return urllib.parse.urlencode(parameters)
