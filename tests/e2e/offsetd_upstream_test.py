"""Upstream mode: one offsetd serves a feed, another keeps itself fresh from it; update-offsets installs from it as well."""

import shutil

import feeds
import harness
import offsetd_service


class Upstream(offsetd_service.ServiceTest):
    def test_a_server_keeps_its_database_fresh_from_another(self):
        made = feeds.made()
        feed = self.directory / "feed"
        shutil.copytree(made / "feed1", feed)
        publisher = self.start("--feed", feed, db=made / "1.db")
        place = self.directory / "place"
        follower = self.start("--from", publisher.url + "/feed", "--key", made / "a.pub", "--state-dir", place,
                              "--interval-seconds", "1", "--poll-seconds", "0.05")
        follower.wait_for("the first database", lambda: follower.get("/readyz")[0] == 200)
        follower.wait_for("its version", lambda: follower.json("/v1/status")["upstream"]["version"] == 1)
        first = follower.json("/v1/status")["database"]["sha256"]
        self.assertEqual(first, feeds.sha256(place / "current.db"))
        # The publisher's files are replaced one by one, the manifest last.
        for name in ("blobs", "history"):
            if (made / "feed" / name).exists():
                shutil.copytree(made / "feed" / name, feed / name, dirs_exist_ok=True)
        for name in ("manifest.json.minisig", "manifest.json"):
            shutil.copyfile(made / "feed" / name, feed / f".{name}")
        for name in ("manifest.json.minisig", "manifest.json"):
            (feed / f".{name}").rename(feed / name)
        follower.wait_for("the second database", lambda: follower.json("/v1/status")["database"]["sha256"] != first)
        follower.wait_for("its version", lambda: follower.json("/v1/status")["upstream"]["version"] == 2)
        self.assertGreaterEqual(follower.metrics()["offsetd_swaps_total"], 1)
        # Without its upstream it serves on.
        publisher.stop()
        failures = follower.metrics()["offsetd_update_failures_total"]
        follower.wait_for("a failure", lambda: follower.metrics()["offsetd_update_failures_total"] > failures)
        self.assertTrue(follower.json("/v1/status")["ready"])
        self.assertTrue(follower.json("/v1/status")["upstream"]["failed"])
        self.assertEqual(follower.stop(), 0)

    def test_a_feed_of_another_key_is_never_served(self):
        made = feeds.made()
        follower = self.start("--from", made / "feed", "--key", made / "b.pub", "--state-dir", self.directory / "place",
                              "--interval-seconds", "1")
        follower.wait_for("a refusal", lambda: follower.metrics()["offsetd_update_failures_total"] >= 1)
        self.assertEqual(follower.get("/readyz")[0], 503)
        self.assertEqual(follower.get("/v1/modules")[0], 503)
        self.assertFalse((self.directory / "place" / "current.db").exists())
        self.assertIsNone(follower.json("/v1/status")["database"])

    def test_update_offsets_installs_from_a_server(self):
        made = feeds.made()
        publisher = self.start("--feed", made / "feed", db=made / "2.db")
        command = [harness.tool("UPDATE_OFFSETS"), "--dir", str(self.directory / "place"), "--key", str(made / "a.pub"), "--from",
                   publisher.url + "/feed"]
        for _ in range(2):
            run = harness.run_tool(command, harness.clean_environment(), self.directory, limit=120)
            self.assertEqual(run.returncode, 0, str(run))
        self.assertTrue((self.directory / "place" / "current.db").exists())


if __name__ == "__main__":
    harness.main()
