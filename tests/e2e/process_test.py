"""Running programs, named by process id: answers are those of the program that runs, wherever its file has gone."""

import json
import os
import shutil
import subprocess
import sys

import harness
import packer
import twins

RUNNING = ("1.26.11", "amd64", "pie_sw")
# What lies under its name afterwards in one test: of another Go release, for which the status lies elsewhere.
REPLACED = ("1.26.10", "arm64", "plain")
STATUS = "net/http.response.status"
AT = {"1.26.11": 128, "1.26.10": 120}  # measured with unsafe.Offsetof before this project existed

WANTS = f"""[probe.http]
attach = ["net/http.serverHandler.ServeHTTP"]
need = ["net/http.Request.URL", "{STATUS}"]
itab = ["*net/http.response:net/http.ResponseWriter"]
"""


class Processes(harness.ToolTest):
    fixtures = set()

    def setUp(self):
        super().setUp()
        if os.uname().machine != "x86_64":
            harness.skip(self, "the programs are built for amd64, and run")
        self.file = twins.build(*RUNNING).stripped
        self.wants = self.directory / "wants.toml"
        self.wants.write_text(WANTS)

    def start(self, command, **options):
        """Returns once the program serves: it prints its address then."""
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 60)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        self.assertRegex(line, r"^127\.0\.0\.1:\d+$", f"{command} does not serve")
        return process

    def serve(self):
        """A copy of the program that a test may delete."""
        program = self.directory / "server"
        shutil.copy2(self.file, program)
        return program, self.start([program, "serve"])

    def gooffsets(self, *arguments, exits=harness.DONE):
        run = harness.run_tool([harness.tool("GOOFFSETS"), *map(str, arguments)], harness.clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, exits, str(run))
        return run

    def answers(self, *program):
        """What is said of a program in every way of asking, less the name that it is asked by."""
        info = json.loads(self.gooffsets("inspect", *program, "--format", "json").stdout)
        resolved = json.loads(self.gooffsets("resolve", *program, "--no-db", "--want", self.wants, "--format", "json").stdout)
        types = json.loads(self.gooffsets("inspect", *program, "--types", "--format", "json").stdout)
        name = info.pop("file")
        self.assertEqual(resolved["binary"].pop("file"), name)
        return info, resolved, types

    def check(self, process):
        """Asked by its id, the process is the program that this test has a copy of."""
        said = self.answers("--pid", process.pid)
        self.assertEqual(said, self.answers(self.file))
        info, resolved, _ = said
        self.assertEqual(info["go_version"], RUNNING[0])
        wants = {want["as"]: want for want in resolved["probes"][0]["wants"]}
        self.assertEqual((wants[STATUS]["offset"], wants[STATUS]["source"]), (AT[RUNNING[0]], "self"))
        self.assertIsNone(process.poll(), "the process has ended")

    def test_a_running_program(self):
        _, process = self.serve()
        self.check(process)

    def test_its_file_was_deleted(self):
        program, process = self.serve()
        program.unlink()
        self.check(process)

    def test_its_file_was_replaced_by_another_build(self):
        program, process = self.serve()
        program.unlink()
        shutil.copy2(twins.build(*REPLACED).stripped, program)
        self.check(process)
        answer = json.loads(self.gooffsets("resolve", program, "--no-db", "--want", self.wants, "--format", "json").stdout)
        wants = {want["as"]: want for want in answer["probes"][0]["wants"]}
        self.assertEqual(wants[STATUS]["offset"], AT[REPLACED[0]])

    def test_it_lives_in_another_mount_namespace(self):
        if not shutil.which("unshare") or os.geteuid() != 0:
            harness.skip(self, "needs root and unshare(1)")
        inside = self.directory / "inside"
        inside.mkdir()
        script = f'mount -t tmpfs tmpfs "{inside}" && cp "{self.file}" "{inside}/server" && exec "{inside}/server" serve'
        probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True, timeout=60)
        if probe.returncode != 0:
            harness.skip(self, f"no mount namespace can be made here: {probe.stderr.strip()}")
        process = self.start(["unshare", "-m", "--propagation", "private", "sh", "-c", script])
        self.assertFalse((inside / "server").exists(), "it is visible outside of its mount namespace")
        self.check(process)

    def test_explain_and_text(self):
        _, process = self.serve()
        said = json.loads(self.gooffsets("explain", "--pid", process.pid, STATUS, "--no-db", "--format", "json").stdout)
        self.assertEqual(said["answer"]["offset"], AT[RUNNING[0]])
        self.assertIn(f"go{RUNNING[0]}", self.gooffsets("inspect", "--pid", process.pid).stdout)

    def refused(self, pid, code, *words):
        for command in (["inspect"], ["inspect", "--types"], ["resolve", "--no-db", "--want", self.wants]):
            with self.subTest(command=command[:2]):
                run = self.gooffsets(*command, "--pid", pid, exits=code)
                self.assert_no_crash(run)
                self.assertEqual(run.stdout, "")
                self.assertRegex(run.stderr, r"^gooffsets: error: [^\n]+\ngooffsets: try: [^\n]+\n$")
                self.assert_says(run, *words)

    def test_there_is_no_such_process(self):
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait(60)
        self.refused(ended.pid, harness.BAD_INPUT, f"there is no process {ended.pid}")

    def test_it_has_ended_and_nobody_has_asked_how(self):
        zombie = subprocess.Popen([sys.executable, "-c", ""])
        self.addCleanup(zombie.wait, 60)
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        self.refused(zombie.pid, harness.BAD_INPUT, f"process {zombie.pid} has ended, or is a thread of the kernel")

    def test_it_is_no_go_program(self):
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait, 60)
        self.addCleanup(process.stdin.close)
        self.refused(process.pid, harness.BAD_INPUT, f"process {process.pid} is no Go program")

    def test_a_process_id_that_is_none(self):
        for pid in ("0", "-5", "one", "99999999999999999999"):
            with self.subTest(pid=pid):
                run = self.gooffsets("inspect", f"--pid={pid}", exits=harness.USAGE)
                self.assertEqual(run.stdout, "")
                self.assertRegex(run.stderr, "--pid|process id")

    def test_a_packed_program(self):
        packed = self.directory / "packed"
        plain = twins.build(RUNNING[0], "amd64", "sw").stripped
        packer.pack(plain, packed)
        refused = self.gooffsets("inspect", packed, exits=harness.BAD_INPUT)
        self.assertIn("is no Go program", refused.stderr)
        process = self.check_unpacked(packed)
        every = [json.loads(self.gooffsets("inspect", *program, "--types", "--format", "json").stdout)["types"]
                 for program in ((plain,), ("--pid", process.pid))]
        self.assertGreater(len(every[0]), 100)
        self.assertEqual(*every)

    def test_a_program_packed_with_upx(self):
        upx = shutil.which("upx")
        if not upx:
            harness.skip(self, "there is no upx here")
        packed = self.directory / "packed"
        subprocess.run([upx, "-q", "-o", str(packed), str(twins.build(RUNNING[0], "amd64", "sw").stripped)], check=True, capture_output=True,
                       timeout=300)
        self.check_unpacked(packed)

    def check_unpacked(self, packed):
        process = self.start([packed, "serve"])
        answer = json.loads(self.gooffsets("resolve", "--pid", process.pid, "--no-db", "--want", self.wants, "--format", "json").stdout)
        wants = {want["as"]: want for want in answer["probes"][0]["wants"]}
        self.assertEqual(wants[STATUS]["offset"], AT[RUNNING[0]])
        return process


if __name__ == "__main__":
    harness.main()
