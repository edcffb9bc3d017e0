"""Stripped programs answer what their unstripped twins say: every struct, functions with their returns, itabs, build info."""

import json
import re
import subprocess

import harness
import twins

# Functions of the fixture and of std whose places are asked, and itabs that each build of it has.
FUNCTIONS = ["main.main", "main.sums", "main.(*handler).ServeHTTP", "net/http.(*Server).Serve", "net/http.serverHandler.ServeHTTP",
             "net/http.(*Transport).roundTrip", "net/http.(*conn).serve", "database/sql.(*DB).PingContext", "net/rpc.(*Client).Call",
             "crypto/tls.(*Conn).Write", "crypto/tls.(*Conn).Read", "runtime.newproc1", "runtime.goexit1", "net.(*conn).Write"]
ITABS = {"*net/http.response": "net/http.ResponseWriter", "*main.everything": "error", "*net.TCPConn": "net.Conn",
         "*main.handler": "net/http.Handler"}


def symbols_of(program):
    text = twins.run_go_tool("truth", twins.FIXTURE / "truth", "symbols", program)
    return [json.loads(line) for line in text.splitlines()]


class Twins(harness.ToolTest):
    fixtures = set()

    def gooffsets(self, *arguments, exits=(harness.DONE,)):
        run = harness.run_tool([harness.tool("GOOFFSETS"), *map(str, arguments)], harness.clean_environment(), self.directory)
        self.assertIn(run.returncode, exits, str(run))
        return json.loads(run.stdout)

    def check_structs(self, twin, case):
        truth = twins.structs_of(twin.plain)
        answers = self.gooffsets("inspect", twin.stripped, "--types", "--format", "json")["types"]
        compared = fields = 0
        for answer in answers:
            if answer["name"] not in truth:
                continue  # the linker dropped its DWARF, or two types have this name
            got = (answer["size"], [(f["name"], f["offset"], f["size"], f["type"], f["embedded"]) for f in answer["fields"]])
            self.assertEqual(got, truth[answer["name"]], f"{case}: {answer['name']}")
            compared += 1
            fields += len(answer["fields"])
        names = {answer["name"] for answer in answers}
        shares = []
        for package in ("net/http", "database/sql", "crypto/tls", "main"):
            of_package = [name for name in truth if re.fullmatch(re.escape(package) + r"\.\w+", name)]
            shares.append(f"{package} {sum(name in names for name in of_package)}/{len(of_package)}")
        print(f"{case}: {compared} structs with {fields} fields equal; recovered: {', '.join(shares)}", flush=True)
        self.assertGreater(compared, 600, case)
        return compared, fields

    def check_places(self, twin, case):
        wants = self.directory / "wants.toml"
        quoted = ", ".join(json.dumps(name) for name in FUNCTIONS)
        itabs = ", ".join(json.dumps(f"{concrete}:{interface}") for concrete, interface in ITABS.items())
        wants.write_text(f"[probe.all]\nattach = []\nwant = [{quoted}]\nitab = [{itabs}]\n")
        answer = self.gooffsets("resolve", twin.stripped, "--no-db", "--want", wants, "--format", "json",
                                exits=(harness.DONE, harness.PARTIAL))
        wanted = {want["as"]: want for want in answer["probes"][0]["wants"]}
        symbols = symbols_of(twin.plain)
        places = {}
        for symbol in symbols:
            # The linker's name for the wrapper of the other ABI; in the pclntab both have one name.
            places.setdefault(symbol["name"].removesuffix(".abi0"), set()).add(symbol["address"])
        checked = 0
        for name in FUNCTIONS:
            bodies = {body["address"] for body in wanted[name].get("function", {}).get("bodies", [])}
            self.assertEqual(bool(bodies), name in places, f"{case}: {name}: {wanted[name]}")
            if bodies:
                self.assertLessEqual(bodies, places[name], f"{case}: {name}")
                checked += 1
        # What the program itself finds in its interfaces, where it runs here and lies where it was linked to.
        live = {}
        if " amd64 " in case and "pie" not in case:
            said = subprocess.run([str(twin.stripped), "itabs"], check=True, capture_output=True, text=True, timeout=60).stdout
            live = {line.split()[0]: int(line.split()[1]) for line in said.splitlines()}
        itab_symbols = {symbol["name"].split("itab.", 1)[1].replace(",", ":"): symbol["address"] for symbol in symbols
                        if symbol["name"].startswith(("go:itab.", "go.itab."))}
        self.assertTrue(itab_symbols or case.startswith("Go 1.27"), f"{case}: no symbol of an itab")  # 1.27 writes none
        for concrete, interface in ITABS.items():
            name = f"{concrete}:{interface}"
            got = wanted[name]["itab"]["address"]
            for truth in (live, itab_symbols):
                if truth is itab_symbols and truth or name in truth:
                    self.assertEqual(got, truth.get(name), f"{case}: {name}")
                    checked += 1
        return checked

    def check_build_info(self, twin, case, go, arch):
        info = self.gooffsets("inspect", twin.stripped, "--format", "json")
        self.assertEqual((info["go_version"], info["goarch"]), (go, arch), case)
        said = subprocess.run([str(twin.toolchain.goroot / "bin" / "go"), "version", "-m", str(twin.plain)], check=True, text=True,
                              env=twin.toolchain.environment(), capture_output=True, timeout=60).stdout
        lines = [line.split("\t")[1:] for line in said.splitlines()[1:]]
        settings = {key: value for key, _, value in (line[1].partition("=") for line in lines if line[0] == "build")}
        got = dict(info["settings"])
        got.pop("-ldflags", None)  # the two were linked with different ones
        settings.pop("-ldflags", None)
        self.assertEqual(got, settings, case)
        self.assertEqual([line[1] for line in lines if line[0] == "mod"], [info["main_module"]["path"]], case)

    def test_stripped_programs_answer_as_their_twins(self):
        structs = fields = places = 0
        cases = twins.matrix()
        for go, arch, kind in cases:
            case = f"Go {go} {arch} {kind}"
            with self.subTest(case):
                twin = twins.build(go, arch, kind)
                self.check_build_info(twin, case, go, arch)
                more = self.check_structs(twin, case)
                structs, fields = structs + more[0], fields + more[1]
                places += self.check_places(twin, case)
                twins.drop(twin, (go, arch, kind))
        print(f"{len(cases)} builds: {structs} structs with {fields} fields and {places} places equal", flush=True)


if __name__ == "__main__":
    harness.main()
