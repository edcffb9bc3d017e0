"""Stripped Go programs as they are shipped: packages of this machine's Debian or Ubuntu, and of npm. Fetched once through
apt and npm as they are configured, and kept under the tests' cache.

    program = real.PROGRAMS["gh"].fetch()    # a path; Missing says why there is none
"""

import fcntl
import pathlib
import re
import shutil
import subprocess
import tarfile

import harness


class Missing(Exception):
    """Why a program cannot be had here."""


def run(command, cwd):
    if not shutil.which(command[0]):
        raise Missing(f"there is no {command[0]} here")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        words = [line for line in done.stderr.splitlines() if line.strip()]
        raise Missing(f"{' '.join(command)}: {words[-1] if words else 'failed'}")
    return done.stdout


class Program:
    """One program of a package; several programs share the package's directory."""

    sign = ""  # a file that shows that the package is there, as this module unpacks it now

    def __init__(self, package, path):
        self.package, self.path = package, path

    def fetch(self):
        root = harness.cache_root() / "real"
        root.mkdir(exist_ok=True)
        directory = root / self.package.replace("/", "-")
        with open(root / f"{directory.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in parallel
            if not (directory / self.sign).exists():
                making = root / f"{directory.name}.making"
                shutil.rmtree(making, ignore_errors=True)
                (making / "archive").mkdir(parents=True)
                self.unpack(making / "archive", making)
                shutil.rmtree(making / "archive")
                shutil.rmtree(directory, ignore_errors=True)
                making.rename(directory)
        program = directory / self.path
        if not program.exists():
            raise Missing(f"this machine's {self.package} has no {self.path}")
        return program


class Deb(Program):
    """Of whatever version this machine's package lists name."""

    sign = "built-using"

    def unpack(self, archive, target):
        run(["apt-get", "-q", "download", self.package], archive)
        for package in archive.glob("*.deb"):
            run(["dpkg-deb", "-x", str(package), str(target)], archive)
            fields = [run(["dpkg-deb", "-f", str(package), field], archive) for field in ("Built-Using", "Static-Built-Using")]
            (target / self.sign).write_text("\n".join(fields))

    def built_using(self):
        """The source packages that were compiled in, with their upstream versions: {"golang-google-grpc": "1.33.3"}."""
        program = self.fetch()
        text = (program.parents[len(pathlib.Path(self.path).parts) - 1] / self.sign).read_text()
        return {name: re.sub(r"^\d+:|[+-].*", "", version) for name, version in re.findall(r"([\w.+-]+) \(= ([^)]+)\)", text)}


class Npm(Program):
    """`package` names the version, so that everybody tests the same."""

    def unpack(self, archive, target):
        run(["npm", "pack", "--silent", self.package], archive)
        for package in archive.glob("*.tgz"):
            with tarfile.open(package) as tar:
                for member in tar:
                    if member.name == self.path:
                        tar.extract(member, target)
        program = pathlib.Path(target / self.path)
        if not program.exists():
            raise Missing(f"{self.package} has no {self.path}")
        program.chmod(0o755)


PROGRAMS = {
    "gh": Deb("gh", "usr/bin/gh"),
    "rclone": Deb("rclone", "usr/bin/rclone"),
    "kubectl": Deb("kubernetes-client", "usr/bin/kubectl"),
    "prometheus": Deb("prometheus", "usr/bin/prometheus"),
    "promtool": Deb("prometheus", "usr/bin/promtool"),
    "dockerd": Deb("docker.io", "usr/sbin/dockerd"),
    "docker-proxy": Deb("docker.io", "usr/sbin/docker-proxy"),
    "packer": Deb("packer", "usr/bin/packer"),
    "esbuild": Npm("@esbuild/linux-x64@0.28.2", "package/bin/esbuild"),
    "tsgo": Npm("@typescript/native-preview-linux-x64@7.0.0-dev.20260707.2", "package/lib/tsgo"),
}
# One with cgo and fixed addresses, one in PIE whose pclntab has no section, one without build info.
SUBSET = ["gh", "dockerd", "esbuild"]


def chosen():
    if harness.WHOLE_MATRIX:
        return list(PROGRAMS)
    left = [name for name in PROGRAMS if name not in SUBSET]
    harness.left_out(f"{len(left)} of {len(PROGRAMS)} real programs ({', '.join(left)})")
    return SUBSET
