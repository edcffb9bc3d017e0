"""A running gotrace has given up the rights that it does not need, and traces what starts later all the same; doctor and
inspect say what there is and what is missing."""

import json
import os
import pathlib
import re

import harness
import tracing

STRIPPED = ("-s", "-w")
# src: Linux include/uapi/linux/capability.h
CAPABILITIES = {"CAP_DAC_READ_SEARCH": 2, "CAP_NET_BIND_SERVICE": 10, "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21,
                "CAP_PERFMON": 38, "CAP_BPF": 39}


def bits(*names):
    return sum(1 << CAPABILITIES[name] for name in names)


def sets_of(pid, task):
    status = pathlib.Path(f"/proc/{pid}/task/{task}/status").read_text()
    return {name: int(value, 16) for name, value in re.findall(r"^(Cap\w+):\s+([0-9a-f]+)$", status, re.MULTILINE)}


def run(*arguments, before=()):
    return harness.run_tool([*before, harness.tool("GOTRACE"), *map(str, arguments)], harness.clean_environment(), "/", limit=60)


class Rights(tracing.Case):
    def asked_for(self):
        """By doctor's word, what this kernel needs to attach."""
        said = run("doctor")
        self.assertEqual(said.returncode, harness.DONE, str(said))
        line = re.search(r"^this kernel asks for: ([A-Z_, ]+); for processes of other users also ([A-Z_, ]+)$", said.stdout,
                         re.MULTILINE)
        self.assertIsNotNone(line, said.stdout)
        return line.group(1).split(", "), line.group(2).split(", ")

    def test_what_is_not_needed_is_given_up_by_every_thread(self):
        own = sets_of(os.getpid(), os.getpid())["CapEff"]
        needed, looking = self.asked_for()
        path = tracing.built("http", "1.27.4", STRIPPED, "pie")
        tracer = tracing.Tracer(self.folder, "--exe", path)
        self.addCleanup(tracer.close)
        tasks = os.listdir(f"/proc/{tracer.process.pid}/task")
        self.assertGreater(len(tasks), 1)
        for task in tasks:
            sets = sets_of(tracer.process.pid, task)
            self.assertEqual(sets["CapEff"], bits(*needed, *looking), task)
            self.assertEqual(sets["CapPrm"], sets["CapEff"])
            self.assertEqual((sets["CapInh"], sets["CapAmb"]), (0, 0))
            self.assertEqual(sets["CapBnd"] & ~sets["CapEff"], 0)
            self.assertLess(sets["CapEff"], own)
            self.assertEqual(sets["CapEff"] & ~own, 0)
        # With these a program that starts now is traced, also one of another user that hides behind its rights.
        target = tracing.Target(path)
        self.addCleanup(target.close)
        tracer.messages.until(lambda line: f"process {target.process.pid} " in line and "is traced" in line)
        self.assertEqual(len(target.work(3)), len(tracer.stop()))

    def test_a_process_of_another_user_that_starts_later(self):
        path = tracing.built("http", "1.27.4", STRIPPED, "pie")
        own = self.folder / "server"
        own.write_bytes(path.read_bytes())
        own.chmod(0o711)
        self.folder.chmod(0o755)
        os.chown(own, 1234, 1234)
        tracer = tracing.Tracer(self.folder, "--exe", own)
        self.addCleanup(tracer.close)
        target = tracing.Target(own, user=1234, env={"OTEL_SERVICE_NAME": "theirs"})
        self.addCleanup(target.close)
        tracer.messages.until(lambda line: f"process {target.process.pid} " in line and "is traced" in line)
        records = target.work(3)
        spans = tracer.stop()
        self.assertEqual(len(spans), len(records))
        self.assertEqual({span["service.name"] for span in spans}, {"theirs"})

    def test_doctor_names_what_is_missing_and_what_to_do(self):
        said = run("doctor", before=["setpriv", "--bounding-set=-all", "--inh-caps=-all"])
        self.assertEqual(said.returncode, harness.ENVIRONMENT, str(said))
        for name in ("CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"):
            self.assertRegex(said.stdout, rf"(?m)^missing: .*{name}")
        self.assertIn("setcap", said.stdout)
        self.assertRegex(said.stdout, r"(?m)^kernel programs: cannot be loaded$")
        self.assertIn("gotrace: try: ", said.stderr)
        refused = run("--all", before=["setpriv", "--bounding-set=-all", "--inh-caps=-all"])
        self.assertEqual(refused.returncode, harness.ENVIRONMENT, str(refused))
        self.assertIn("gotrace doctor", refused.stderr)

    def test_inspect_says_in_one_line_what_is_not_in_a_program(self):
        path = tracing.built("http", "1.27.4", STRIPPED, "pie")
        said = run("inspect", "--db", tracing.database(), path)
        self.assertEqual(said.returncode, harness.DONE, str(said))
        [line] = [line for line in said.stdout.splitlines() if line.startswith("not in this program: ")]
        self.assertIn("gRPC server", line)
        self.assertIn("golang.org/x/net", line)
        self.assertEqual(said.stdout.count("gRPC server"), line.count("gRPC server"))
        self.assertNotIn("no such function", said.stdout)
        told = json.loads(run("inspect", "--db", tracing.database(), "--format", "json", path).stdout)
        self.assertEqual({probe["probe"] for probe in told["probes"] if not probe["in_program"]} & {"h1", "client", "grpc_server"},
                         {"grpc_server"})


if __name__ == "__main__":
    harness.main()
