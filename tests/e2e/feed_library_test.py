"""A program outside of this tree that links gooffsets::feed keeps its own database fresh."""

import json
import subprocess

import feeds
import harness
from feeds import MODULE, FeedTest
from harness import BAD_INPUT, DONE, clean_environment, run_tool

CODE = f"{MODULE}/status.Status.Code"


class FeedLibrary(FeedTest):
    def setUp(self):
        super().setUp()
        prefix = self.directory / "prefix"
        subprocess.run(["cmake", "--install", str(harness.BUILD_DIR), "--prefix", str(prefix), "--component", "development"],
                       check=True, stdout=subprocess.DEVNULL, timeout=120)
        subprocess.run(["cmake", "--install", str(harness.BUILD_DIR), "--prefix", str(prefix), "--component", "library"],
                       check=True, stdout=subprocess.DEVNULL, timeout=120)
        self.build = self.directory / "build"
        for command in (["cmake", "-S", harness.SOURCE_DIR / "examples" / "feed", "-B", self.build, f"-DCMAKE_PREFIX_PATH={prefix}"],
                        ["cmake", "--build", self.build]):
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def fresh(self, feed, key=None, exits=DONE):
        key = (key or self.key).read_text().splitlines()[1]
        run = run_tool([str(self.build / "fresh"), str(feed), key, str(self.place), MODULE, self.newest, CODE],
                       clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, exits, str(run))
        return run

    def test_an_agent_keeps_its_database_fresh(self):
        # The field's place: genproto's field order (docs/how-it-works.md).
        self.newest = subprocess.run(["sqlite3", self.made / "1.db", "SELECT v.text FROM build b JOIN version v ON v.id = b.version "
                                      "WHERE b.status = 0 LIMIT 1"], check=True, capture_output=True, text=True).stdout.strip()
        run = self.fresh(self.made / "feed1")
        self.assertIn("version 1, just installed", run.stdout)
        self.assertEqual(json.loads(run.stdout.splitlines()[1])["offset"], 40)
        self.assertIn("version 1, already newest", self.fresh(self.made / "feed1").stdout)
        self.assertIn("version 2, just installed", self.fresh(self.made / "feed").stdout)
        self.assertEqual(feeds.sha256(self.current), self.manifest()["database"]["sha256"])
        # Refused or out of reach: it says so, and answers from what it has.
        for feed, key in ((self.made / "feed1", None), (self.directory / "nowhere", None), (self.made / "feed", self.made / "b.pub")):
            run = self.fresh(feed, key)
            self.assertIn("no update", run.stderr)
            self.assertEqual(json.loads(run.stdout.splitlines()[0])["offset"], 40)
        self.place = self.directory / "empty"
        run = self.fresh(self.directory / "nowhere", exits=BAD_INPUT)
        self.assertNotIn("offset", run.stdout)


if __name__ == "__main__":
    harness.main()
