"""The shared library's ABI is the recorded one: nothing that a compiled agent uses was removed or changed.

tests/golden/c_abi.xml is what libabigail's abidw reads out of the library. After a compatible addition, record it anew:

    GOOFFSETS_UPDATE_GOLDEN=1 ctest -R c_abi

What this test calls incompatible needs another major version (the soname), or another way.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import harness

GOLDEN = harness.SOURCE_DIR / "tests" / "golden" / "c_abi.xml"
INCOMPATIBLE = 8  # a bit of abidiff's exit status (abidiff(1), "RETURN VALUES")
HEADERS = ["--headers-dir", str(harness.SOURCE_DIR / "libgooffsets" / "include" / "gooffsets")]


class CAbi(unittest.TestCase):
    def setUp(self):
        self.library = next(pathlib.Path(harness.BUILD_DIR).glob("libgooffsets/libgooffsets.so"))

    def read_abi(self, path):
        subprocess.run(["abidw", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--no-architecture",
                        "--exported-interfaces-only", "--drop-private-types", *HEADERS, "--out-file", str(path), str(self.library)],
                       check=True, timeout=120)
        path.write_text(path.read_text().replace(f"{harness.SOURCE_DIR}/", ""))

    def test_nothing_that_agents_use_has_changed(self):
        if os.environ.get("GOOFFSETS_UPDATE_GOLDEN") == "1":
            self.read_abi(GOLDEN)
        with tempfile.TemporaryDirectory() as directory:
            now = pathlib.Path(directory) / "now.xml"
            self.read_abi(now)
            done = subprocess.run(["abidiff", str(GOLDEN), str(now)], capture_output=True, text=True, timeout=120)
        self.assertFalse(done.returncode & INCOMPATIBLE, "incompatible with compiled agents:\n" + done.stdout + done.stderr)
        self.assertEqual(done.returncode, 0, "differs from what is recorded (see this file's beginning):\n" + done.stdout + done.stderr)

    def test_it_exports_the_c_interface_and_nothing_else(self):
        listed = subprocess.run(["nm", "-D", "--defined-only", str(self.library)], check=True, capture_output=True, text=True).stdout
        names = {line.split()[-1].split("@")[0] for line in listed.splitlines()}
        self.assertGreater(len(names), 20)
        self.assertEqual({name for name in names if not name.startswith("gooffsets_")}, set())


if __name__ == "__main__":
    harness.main()
