"""What the tests of the OTLP exporter share: the Go programs of tests/fixtures/collector, and running the span feeder.

    with Collector() as collector:
        run = feed(spans, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        collector.spans()
"""

import functools
import json
import os
import pathlib
import queue
import subprocess
import threading

import harness

FIXTURE = harness.SOURCE_DIR / "tests" / "fixtures" / "collector"


@functools.lru_cache(maxsize=None)
def go_program(relative):
    """Builds a program of the fixture, once, with the user's own Go configuration, which verifies the pinned sums."""
    directory = FIXTURE / relative
    out = harness.cache_root() / "fixtures" / f"{directory.name}-{harness.go_env('GOVERSION')}"
    out.parent.mkdir(exist_ok=True)
    # GOTOOLCHAIN as the user has it: these modules say which Go they need.
    env = {**os.environ, "GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}
    done = subprocess.run(["go", "build", "-o", str(out), "."], cwd=directory, env=env, capture_output=True, text=True,
                          timeout=harness.RUN_LIMIT)
    if done.returncode != 0:
        raise AssertionError(f"{directory}: {done.stderr}")
    return str(out)


class Collector:
    """The collector's own OTLP receiver and debug exporter, running."""

    def __enter__(self):
        self.process = subprocess.Popen([go_program(".")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.debug = []
        self._lines = queue.Queue()
        self._threads = [threading.Thread(target=self._read, daemon=True),
                         threading.Thread(target=lambda: self.debug.extend(self.process.stderr), daemon=True)]
        for thread in self._threads:
            thread.start()
        first = self._lines.get(timeout=60)
        if not first.startswith("listening "):
            raise AssertionError(f"the collector says {first!r}")
        self.url = first.split()[1]
        return self

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)

    def requests(self):
        """Every request that was accepted, as OTLP JSON that the collector wrote. Ends the collector."""
        self.process.stdin.close()
        if self.process.wait(timeout=60) != 0:
            raise AssertionError("".join(self.debug))
        for thread in self._threads:
            thread.join(timeout=60)
        found = []
        while not self._lines.empty():
            found.append(json.loads(self._lines.get()))
        return found

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Fed:
    """What one run of the feeder said."""

    def __init__(self, done):
        self.stderr = done.stderr
        self.returncode = done.returncode
        self.metrics = {}
        for line in done.stdout.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                self.metrics[name] = float(value)

    def outcome(self, name):
        return int(self.metrics['gotrace_spans_total{exporter="otlp",outcome="%s"}' % name])

    def all_outcomes(self):
        return sum(self.outcome(name) for name in ("exported", "rejected", "failed", "queue_full", "shutdown"))


def feed(spans, *options, limit=120, **environment):
    env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_") and not k.lower().endswith("_proxy")}
    env.update({k: str(v) for k, v in environment.items()})
    text = "".join(json.dumps(span) + "\n" for span in spans)
    done = subprocess.run([harness.tool("SPAN_FEEDER"), *map(str, options)], input=text, env=env, capture_output=True,
                          text=True, timeout=limit)
    return Fed(done)


# What the semantic conventions have for an HTTP server span.
ATTRIBUTES = [["http.request.method", "GET"], ["url.path", "/users/12345"], ["url.scheme", "http"],
              ["http.route", "/users/{id}"], ["http.response.status_code", 200], ["server.address", "shop.example.com"],
              ["server.port", 8080], ["client.address", "10.1.2.3"], ["network.peer.port", 54321],
              ["network.protocol.version", "1.1"], ["user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"]]


def plain_spans(count):
    resource = {"pid": 1, "attributes": [["service.name", "feeder"]]}
    return [{"trace_id": f"{i + 1:032x}", "span_id": f"{i + 1:016x}", "name": "GET", "kind": 2, "start_ns": 1000 + i,
             "end_ns": 2000 + i, "attributes": ATTRIBUTES, "library": "net/http",
             "resource": resource} for i in range(count)]
