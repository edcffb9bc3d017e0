"""offsetgen verify, lint, status and the JSON outputs: they find what was put there to be found, and nothing else."""

import contextlib
import json
import os
import shutil
import sqlite3

import harness


class Checks(harness.ToolTest):
    fixtures = {"spike", "flaky", "healthy", "nested", "linked"}

    def test_lint_finds_a_spike_and_a_hole(self):
        self.generate("spike", ">=1.0")
        run = self.offsetgen("lint", cache=False, exits=harness.NEGATIVE)
        self.assert_says(run, "1.1.0", "Entry.Key", "Entry.Extra")
        self.assertNotIn("Calm", run.output)
        self.db = self.directory / "calm.db"
        self.generate("flaky", ">=1.0")
        self.offsetgen("lint", cache=False, exits=harness.DONE)

    def test_status_tells_covered_failed_and_missing(self):
        self.generate("flaky", ">=1.0")
        run = self.offsetgen("status", cache=False)
        self.assert_says(run, "example.test/flaky", "1.1.0", "not a number")

    def test_rebuild_makes_stored_builds_again(self):
        self.generate("healthy", ">=1.0")
        before = self.export()
        # A build that is there by its id, and says something else: what --rebuild is for.
        with contextlib.closing(sqlite3.connect(self.db)) as db, db:
            db.execute("UPDATE build SET structs = structs + 1")
        self.assertNotEqual(self.export(), before)
        again = self.generate("healthy", ">=1.0")
        self.assert_says(again, "0 built, 0 from cache")
        self.assertNotEqual(self.export(), before)
        rebuilt = self.generate("healthy", ">=1.0", "--rebuild")
        self.assertRegex(rebuilt.output, r"\b[1-9]\d* built, 0 from cache")
        self.assertEqual(self.export(), before)

    def test_verify_confirms_what_is_stored_and_finds_what_was_changed(self):
        if "OFFSETGEN_VERIFY" not in os.environ:
            harness.skip(self, "offsetgen-verify is not built (GOOFFSETS_VERIFY=OFF)")
        self.generate("healthy", ">=1.0", arch="amd64,arm64")
        verifier = ("--verifier", os.environ["OFFSETGEN_VERIFY"])
        run = self.offsetgen("verify", *verifier)
        self.assert_says(run, "0 differ")
        # One number in the database itself, changed behind the tool's back.
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            changed = tamper(connection)
            connection.commit()
        self.assertEqual(changed, 1)
        run = self.offsetgen("verify", *verifier, exits=None)
        self.assertIn(run.returncode, (harness.NEGATIVE, harness.BAD_INPUT), str(run))

    def test_verify_compares_functions_that_linkname_renames(self):
        if "OFFSETGEN_VERIFY" not in os.environ:
            harness.skip(self, "offsetgen-verify is not built (GOOFFSETS_VERIFY=OFF)")
        self.generate("linked", ">=1.0")
        report = self.directory / "report.jsonl"
        run = self.offsetgen("verify", "--verifier", os.environ["OFFSETGEN_VERIFY"], "--report", report)
        self.assert_says(run, "0 differ", "0 builds could not be rebuilt")
        compared = json.loads(report.read_text())
        self.assertEqual(compared["functions"], {"compared": 3, "differing": 0, "not_compared": 0})
        self.assertEqual(compared["renamed"], 2)
        # Declared in Go, with its body elsewhere: no numbers are stored, and that is said.
        self.assertEqual(compared["without_layout"], {"bodiless": 1})

    def test_json_export_obeys_the_schema(self):
        try:
            import jsonschema
        except ImportError:
            harness.skip(self, "python3-jsonschema is not installed")
        self.generate("healthy", ">=1.0", arch="amd64,arm64")
        self.generate("flaky", ">=1.0")
        schema = json.loads((harness.SOURCE_DIR / "schema" / "offsets.schema.json").read_text())
        exported = json.loads(self.export())
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        errors = [f"{list(e.absolute_path)}: {e.message}" for e in validator(schema).iter_errors(exported)]
        self.assertEqual(errors[:3], [])
        # The schema is strict: a key that it does not know is refused.
        exported["surprise"] = 1
        self.assertTrue(list(validator(schema).iter_errors(exported)))

    def test_a_hostile_import_is_refused_and_changes_nothing(self):
        self.generate("flaky", "1.0.0")
        before = self.export()
        for name, content in (("empty", b""), ("text", b"hello"), ("cut", before[:len(before) // 2]), ("list", b"[]"),
                              ("deep", b"[" * 100000), ("number", before.replace(b'"offset":8', b'"offset":-8', 1)),
                              ("nul", b"\0" * 64), ("utf8", before.replace(b"User", b"Us\xff\xfe", 1))):
            with self.subTest(name):
                self.assertNotEqual(content, before)
                path = self.directory / f"{name}.json"
                path.write_bytes(content)
                run = self.offsetgen("import", path, cache=False, exits=harness.BAD_INPUT)
                self.assert_no_crash(run)
                self.assert_says(run, f"{name}.json")
                self.assertEqual(self.export(), before)

    def test_json_log_lines_are_json(self):
        run = self.generate("flaky", ">=1.0", "--log-format", "json")
        lines = [line for line in run.stderr.splitlines() if line.strip()]
        self.assertGreater(len(lines), 2, str(run))
        for line in lines:
            self.assertIsInstance(json.loads(line), dict, line)

    def test_the_dry_run_builds_and_writes_nothing(self):
        run = self.generate("healthy", ">=1.0", "--dry-run", arch="amd64,arm64")
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            self.assertIn(version, run.stdout)
        self.assertNotIn("1.3.0", run.stdout)
        self.assertFalse(self.db.exists(), "a dry run makes no database")

    def test_a_database_moves_with_its_one_file(self):
        self.generate("healthy", "1.0.0")
        self.export()  # opened and closed once more: nothing is left in a write-ahead log
        moved = self.directory / "elsewhere" / "moved.db"
        moved.parent.mkdir()
        shutil.copy(self.db, moved)
        os.chmod(moved, 0o444)
        os.chmod(moved.parent, 0o555)
        self.addCleanup(os.chmod, moved.parent, 0o755)
        self.assertEqual(self.offset("example.test/healthy", "1.0.0", "example.test/healthy.Point.Y", db=moved), 4)


def tamper(connection):
    """Adds 8 to the offset of one stored field; the number of rows changed."""
    first = "(SELECT min(layout) FROM field)"
    return connection.execute(f"UPDATE field SET offset = offset + 8 WHERE layout = {first} AND pos = 0").rowcount


if __name__ == "__main__":
    harness.main()
