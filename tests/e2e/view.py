"""A copy-on-write view of this system in namespaces of its own, in which tests install files, make users and run services.

Nothing of the system changes, and nothing that runs inside outlives the call: it has its own mounts, processes, network
(loopback only) and control groups.

    run = view.run(self, "curl -s http://127.0.0.1:7443/healthz", files={"etc/x.conf": "..."}, copies={"usr/bin/offsetd": tool("OFFSETD")})
    run = view.run(self, "systemctl start offsetd", boot=True)          # with a systemd of its own as process 1
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import harness

# $1: an empty directory, $2: files to lay over the system, $3: what is written there stays; $4...: the first process.
OUTER = r"""
set -euo pipefail
top=$1 stage=$2 out=$3; shift 3
mount -t tmpfs tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root" "$top/out" "$top/groups"
mount --bind "$out" "$top/out"
mount -t overlay overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" "$top/root"
cp -a "$stage/." "$top/root/"
# A control group of its own: process 1 rules over what is below it only.
mount -t cgroup2 cgroup2 "$top/groups"
before=$top/groups$(sed -n 's/^0:://p' /proc/self/cgroup) own=$top/groups/gooffsets-test-$$
mkdir "$own"
echo $$ >"$own/cgroup.procs"
export top
status=0
unshare --kill-child --pid --fork --mount --uts --ipc --net --cgroup bash -c "$INNER" bash "$@" || status=$?
echo $$ >"$before/cgroup.procs"
find "$own" -depth -type d -exec rmdir {} +
exit "$status"
"""

# Devices are what containers have (https://systemd.io/CONTAINER_INTERFACE/); the console and the kernel's log are files.
INNER = r"""
set -euo pipefail
root=$top/root
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --bind -o ro "$root/proc/sys" "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/dev"
for name in null zero full random urandom tty; do
  touch "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/shm" "$root/dev/pts" "$root/dev/mqueue" "$root/dev/hugepages"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for name in console kmsg; do
  touch "$root/dev/$name" "$top/out/$name"
  mount --bind "$top/out/$name" "$root/dev/$name"
done
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/run/out" "$root/run/before"
mount --bind "$top/out" "$root/run/out"
cd "$root"
pivot_root . run/before
umount -l /run/before
ip link set lo up
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 container=gooffsets "$@"
"""

# The units that every service needs, without what they would start on a whole system.
BASE_TARGETS = ("basic", "exit", "multi-user", "network", "network-online", "paths", "shutdown", "slices", "sockets", "sysinit", "timers", "umount")
STEPS_UNIT = """[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/bash /run/steps
StandardOutput=append:/run/out/steps.log
StandardError=append:/run/out/steps.log
"""
UNITS = "etc/gooffsets-units"  # the only units that systemd sees


class Run:
    def __init__(self, returncode, log, files):
        self.returncode, self.log, self.files = returncode, log, files

    def __str__(self):
        return f"exit status {self.returncode}\n{self.log[-6000:]}\n" + "\n".join(
            f"--- {name}\n{text[-3000:]}" for name, text in self.files.items() if name not in ("steps.log", "kmsg"))


def possible(test):
    """Skips the test where such views cannot be made."""
    if os.geteuid() != 0:
        harness.skip(test, "namespaces and overlays need root")
    probe = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--net", "--cgroup", "true"], capture_output=True)
    if probe.returncode != 0 or not shutil.which("ip"):
        harness.skip(test, "no namespaces can be made here, or there is no ip command")
    with tempfile.TemporaryDirectory() as place:
        script = ('set -e; mount -t tmpfs tmpfs "$1"; mkdir "$1/u" "$1/w" "$1/r" "$1/g"; mount -t cgroup2 cgroup2 "$1/g"; '
                  'mount -t overlay overlay -o "lowerdir=/,upperdir=$1/u,workdir=$1/w" "$1/r"')
        probe = subprocess.run(["unshare", "--mount", "bash", "-c", script, "bash", place], capture_output=True, text=True)
    if probe.returncode != 0:
        harness.skip(test, f"no overlay or control groups can be mounted here: {probe.stderr.strip()}")


def run(test, steps, files=None, copies=None, units=None, boot=False, limit=300):
    """Runs the shell script `steps` in a view with these files (path: text) and copies (path: file or directory). With `boot`,
    systemd is process 1 and knows `units` (name: text). What is written to /run/out is in the answer's `files`."""
    base = pathlib.Path(tempfile.mkdtemp(prefix="gooffsets-view-"))
    test.addCleanup(harness.remove_tree, base)
    stage, out, top = base / "stage", base / "out", base / "top"
    for directory in (stage, out, top):
        directory.mkdir()
    base.chmod(0o755)
    out.chmod(0o777)
    texts = dict(files or {})
    for path, source in (copies or {}).items():
        (stage / path).parent.mkdir(parents=True, exist_ok=True)
        if pathlib.Path(source).is_dir():
            shutil.copytree(source, stage / path, symlinks=True)
        else:
            shutil.copy2(source, stage / path)
    # pipefail and -e: the first step that fails ends the run.
    body = f"set -euxo pipefail\n{steps}\necho 'all steps done'\n"
    command = ["bash", "/etc/gooffsets-steps"]
    texts["etc/gooffsets-steps"] = body
    if boot:
        for name in BASE_TARGETS:
            texts[f"{UNITS}/{name}.target"] = f"[Unit]\nDescription={name}\nDefaultDependencies=no\n"
        for name, text in (units or {}).items():
            texts[f"{UNITS}/{name}"] = text
            if name.endswith(".service"):  # what it says would go to a journal, which does not run here
                texts[f"{UNITS}/{name}.d/log.conf"] = ("[Service]\nStandardOutput=append:/run/out/%p.out\n"
                                                       "StandardError=append:/run/out/%p.err\n")
        texts[f"{UNITS}/steps.service"] = STEPS_UNIT
        # However the steps end, so does process 1: signal 13 of systemd(1) is "exit".
        texts["etc/gooffsets-boot"] = "bash /etc/gooffsets-steps || true\nkill -s RTMIN+13 1\n"
        texts[f"{UNITS}/steps.service"] = STEPS_UNIT.replace("/run/steps", "/etc/gooffsets-boot")
        command = ["env", f"SYSTEMD_UNIT_PATH=/{UNITS}", "SYSTEMD_LOG_TARGET=kmsg", "/lib/systemd/systemd", "--system",
                   "--unit=steps.service"]
    for path, text in texts.items():
        (stage / path).parent.mkdir(parents=True, exist_ok=True)
        (stage / path).write_text(text)
    done = subprocess.run(["timeout", "--signal", "KILL", str(limit), "unshare", "--kill-child", "--mount", "--fork", "bash", "-c", OUTER, "bash",
                           str(top), str(stage), str(out), *command], env={**os.environ, "INNER": INNER}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace")
    made = {path.name: path.read_text(errors="replace") for path in sorted(out.iterdir()) if path.is_file()}
    log = made.get("steps.log", "") if boot else done.stdout + done.stderr
    ended = Run(done.returncode, log if log else done.stdout + done.stderr, made)
    if "all steps done" not in log.splitlines():
        raise AssertionError(f"the steps did not go well: {ended}")
    return ended
