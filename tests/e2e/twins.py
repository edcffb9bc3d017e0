"""Builds tests/fixtures/twins/server in many ways: a stripped program, and its twin from the same build that still has
symbols and DWARF. Builds are kept under the tests' cache and made once.

    twin = twins.build("1.26.11", "arm64", "pie_sw")
    twin.stripped   # what is asked
    twin.plain      # what says the truth
"""

import fcntl
import hashlib
import itertools
import pathlib
import platform
import shutil
import struct
import subprocess

import harness

FIXTURE = harness.SOURCE_DIR / "tests" / "fixtures" / "twins"
GO = ["1.17.13", "1.19.13", "1.21.13", "1.22.12", "1.24.9", "1.25.14", "1.26.10", "1.26.11", "1.27.4"]
ARCHES = ["amd64", "arm64"]
ARCH_OF = {"x86_64": "amd64", "aarch64": "arm64"}  # of uname and of GNU's names


class Kind:
    """How a program is built, and what is done to it afterwards."""

    def __init__(self, flags=(), strip_flags=(), cgo=False, after=None, arches=ARCHES, garble=False):
        self.flags, self.strip_flags, self.cgo, self.after = list(flags), list(strip_flags), cgo, after
        self.arches, self.garble = arches, garble


def gnu_strip(program, arch):
    prefix = "" if ARCH_OF.get(platform.machine()) == arch else {v: k for k, v in ARCH_OF.items()}[arch] + "-linux-gnu-"
    subprocess.run([prefix + "strip", "--strip-all", str(program)], check=True, timeout=60)


def without_section_headers(program, _):
    """As sstrip leaves it: the loader needs none. e_shoff, e_shentsize, e_shnum and e_shstrndx of an ELF-64 header."""
    with open(program, "r+b") as file:
        file.seek(0x28)
        file.write(struct.pack("<Q", 0))
        file.seek(0x3A)
        file.write(struct.pack("<HHH", 0, 0, 0))


STRIP = ["-s", "-w"]
KINDS = {
    "plain": Kind(),
    "sw": Kind(strip_flags=STRIP),
    "pie": Kind(["-buildmode=pie"]),
    "pie_sw": Kind(["-buildmode=pie"], STRIP),
    "gnu_strip": Kind(after=gnu_strip),
    "no_sections": Kind(strip_flags=STRIP, after=without_section_headers),
    "pie_no_sections": Kind(["-buildmode=pie"], STRIP, after=without_section_headers),
    # C code of this machine's compiler, so this machine's architecture only.
    "cgo_external": Kind(strip_flags=["-linkmode=external", *STRIP], cgo=True, arches=["amd64"]),
    "cgo_pie": Kind(["-buildmode=pie"], ["-linkmode=external", *STRIP], cgo=True, arches=["amd64"]),
}
# Each value of each axis at least once, and the pairs in which formats meet (PIE before and from 1.26 on, ABI0 of 1.17 on arm64).
SUBSET = [
    ("1.17.13", "amd64", "pie_sw"), ("1.17.13", "arm64", "sw"), ("1.19.13", "amd64", "gnu_strip"), ("1.21.13", "arm64", "pie"),
    ("1.22.12", "amd64", "cgo_pie"), ("1.24.9", "arm64", "no_sections"), ("1.25.14", "amd64", "pie_no_sections"),
    ("1.26.10", "arm64", "plain"), ("1.26.11", "amd64", "pie_sw"), ("1.27.4", "amd64", "cgo_external"), ("1.27.4", "arm64", "pie_sw"),
]


# Other tests ask for these as well, of any release.
SHARED_KINDS = ("sw", "plain", "pie_sw")


def matrix():
    whole = [(go, arch, kind) for go, arch, kind in itertools.product(GO, ARCHES, KINDS) if arch in KINDS[kind].arches]
    if harness.WHOLE_MATRIX:
        return whole
    for axis in (GO, ARCHES, list(KINDS)):
        for value in axis:
            if not any(value in case for case in SUBSET):
                raise AssertionError(f"the covering subset has no {value}")
    harness.left_out(f"{len(whole) - len(SUBSET)} of {len(whole)} builds of the twin programs (Go release x architecture x kind)")
    return SUBSET


class Twin:
    def __init__(self, directory, toolchain):
        self.stripped, self.plain, self.toolchain = directory / "stripped", directory / "plain", toolchain


def digest_of_sources(directory):
    state = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            state.update(str(path.relative_to(directory)).encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()[:12]


def build(go, arch, name, source=FIXTURE / "server"):
    kind = KINDS[name]
    toolchain = harness.toolchain(go)
    root = harness.cache_root() / "twins" / digest_of_sources(source)
    root.mkdir(parents=True, exist_ok=True)
    directory = root / f"{go}-{arch}-{name}"
    with open(root / f"{directory.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in parallel
        if not directory.exists():
            making = root / f"{directory.name}.making"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            extra = {"CGO_ENABLED": "1" if kind.cgo else "0", "GOFLAGS": ""}
            link = [flag for flag in kind.strip_flags if flag not in STRIP]
            common = ["build", "-trimpath", *kind.flags]
            if not go.startswith("1.17."):  # which writes nothing of the repository, and does not know the flag
                common.append("-buildvcs=false")
            toolchain.run([*common, f"-ldflags={' '.join(link)}", "-o", str(making / "plain"), "."], cwd=source, goarch=arch, **extra)
            if kind.strip_flags:
                toolchain.run([*common, f"-ldflags={' '.join(kind.strip_flags)}", "-o", str(making / "stripped"), "."],
                              cwd=source, goarch=arch, **extra)
            else:
                shutil.copy2(making / "plain", making / "stripped")
            if kind.after:
                kind.after(making / "stripped", arch)
            making.rename(directory)
    return Twin(directory, toolchain)


def drop(twin, case):
    """Of the whole matrix, 90 MB a case, only what the next run asks for again stays."""
    if case not in SUBSET and case[2] not in SHARED_KINDS:
        shutil.rmtree(twin.plain.parent)


def go_tool(name, source):
    """One of the fixtures' Go programs, built for this machine."""
    root = harness.cache_root() / "twins" / digest_of_sources(source)
    root.mkdir(parents=True, exist_ok=True)
    program = root / name
    with open(root / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            harness.toolchain(harness.GO).run(["build", "-o", str(program), "."], cwd=source, GOFLAGS="")
    return program


def run_go_tool(name, source, *arguments):
    program = go_tool(name, pathlib.Path(source))
    return subprocess.run([str(program), *map(str, arguments)], check=True, capture_output=True, text=True, timeout=300).stdout


def structs_of(program):
    """{name: (size, [(field, offset, size, type, embedded)])} by Go's debug/dwarf; names of several layouts are left out."""
    structs, current = {}, None
    for line in run_go_tool("godwarf", harness.SOURCE_DIR / "tests/fixtures/dwarf/godwarf", program).splitlines():
        columns = line.split("\t")
        if columns[0] == "S":
            current = (int(columns[2]), [])
            structs.setdefault(columns[1], []).append(current)
        elif columns[0] == "F":
            current[1].append((columns[2], int(columns[3]), int(columns[4]), columns[5], columns[7] == "true"))
    return {name: found[0] for name, found in structs.items() if all(other == found[0] for other in found)}
