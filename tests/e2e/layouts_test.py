"""offsetgen on small modules, looked up again: every number equals what the compiler says, every gap has its reason."""

import harness
import truth

TYPES = {"": ["Server", "Options", "Point", "Empty", "Arch"], "internal/wire": ["Conn"], "codec.v3": ["Node"]}


class Layouts(harness.ToolTest):
    fixtures = {"healthy", "nested"}

    def compiler(self, name, version, types, toolchain):
        """reflect's view of one fixture version, by a program that ran."""
        directory = self.directory / f"truth-{name}-{version}-{toolchain.version}"
        self.proxy.unpack(name, version, directory)
        return truth.reflect_layouts(toolchain, directory, self.proxy.module(name), types, **self.truth_environment())

    def test_every_field_of_every_release_equals_the_compilers_offset_on_amd64(self):
        self.generate("healthy", ">=1.0")
        compared = 0
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            expected = self.compiler("healthy", f"v{version}", TYPES, harness.toolchain(harness.GO))
            self.assertEqual(len(expected), 7)
            for symbol, structure in expected.items():
                answer = self.lookup(self.proxy.module("healthy"), version, symbol)
                self.assertEqual((answer["status"], answer["kind"]), ("found", "struct"), answer)
                self.assertEqual((answer["size"], answer["align"]), (structure.size, structure.align), symbol)
                direct = {path: f for path, f in structure.fields.items() if "." not in path}
                named = [f for f in answer["fields"] if f["name"] != "_"]
                self.assertEqual([(f["name"], f["offset"], f["size"], f["embedded"]) for f in named],
                                 [(p, f["Offset"], f["Size"], f["Embedded"]) for p, f in direct.items()], symbol)
                for path, field in structure.fields.items():
                    one = self.lookup(self.proxy.module("healthy"), version, f"{symbol}.{path}")
                    self.assertEqual((one["status"], one["kind"], one["offset"], one["size"]),
                                     ("found", "field", field["Offset"], field["Size"]), f"{symbol}.{path}@{version}")
                    compared += 1
        self.assertGreater(compared, 60)
        # The releases of this fixture really differ: a reader that ignored the version would fail above, and here.
        ports = [self.offset(self.proxy.module("healthy"), v, f"{self.proxy.module('healthy')}.Server.inner")
                 for v in ("1.0.0", "1.1.0", "1.2.0")]
        self.assertEqual(len(set(ports)), 3, ports)

    def test_every_field_equals_the_compilers_constant_on_arm64(self):
        self.generate("healthy", "1.2.0", arch="arm64")
        toolchain = harness.toolchain(harness.GO)
        module = self.proxy.module("healthy")
        directory = self.directory / "arm64"
        self.proxy.unpack("healthy", "v1.2.0", directory)
        for relative, names in TYPES.items():
            path = f"{module}/{relative}" if relative else module
            values = {}
            for name in names:
                answer = self.lookup(module, "1.2.0", f"{path}.{name}", arch="arm64")
                values[name] = answer["size"]
                values.update({f"{name}.{f['name']}": f["offset"] for f in answer["fields"] if f["name"] != "_"})
            package_dir = directory / relative
            package = truth.package_name(package_dir)
            (package_dir / "zz_assert.go").write_text(truth.assertions(package, values))
            complaints = truth.failing_assertions(toolchain, package_dir, ".", "arm64", **self.truth_environment())
            self.assertEqual(complaints, "", f"{path}: {values}")
            # The assertions can fail: one number off by one is refused.
            symbol = next(s for s in values if "." in s)
            values[symbol] += 1
            (package_dir / "zz_assert.go").write_text(truth.assertions(package, values))
            self.assertIn("overflows", truth.failing_assertions(toolchain, package_dir, ".", "arm64", **self.truth_environment()))

    def test_both_architectures_in_one_run_keep_their_own_layouts(self):
        self.generate("healthy", "1.0.0", arch="amd64,arm64")
        module = self.proxy.module("healthy")
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Arch.wide", arch="amd64"), 8)   # after a uint8
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Arch.wide", arch="arm64"), 0)   # first
        self.assertEqual(self.lookup(module, "1.0.0", f"{module}.OnlyAMD64.b", arch="amd64")["offset"], 4)
        gone = self.lookup(module, "1.0.0", f"{module}.OnlyAMD64.b", arch="arm64", exits=harness.NEGATIVE)
        self.assertEqual(gone["status"], "absent")

    def test_what_has_no_layout_is_absent_with_its_reason(self):
        self.generate("healthy", "1.0.0")
        module = self.proxy.module("healthy")
        for symbol, word in (("List", "generic"), ("Map", "generic"), ("Alias", "alias"), ("asmAdd", "assembly"),
                             ("Server.nothing", "field"), ("Nothing", "type"), ("(*Server).Nothing", "")):
            answer = self.lookup(module, "1.0.0", f"{module}.{symbol}", exits=harness.NEGATIVE)
            self.assertEqual(answer["status"], "absent", f"{symbol}: {answer}")
            if symbol == "asmAdd":
                self.assertTrue("bodiless" in answer["reason"] or word in answer["reason"], answer)
            else:
                self.assertIn(word, answer["reason"], symbol)
            self.assertTrue(answer["evidence"], f"{symbol}: an absence is proved by a build")
        answer = self.lookup(module, "1.0.0", f"{module}/nowhere.T", exits=harness.NEGATIVE)
        self.assertEqual((answer["status"], answer["reason"]), ("absent", "no such package"))

    def test_unknown_is_told_from_absent(self):
        self.generate("healthy", "1.0.0")
        module = self.proxy.module("healthy")
        never = self.lookup(module, "1.1.0", f"{module}.Server.Name", exits=harness.UNKNOWN)
        self.assertEqual(never["status"], "unknown")
        self.assertIn("offsetgen", never["try"])
        main = self.lookup(module, "1.0.0", f"{module}/cmd/tool.T", exits=None)
        self.assertIn(main["status"], ("unknown", "absent"), main)
        other_arch = self.lookup(module, "1.0.0", f"{module}.Server.Name", arch="arm64", exits=harness.UNKNOWN)
        self.assertEqual(other_arch["status"], "unknown")
        misspelt = self.lookup("example.test/haelthy", "1.0.0", f"{module}.Server.Name", exits=harness.UNKNOWN)
        self.assertEqual(misspelt["status"], "unknown")

    def test_a_module_in_the_closure_is_filed_under_its_own_version(self):
        self.generate("healthy", "1.0.0")
        self.generate("healthy", "1.2.0")
        module = self.proxy.module("nested")
        self.assertEqual(self.lookup(module, "1.0.0", f"{module}.Config")["size"], 8)
        self.assertEqual(self.lookup(module, "1.1.0", f"{module}.Config")["size"], 32)

    def test_constraints_and_prereleases(self):
        self.generate("healthy", "~1.1")
        module = self.proxy.module("healthy")
        self.assertEqual(self.lookup(module, "1.1.0", f"{module}.Point.Y")["offset"], 4)
        self.assertEqual(self.lookup(module, "1.0.0", f"{module}.Point.Y", exits=harness.UNKNOWN)["status"], "unknown")
        self.generate("healthy", "latest")
        self.assertEqual(self.lookup(module, "1.2.0", f"{module}.Point.Y")["offset"], 4)
        self.assertEqual(self.lookup(module, "1.3.0-rc.1", f"{module}.Point.Y", exits=harness.UNKNOWN)["status"], "unknown")
        self.generate("healthy", ">=1.2", "--include-prereleases")
        self.assertEqual(self.lookup(module, "1.3.0-rc.1", f"{module}.Point.Y")["offset"], 4)

    def test_all_versions_prints_runs_and_gaps(self):
        self.generate("healthy", ">=1.0")
        module = self.proxy.module("healthy")
        command = [harness.tool("GOOFFSETS"), "lookup", "--db", self.db, "--module", module, "--arch", "amd64",
                   "--all-versions", f"{module}.Server.inner"]
        run = harness.run_tool(command, harness.clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, harness.DONE, str(run))
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            self.assertIn(version, run.stdout)

    def test_two_runs_give_identical_bytes_and_the_second_builds_nothing(self):
        self.generate("healthy", ">=1.0", arch="amd64,arm64")
        first = self.export()
        again = self.generate("healthy", ">=1.0", arch="amd64,arm64")
        self.assertEqual(self.export(), first)
        plan = self.generate("healthy", ">=1.0", "--dry-run", arch="amd64,arm64")
        self.assertNotRegex(plan.stdout, r"(?m)^\s*build\b.*1\.0\.0", str(again))
        # A database made in another order of versions is the same database.
        self.db = self.directory / "other.db"
        for version in ("1.2.0", "1.0.0", "1.1.0"):
            self.generate("healthy", version, arch="arm64")
            self.generate("healthy", version, arch="amd64")
        self.assertEqual(self.export(), first)

    def test_export_and_import_lose_nothing(self):
        self.generate("healthy", ">=1.0", arch="amd64,arm64")
        exported = self.export()
        file = self.directory / "offsets.json"
        file.write_bytes(exported)
        self.db = self.directory / "imported.db"
        self.offsetgen("import", file, cache=False)
        self.assertEqual(self.export(), exported)
        module = self.proxy.module("healthy")
        self.assertEqual(self.lookup(module, "1.0.0", f"{module}.Server.port")["offset"], 16)
        self.assertEqual(self.lookup(module, "1.2.0", f"{module}.Server.port", exits=1)["reason"], "no such field")


class SelectionAndVersions(harness.ToolTest):
    fixtures = {"selection", "oldgo", "legacy", "pseudo"}

    def test_another_file_selection_of_an_older_go_is_built_too(self):
        module = self.proxy.module("selection")
        self.offsetgen("--module", module, "--versions", "1.0.0", "--arch", "amd64", "--go", "auto")
        # state comes first from Go 1.26 on, last below.
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Conn.Peer", go="1.26.11"), 8)
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Conn.Peer", go="1.25.14"), 0)
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Conn.Peer", go="1.21.13"), 0)
        both = self.lookup(module, "1.0.0", f"{module}.Conn.Peer", exits=harness.NEGATIVE)
        self.assertEqual(both["status"], "ambiguous")
        self.assertEqual(sorted(a["offset"] for a in both["answers"]), [0, 8])
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Stable.Name"), 8)
        only = self.lookup(module, "1.0.0", f"{module}.OnlyNew.A", go="1.25.14", exits=harness.NEGATIVE)
        self.assertEqual(only["status"], "absent")

    def test_a_release_that_the_newest_go_cannot_compile_is_built_with_the_newest_that_can(self):
        module = self.proxy.module("oldgo")
        self.offsetgen("--module", module, "--versions", "1.0.0", "--arch", "amd64")
        answer = self.lookup(module, "1.0.0", f"{module}.Queue.items", go="1.26.11")
        self.assertEqual((answer["offset"], answer["size"]), (8, 40))

    def test_incompatible_and_pseudo_versions(self):
        self.generate("legacy", ">=1.0")
        module = self.proxy.module("legacy")
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Client.Host"), 8)
        self.assertEqual(self.offset(module, "2.0.0+incompatible", f"{module}.Client.Host"), 0)
        version = "0.0.0-20240102030405-abcdefabcdef"
        self.generate("pseudo", f"v{version}")
        module = self.proxy.module("pseudo")
        self.assertEqual(self.offset(module, version, f"{module}.Status.Message"), 8)
        self.assertEqual(self.offset(module, f"v{version}", f"{module}.Status.Message"), 8)


if __name__ == "__main__":
    harness.main()
