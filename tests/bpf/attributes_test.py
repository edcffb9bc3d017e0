"""docs/trace-attributes.md is what the want lists and the database say, and says what Go's own history does."""

import pathlib
import re
import shutil
import sqlite3
import tempfile
import unittest

import harness
import tracing

PAGE = harness.SOURCE_DIR / "docs" / "trace-attributes.md"


def page(database):
    run = harness.run_tool([harness.tool("GOTRACE"), "attributes", "--db", str(database)], harness.clean_environment(), "/",
                           limit=60)
    if run.returncode != harness.DONE:
        raise AssertionError(str(run))
    return run.stdout


def rows(text):
    """{(section, attribute): (available, none, not known)}"""
    found, section = {}, ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| ") and not line.startswith("| Attribute"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found[section, cells[0]] = tuple(cells[1:])
    return found


class Attributes(unittest.TestCase):
    def test_the_page_is_what_the_command_prints(self):
        self.assertEqual(PAGE.read_text(), page(tracing.database()),
                         "make it again: gotrace attributes --db FILE > docs/trace-attributes.md")

    def test_the_page_says_what_the_releases_did(self):
        found = rows(PAGE.read_text())
        # net/http.Request.Pattern is of Go 1.23, runtime.g.parentGoid of Go 1.21 (their release notes and sources).
        available, none, _ = found["net/http: HTTP/1 servers", "`http.route`"]
        self.assertTrue(available.startswith("1.23.0 to "), available)
        self.assertRegex(none, r"^1\.17 to 1\.22\.\d+$")
        available, none, _ = found["net/http: clients", "the parent without a context, inferred"]
        self.assertTrue(available.startswith("1.21.0 to "), available)
        self.assertRegex(none, r"^1\.17 to 1\.20\.\d+$")

    def test_what_was_not_measured_is_not_known(self):
        with tempfile.TemporaryDirectory(prefix="gotrace-test-") as folder:
            path = pathlib.Path(folder) / "offsets.db"
            shutil.copy(tracing.database(), path)
            with sqlite3.connect(path) as db:
                # The package of a release: its builds stay, so that the release is still one that was measured.
                changed = db.execute(
                    "DELETE FROM observation WHERE version IN (SELECT v.id FROM version v JOIN module m ON m.id = v.module "
                    "WHERE m.path = 'std' AND v.text = '1.25.0') AND state IN (SELECT s.id FROM package_state s JOIN string t "
                    "ON t.id = s.package WHERE t.text = 'net/http')").rowcount
            db.close()
            self.assertGreater(changed, 0)
            for (section, attribute), (available, none, unknown) in rows(page(path)).items():
                if section == "net/http: clients":
                    self.assertEqual(unknown, "1.25.0", attribute)
                    self.assertIsNone(re.search(r"\b1\.25\.0\b", available + none))


if __name__ == "__main__":
    harness.main()
