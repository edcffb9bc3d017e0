"""Probes that only copied requests need go where no request is copied, and come back with the first that is."""

import collections
import re
import socket
import tempfile
import time
import unittest
import urllib.request

import harness
import tracing

ENOUGH = 10_000  # requests in a row, tools/gotrace/route_probes.h


class Routes(unittest.TestCase):
    def setUp(self):
        if reason := tracing.why_not():
            harness.skip(self, reason)
        self.directory = tempfile.TemporaryDirectory(prefix="gotrace-test-")
        self.addCleanup(self.directory.cleanup)

    def probes_until(self, wanted):
        """Waits until the agent says so many probes; None: any."""
        end = time.monotonic() + tracing.LIMIT
        while time.monotonic() < end:
            text = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10).read().decode()
            probes = int(re.search(r"^gotrace_probes (\d+)$", text, re.MULTILINE)[1])
            if probes == wanted or (wanted is None and probes):
                return probes
            time.sleep(0.05)
        self.fail(f"{probes} probes are attached, not {wanted}")

    def test_probes_leave_and_return(self):
        path = tracing.built("routes", "1.27.4", ("-s", "-w"))
        target = tracing.Target(path)
        self.addCleanup(target.close)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        tracer = tracing.Tracer(self.directory.name, "--exe", path, "--metrics", f"127.0.0.1:{self.port}")
        self.addCleanup(tracer.close)
        all_probes = self.probes_until(None)
        sent = collections.Counter()

        def work(what, count):
            target.work(f"{what} {count}")
            sent[what] += count

        work("own", ENOUGH + 100)
        self.probes_until(all_probes - 2)
        work("own", 100)
        work("copied", 1)
        self.probes_until(all_probes)
        work("copied", 200)
        work("own", ENOUGH + 100)
        work("copied", 1)
        spans = tracer.stop()
        by_path = collections.defaultdict(list)
        for span in spans:
            by_path[span["url.path"].split("/")[1]].append(span)
        self.assertEqual({what: len(found) for what, found in by_path.items()}, sent)
        self.assertEqual({span.get("http.route") for span in by_path["own"]}, {"/own/{id}"})
        self.assertEqual([span.get("http.route") for span in by_path["copied"]], [None] + 201 * ["/copied/{id}"])
        print(f"\ncompared: routes of {len(spans)} spans", flush=True)


if __name__ == "__main__":
    harness.main()
