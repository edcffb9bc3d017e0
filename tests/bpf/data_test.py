"""New data reaches a running gotrace: another database in place of the old one, and answers of an offset service."""

import collections
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess

import harness
import tracing

GRPC = "1.60.1"
COUNT = 200


class Data(tracing.Case):
    def setUp(self):
        super().setUp()
        self.path = tracing.built("both", "1.22.12", ("-s", "-w"), requires=[f"google.golang.org/grpc@v{GRPC}"])
        self.target = tracing.Target(self.path)
        self.addCleanup(self.target.close)

    def without(self, module, version=None):
        """The released database without what was seen of a module, or of one version of it."""
        path = self.folder / "offsets.db"
        shutil.copy(tracing.database(), path)
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA foreign_keys = ON")
            versions = [row[0] for row in db.execute("SELECT v.id FROM version v JOIN module m ON m.id = v.module WHERE "
                                                     "m.path = ? AND ifnull(v.text = ?, 1)", (module, version))]
            self.assertGreater(len(versions), 0)
            for row in versions:
                for statement in ("DELETE FROM observation WHERE version = ?", "DELETE FROM build_module WHERE version = ?",
                                  "DELETE FROM build WHERE version = ?"):
                    db.execute(statement, (row,))
        db.close()
        return path

    def inspected(self, database):
        run = subprocess.run([harness.tool("GOTRACE"), "inspect", self.path, "--db", database, "--format", "json"],
                             capture_output=True, text=True, timeout=tracing.LIMIT)
        self.assertEqual(run.returncode, 0, run.stderr)
        return {probe["probe"]: probe for probe in json.loads(run.stdout)["probes"]}

    def test_a_go_release_that_was_never_built_lies_between_two_that_agree(self):
        database = self.without("std", "1.22.12")
        whole, between = self.inspected(tracing.database()), self.inspected(database)
        self.assertEqual([probe for probe in whole.values() if probe["bracketed"]], [])
        # Go 1.22.12 is the last of its line: behind it comes what the next line ended with (docs/resolve.md).
        told = [one["how"] for one in between["h1"]["bracketed"]]
        self.assertTrue(told and all("1.22.11" in how and "1.23.12" in how for how in told), told)
        for name, probe in whole.items():
            self.assertEqual(between[name]["places"], probe["places"], name)
        tracer = self.tracer("--db", database)
        self.assertEqual(tracing.get(self.target.ready["web"] + "/first"), 404)
        self.check(tracer)

    def tracer(self, *arguments, **extra):
        tracer = tracing.Tracer(self.folder, "--exe", self.path, *arguments,
                                env=harness.clean_environment(XDG_CACHE_HOME=str(self.folder / "cache"), **extra))
        self.addCleanup(tracer.close)
        return tracer

    def check(self, tracer):
        """All calls that are made from now on, both sides; and those of before, none of which was seen."""
        self.target.work(COUNT)
        self.assertEqual(tracing.get(self.target.ready["web"] + "/second"), 404)
        spans = tracer.stop()
        counted = collections.Counter((s["kind"], s["name"]) for s in spans if s["name"].endswith("Counted"))
        self.assertEqual(counted, {("server", "trace.Both/Counted"): COUNT, ("client", "trace.Both/Counted"): COUNT})
        self.assertEqual([s["url.path"] for s in spans if "url.path" in s], ["/first", "/second"])
        return spans

    def test_a_database_put_in_place_while_requests_run(self):
        database = self.without("google.golang.org/grpc")
        tracer = self.tracer("--db", database)
        self.target.work("start")
        self.target.work(COUNT)
        self.assertEqual(tracing.get(self.target.ready["web"] + "/first"), 404)
        (self.folder / "broken").write_bytes(b"no database")
        os.replace(self.folder / "broken", database)
        tracer.messages.until(lambda line: "the one before stays" in line)
        shutil.copy(tracing.database(), self.folder / "whole")
        os.replace(self.folder / "whole", database)
        tracer.messages.until(lambda line: "more probes attached" in line)
        steady = [s for s in self.check(tracer) if s["name"].endswith("Steady")]
        self.assertGreater(len(steady), 0)
        first = min(s["start_unix_ns"] for s in steady)
        self.assertGreater(first, min(s["start_unix_ns"] for s in tracer.spans() if s.get("url.path") == "/first"))

    @contextlib.contextmanager
    def service(self, port=0):
        process = subprocess.Popen([harness.tool("OFFSETD"), "--db", tracing.database(), "--access-log", "off", "--listen",
                                    f"127.0.0.1:{port}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            yield re.search(r"http://\S+", process.stdout.readline()).group(0)
        finally:
            process.terminate()
            process.communicate(timeout=tracing.LIMIT)

    def test_a_service_completes_what_the_database_lacks(self):
        with self.service() as address:
            tracer = self.tracer("--db", self.without("google.golang.org/grpc"), "--offsets", address)
            tracer.messages.until(lambda line: "more probes attached" in line)
            self.assertEqual(tracing.get(self.target.ready["web"] + "/first"), 404)
            self.check(tracer)

    def test_a_service_alone_and_then_its_cached_answer(self):
        with self.service() as address:
            tracer = self.tracer("--no-db", "--offsets", address)
            tracer.messages.until(lambda line: "more probes attached" in line)
            self.assertEqual(tracing.get(self.target.ready["web"] + "/first"), 404)
            self.check(tracer)
        tracer = self.tracer("--no-db", "--offsets", address)
        tracer.messages.until(lambda line: "more probes attached" in line)
        self.assertEqual(tracing.get(self.target.ready["web"] + "/first"), 404)
        self.check(tracer)

    def test_a_service_that_is_away_is_told_once_and_asked_again(self):
        port = tracing.free_port()
        tracer = self.tracer("--db", self.without("google.golang.org/grpc"), "--offsets", f"http://127.0.0.1:{port}")
        tracer.messages.until(lambda line: "the offset service does not answer" in line)
        self.assertEqual(tracing.get(self.target.ready["web"] + "/first"), 404)
        with self.service(port):
            tracer.messages.until(lambda line: "the offset service answers again" in line)
            tracer.messages.until(lambda line: "more probes attached" in line)
            self.check(tracer)
        told = [line for line in tracer.messages.everything() if "does not answer" in line]
        self.assertEqual(len(told), 1, told)


if __name__ == "__main__":
    harness.main()
