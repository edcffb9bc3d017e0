"""The agent's life: many processes, starts, exits, restarts, upgrades and execs of what it traces, and its own sudden end."""

import collections
import json
import os
import re
import shutil
import subprocess

import harness
import otlp_fixture
import tracing

STRIPPED = ("-s", "-w")
RELEASES = ("1.22.12", "1.27.4")
PROCESSES, REQUESTS = 30, 20


def life(version):
    return tracing.built("life", version, STRIPPED)


def kernel_objects():
    """Names of the tracer's programs that the kernel holds, over all processes."""
    shown = subprocess.run(["bpftool", "--json", "prog", "show"], check=True, capture_output=True, text=True).stdout
    return {program["id"] for program in json.loads(shown) if re.match(r"(h1|h2|client|grpc)_", program.get("name", ""))}


class Life(tracing.Case):
    def tracer(self, *arguments, env=None):
        tracer = tracing.Tracer(self.folder, *arguments, env=env)
        self.addCleanup(tracer.close)
        return tracer

    def target(self, path):
        target = tracing.Target(path)
        self.addCleanup(target.close)
        return target

    def copy(self, name, version):
        path = self.folder / name
        shutil.copy(life(version), path)
        return path

    @staticmethod
    def wait_traced(tracer, pid):
        wanted = f"process {pid} "
        if not any(wanted in line and "is traced" in line for line in tracer.messages.everything()):
            tracer.messages.until(lambda line: wanted in line and "is traced" in line)

    def by_process(self, spans):
        return collections.Counter((span["process.pid"], span["kind"]) for span in spans)

    def test_many_processes_of_several_executables(self):
        paths = [self.copy(f"server-{i}", RELEASES[i % 2]) for i in range(5)]
        targets = [self.target(paths[i % 5]) for i in range(PROCESSES // 2)]
        port = tracing.free_port()
        address = f"127.0.0.1:{port}"
        tracer = self.tracer(*[word for path in paths for word in ("--exe", path)], "--metrics", address)
        targets += [self.target(paths[i % 5]) for i in range(PROCESSES // 2, PROCESSES)]
        for target in targets:
            self.wait_traced(tracer, target.process.pid)
        for target in targets:
            target.work(REQUESTS)
        tracing.until(lambda: tracing.metrics_of(address)["gotrace_kernel_events_total", 'outcome="sent"'] >= 3 * REQUESTS * PROCESSES,
              "the last record")
        told = tracing.metrics_of(address)
        self.assertEqual(told["gotrace_processes", ""], PROCESSES)
        self.assertEqual(told["gotrace_executables", ""], 5)
        self.assertEqual(told["gotrace_kernel_map_entries", 'map="processes"'], PROCESSES)
        # One record a server's span, two a client's.
        self.assertEqual(told["gotrace_kernel_events_total", 'outcome="sent"'], 3 * REQUESTS * PROCESSES)
        for outcome in ("ring_full", "calls_full", "no_scratch"):
            self.assertEqual(told["gotrace_kernel_events_total", f'outcome="{outcome}"'], 0)
        for target in targets:
            target.process.kill()
        # Whatever they had in flight is gone with them.
        tracing.until(lambda: tracing.metrics_of(address)["gotrace_processes", ""] == 0, "the processes' end")
        tracing.until(lambda: all(value == 0 for (name, _), value in tracing.metrics_of(address).items()
                          if name == "gotrace_kernel_map_entries"), "empty maps")
        expected = {(t.process.pid, kind): REQUESTS for t in targets for kind in ("server", "client")}
        self.assertEqual(self.by_process(tracer.stop()), expected)

    def test_a_killed_agent_leaves_nothing_and_harms_nothing(self):
        path = life("1.27.4")
        before = kernel_objects()
        target = self.target(path)
        tracer = self.tracer("--exe", path)
        self.assertGreater(len(kernel_objects() - before), 5)
        target.process.stdin.write("steady\n")
        target.process.stdin.flush()
        tracing.until(tracer.spans, "the first span")
        tracer.process.kill()
        tracer.process.wait()
        tracing.until(lambda: kernel_objects() <= before, "the end of the killed agent's programs")
        second = self.tracer("--exe", path)
        tracing.until(second.spans, "the first span of the second agent")
        [answer] = target.work("stop")
        self.assertGreater(answer["done"], 0)
        self.assertIsNone(target.process.poll())
        counted = [self.target(path).work(REQUESTS), target.work(REQUESTS)]
        self.assertEqual(len(counted), 2)
        spans = [span for span in second.stop() if span.get("url.path") == "/counted" and
                 span["process.pid"] == target.process.pid]
        self.assertEqual(len(spans), REQUESTS)
        tracing.until(lambda: kernel_objects() <= before, "the end of the second agent's programs")

    def test_restarts_and_a_file_that_is_replaced(self):
        path = self.copy("server", RELEASES[0])
        tracer = self.tracer("--exe", path)
        targets = []
        for _ in range(2):
            targets.append(self.target(path))
            self.wait_traced(tracer, targets[-1].process.pid)
            targets[-1].work(REQUESTS)
            if len(targets) == 1:
                targets[0].close()
        # Another release in its place: a new file, while the old one still runs.
        os.replace(self.copy("fresh", RELEASES[1]), path)
        targets.append(self.target(path))
        self.wait_traced(tracer, targets[-1].process.pid)
        targets[-1].work(REQUESTS)
        targets[1].work(REQUESTS)
        expected = {(t.process.pid, kind): REQUESTS * (2 if t is targets[1] else 1)
                    for t in targets for kind in ("server", "client")}
        spans = tracer.stop()
        self.assertEqual(self.by_process(spans), expected)
        self.assertEqual({s["library_version"] for s in spans if s["process.pid"] == targets[2].process.pid},
                         {RELEASES[1]})
        self.assertEqual({s["library_version"] for s in spans if s["process.pid"] == targets[1].process.pid},
                         {RELEASES[0]})

    def test_a_process_that_becomes_another_program(self):
        paths = [self.copy(f"server-{i}", RELEASES[i]) for i in range(2)]
        tracer = self.tracer("--exe", paths[0], "--exe", paths[1])
        target = self.target(paths[0])
        self.wait_traced(tracer, target.process.pid)
        target.work(REQUESTS)
        target.process.stdin.write(f"exec {paths[1]}\n")
        target.process.stdin.flush()
        target.output.until(lambda line: '"ready"' in line)
        tracer.messages.until(lambda line: f"process {target.process.pid} ({paths[1]}) is traced" in line)
        target.work(2 * REQUESTS)
        # And one that is no Go program.
        target.process.stdin.write(f"exec {shutil.which('cat')}\n")
        target.process.stdin.flush()
        tracing.until(lambda: os.readlink(f"/proc/{target.process.pid}/exe") == os.path.realpath(shutil.which("cat")), "the exec")
        target.process.stdin.write("echoed\n")
        target.process.stdin.flush()
        target.output.until(lambda line: line == "echoed\n")
        spans = tracer.stop()
        self.assertEqual(collections.Counter((s["library_version"], s["kind"]) for s in spans),
                         {(RELEASES[i], kind): (i + 1) * REQUESTS for i in range(2) for kind in ("server", "client")})

    def test_everything_that_runs_to_a_collector_and_to_prometheus(self):
        targets = [self.target(life(version)) for version in RELEASES]
        rpc = self.target(tracing.built("both", "1.22.12", STRIPPED, requires=["google.golang.org/grpc@v1.60.1"]))
        address = f"127.0.0.1:{tracing.free_port()}"
        with otlp_fixture.Collector() as collector:
            tracer = self.tracer("--all", "--otlp", collector.url, "--metrics", address)
            for target in [*targets, rpc]:
                target.work(REQUESTS)
            pids = [t.process.pid for t in [*targets, rpc]]
            tracing.until(lambda: tracing.metrics_of(address)["gotrace_processes", ""] >= len(pids), "the count of processes")
            spans = [s for s in tracer.stop() if s["process.pid"] in pids]
            received = collector.requests()
        self.assertEqual(self.by_process(spans), {(pid, kind): REQUESTS for pid in pids for kind in ("server", "client")})
        sent = collections.Counter()
        for request in received:
            for resource in request["resourceSpans"]:
                attributes = {a["key"]: a["value"] for a in resource["resource"]["attributes"]}
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        sent[int(attributes["process.pid"]["intValue"]), {2: "server", 3: "client"}[span["kind"]]] += 1
        self.assertEqual({key: value for key, value in sent.items() if key[0] in pids}, self.by_process(spans))
        # What is no Go program, as this test itself, is passed over without a word.
        said = "".join(tracer.messages.everything())
        self.assertNotIn("no Go program", said)
        self.assertNotIn("python", said)


if __name__ == "__main__":
    harness.main()
