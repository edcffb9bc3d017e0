"""Probe points in a running, stripped program: the kernel's uprobes at the entries that are answered are hit once a call, and
those at the returns once a return, whether goroutines' stacks grow, calls recurse, panic or are deferred.
"""

import json
import platform

import harness
import twins
import uprobes

FIXTURE = harness.SOURCE_DIR / "tests" / "fixtures" / "uprobes"
# Up to Go 1.20 the cheapest entry may lie in front of the stack check (docs/probe-points.md), and is hit again when the stack grew.
HIT_AGAIN = {"1.17.13"}
MOST_GROWTHS = 100
CASES = [("1.17.13", "sw"), ("1.21.13", "pie_sw"), ("1.26.11", "sw"), ("1.27.4", "pie_sw")]
FUNCTIONS = ["main.leaf", "main.many", "main.deep", "main.fib", "main.(*counter).Add", "main.pair.sum", "main.deferring", "main.recovers",
             "main.panics"]


class LiveProbes(harness.ToolTest):
    fixtures = set()

    def bodies(self, program):
        wants = self.directory / "wants.toml"
        wants.write_text(f"[probe.all]\nattach = [{', '.join(map(json.dumps, FUNCTIONS))}]\n")
        run = harness.run_tool([harness.tool("GOOFFSETS"), "resolve", program, "--no-db", "--want", wants, "--format", "json"],
                               harness.clean_environment(), self.directory)
        self.assertEqual(run.returncode, harness.DONE, str(run))
        attach = json.loads(run.stdout)["probes"][0]["attach"]
        return {answer["as"]: answer["function"]["bodies"] for answer in attach}

    def test_probes_are_hit_once_a_call_and_once_a_return(self):
        if platform.machine() != "x86_64":
            harness.skip(self, "the programs are built for amd64")
        hits = 0
        for go, kind in CASES:
            with self.subTest(go=go, kind=kind):
                twin = twins.build(go, "amd64", kind, FIXTURE)
                bodies = self.bodies(twin.stripped)
                entries = {name: [body["entry"]["file_offset"] for body in found] for name, found in bodies.items()}
                exits = {name: [place["file_offset"] for body in found for place in body["returns"]] for name, found in bodies.items()}
                places = {offset for found in (entries, exits) for offsets in found.values() for offset in offsets}
                try:
                    counts, said = uprobes.count([str(twin.stripped)], sorted(places))
                except uprobes.Denied as reason:
                    harness.skip(self, str(reason))
                truth = {name: (int(calls), int(returns)) for name, calls, returns in map(str.split, said.splitlines())}
                self.assertEqual(set(truth), set(FUNCTIONS))
                for name, (calls, returns) in truth.items():
                    got = (sum(counts[at] for at in entries[name]), sum(counts[at] for at in exits[name]))
                    again = got[0] - calls if go in HIT_AGAIN else 0
                    self.assertIn(again, range(MOST_GROWTHS), f"Go {go} {kind}: {name}: {bodies[name]}")
                    self.assertEqual(got, (calls + again, returns), f"Go {go} {kind}: {name}: {bodies[name]}")
                    hits += sum(got)
                print(f"Go {go} {kind}: {len(truth)} functions, {len(places)} places: hits equal calls and returns", flush=True)
        print(f"in all: {hits} hits, as many as the programs made calls and returns", flush=True)


if __name__ == "__main__":
    harness.main()
