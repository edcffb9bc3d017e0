"""Locations of arguments and results against a running program: what the stored registers and stack slots hold when a
function is entered, and when it has returned, are the bytes that the program itself says it passed and got."""

import re

import harness
import live

MAIN = '''package main

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"example.test/calls"
)

func init() { runtime.LockOSThread() }

func show(function, kind string, index int, p unsafe.Pointer, size uintptr) {
	fmt.Printf("%s %s %d %x\\n", function, kind, index, unsafe.Slice((*byte)(p), int(size)))
}

func main() {
	pair, pair2 := calls.Pair{A: -3, B: 0x1020304050607080}, calls.Pair{A: 77, B: -1}
	mixed := calls.Mixed{F: 1.25, G: -2.5, N: -7, S: "mixed"}
	one, big := calls.One{{X: 513, Y: 9.5}}, calls.Big{V: [2]uint64{0xa1a2a3a4a5a6a7a8, 0xb1b2b3b4b5b6b7b8}}
	text, list, failure := "some text", []byte{1, 2, 3, 4}, errors.New("failure")
	table, f, tail := map[string]int{"a": 1}, func() {}, []string{"x", "y", "z"}
	trio := [3]int16{-1, 2, -3}
BODY}
'''
# (function, argument expressions)
CALLS = [
    ("Ints", ["int8(-5)", "uint16(40000)", "int32(-123456)", "int64(0x1234567890abcdef)", "true"]),
    ("Words", ["text", "list", "failure", "table", "f"]),
    ("Floats", ["float32(3.5)", "float64(-7.25)", "complex(1.5, -2.5)", "complex64(complex(8, 9))"]),
    ("Structs", ["pair", "mixed", "one", "calls.Empty{}", "pair2"]),
    ("Stack", ["big", "42", "trio", "text"]),
    ("Many", [str(n * 1000003) for n in range(1, 12)] + ["text"]),
    ("ManyFloats", [f"float64({n}.5)" for n in range(17)]),
    ("(*Pair).Method", ["&pair", "uint32(4000000000)", "text"]),
    ("Mixed.Value", ["mixed", "float64(6.75)", "tail"]),
    ("Returns", ["41"]),
]
RESULTS = {"Ints": 1, "Words": 1, "Floats": 1, "Structs": 1, "Stack": 1, "Many": 1, "ManyFloats": 1, "(*Pair).Method": 1,
           "Mixed.Value": 1, "Returns": 6}


def program():
    body = []
    for number, (function, arguments) in enumerate(CALLS):
        names = [f"a{number}_{index}" for index in range(len(arguments))]
        results = [f"r{number}_{index}" for index in range(RESULTS[function])]
        for index, (name, expression) in enumerate(zip(names, arguments)):
            body.append(f"\t{name} := {expression}\n")
            body.append(f'\tshow("{function}", "param", {index}, unsafe.Pointer(&{name}), unsafe.Sizeof({name}))\n')
        callee = re.sub(r"^(\(\*\w+\)|\w+)\.(\w+)$", rf"{names[0]}.\2", function)
        passed = names[1:] if callee != function else names
        callee = callee if callee != function else f"calls.{function}"
        body.append(f"\t{', '.join(results)} := {callee}({', '.join(passed)})\n")
        for index, name in enumerate(results):
            body.append(f'\tshow("{function}", "result", {index}, unsafe.Pointer(&{name}), unsafe.Sizeof({name}))\n')
    return MAIN.replace("BODY", "".join(body))


class LiveArguments(harness.ToolTest):
    fixtures = {"calls"}

    def build(self, toolchain):
        """The program, and the entry addresses of the functions by the compiler's own nm."""
        directory = self.directory / f"live-{toolchain.version}"
        directory.mkdir()
        (directory / "go.mod").write_text("module live\n\ngo 1.17\n\nrequire example.test/calls v1.0.0\n")
        (directory / "main.go").write_text(program())
        env = self.truth_environment()
        toolchain.run(["build", "-o", "live", "."], cwd=directory, **env)
        symbols = toolchain.run(["tool", "nm", "live"], cwd=directory, **env).stdout
        wanted = {f"example.test/calls.{function}": function for function, _ in CALLS}
        addresses = {}
        for line in symbols.splitlines():
            parts = line.split(maxsplit=2)
            if len(parts) == 3 and parts[2] in wanted:
                addresses[wanted[parts[2]]] = int(parts[0], 16)
        self.assertEqual(len(addresses), len(CALLS))
        return directory / "live", addresses

    def check(self, release):
        binary, addresses = self.build(harness.toolchain(release))
        try:
            calls, output = live.catch([str(binary)], addresses)
        except PermissionError as error:
            harness.skip(self, f"ptrace is not allowed here: {error}")
        said = {}
        for line in output.splitlines():
            function, kind, index, content = (line + " ").split(" ")[:4]
            said.setdefault((function, kind), {})[int(index)] = bytes.fromhex(content)
        self.generate("calls", "1.0.0", go=release)
        compared = 0
        for function, _ in CALLS:
            answer = self.lookup("example.test/calls", "1.0.0", f"example.test/calls.{function}", go=release)
            self.assertEqual((answer["status"], answer["kind"]), ("found", "function"), answer)
            for kind, values, state in (("param", answer["params"], calls[function].entry),
                                        ("result", answer["results"], calls[function].result)):
                expected = said.get((function, kind), {})
                self.assertEqual(len(values), len(expected), f"{function} {kind}: {values}")
                for value in values:
                    content = expected[value["index"]]
                    self.assertEqual(value["size"], len(content), f"{function} {kind} {value}")
                    for piece in value["pieces"]:
                        caught = state.piece(piece)
                        self.assertEqual(caught, content[piece["at"]:piece["at"] + piece["size"]],
                                         f"Go {release}: {function} {kind} {value['index']} {piece}")
                        compared += 1
                    covered = sum(piece["size"] for piece in value["pieces"])
                    self.assertTrue(covered > 0 or not content, f"{function} {kind} {value}: located nowhere")
        self.assertGreater(compared, 70)
        print(f"go{release}: {compared} pieces of arguments and results caught live", flush=True)

    def test_arguments_and_results_are_where_the_database_says(self):
        releases = ["1.17.13", "1.19.13", "1.22.12", "1.24.13", "1.25.14", "1.26.10", "1.26.11", "1.27.4"]
        chosen = releases if harness.WHOLE_MATRIX else ["1.17.13", harness.GO]
        if not harness.WHOLE_MATRIX:
            harness.left_out(f"arguments caught live with {len(releases) - len(chosen)} of {len(releases)} Go releases")
        for release in chosen:
            with self.subTest(go=release):
                self.check(release)


if __name__ == "__main__":
    harness.main()
