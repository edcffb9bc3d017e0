"""Programs as others ship them, stripped: what they say of themselves agrees with the database wherever both speak.

The database is read with SQLite alone (stored.py), Go versions with the go command, ELF headers with readelf, functions
with Go's debug/gosym.
"""

import json
import re
import subprocess

import harness
import real
import stored
import twins

# A name of a plain function or method: of the others (closures, generics, wrappers) Go's releases spell some differently.
PLAIN = re.compile(r"[a-z][\w/-]*(\.[\w/-]+)*?\.(\(\*\w+\)\.)?\w+")
MOST_FUNCTIONS = 8000  # a want list has at most 10,000 symbols


def release_key(release):
    return [int(part) for part in release.split(".")]


class Expected:
    """What the database says of one program's standard library: for each struct every layout that would be right."""

    def __init__(self, database, info, program, goarch="amd64"):
        self.layouts, self.why = {}, ""
        releases = database.go_releases(goarch)
        release = info["go_version"]
        minor = [r for r in releases if r.split(".")[:2] == release.split(".")[:2]]
        below = [r for r in minor if release and release_key(r) < release_key(release)]
        above = [r for r in minor if release and release_key(r) > release_key(release)]
        if release in releases:
            self.sources = [release]
        elif below and above:
            # Patch releases seldom move a field: where both neighbours agree, the one between them must, too.
            self.sources = [max(below, key=release_key), min(above, key=release_key)]
        else:
            self.sources = []
        if not release:  # the only whole version in the program's text is the one that runtime.Version returns
            said = {text.decode() for text in re.findall(rb"go(1\.\d+\.\d+)", program.read_bytes())}
            self.sources = list(said & releases) if len(said) == 1 else []
        for source in self.sources:
            for name, layout in database.std_structs(source, goarch).items():
                self.layouts.setdefault(name, []).append(layout)
        self.layouts = {name: found for name, found in self.layouts.items() if len(found) == len(self.sources)}


def explained(name, info):
    """The rules by which a program may differ from a build of the same release without cgo, tags and experiments."""
    package = name.rpartition("/")[0] + "/" + name.rpartition("/")[2].partition(".")[0]
    if info["cgo"] and package.strip("/") in ("net", "os/user", "runtime/cgo"):
        return "cgo selects other files"
    if info["experiments"] and package.strip("/").startswith(("runtime", "internal/")):
        return "an experiment selects other files"
    return ""


class RealBinaries(harness.ToolTest):
    fixtures = set()

    def gooffsets(self, *arguments, exits=(harness.DONE,)):
        run = harness.run_tool([harness.tool("GOOFFSETS"), *map(str, arguments)], harness.clean_environment(), self.directory, limit=120)
        self.assertIn(run.returncode, exits, str(run))
        return json.loads(run.stdout)

    def database(self):
        path = harness.BUILD_DIR / "share" / "gooffsets" / "offsets.db"
        if not path.exists():
            harness.skip(self, f"no released database at {path}")
        return path

    def check_info(self, name, program, info):
        """As the go command and readelf see it."""
        said = subprocess.run(["go", "version", "-m", str(program)], capture_output=True, text=True, timeout=60, cwd="/")
        if said.returncode == 0:
            lines = [line.split("\t")[1:] for line in said.stdout.splitlines()[1:]]
            self.assertEqual(info["go_text"], said.stdout.splitlines()[0].rpartition(": ")[2].strip(), name)
            modules = [(line[1], line[2]) for line in lines if line[0] == "dep"]
            self.assertEqual([(module["path"], module["version"]) for module in info["modules"]], modules, name)
            settings = dict(line[1].split("=", 1) for line in lines if line[0] == "build")
            self.assertEqual(set(info["settings"]), set(settings), name)
        else:
            # Without the section. The module text stands between two marks (src: cmd/go/internal/modload/build.go).
            self.assertEqual(info["tables"]["build_info"]["how"], "runtime.buildVersion", name)
            content = program.read_bytes()
            begin, end = bytes.fromhex("3077af0c9274080241e1c107e6d618e6"), bytes.fromhex("f932433186182072008242104116d8f2")
            lines = [line.split("\t") for line in content.split(begin)[1].split(end)[0].decode().splitlines()]
            modules = [(line[1], line[2]) for line in lines if line[0] == "dep"]
            self.assertEqual([(module["path"], module["version"]) for module in info["modules"]], modules, name)
            self.assertRegex(info["go_text"], r"^go1\.\d+\.\d+$", name)
            self.assertIn(info["go_text"].encode(), content, name)
        headers = subprocess.run(["readelf", "-hlW", str(program)], check=True, capture_output=True, text=True, timeout=60).stdout
        self.assertEqual((info["pie"], info["dynamic"]), ("DYN (" in headers, "INTERP" in headers), name)
        self.assertTrue(info["stripped"], name)
        for table in ("pclntab", "moduledata", "types"):
            self.assertTrue(info["tables"][table]["found"], f"{name}: {info['tables'][table]}")
        self.assertIn("confirmed by its own type descriptor", info["tables"]["moduledata"]["how"], name)

    def check_structs(self, name, info, answers, expected):
        """Returns what was compared: {struct: layout}, and prints how much."""
        counted = {}
        for answer in answers:
            counted[answer["name"]] = counted.get(answer["name"], 0) + 1
        compared, fields, moved, rules = {}, 0, 0, {}
        for answer in answers:
            layouts = expected.layouts.get(answer["name"])
            if layouts is None or counted[answer["name"]] > 1:
                continue
            got = (answer["size"], [(f["name"], f["offset"], f["size"], f["type"], f["embedded"]) for f in answer["fields"]])
            compared[answer["name"]] = got
            fields += len(got[1])
            moved += layouts[0] != layouts[-1]
            if got not in layouts:
                rule = explained(answer["name"], info)
                self.assertTrue(rule, f"{name}: {answer['name']}: the program says {got}, the database {layouts}")
                rules[rule] = rules.get(rule, 0) + 1
        by_rule = "".join(f", {count} because {rule}" for rule, count in rules.items())
        print(f"{name}: {len(answers)} structs recovered; against Go {' and '.join(expected.sources)} of the database {len(compared)} "
              f"structs with {fields} fields compared, {sum(rules.values())} differ{by_rule}; {moved} moved between these releases",
              flush=True)
        return compared, fields

    def resolve(self, program, wants, *more, exits=(harness.DONE, harness.PARTIAL)):
        want_list = self.directory / "wants.toml"
        want_list.write_text(f"[probe.all]\nattach = []\nwant = [{', '.join(map(json.dumps, wants))}]\n")
        answer = self.gooffsets("resolve", program, "--want", want_list, "--format", "json", *more, exits=exits)
        return {want["as"]: want for want in answer["probes"][0]["wants"]}

    def check_resolve(self, name, program, compared, database):
        """The chain gives the program's own word, with and without a database, and no conflict that the comparison has not seen."""
        wants = [struct for struct in compared if re.fullmatch(r"[\w./-]+", struct)]
        for more in (["--no-db"], ["--db", database]):
            for struct, answer in self.resolve(program, wants, *more).items():
                self.assertEqual((answer["status"], answer["source"]), ("found", "self"), f"{name}: {struct}: {answer}")
                self.assertEqual(answer.get("conflicts", []), [], f"{name}: {struct}")
                self.assertEqual((answer["size"], [(f["name"], f["offset"]) for f in answer["fields"]]),
                                 (compared[struct][0], [field[:2] for field in compared[struct][1]]), f"{name}: {struct}")
        return len(wants)

    def check_functions(self, name, program):
        """Where functions begin and end, by Go's debug/gosym. Where that knows offsets only, all must lie equally far off."""
        unit, *lines = twins.run_go_tool("gosym", harness.SOURCE_DIR / "tests/fixtures/real/gosym", program).splitlines()
        places = {}
        for line in lines:
            entry, end, function = line.split("\t")
            places.setdefault(function, set()).add((int(entry), int(end)))
        plain = [function for function in places if PLAIN.fullmatch(function) and "..." not in function]
        wants = plain[::len(plain) // MOST_FUNCTIONS + 1]
        self.assertGreater(len(wants), 1000, name)
        text = 0
        for function, answer in self.resolve(program, wants, "--no-db").items():
            self.assertEqual(answer["status"], "found", f"{name}: {answer}")
            bodies = {(body["address"], body["end"]) for body in answer["function"]["bodies"]}
            if unit == "offsets" and not text:
                text = min(bodies)[0] - min(places[function])[0]
                self.assert_in_text(program, text)
            self.assertEqual(bodies, {(entry + text, end + text) for entry, end in places[function]}, f"{name}: {function}")
        return len(wants)

    def assert_in_text(self, program, address):
        sections = subprocess.run(["readelf", "-SW", str(program)], check=True, capture_output=True, text=True, timeout=60).stdout
        start, size = re.search(r" \.text +PROGBITS +(\w+) \w+ (\w+)", sections).groups()
        self.assertTrue(int(start, 16) <= address < int(start, 16) + int(size, 16), f"{program}: {address:#x} is not in .text")

    def test_they_agree_with_the_database(self):
        path = self.database()
        totals = {"programs": 0, "structs": 0, "fields": 0, "functions": 0}
        missing = []
        with stored.opened(path) as database:
            for name in real.chosen():
                with self.subTest(name):
                    try:
                        program = real.PROGRAMS[name].fetch()
                    except real.Missing as reason:
                        missing.append(f"{name}: {reason}")
                        harness.left_out(f"real program {missing[-1]}")
                        continue
                    info = self.gooffsets("inspect", program, "--format", "json")
                    self.check_info(name, program, info)
                    answers = self.gooffsets("inspect", program, "--types", "--format", "json")["types"]
                    self.assertGreater(len(answers), 100, name)
                    functions = self.check_functions(name, program)
                    print(f"{name}: {functions} functions equal to debug/gosym's", flush=True)
                    totals["functions"] += functions
                    expected = Expected(database, info, program)
                    if not expected.sources:
                        harness.left_out(f"{name}: the database has no Go {info['go_text']}, nor the releases around it")
                        continue
                    compared, fields = self.check_structs(name, info, answers, expected)
                    self.assertGreater(len(compared), 100, name)
                    self.check_resolve(name, program, compared, path)
                    for key, more in (("programs", 1), ("structs", len(compared)), ("fields", fields)):
                        totals[key] += more
        if missing and not totals["programs"]:
            harness.skip(self, "; ".join(missing))
        print("in all: " + ", ".join(f"{count} {what}" for what, count in totals.items()) + " agree", flush=True)


if __name__ == "__main__":
    harness.main()
