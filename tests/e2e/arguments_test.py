"""Arguments of functions in stripped programs: the database's layouts, checked against what the program tells. Over every function of
a program that the database knows there is no conflict. (That wrong layouts are caught: tests/unit/resolve/self_arguments_test.cc.)
"""

import json
import re

import harness
import twins

# Stored releases; the first without the register ABI on arm64, the first with it, and each later form of the tables.
CASES = [("1.17.13", "arm64", "sw"), ("1.19.13", "amd64", "gnu_strip"), ("1.22.12", "amd64", "cgo_pie"), ("1.24.9", "arm64", "no_sections"),
         ("1.26.11", "amd64", "pie_sw"), ("1.27.4", "arm64", "pie_sw"), ("1.27.4", "amd64", "cgo_external")]
MOST_ITEMS = 9000  # a want list has at most 10,000 symbols
PLAIN = re.compile(r"[a-z][\w/.-]*\.(\(\*\w+\)\.|\w+\.)?\w+")


class Arguments(harness.ToolTest):
    fixtures = set()

    def database(self):
        path = harness.BUILD_DIR / "share" / "gooffsets" / "offsets.db"
        if not path.exists():
            harness.skip(self, f"no released database at {path}")
        return path

    def resolve(self, program, symbols, database):
        answers = {}
        for start in range(0, len(symbols), MOST_ITEMS):
            wants = self.directory / "wants.toml"
            wants.write_text(f"[probe.all]\nattach = [{', '.join(map(json.dumps, symbols[start:start + MOST_ITEMS]))}]\n")
            run = harness.run_tool([harness.tool("GOOFFSETS"), "resolve", str(program), "--db", str(database), "--want", str(wants),
                                    "--format", "json"], harness.clean_environment(), self.directory, limit=120)
            self.assertIn(run.returncode, (harness.DONE, harness.PARTIAL), str(run))
            answers.update({want["as"]: want for want in json.loads(run.stdout)["probes"][0]["attach"]})
        return answers

    def functions_of(self, twin):
        text = twins.run_go_tool("truth", twins.FIXTURE / "truth", "symbols", twin.plain)
        names = {json.loads(line)["name"].removesuffix(".abi0") for line in text.splitlines()}
        return sorted(name for name in names if PLAIN.fullmatch(name) and not re.search(r"\.func\d|\.gowrap|\.dwrap|\.deferwrap|^main\.|^type\.\.", name))

    def test_no_layout_of_the_database_is_refused_in_programs_of_its_releases(self):
        database, total = self.database(), 0
        for go, arch, kind in CASES:
            with self.subTest(f"Go {go} {arch} {kind}"):
                twin = twins.build(go, arch, kind)
                answers = self.resolve(twin.stripped, self.functions_of(twin), database)
                counts = {"found": 0, "with arguments": 0, "argument info": 0, "argument bytes": 0, "method type": 0, "nothing told": 0}
                for name, answer in answers.items():
                    if answer["status"] != "found":
                        continue  # a name of C code, or of assembly's data
                    counts["found"] += 1
                    self.assertEqual(answer.get("conflicts", []), [], f"Go {go} {arch}: {name}")
                    if "params" not in answer["function"]:
                        continue
                    counts["with arguments"] += 1
                    by = answer["how"].partition(", confirmed by ")[2]
                    for what in ("argument info", "argument bytes", "method type"):
                        counts[what] += what in by
                    counts["nothing told"] += not by
                print(f"Go {go} {arch} {kind}: {counts}, no conflict", flush=True)
                self.assertGreater(counts["with arguments"], 2000)
                self.assertGreater(counts["argument info"], counts["with arguments"] // 2)
                total += counts["with arguments"]
        print(f"in all: {total} functions with arguments of the database, none contradicted by its program", flush=True)


if __name__ == "__main__":
    harness.main()
