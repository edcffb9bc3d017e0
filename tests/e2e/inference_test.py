"""Programs that do not name their modules' versions, as Debian builds them (GOPATH mode: no module list): what is said of grpc,
x/net and protobuf equals the DWARF of their unstripped twins, or is refused with a reason."""

import fcntl
import json
import re
import shutil

import harness
import twins

FIXTURE = harness.SOURCE_DIR / "tests" / "fixtures" / "inferred"
# Go release and grpc version, both stored; the other modules are at the versions that this one requires.
CASES = [("1.26.11", "1.80.0"), ("1.24.9", "1.67.1")]
MODULES = ("google.golang.org/grpc", "golang.org/x/net", "google.golang.org/protobuf", "google.golang.org/genproto/googleapis/rpc")
MOST_ITEMS = 9000  # a want list has at most 10,000 symbols


def build(go, grpc):
    """The program without a module list, twice."""
    toolchain = harness.toolchain(go)
    root = harness.cache_root() / "inferred" / twins.digest_of_sources(FIXTURE)
    root.mkdir(parents=True, exist_ok=True)
    directory = root / f"{go}-{grpc}"
    with open(root / f"{directory.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            making = root / f"{directory.name}.making"
            shutil.rmtree(making, ignore_errors=True)
            work, path = making / "work", making / "gopath"
            shutil.copytree(FIXTURE, work)
            (work / "go.mod").write_text(f"module example.test/inferred\n\ngo 1.21\n\nrequire google.golang.org/grpc v{grpc}\n")
            toolchain.run(["list", "-deps", "."], cwd=work)
            toolchain.run(["mod", "vendor"], cwd=work)
            shutil.copytree(work / "vendor", path / "src")
            shutil.copytree(FIXTURE, path / "src" / "example.test" / "inferred")
            shutil.copy(work / "go.mod", making / "go.mod")
            for name, flags in (("plain", []), ("stripped", ["-ldflags=-s -w"])):
                toolchain.run(["build", "-trimpath", *flags, "-o", str(making / name), "example.test/inferred"], cwd=path,
                              GO111MODULE="off", GOPATH=str(path), GOFLAGS="")
            shutil.rmtree(work)
            shutil.rmtree(path)
            making.rename(directory)
    return twins.Twin(directory, toolchain)


class Inference(harness.ToolTest):
    fixtures = set()

    def gooffsets(self, *arguments, exits=(harness.DONE, harness.PARTIAL, harness.UNKNOWN)):
        run = harness.run_tool([harness.tool("GOOFFSETS"), *map(str, arguments)], harness.clean_environment(), self.directory, limit=120)
        self.assertIn(run.returncode, exits, str(run))
        return json.loads(run.stdout)

    def resolve(self, program, symbols, database):
        answers = {}
        for start in range(0, len(symbols), MOST_ITEMS):
            wants = self.directory / "wants.toml"
            part = ", ".join(map(json.dumps, symbols[start:start + MOST_ITEMS]))
            wants.write_text(f"[probe.all]\nattach = []\nwant = [{part}]\n")
            said = self.gooffsets("resolve", program, "--db", database, "--want", wants, "--format", "json")
            answers.update({want["as"]: want for want in said["probes"][0]["wants"]})
        return answers

    def test_answers_are_the_twins_or_refused(self):
        database = harness.BUILD_DIR / "share" / "gooffsets" / "offsets.db"
        if not database.exists():
            harness.skip(self, f"no released database at {database}")
        total = 0
        for go, grpc in CASES:
            with self.subTest(go=go, grpc=grpc):
                twin = build(go, grpc)
                info = self.gooffsets("inspect", twin.stripped, "--format", "json")
                self.assertEqual((info["go_version"], info["modules"]), (go, []))
                truth = {name: layout for name, layout in twins.structs_of(twin.plain).items()
                         if name.startswith(MODULES) and re.fullmatch(r"[\w./-]+", name)}
                self.assertGreater(len(truth), 200)
                # All fields of one struct are asked as one item: the struct.
                answers = self.resolve(twin.stripped, sorted(truth), database)
                counts, modules = {}, {}
                for name, answer in answers.items():
                    if answer["status"] == "found":
                        kind = answer["source"]
                        got = (answer["size"], [(f["name"], f["offset"], f["size"]) for f in answer["fields"]])
                        size, fields = truth[name]
                        self.assertEqual(got, (size, [field[:3] for field in fields]), f"Go {go} grpc {grpc}: {name}: {answer['how']}")
                        total += len(fields)
                    else:
                        self.assertNotEqual(answer["status"], "absent", f"{name}: {answer}")  # the twin has it
                        kind = "refused"
                    self.assertEqual(answer.get("conflicts", []), [], name)
                    counts[kind] = counts.get(kind, 0) + 1
                    module = next(module for module in MODULES if name.startswith(module))
                    modules.setdefault(module, {}).setdefault(kind, 0)
                    modules[module][kind] += 1
                print(f"Go {go} grpc {grpc}, {len(truth)} structs: {counts}; {modules}", flush=True)
                refused = [(name, answer) for name, answer in answers.items() if answer["status"] != "found"]
                for name, answer in refused:
                    said = answer["tried"][0]
                    self.assertTrue(said.get("reason"), f"{name}: {answer}")
                if refused:
                    print(f"  such as {refused[0][0]}: {refused[0][1]['tried'][0]['reason']}", flush=True)
        print(f"in all: {total} fields equal to the twins' DWARF", flush=True)


if __name__ == "__main__":
    harness.main()
