"""The tracer on other kernels: each boots in a small virtual machine, traces a fixture there, and prints both sides.

GOTRACE_TEST_KERNELS names kernel images, separated by colons: docs/tracing.md says where Debian has them. Needs
qemu-system-x86_64, busybox (static), cpio, and no rights: the machine has its own root.
"""

import collections
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

import harness
import tracing

BOOT_LIMIT = 300  # seconds: without hardware help everything is interpreted
CONCURRENT = 50
INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
ifconfig lo 127.0.0.1 up
mkfifo /tmp/in
/work/fixture < /tmp/in > /tmp/out &
exec 3>/tmp/in
/work/gotrace --exe /work/fixture --db /work/offsets.db --format none --file /tmp/spans > /tmp/log 2>&1 &
tracer=$!
wait_for() {{ i=0; while ! grep -q "$1" "$2" && [ $i -lt 120 ]; do sleep 1; i=$((i+1)); done; }}
wait_for tracing /tmp/log
echo {CONCURRENT} >&3
wait_for '"done"' /tmp/out
kill -TERM $tracer; wait $tracer
echo; echo BEGIN-RELEASE; uname -r; echo BEGIN-LOG; cat /tmp/log; echo BEGIN-RECORDS; cat /tmp/out
echo BEGIN-SPANS; cat /tmp/spans; echo BEGIN-END
poweroff -f
"""


def kernels():
    return [path for path in os.environ.get("GOTRACE_TEST_KERNELS", "").split(":") if path]


def initramfs(directory, fixture):
    root = pathlib.Path(directory) / "root"
    for folder in ("bin", "proc", "sys", "dev", "tmp", "work"):
        (root / folder).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
    shutil.copy(fixture, root / "work" / "fixture")
    shutil.copy(tracing.database(), root / "work" / "offsets.db")
    subprocess.run(["strip", "-o", root / "work" / "gotrace", harness.tool("GOTRACE")], check=True)
    libraries = subprocess.run(["ldd", harness.tool("GOTRACE")], check=True, capture_output=True, text=True).stdout
    for library in re.findall(r"(/\S+\.so\S*)", libraries):
        target = root / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    names = subprocess.run(["find", "."], cwd=root, check=True, capture_output=True).stdout
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, check=True, capture_output=True)
    path = pathlib.Path(directory) / "initramfs.gz"
    path.write_bytes(gzip.compress(archive.stdout, 1))
    return path


def request_of(query):
    return urllib.parse.parse_qs(query).get("id", [""])[0]


class Kernels(unittest.TestCase):
    def setUp(self):
        if not kernels():
            harness.skip(self, "GOTRACE_TEST_KERNELS names no kernel image")
        for program in ("qemu-system-x86_64", "busybox", "cpio"):
            if not shutil.which(program):
                harness.skip(self, f"{program} is not installed")

    def test_each_kernel_traces_a_program(self):
        fixture = tracing.built("http", "1.22.12", ("-s", "-w"))
        with tempfile.TemporaryDirectory(prefix="gotrace-vm-") as directory:
            image = initramfs(directory, fixture)
            for kernel in kernels():
                with self.subTest(kernel=kernel):
                    self.boot(kernel, image)

    def boot(self, kernel, image):
        command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64", "-smp", "2", "-m", "2000M", "-nographic",
                   "-no-reboot", "-kernel", kernel, "-initrd", str(image), "-append", "console=ttyS0 panic=-1 quiet no_timer_check"]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=BOOT_LIMIT)
        console = run.stdout.decode(errors="replace").replace("\r", "")
        parts = dict(re.findall(r"BEGIN-(\w+)\n(.*?)(?=BEGIN-)", console, re.DOTALL))
        self.assertIn("SPANS", parts, console[-3000:])
        records = [json.loads(line) for line in parts["RECORDS"].splitlines() if '"id"' in line]
        spans = [json.loads(line) for line in parts["SPANS"].splitlines() if line.startswith("{")]
        self.assertGreater(len(records), CONCURRENT, parts["LOG"])
        logged = collections.Counter((r["side"], r["id"], r["status"]) for r in records if len(r["url"]) < 1024)
        seen = collections.Counter()
        for span in spans:
            query = span.get("url.query") or urllib.parse.urlsplit(span.get("url.full", "")).query
            if "gotrace.truncated" not in span:
                seen[span["kind"], request_of(query), span.get("http.response.status_code", 0)] += 1
        self.assertEqual(seen, logged)
        self.assertEqual(len(spans), len(records))
        print(f"\ncompared: Linux {parts['RELEASE'].strip()}: {len(spans)} spans", flush=True)


if __name__ == "__main__":
    harness.main()
