"""The Go helper's own tests, run with the Go release that offsetgen builds it with."""

import unittest

import harness


class Keepgen(unittest.TestCase):
    def test_go_test(self):
        done = harness.toolchain(harness.GO).run(["test", "-count=1", "./..."],
                                                 cwd=harness.SOURCE_DIR / "tools" / "offsetgen" / "keepgen")
        self.assertIn("ok", done.stdout)


if __name__ == "__main__":
    harness.main()
