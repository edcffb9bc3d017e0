"""offsetd told something wrong: it says what, where and what to try, once, and does not start."""

import os
import subprocess

import harness
import offsetd_service
from harness import BAD_INPUT, ENVIRONMENT, USAGE, run_tool, tool
from offsetd_service import released_database


class Arguments(offsetd_service.ServiceTest):
    def refuse(self, status, *words, arguments):
        run = run_tool([tool("OFFSETD"), "--listen", "127.0.0.1:0", *map(str, arguments)], harness.clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, status, str(run))
        for word in words:
            self.assertEqual(run.stderr.count(word), 1, f"{word}: {run}")
        self.assertNotIn("listening", run.stdout)

    def test_addresses_that_are_none(self):
        for address, word in (("7443", "no address"), ("127.0.0.1:99999", '"99999" is no port'), ("127.0.0.1:", "is no port"),
                              ("127.0.0.1:http", "is no port"), ("127.0.0.1:-1", "is no port"), ("no.such.host.invalid:1", "no address")):
            run = run_tool([tool("OFFSETD"), "--db", str(released_database()), "--listen", address], harness.clean_environment(), self.directory,
                           limit=60)
            self.assertEqual(run.returncode, USAGE, str(run))
            self.assertIn(word, run.stderr)
            self.assertIn("offsetd: try: ", run.stderr)

    def test_files_and_directories_that_are_not_there(self):
        missing = self.directory / "missing"
        self.refuse(BAD_INPUT, "cannot look at", "check the spelling", arguments=("--db", missing))
        self.refuse(BAD_INPUT, "is no offsets database", "name a database", arguments=("--db", "/etc/passwd"))
        self.refuse(BAD_INPUT, "is no directory that could be served", arguments=("--db", released_database(), "--feed", missing))
        self.refuse(BAD_INPUT, "missing", arguments=("--db", released_database(), "--token-file", missing))
        self.refuse(BAD_INPUT, "access log", arguments=("--db", released_database(), "--access-log", missing / "log"))

    def test_a_feed_needs_a_key(self):
        self.refuse(USAGE, "no key", "--key gooffsets.pub", arguments=("--from", "http://127.0.0.1:1/feed", "--state-dir", self.directory / "state"))
        self.refuse(BAD_INPUT, "cannot read the public key", arguments=("--from", "http://127.0.0.1:1/feed", "--key", "missing.pub"))

    def test_a_working_database_where_nothing_can_be_written(self):
        if os.geteuid() == 0 and subprocess.run(["setpriv", "--reuid=65532", "true"], capture_output=True).returncode != 0:
            harness.skip(self, "no other user can be taken")
        place = self.directory / "place"
        place.mkdir()
        database = place / "offsets.db"
        database.write_bytes(released_database().read_bytes())
        subprocess.run(["sqlite3", str(database), "PRAGMA journal_mode = WAL"], check=True, capture_output=True, timeout=60)
        for path, mode in ((self.directory, 0o755), (place, 0o555), (database, 0o444)):
            path.chmod(mode)
        self.addCleanup(place.chmod, 0o755)
        command = ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups"] if os.geteuid() == 0 else []
        run = run_tool([*command, tool("OFFSETD"), "--db", str(database), "--listen", "127.0.0.1:0"], harness.clean_environment(), "/", limit=60)
        self.assertEqual(run.returncode, ENVIRONMENT, str(run))
        self.assertIn("needs a directory that can be written", run.stderr)


if __name__ == "__main__":
    harness.main()
