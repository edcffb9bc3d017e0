"""The publisher's scheduled command: what is new is measured, checked and published; what is not sound is not."""

import contextlib
import json
import os
import sqlite3
import subprocess

import harness
from harness import BAD_INPUT, DONE, ENVIRONMENT, NEGATIVE, clean_environment, run_tool, tool

COMMAND = harness.SOURCE_DIR / "packaging" / "publisher" / "gooffsets-publish"


class Publisher(harness.ToolTest):
    fixtures = {"healthy", "nested", "spike"}

    def setUp(self):
        super().setUp()
        self.feed, self.place = self.directory / "feed", self.directory / "place"
        self.key = self.directory / "gooffsets.key"
        self.offsetgen("keygen", self.key, db=False, cache=False)
        home = self.directory / "xdg"  # by way of a symbolic link, as many keep their caches
        home.mkdir()
        (home / "gooffsets").symlink_to(self.cache)

    def publish(self, targets="--module example.test/healthy --versions >=1.0", sample=0, exits=DONE, **extra):
        """Runs the command as its timer does."""
        settings = {"OFFSETGEN": tool("OFFSETGEN"), "GOOFFSETS_DB": str(self.db), "GOOFFSETS_FEED_DIR": str(self.feed),
                    "GOOFFSETS_SIGN_KEY": str(self.key), "GOOFFSETS_TARGETS": f"{targets} --arch amd64 --go {harness.GO}",
                    "GOOFFSETS_SAMPLE": str(sample), "XDG_CACHE_HOME": str(self.directory / "xdg"), **extra}
        run = run_tool([str(COMMAND)], {**self.environment(), **settings}, self.directory)
        if exits is not None:
            self.assertEqual(run.returncode, exits, str(run))
        return run

    def version(self):
        return json.loads((self.feed / "manifest.json").read_text())["version"] if self.feed.exists() else 0

    def update(self):
        run = run_tool([tool("UPDATE_OFFSETS"), "--dir", str(self.place), "--key", str(self.key.with_suffix(".pub")), "--from", str(self.feed)],
                       clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, DONE, str(run))
        return self.place / "current.db"

    def test_a_new_release_is_in_the_feed_after_the_next_run(self):
        files = self.proxy.files_of("healthy", "v1.2.0")
        self.proxy.remove("healthy", "v1.2.0")
        self.publish()
        self.assertEqual(self.version(), 1)
        symbol = "example.test/healthy.Server.Name"
        installed = self.update()
        self.assertEqual(self.offset("example.test/healthy", "1.1.0", symbol, db=installed), self.truth(symbol, "v1.1.0"))
        self.lookup("example.test/healthy", "1.2.0", symbol, db=installed, exits=harness.UNKNOWN)
        # Nothing new: the feed stays as it is.
        before = (self.feed / "manifest.json").read_bytes()
        self.assertIn("up to date", self.publish().stdout)
        self.assertEqual((self.feed / "manifest.json").read_bytes(), before)
        # A release comes out, and nobody does anything but wait for the timer.
        self.proxy.add("healthy", "v1.2.0", files)
        self.assertIn("example.test/healthy 1.2.0", self.publish().stdout)
        self.assertEqual(self.version(), 2)
        installed = self.update()
        self.assertEqual(self.offset("example.test/healthy", "1.2.0", symbol, db=installed), self.truth(symbol, "v1.2.0"))

    def truth(self, symbol, version):
        """What the compiler says: a program that prints unsafe.Offsetof."""
        module, name, field = symbol.rsplit(".", 2)
        source = self.directory / f"truth-{version}"
        self.proxy.unpack("healthy", version, source)
        (source / "truth").mkdir()
        (source / "truth" / "main.go").write_text(
            f'package main\n\nimport (\n\t"unsafe"\n\n\tm "{module}"\n)\n\nfunc main() {{ println(unsafe.Offsetof(m.{name}{{}}.{field})) }}\n')
        done = harness.toolchain(harness.GO).run(["run", "./truth"], cwd=source, **self.truth_environment())
        return int(done.stderr.splitlines()[-1])

    def test_findings_of_lint_are_not_published(self):
        self.publish()
        run = self.publish(targets="--module example.test/spike --versions >=1.0", exits=NEGATIVE)
        self.assert_says(run, "Entry.Key")
        self.assertEqual(self.version(), 1)

    def test_numbers_that_a_second_reader_does_not_confirm_are_not_published(self):
        if "OFFSETGEN_VERIFY" not in os.environ:
            # Without the second reader nothing is confirmed either.
            run = self.publish(sample=1, exits=BAD_INPUT)
            self.assert_says(run, "offsetgen-verify")
            self.assertEqual(self.version(), 0)
            return
        self.publish(sample=1)
        self.assertEqual(self.version(), 1)
        with contextlib.closing(sqlite3.connect(self.db)) as db, db:
            changed = db.execute("UPDATE field SET offset = offset + 8 WHERE pos = 0").rowcount
        self.assertGreater(changed, 0)
        run = self.publish(sample=9, exits=None)
        self.assertIn(run.returncode, (NEGATIVE, BAD_INPUT), str(run))
        self.assertRegex(run.output, r"[1-9]\d* differ", "it was lint that ended it")
        self.assertEqual(self.version(), 1)

    def test_what_cannot_be_signed_or_fetched_changes_nothing(self):
        self.publish()
        before = (self.feed / "manifest.json").read_bytes()
        other = self.directory / "other.key"
        self.offsetgen("keygen", other, db=False, cache=False)
        run = self.publish(exits=ENVIRONMENT, GOOFFSETS_SIGN_KEY=str(other))  # clients do not know it
        self.assert_says(run, "key")
        run = self.publish(targets="--module example.test/absent --versions >=1.0", exits=None,
                           GOPROXY=(self.directory / "nowhere").as_uri())
        self.assertNotEqual(run.returncode, DONE, str(run))
        self.assertEqual((self.feed / "manifest.json").read_bytes(), before)

    def test_what_is_missing_is_named(self):
        run = self.publish(exits=harness.USAGE, GOOFFSETS_SIGN_KEY="")
        self.assert_says(run, "GOOFFSETS_SIGN_KEY", "secret key")
        self.assertFalse(self.db.exists(), "nothing is measured that cannot be published")


if __name__ == "__main__":
    harness.main()
