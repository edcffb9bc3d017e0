"""A feed is made, brought over every kind of source, verified, installed, rolled back, mirrored; keys are changed."""

import json
import os

import resource
import shutil
import subprocess
import time

import harness
from feeds import MODULE, FeedTest, Server, on_terminal, publish, sha256, sign, start_nginx
from harness import BAD_INPUT, DONE, ENVIRONMENT, NEGATIVE, PARTIAL, clean_environment, run_tool, tool


class Sources(FeedTest):
    def test_a_directory_an_address_and_a_bundle_give_the_same_database(self):
        bundle = self.directory / "offsets.gofeed"
        self.update("bundle", bundle, source=self.made / "feed")
        listed = subprocess.run(["tar", "tf", bundle], check=True, capture_output=True, text=True).stdout.split()
        self.assertIn("manifest.json", listed)
        server = Server(self, self.made / "feed")
        for number, source in enumerate([self.made / "feed", f"file://{self.made}/feed", server.url, bundle]):
            place = self.directory / f"place-{number}"
            report = self.report(source=source, place=place)
            self.assertEqual((report["changed"], report["version"]), (True, 2))
            self.assertEqual(sha256(place / "current.db"), self.manifest()["database"]["sha256"])
        self.assertNotIn("?", " ".join(server.names()))

    def test_a_terminal_sees_how_far_a_download_is_and_a_log_the_outcome(self):
        command = [tool("UPDATE_OFFSETS"), "--dir", self.place, "--key", self.key, "--from", self.made / "feed"]
        status, out, shown = on_terminal(command)
        self.assertEqual(status, DONE)
        self.assertRegex(out, "^version 2 is installed as [^\\n]*\\n$")
        self.assertRegex(shown, rb"^\r\w[^\r\n]* [0-9.]+ MB")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-100:])
        self.assertEqual(self.update("--reinstall", source=self.made / "feed").stderr, "")

    def test_the_query_tool_reads_what_was_installed(self):
        data = self.directory / "data"
        self.update(source=self.made / "feed", place=data / "gooffsets")
        version = sorted(json.loads(line)["version"] for line in subprocess.run(
            ["sqlite3", data / "gooffsets" / "current.db",
             "SELECT json_object('version', v.text) FROM build b JOIN version v ON v.id = b.version "
             f"JOIN module m ON m.id = v.module WHERE m.path = '{MODULE}'"],
            check=True, capture_output=True, text=True).stdout.split())[0]
        run = run_tool([tool("GOOFFSETS"), "lookup", "--module", MODULE, "--version", version, "--format", "json",
                        f"{MODULE}/status.Status.Code"], clean_environment(XDG_DATA_HOME=str(data)), self.directory)
        self.assertEqual(run.returncode, DONE, str(run))
        self.assertEqual(json.loads(run.stdout)["offset"], 40)  # genproto's field order; docs/how-it-works.md

    def test_nothing_new_is_one_request(self):
        server = Server(self, self.made / "feed")
        self.update(source=server.url)
        walls, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(5):
            del server.requests[:]
            start = time.monotonic()
            run = self.update(source=server.url)
            walls.append(time.monotonic() - start)
            self.assertEqual(server.names(), ["manifest.json"])
            self.assertIn("If-None-Match", server.requests[0][1])
            self.assertIn("already newest", run.stdout)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 5
        print(f"\nnothing new: {min(walls) * 1000:.0f} ms at best, {cpu * 1000:.0f} ms of CPU", flush=True)
        self.assertLess(cpu, 0.050)

    def test_sources_are_tried_in_order(self):
        run = self.report("--from", self.directory / "missing", "--from", self.made / "feed", "--retries", 0)
        self.assertEqual(run["version"], 2)
        self.assertIn("missing", " ".join(run["notes"]))

    def test_an_ordinary_web_server_serves_it(self):
        os.chmod(self.made, 0o755)
        port = start_nginx(self, f"listen 127.0.0.1:PORT; root {self.made};")
        url = f"http://127.0.0.1:{port}/feed"
        self.assertEqual(self.report(source=url)["version"], 2)
        self.assertIn("already newest", self.update(source=url).stdout)

    def test_a_proxy_is_used(self):
        server = Server(self, self.made / "feed",
                        lambda handler, name: handler.plain(name.removeprefix("http://feed.invalid/")) or True)
        self.update("--proxy", server.url, source="http://feed.invalid")
        self.assert_installed(2)
        other = self.directory / "other"
        self.update(source="http://feed.invalid", place=other, http_proxy=server.url)
        self.assertTrue((other / "current.db").exists())

    def test_an_interrupted_download_goes_on_where_it_was(self):
        full = self.manifest()["full"]
        cut = []

        def behave(handler, name):
            if not name.startswith("blobs/") or cut:
                return False
            cut.append(name)
            body = (self.made / "feed" / name).read_bytes()
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body[:len(body) // 2])
            handler.close_connection = True
            return True

        server = Server(self, self.made / "feed", behave)
        self.update(source=server.url)
        self.assert_installed(2)
        ranges = [headers.get("Range") for name, headers, _ in server.requests if name == "blobs/" + full["sha256"]]
        self.assertEqual(ranges[0], None)
        self.assertRegex(ranges[1], r"^bytes=[1-9][0-9]*-$")


class Versions(FeedTest):
    def test_a_difference_gives_the_same_file_as_the_full_snapshot(self):
        self.update(source=self.made / "feed1")
        self.assert_installed(1)
        report = self.report(source=self.made / "feed")
        self.assertTrue(report["delta"])
        self.assertLess(report["downloaded"], self.manifest()["full"]["size"])
        self.assert_installed(2)

    def test_check_says_by_its_status_whether_something_is_new(self):
        self.update("check", source=self.made / "feed1", exits=NEGATIVE)
        self.update(source=self.made / "feed1")
        self.assertEqual(self.report("check", source=self.made / "feed", exits=NEGATIVE)["newest"], 2)
        self.update(source=self.made / "feed")
        self.update("check", source=self.made / "feed", exits=DONE)

    def test_rollback_pins_until_unpin(self):
        for feed in ("feed1", "feed"):
            self.update(source=self.made / feed)
        self.update("diff")
        self.update("rollback")
        self.assert_installed(1)
        run = self.update(source=self.made / "feed")
        self.assertIn("pinned", run.stdout)
        self.assert_installed(1)
        self.assertEqual(self.report("check", source=self.made / "feed")["pinned"], True)
        self.update("unpin")
        self.update(source=self.made / "feed")
        self.assert_installed(2)
        events = [json.loads(line)["event"] for line in self.update("history").stdout.splitlines()]
        self.assertEqual(events, ["installed", "installed", "rolled back", "unpinned", "installed"])
        self.update("rollback", 5, exits=BAD_INPUT)

    def test_a_damaged_earlier_file_is_not_gone_back_to(self):
        for feed in ("feed1", "feed"):
            self.update(source=self.made / feed)
        kept = self.place / "previous" / "1.db"
        content = bytearray(kept.read_bytes())
        content[len(content) // 2] ^= 1
        kept.write_bytes(content)
        self.assertIn("damaged", self.update("rollback", exits=BAD_INPUT).stderr)
        self.assert_installed(2)
        self.assertEqual(list((self.place / "download").iterdir()), [])

    def test_a_pinned_version_is_brought_from_the_history(self):
        self.update("pin", 1)
        self.update(source=self.made / "feed")
        self.assert_installed(1)
        self.update("verify")

    def test_only_so_many_previous_ones_are_kept(self):
        for feed in ("feed1", "feed"):
            self.update("--keep", 0, source=self.made / feed)
        self.assertEqual(list((self.place / "previous").iterdir()), [])
        self.assert_installed(2)

    def test_a_damaged_file_is_found_and_repaired(self):
        self.update(source=self.made / "feed")
        content = bytearray(self.current.read_bytes())
        content[len(content) // 2] ^= 1
        before = os.stat(self.current)
        self.current.write_bytes(content)
        os.utime(self.current, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertIn("damaged", self.update("verify", exits=BAD_INPUT).stdout)
        self.update("--reinstall", source=self.made / "feed")
        self.assert_installed(2)
        self.update("verify")

    def test_hooks_run_after_updates_and_errors(self):
        log = self.directory / "log"
        hooks = ["--on-update", f"echo updated $GOOFFSETS_VERSION >> {log}", "--on-error", f"echo failed $GOOFFSETS_EXIT >> {log}"]
        self.update(*hooks, source=self.made / "feed")
        self.update(*hooks, source=self.made / "feed")
        self.update(*hooks, source=self.directory / "missing", exits=BAD_INPUT)
        self.assertEqual(log.read_text().splitlines(), ["updated 2", "failed 3"])
        self.update("--on-update", "false", source=self.made / "feed", place=self.directory / "other", exits=PARTIAL)

    def test_a_mirror_is_a_feed(self):
        mirror = self.directory / "mirror"
        server = Server(self, self.made / "feed")
        self.update("mirror", mirror, source=server.url)
        self.update("mirror", mirror, source=server.url)
        self.update(source=mirror)
        self.assert_installed(2)
        for path in sorted((self.made / "feed").rglob("*")):
            if path.is_file() and path.name != ".lock" and "blobs" not in path.parts:
                self.assertEqual((mirror / path.relative_to(self.made / "feed")).read_bytes(), path.read_bytes())

    def test_the_manifest_is_as_its_schema_says(self):
        import jsonschema
        schema = json.loads((harness.SOURCE_DIR / "schema" / "manifest.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(self.manifest())


class Keys(FeedTest):
    def test_minisign_verifies_our_signatures_and_we_verify_its(self):
        for path in [*(self.made / "feed").glob("manifest.json"), *(self.made / "feed" / "history").glob("*.json")]:
            subprocess.run(["minisign", "-V", "-p", self.key, "-m", path], check=True, capture_output=True, timeout=60)
        feed = self.feed()
        subprocess.run(["minisign", "-G", "-W", "-p", "m.pub", "-s", "m.key"], check=True, capture_output=True,
                       cwd=self.directory, timeout=60)
        sign(feed / "manifest.json", self.directory / "m.key")
        self.update(source=feed, key=self.directory / "m.pub")
        self.assert_installed(2)
        publish(self.made / "1.db", self.directory / "own", self.directory / "m.key")
        subprocess.run(["minisign", "-V", "-p", "m.pub", "-m", "own/manifest.json"], check=True, capture_output=True,
                       cwd=self.directory, timeout=60)

    def test_clients_follow_from_one_key_to_the_announced_next(self):
        feed, new_key = self.feed(), self.made / "b.key"
        publish(self.made / "2.db", feed, new_key, exits=ENVIRONMENT)  # clients would be left behind
        publish(self.made / "2.db", feed, self.made / "a.key", "--next-key", self.made / "b.pub")
        self.update(source=feed)
        publish(self.made / "2.db", feed, new_key, "--revoke", f"{self.key}")
        self.assertEqual(self.report(source=feed)["version"], 4)
        stranger = self.directory / "stranger"
        self.update("--retries", 0, source=feed, place=stranger, exits=ENVIRONMENT)  # knows the old key only
        # The old key has been revoked: what it signs is refused by those who know.
        old = json.loads((feed / "manifest.json").read_text())
        old["version"] = 9
        (feed / "manifest.json").write_text(json.dumps(old))
        sign(feed / "manifest.json", self.made / "a.key")
        self.assertIn("not trusted", self.update("--retries", 0, source=feed, exits=ENVIRONMENT).stderr)

    def test_nothing_changed_means_no_new_version(self):
        feed = self.feed()
        before = (feed / "manifest.json").read_bytes()
        self.assertIn("up to date", publish(self.made / "2.db", feed, self.made / "a.key").stdout)
        self.assertEqual((feed / "manifest.json").read_bytes(), before)

    def test_equal_feeds_are_made_of_equal_databases(self):
        digests = set()
        for name in ("x", "y"):
            publish(self.made / "1.db", self.directory / name, self.made / "a.key", SOURCE_DATE_EPOCH="1790000000")
            digests.add((self.directory / name / "manifest.json").read_bytes())
        self.assertEqual(len(digests), 1)


if __name__ == "__main__":
    harness.main()
