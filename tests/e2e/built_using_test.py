"""Debian's programs do not name their modules; their packages do, in Built-Using. The versions that the chain infers from a
program alone must hold the one that its package names."""

import json
import re

import harness
import real

# Source package, module, and a function of it that programs have.
MODULES = [
    ("golang-google-grpc", "google.golang.org/grpc", "google.golang.org/grpc.(*ClientConn).Close"),
    ("golang-golang-x-net", "golang.org/x/net", "golang.org/x/net/http2.(*Framer).WriteSettings"),
    ("golang-google-protobuf", "google.golang.org/protobuf", "google.golang.org/protobuf/proto.MarshalOptions.Marshal"),
]


def key(version):
    return [int(part) for part in version.split("-")[0].split(".")]


class BuiltUsing(harness.ToolTest):
    fixtures = set()

    def check(self, name, program, database):
        """Returns how many modules were compared."""
        used = program.built_using()
        wants = self.directory / "wants.toml"
        wants.write_text("[probe.all]\nattach = []\nwant = [%s]\n" % ", ".join(f'"{symbol}"' for _, _, symbol in MODULES))
        command = [harness.tool("GOOFFSETS"), "resolve", str(program.fetch()), "--want", str(wants), "--db", str(database), "--format", "json"]
        run = harness.run_tool(command, harness.clean_environment(), self.directory, limit=120)
        answers = {want["as"]: want for want in json.loads(run.stdout)["probes"][0]["wants"]}
        compared = 0
        for source, module, symbol in MODULES:
            how = answers[symbol].get("how", "")
            fit = re.search(rf"(\d+) of \d+ versions of {re.escape(module)} that fit \(([^;]+);", how)
            if source not in used or not fit:
                continue
            count, versions = int(fit.group(1)), fit.group(2).split(", ")
            self.assertTrue(key(versions[0]) <= key(used[source]) <= key(versions[-1]), f"{name}: {source} {used[source]}: {how}")
            print(f"{name}: {module} {used[source]} is one of {count} that fit ({fit.group(2)})", flush=True)
            compared += 1
        return compared

    def test_the_versions_that_fit_hold_the_one_that_was_used(self):
        database = harness.BUILD_DIR / "share" / "gooffsets" / "offsets.db"
        if not database.exists():
            harness.skip(self, f"no released database at {database}")
        compared = 0
        for name in real.chosen():
            program = real.PROGRAMS[name]
            if not isinstance(program, real.Deb):
                continue
            with self.subTest(name):
                try:
                    compared += self.check(name, program, database)
                except real.Missing as reason:
                    harness.left_out(f"real program {name}: {reason}")
        if not compared:
            harness.skip(self, "no program's package names a module of the database")
        print(f"in all: {compared} modules", flush=True)


if __name__ == "__main__":
    harness.main()
