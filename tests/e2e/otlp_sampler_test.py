"""Sampling decisions are those of the Go SDK, trace id by trace id."""

import os
import random
import subprocess
import unittest

import harness
import otlp_fixture

RATIOS = ["0", "0.000001", "0.001", "0.1", "0.25", "0.3333333333333333", "0.5", "0.75", "0.999999", "1"]


class Sampler(unittest.TestCase):
    def test_traceidratio_decides_as_the_go_sdk_does(self):
        generator = random.Random(7)
        ids = [f"{generator.getrandbits(128):032x}" for _ in range(10_000)]
        # Around every ratio's bound, which is where a difference of rounding would show.
        for ratio in map(float, RATIOS):
            bound = int(ratio * 2**63)
            ids += [f"{1 << 64 | (low & (2**64 - 1)):032x}" for low in range(2 * bound - 6, 2 * bound + 6)
                    if 0 <= low < 2**64]
        # Roots, and every tenth also with a remote parent of either kind.
        ids += [f"{i} {flag}" for i in ids[::10] for flag in (0, 1)]
        text = "".join(f"{i}\n" for i in ids)
        sdk = subprocess.run([otlp_fixture.go_program("sampler"), *RATIOS], input=text, capture_output=True, text=True,
                             check=True, timeout=120).stdout.splitlines()
        self.assertEqual(len(sdk), len(ids))
        differences = compared = 0
        for index, ratio in enumerate(RATIOS):
            for column, sampler in enumerate(("traceidratio", "parentbased_traceidratio")):
                env = {**os.environ, "OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": ratio}
                ours = subprocess.run([harness.tool("SPAN_FEEDER"), "--decide"], input=text, capture_output=True,
                                      text=True, check=True, timeout=120, env=env).stdout.splitlines()
                self.assertEqual(len(ours), len(ids))
                for mine, theirs in zip(ours, sdk):
                    decisions = theirs.split()[-2 * len(RATIOS):]
                    compared += 1
                    differences += mine.split()[-1] != decisions[2 * index + column]
        print(f"\n{compared} decisions compared with the Go SDK, {differences} differ", flush=True)
        self.assertEqual(differences, 0)


if __name__ == "__main__":
    unittest.main()
