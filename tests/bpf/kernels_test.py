"""The tracer on other kernels: each boots in a small virtual machine, traces a fixture there, and prints both sides.

GOTRACE_TEST_KERNELS names kernel images, separated by colons; GOTRACE_TEST_ARM64 a kernel image, a gotrace that was built for
arm64, and the folder of a Debian for arm64 with the libraries that it needs: docs/tracing.md says where these come from. Needs
qemu-system-x86_64 or qemu-system-aarch64, busybox (static), cpio, and no rights: the machine has its own root.
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


def libraries_of(program, debian):
    """The files that the loader would map, as paths within `debian`."""
    # The loader's name says that it is in /lib.
    folders = [debian / folder for folder in ("lib", "lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu")]
    found, todo = {}, [program]
    while todo:
        said = subprocess.run(["readelf", "-d", todo.pop()], check=True, capture_output=True, text=True).stdout
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", said):
            if name not in found:
                found[name] = next(folder / name for folder in folders if (folder / name).exists())
                todo.append(found[name])
    return [path.relative_to(debian) for path in found.values()]


def initramfs(directory, fixture, program, debian=pathlib.Path("/"), busybox=None):
    root = pathlib.Path(directory) / "root"
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("bin", "proc", "sys", "dev", "tmp", "work"):
        (root / folder).mkdir(parents=True)
    shutil.copy(busybox or shutil.which("busybox"), root / "bin" / "busybox")
    shutil.copy(fixture, root / "work" / "fixture")
    shutil.copy(tracing.database(), root / "work" / "offsets.db")
    shutil.copy(program, root / "work" / "gotrace")
    if debian == pathlib.Path("/"):
        said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
        libraries = [path.lstrip("/") for path in re.findall(r"(/\S+\.so\S*)", said)]
    else:
        libraries = libraries_of(program, debian)
    for library in libraries:
        target = root / library
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(debian / library, target)
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
    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                harness.skip(self, f"{program} is not installed")

    def test_each_kernel_traces_a_program(self):
        if not kernels():
            harness.skip(self, "GOTRACE_TEST_KERNELS names no kernel image")
        self.need("qemu-system-x86_64", "busybox", "cpio")
        fixture = tracing.built("http", "1.22.12", ("-s", "-w"))
        with tempfile.TemporaryDirectory(prefix="gotrace-vm-") as directory:
            program = pathlib.Path(directory) / "gotrace"
            subprocess.run(["strip", "-o", program, harness.tool("GOTRACE")], check=True)
            image = initramfs(directory, fixture, program)
            for kernel in kernels():
                with self.subTest(kernel=kernel):
                    self.boot(["qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64"], "ttyS0", kernel, image)

    def test_arm64(self):
        if "GOTRACE_TEST_ARM64" not in os.environ:
            harness.skip(self, "GOTRACE_TEST_ARM64 names no kernel, gotrace and Debian for arm64")
        self.need("qemu-system-aarch64", "cpio")
        kernel, program, debian = os.environ["GOTRACE_TEST_ARM64"].split(":")
        debian = pathlib.Path(debian)
        for release, mode in (("1.22.12", "exe"), ("1.27.4", "pie")):
            fixture = tracing.built("http", release, ("-s", "-w"), mode=mode, goarch="arm64")
            with self.subTest(release=release), tempfile.TemporaryDirectory(prefix="gotrace-vm-") as directory:
                image = initramfs(directory, fixture, program, debian, debian / "bin/busybox")
                self.boot(["qemu-system-aarch64", "-M", "virt", "-accel", "tcg", "-cpu", "cortex-a57"], "ttyAMA0", kernel, image)

    def boot(self, machine, terminal, kernel, image):
        command = [*machine, "-smp", "2", "-m", "2000M", "-nographic", "-no-reboot", "-kernel", kernel, "-initrd", str(image),
                   "-append", f"console={terminal} panic=-1 quiet no_timer_check"]
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
