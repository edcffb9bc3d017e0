"""What differs between two builds of a program is what was changed in its source, and nothing else: with DWARF, and by what
stripped programs keep.
"""

import json

import harness

SOURCE = """package main

import (
	"fmt"
	"os"
	"unsafe"
)

type Config struct {
	Name string
%(field)s	Port int
}

type Kept struct {
	Number int32
	Config *Config
}

//go:noinline
func Handle(c *Config, %(parameter)sn int) error {
	if n > 1 {
		return fmt.Errorf("%%s %%d", c.Name, n)
	}
	return nil
}

//go:noinline
func (c *Config) Grow(by %(width)s) int {
	c.Port += int(by)
	return c.Port
}

//go:noinline
func Same(a string, b []byte, c float64) (string, error) {
	fmt.Fprint(os.Stderr, a, b, c)
	return a, nil
}

type Grower interface{ Grow(by %(width)s) int }

func main() {
	c := &Config{Name: os.Args[0]}
	var any interface{} = Kept{1, c}
	var g Grower = c
	Handle(c, %(argument)slen(os.Args))
	Same("", nil, float64(g.Grow(1)))
	fmt.Fprint(os.Stderr, any, g) // described, as fmt may look into them
	fmt.Println(unsafe.Offsetof(c.Port), unsafe.Sizeof(*c))
}
"""
BEFORE = {"field": "", "parameter": "", "argument": "", "width": "uint8"}
AFTER = {"field": "\tTimeout [3]int64\n", "parameter": "retries int16, ", "argument": "3, ", "width": "uint32"}


class Diff(harness.ToolTest):
    fixtures = set()

    def build(self, name, words, *ldflags):
        directory = self.directory / name
        directory.mkdir()
        (directory / "go.mod").write_text("module example.com/program\n\ngo 1.21\n")
        (directory / "main.go").write_text(SOURCE % words)
        program = directory / "program"
        harness.toolchain(harness.GO).run(["build", "-trimpath", f"-ldflags={' '.join(ldflags)}", "-o", str(program), "."],
                                          cwd=directory, GOFLAGS="")
        return program

    def says(self, program):
        """Port's offset and Config's size, as the program prints them."""
        return harness.run_tool([str(program)], harness.clean_environment(), self.directory).stdout.split()[:2]

    def diff(self, first, second, exits):
        run = harness.run_tool([harness.tool("GOOFFSETS"), "diff", str(first), str(second), "--limit", "0", "--format", "json"],
                               harness.clean_environment(), self.directory)
        self.assertEqual(run.returncode, exits, str(run))
        answer = json.loads(run.stdout)
        self.assertEqual(answer["total"], len(answer["differences"]))
        return {(d["symbol"], d["what"]): (d["first"], d["second"]) for d in answer["differences"]}

    def check_structs(self, differences, before, after):
        (port_before, size_before), (port_after, size_after) = self.says(before), self.says(after)
        expected = {("main.Config", "size"): (size_before, size_after),
                    ("main.Config", "offset of Port"): (port_before, port_after),
                    ("main.Config", "field added: Timeout"): ("", "offset 16, [3]int64")}
        structs = {key: value for key, value in differences.items() if key[0] in ("main.Config", "main.Kept")}
        self.assertEqual(structs, expected)

    def test_with_dwarf(self):
        before, after = self.build("before", BEFORE), self.build("after", AFTER)
        differences = self.diff(before, after, harness.NEGATIVE)
        self.check_structs(differences, before, after)
        self.assertEqual(differences.pop(("main.Handle", "arguments")),
                         ("(*main.Config, int) (error)", "(*main.Config, int16, int) (error)"))
        self.assertEqual(differences.pop(("main.(*Config).Grow", "arguments")),
                         ("(*main.Config, uint8) (int)", "(*main.Config, uint32) (int)"))
        self.assertEqual({symbol for symbol, _ in differences}, {"main.Config"})
        self.assertEqual(self.diff(before, before, harness.DONE), {})

    def test_stripped(self):
        before, after = self.build("before", BEFORE, "-s", "-w"), self.build("after", AFTER, "-s", "-w")
        differences = self.diff(before, after, harness.NEGATIVE)
        self.check_structs(differences, before, after)
        # Offset and size of each word of the arguments (src: cmd/compile/internal/ssagen, EmitArgInfo).
        self.assertEqual([text.partition(" in ")[0] for text in differences.pop(("main.Handle", "argument words"))],
                         ["0:8; 8:8", "0:8; 8:2; 16:8"])
        self.assertEqual([text.partition(" in ")[0] for text in differences.pop(("main.(*Config).Grow", "argument words"))],
                         ["0:8; 8:1", "0:8; 8:4"])
        self.assertEqual({symbol for symbol, _ in differences}, {"main.Config"})

    def test_a_stripped_twin_is_no_difference(self):
        self.assertEqual(self.diff(self.build("plain", BEFORE), self.build("stripped", BEFORE, "-s", "-w"), harness.DONE), {})


if __name__ == "__main__":
    harness.main()
