"""Programs that are traced already, by OpenTelemetry's SDK in them or by another tracer's probes, are told once and clearly."""

import json
import os
import re
import subprocess

import harness
import tracing
import uprobes

STRIPPED = ("-s", "-w")
OTEL = "1.38.0"
REQUESTS = 5


def instrumented(tags=()):
    return tracing.built("instrumented", "1.27.4", STRIPPED, tags=tags,
                         requires=[f"go.opentelemetry.io/otel@v{OTEL}", f"go.opentelemetry.io/otel/sdk@v{OTEL}",
                                   f"go.opentelemetry.io/otel/exporters/stdout/stdouttrace@v{OTEL}"])


class Instrumented(tracing.Case):
    def start(self, path, *arguments):
        target = tracing.Target(path)
        self.addCleanup(target.close)
        tracer = tracing.Tracer(self.folder, *arguments)
        self.addCleanup(tracer.close)
        return target, tracer

    def told(self, tracer, what):
        tracer.messages.thread.join(tracing.LIMIT)
        return [line for line in tracer.messages.everything() if what in line]

    def test_a_program_with_the_sdk(self):
        path = instrumented()
        target, tracer = self.start(path, "--exe", path)
        second = tracing.Target(path)  # of the same file: nothing new to tell
        self.addCleanup(second.close)
        logged = target.work(REQUESTS)
        own = [line for line in logged if line.get("Name") == "own /request"]
        self.assertEqual(len(own), REQUESTS)
        self.assertEqual(len([s for s in tracer.stop() if s["kind"] == "server"]), REQUESTS)
        [line] = self.told(tracer, "exports spans by itself")
        self.assertIn(str(path), line)
        self.assertIn("go.opentelemetry.io/otel/sdk", line)
        self.assertIn("--skip-instrumented", line)

    def test_a_program_with_the_sdk_is_left_alone_if_asked_for(self):
        path = instrumented()
        refused = harness.run_tool([harness.tool("GOTRACE"), "--skip-instrumented", "--db", tracing.database(), "--exe", str(path)],
                                   harness.clean_environment(), "/", limit=20)
        self.assertEqual(refused.returncode, harness.BAD_INPUT, str(refused))
        self.assertIn("left alone", refused.stderr)
        target, tracer = self.start(path, "--skip-instrumented", "--all")
        plain = tracing.Target(instrumented(tags=["apionly"]))
        self.addCleanup(plain.close)
        tracer.messages.until(lambda line: f"process {plain.process.pid} " in line)
        target.work(REQUESTS)
        plain.work(REQUESTS)
        pids = [s["process.pid"] for s in tracer.stop() if s["kind"] == "server"]
        self.assertEqual((pids.count(target.process.pid), pids.count(plain.process.pid)), (0, REQUESTS))

    def test_a_program_with_the_api_alone_is_as_any_other(self):
        path = instrumented(tags=["apionly"])
        listed = subprocess.run(["go", "version", "-m", path], check=True, capture_output=True, text=True).stdout
        self.assertIn("go.opentelemetry.io/otel\t", listed)
        target, tracer = self.start(path, "--exe", path)
        target.work(REQUESTS)
        self.assertEqual(len([s for s in tracer.stop() if s["kind"] == "server"]), REQUESTS)
        self.assertEqual(self.told(tracer, "by itself"), [])
        self.assertEqual(self.told(tracer, "another tracer"), [])

    def test_a_second_gotrace(self):
        path = tracing.built("life", "1.27.4", STRIPPED)
        target, first = self.start(path, "--exe", path)
        second = tracing.Tracer(self.folder, "--exe", path)
        self.addCleanup(second.close)
        target.work(REQUESTS)
        for tracer in (first, second):
            self.assertEqual(len([s for s in tracer.stop() if s["kind"] == "server"]), REQUESTS)
        self.assertEqual(self.told(first, "another tracer"), [])
        [line] = self.told(second, "probed by another tracer already")
        self.assertIn("net/http.", line)

    def test_another_tracers_uprobe_at_a_functions_entry(self):
        path = tracing.built("life", "1.22.12", STRIPPED)
        said = harness.run_tool([harness.tool("GOTRACE"), "inspect", "--db", tracing.database(), "--format", "json", str(path)],
                                harness.clean_environment(), "/", limit=60)
        [client] = [probe for probe in json.loads(said.stdout)["probes"] if probe["probe"] == "client"]
        # Peers sit on the first instruction of a function, we behind its stack check.
        [entry] = [place["function_offset"] for place in client["places"] if not place["at_return"]]
        self.assertNotIn(entry, [place["file_offset"] for place in client["places"]])
        try:
            fd = uprobes.attach(os.path.realpath(path), entry, min(os.sched_getaffinity(0)))
        except uprobes.Denied as denied:
            harness.skip(self, str(denied))
        self.addCleanup(os.close, fd)
        target, tracer = self.start(path, "--exe", path)
        target.work(REQUESTS)
        tracer.stop()
        [line] = self.told(tracer, "probed by another tracer already")
        self.assertRegex(line, re.escape("net/http.(*Transport).roundTrip"))


if __name__ == "__main__":
    harness.main()
