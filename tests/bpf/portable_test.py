"""The portable directory runs where there is nothing else: in a root with the kernel's file systems, a Go program, and no library."""

import shutil
import subprocess

import harness
import tracing


class Portable(tracing.Case):
    def setUp(self):
        super().setUp()
        self.root = self.folder / "root"
        for folder in ("proc", "sys", "tmp"):
            (self.root / folder).mkdir(parents=True)
        made = harness.run_tool([str(harness.SOURCE_DIR / "scripts" / "portable"), harness.tool("GOTRACE"), str(self.root / "opt")],
                                harness.clean_environment(), self.folder, limit=120)
        self.assertEqual(made.returncode, harness.DONE, str(made))
        self.program = tracing.built("life", "1.27.4", ("-s", "-w"))
        shutil.copy(self.program, self.root / "server")

    def inside(self, *command, limit=60):
        """Runs a command in that root alone; its mounts are seen by nobody else and go with it."""
        mounts = 'mount -t proc proc "$1/proc" && mount -t sysfs sys "$1/sys" && root=$1 && shift && exec chroot "$root" "$@"'
        return harness.run_tool(["unshare", "--mount", "sh", "-c", mounts, "sh", str(self.root), *map(str, command)],
                                {"PATH": "/usr/bin:/usr/sbin:/bin:/sbin"}, "/", limit=limit)

    def test_in_an_empty_root(self):
        files = [p.relative_to(self.root) for p in self.root.rglob("*") if p.is_file() and p.parts[-2] != "lib"]
        self.assertLessEqual({str(f) for f in files}, {"opt/gotrace", "server", "opt/share/gooffsets/offsets.db"})
        self.assertNotIn("interpreter", subprocess.run(["file", self.root / "opt" / "gotrace"], capture_output=True,
                                                       text=True).stdout if shutil.which("file") else "")
        version = self.inside("/opt/gotrace", "--version")
        self.assertEqual((version.returncode, version.stdout.split()[0]), (harness.DONE, "gotrace"), str(version))
        # The exit code and the answer are those of the program itself.
        there = harness.run_tool([harness.tool("GOTRACE"), "inspect", "--no-db", "--format", "json", str(self.program)],
                                 harness.clean_environment(), "/", limit=60)
        here = self.inside("/opt/gotrace", "inspect", "--no-db", "--format", "json", "/server")
        self.assertEqual(here.returncode, there.returncode, str(here))
        self.assertEqual(here.stdout, there.stdout.replace(str(self.program), "/server"))
        refused = self.inside("/opt/gotrace", "--exe", "/nothing")
        self.assertEqual(refused.returncode, harness.BAD_INPUT, str(refused))
        doctor = self.inside("/opt/gotrace", "doctor")
        self.assertEqual(doctor.returncode, harness.DONE, str(doctor))
        self.assertIn("tracing works here", doctor.stdout)

    def test_it_traces_from_there(self):
        shutil.copy(tracing.database(), self.root / "data.db")
        target = tracing.Target(self.root / "server")
        self.addCleanup(target.close)
        mounts = f'mount -t proc proc "$1/proc" && mount -t sysfs sys "$1/sys" && exec chroot "$1" /opt/gotrace ' \
                 f'--pid {target.process.pid} --db /data.db --format none --file /tmp/spans'
        tracer = subprocess.Popen(["unshare", "--mount", "sh", "-c", mounts, "sh", str(self.root)], stderr=subprocess.PIPE, text=True)
        messages = tracing.Lines(tracer.stderr)
        self.addCleanup(tracer.stderr.close)
        self.addCleanup(messages.thread.join)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        messages.until(lambda line: "gotrace: tracing 1 process" in line)
        target.work(20)
        tracer.terminate()
        self.assertEqual(tracer.wait(timeout=tracing.LIMIT), 0)
        self.assertEqual(len((self.root / "tmp" / "spans").read_text().splitlines()), 40)


if __name__ == "__main__":
    harness.main()
