"""Programs built with cgo and with tags: what does not depend on them is exact, what does is never said to be."""

import json

import harness

PROGRAM = """package main

import (
	"fmt"
	"reflect"

	"example.test/tagged/custom"
	"example.test/tagged/holder"
	"example.test/tagged/native"
	"example.test/tagged/plain"
)

func main() {
	for _, v := range []any{plain.Record{}, native.Session{}, custom.Table{}, holder.Holder{}} {
		t := reflect.TypeOf(v)
		for i := 0; i < t.NumField(); i++ {
			fmt.Println(t.PkgPath()+"."+t.Name()+"."+t.Field(i).Name, t.Field(i).Offset)
		}
	}
}
"""
PLAIN = ["plain.Record.Flag", "plain.Record.Count", "holder.Holder.Name"]
NATIVE = ["native.Session.Open", "holder.Holder.Last"]
CUSTOM = ["custom.Table.Used", "holder.Holder.Session", "holder.Holder.Last"]


class Tags(harness.ToolTest):
    fixtures = {"tagged"}

    def build(self, name, *flags, cgo):
        """A program of the fixture's packages, and where it says that their fields lie."""
        directory = self.directory / name
        directory.mkdir()
        (directory / "main.go").write_text(PROGRAM)
        (directory / "go.mod").write_text(f"module example.test/{name}\n\ngo 1.21\n\nrequire {self.proxy.module('tagged')} v1.0.0\n")
        settings = {**self.truth_environment(), "CGO_ENABLED": "1" if cgo else "0"}
        harness.toolchain(harness.GO).run(["build", "-o", "program", *flags, "."], cwd=directory, **settings)
        said = harness.run_tool([directory / "program"], harness.clean_environment(), directory)
        offsets = {}
        for line in said.stdout.splitlines():
            symbol, offset = line.split()
            offsets[symbol.removeprefix(self.proxy.module("tagged") + "/")] = int(offset)
        self.assertEqual(len(offsets), 10, str(said))
        return directory / "program", offsets

    def exact(self, program, symbol):
        """The database's own word, exact or (if a type held by value is another one) composed, or None; and all."""
        run = harness.run_tool([harness.tool("GOOFFSETS"), "explain", program, f"{self.proxy.module('tagged')}/{symbol}",
                                "--db", self.db, "--format", "json"], harness.clean_environment(), self.directory)
        self.assertEqual(run.returncode, harness.DONE, str(run))
        explanation = json.loads(run.stdout)
        self.assertEqual(explanation["answer"]["status"], "found", str(run))
        self.assertEqual(explanation["answer"]["conflicts"] if "conflicts" in explanation["answer"] else [], [], str(run))
        for word in explanation["words"]:
            if word["source"] in ("exact", "composed") and word["found"]:
                return word, explanation
        return None, explanation

    def check(self, program, offsets, exact, doubtful):
        for symbol in exact:
            word, explanation = self.exact(program, symbol)
            self.assertIsNotNone(word, f"{symbol}: {explanation}")
            self.assertRegex(word["says"], rf"\b{offsets[symbol]}\b", explanation)
            # The program's own types say the same.
            self.assertEqual(explanation["answer"]["offset"], offsets[symbol], symbol)
        for symbol in doubtful:
            word, explanation = self.exact(program, symbol)
            self.assertIsNone(word, f"{symbol}: {explanation}")
            self.assertEqual(explanation["answer"]["offset"], offsets[symbol], symbol)

    def test_exact_is_what_does_not_depend_on_how_the_program_was_built(self):
        self.generate("tagged", "1.0.0")
        program, usual = self.build("usual", cgo=False)
        self.check(program, usual, PLAIN + NATIVE + CUSTOM + ["holder.Holder.Table"], [])
        program, offsets = self.build("withcgo", cgo=True)
        self.assertNotEqual([offsets[s] for s in NATIVE], [usual[s] for s in NATIVE])  # or nothing would be tested
        self.check(program, offsets, PLAIN + ["custom.Table.Used", "holder.Holder.Table"], NATIVE + ["holder.Holder.Session"])
        program, offsets = self.build("withtag", "-tags", "big,other", cgo=False)
        self.assertNotEqual([offsets[s] for s in CUSTOM], [usual[s] for s in CUSTOM])
        self.check(program, offsets, PLAIN + ["native.Session.Open"], CUSTOM + ["holder.Holder.Table"])

    def test_the_tags_are_those_of_go_build_and_survive_every_form(self):
        self.generate("tagged", "1.0.0")
        expected = {"plain": [], "native": ["cgo"], "custom": ["big"], "holder": []}
        exported = self.export()
        document = json.loads(exported)
        self.assertEqual(document["version"], 2)
        lists = list(document["package_lists"].values())
        self.assertEqual(len(lists), 1)
        self.assertEqual({entry[0].rpartition("/")[2]: entry[-1] for entry in lists[0]}, expected)
        document = self.directory / "offsets.json"
        document.write_bytes(exported)
        for name, files in (("json", [document]), ("raw", sorted(self.cache.glob("raw/*.jsonl.zst")))):
            self.assertEqual(len(files), 1)
            self.db = self.directory / f"{name}.db"
            self.offsetgen("import", *files, cache=False)
            again = json.loads(self.export())
            # A record names no versions but its own.
            self.assertEqual({**again, "versions": None}, {**json.loads(exported), "versions": None}, name)


if __name__ == "__main__":
    harness.main()
