"""Builds tests/fixtures/twins/server with garble, a Go obfuscator: other names, no build info, another pclntab. Built once
and kept under the tests' cache.

    program = garble.build("1.25.14", "v0.15.0")    # Missing says why there is none
"""

import fcntl
import os
import shutil

import harness
import twins

# Each release of garble supports few releases of Go.
RELEASES = [("1.24.9", "v0.14.2", ()), ("1.25.14", "v0.15.0", ()), ("1.25.14", "v0.15.0", ("-tiny", "-literals")),
            ("1.26.11", "v0.16.0", ())]
SUBSET = RELEASES[1:2]


class Missing(Exception):
    """Why garble cannot be had here."""


def chosen():
    if harness.WHOLE_MATRIX:
        return RELEASES
    harness.left_out(f"{len(RELEASES) - len(SUBSET)} of {len(RELEASES)} garbled builds")
    return SUBSET


def build(go, release, flags=()):
    if not shutil.which("git"):
        raise Missing("garble needs git, which is not here")
    toolchain = harness.toolchain(go)
    root = harness.cache_root() / "garble"
    root.mkdir(exist_ok=True)
    name = f"{release}-{go}{''.join(flags)}-{twins.digest_of_sources(twins.FIXTURE / 'server')}"
    program, tools = root / name, root / f"tools-{release}-{go}"
    with open(root / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in parallel
        garble = tools / "garble"
        if not garble.exists():
            done = toolchain.run(["install", f"mvdan.cc/garble@{release}"], cwd="/", check=False, GOBIN=str(tools), GOFLAGS="-modcacherw")
            if done.returncode != 0:
                reason = done.stderr.strip().splitlines()[-1]
                raise Missing(f"garble {release} cannot be had through this machine's Go configuration: {reason}")
        if not program.exists():
            path = f"{toolchain.goroot / 'bin'}:{os.environ['PATH']}"  # garble runs the go command that it finds
            environment = toolchain.environment(GOFLAGS="", PATH=path, GARBLE_CACHE=str(root / "cache"))
            run = harness.run_tool([str(garble), *flags, "build", "-o", f"{program}.making", "."], environment, twins.FIXTURE / "server")
            if run.returncode != 0:
                raise AssertionError(str(run))
            os.rename(f"{program}.making", program)
    return program
