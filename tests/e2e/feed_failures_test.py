"""When things go wrong with a feed: what is offered is refused with its reason, and what is installed stays."""

import datetime
import fcntl
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import time

import harness
from feeds import FeedTest, Server, publish, running_as_root, sha256, sign
from harness import BAD_INPUT, DONE, ENVIRONMENT, PARTIAL, clean_environment, tool


class Refused(FeedTest):
    """Version 1 is installed; the feed offers version 2, and something is wrong with it."""

    def setUp(self):
        super().setUp()
        self.update(source=self.made / "feed1")

    def edit(self, feed, **changes):
        """Another manifest, signed by minisign with the right key."""
        manifest = {**self.manifest(feed), **changes}
        (feed / "manifest.json").write_text(json.dumps(manifest))
        sign(feed / "manifest.json", self.made / "a.key")

    def test_a_bit_flip_in_the_manifest_or_its_signature(self):
        for name in ("manifest.json", "manifest.json.minisig"):
            feed = self.feed()
            original = (feed / name).read_bytes()
            # The first line of a signature is a comment that nothing vouches for: it may change.
            first = original.index(b"\n") + 1 if name.endswith("minisig") else 0
            for at in random.sample(range(first, len(original) - 1), 12):
                content = bytearray(original)
                content[at] ^= 1 << random.randrange(7)
                (feed / name).write_bytes(content)
                run = self.update("--retries", "0", source=feed, exits=None)
                self.assertIn(run.returncode, (BAD_INPUT, ENVIRONMENT), f"byte {at} of {name}: {run}")
                self.assert_installed(1)
            shutil.rmtree(feed)

    def test_damaged_blobs_are_refused_and_a_damaged_difference_costs_only_the_difference(self):
        manifest = self.manifest()
        delta, full = (manifest["deltas"][0]["blob"]["sha256"], manifest["full"]["sha256"])
        feed = self.feed()

        def spoil(name, how):
            path = feed / "blobs" / name
            content = bytearray((self.made / "feed" / "blobs" / name).read_bytes())
            if how == "flip":
                content[len(content) // 2] ^= 4
            elif how == "short":
                del content[len(content) // 2:]
            else:
                content += b"more"
            path.write_bytes(content)

        for how in ("flip", "short", "long"):
            spoil(full, how)
            spoil(delta, how)
            self.assert_refused(feed, full, exits=BAD_INPUT)
        shutil.copy(self.made / "feed" / "blobs" / full, feed / "blobs" / full)
        report = self.report("--retries", "0", source=feed)
        self.assertFalse(report["delta"])
        self.assertIn("could not be used", " ".join(report["notes"]))
        self.assert_installed(2)

    def test_a_bundle_that_was_flipped_or_cut_anywhere(self):
        bundle = self.directory / "offsets.gofeed"
        self.update("bundle", bundle, source=self.made / "feed")
        whole = bundle.read_bytes()
        spoilt = [bytes(whole[:at]) for at in (0, 1, 511, 512, 700, len(whole) // 2, len(whole) - 1500)]
        for at in [*range(0, 512, 60), *random.sample(range(len(whole)), 12)]:
            content = bytearray(whole)
            content[at] ^= 1 << random.randrange(8)
            spoilt.append(bytes(content))
        for content in spoilt:
            bundle.write_bytes(content)
            run = self.update("--retries", "0", source=bundle, exits=None)
            if run.returncode == DONE:  # it was in nothing that is read: padding, dates, or a blob that was not needed
                self.assert_installed(2)
                shutil.rmtree(self.place)
                self.update(source=self.made / "feed1")
            else:
                self.assertIn(run.returncode, (BAD_INPUT, ENVIRONMENT), str(run))
                self.assert_installed(1)

    def test_an_older_and_a_replayed_manifest(self):
        self.update(source=self.made / "feed")
        self.assert_refused(self.made / "feed1", "version 2 was seen before", exits=BAD_INPUT, version=2)
        feed = self.feed()
        self.edit(feed, expires="2099-01-01T00:00:00Z")
        self.assert_refused(feed, "another content", exits=BAD_INPUT, version=2)

    def test_files_of_two_versions_mixed(self):
        feed = self.feed()
        shutil.copy(self.made / "feed1" / "manifest.json", feed / "manifest.json")
        self.assert_refused(feed, "signature is wrong", exits=BAD_INPUT)
        # For a moment only, while a publication is under way: asked again, it fits.
        asked = []

        def behave(handler, name):
            if name == "manifest.json.minisig" and not asked:
                asked.append(name)
                handler.plain(name, (self.made / "feed1" / name).read_bytes())
                return True
            return False

        self.update(source=Server(self, self.made / "feed", behave).url)
        self.assert_installed(2)

    def test_expired_and_clocks_that_are_wrong(self):
        def published(days_ago):
            feed = self.directory / f"feed-{days_ago}"
            shutil.copytree(self.made / "feed1", feed)
            now = int(datetime.datetime.now(datetime.timezone.utc).timestamp())
            publish(self.made / "2.db", feed, self.made / "a.key", "--expires", "5", SOURCE_DATE_EPOCH=str(now - days_ago * 86400))
            return feed

        self.assert_refused(published(-3), "in the future", "clock", exits=BAD_INPUT)
        old = published(7)
        self.assert_refused(old, "expired", "grace", exits=BAD_INPUT)
        self.assert_refused(old, "expired", exits=BAD_INPUT, more=("--grace", "1"))
        self.assertIn("grace", self.update("--grace", "3", source=old).stdout)
        self.assertEqual(self.report("status")["version"], 2)

    def test_an_unknown_key(self):
        self.assert_refused(self.made / "feed", "not trusted", exits=ENVIRONMENT, key=self.made / "b.pub")

    def test_levels_that_do_not_fit(self):
        for change, words in (({"schema_level": 99}, ["level 99"]), ({"schema_level": 1}, ["below the installed"]),
                              ({"minimum_reader": "99.0.0"}, ["needs gooffsets 99.0.0"]), ({"format_version": 2}, ["format 2"])):
            feed = self.feed()
            self.edit(feed, **change)
            self.assert_refused(feed, *words, exits=BAD_INPUT)
            shutil.rmtree(feed)

    def test_manifests_that_are_none(self):
        blob = self.manifest()["full"]
        for content in (b"", b"{}", b"[1]", b"\xff\xfe", b"{" * 100000, b'{"format":"gooffsets feed"}',
                        json.dumps({**self.manifest(), "full": {**blob, "sha256": "../" * 20 + "etc"}}).encode(),
                        json.dumps({**self.manifest(), "full": {**blob, "size": -1}}).encode(),
                        json.dumps({**self.manifest(), "full": {**blob, "size": 1 << 62}}).encode(),
                        json.dumps({**self.manifest(), "database": "x"}).encode()):
            feed = self.feed()
            (feed / "manifest.json").write_bytes(content)
            sign(feed / "manifest.json", self.made / "a.key")
            run = self.update("--retries", "0", source=feed, exits=BAD_INPUT)
            self.assertNotIn("\xff", run.stderr)
            self.assert_installed(1)
            shutil.rmtree(feed)

    def test_a_database_that_does_not_open_is_not_installed(self):
        feed = self.directory / "feed-x"
        publish(self.made / "1.db", feed, self.made / "a.key")
        text = self.directory / "text"
        text.write_text("SQLite format 3, or so it says. " * 100)
        subprocess.run(["zstd", "-q", "-f", text, "-o", self.directory / "packed"], check=True)
        packed = {"sha256": sha256(self.directory / "packed"), "size": os.path.getsize(self.directory / "packed")}
        shutil.copy(self.directory / "packed", feed / "blobs" / packed["sha256"])
        self.edit(feed, version=2, full=packed, database={"sha256": sha256(text), "size": text.stat().st_size})
        self.assert_refused(feed, "no offsets database", exits=BAD_INPUT)

    def test_published_answers_do_not_change_without_a_correction(self):
        changed = self.directory / "changed.db"
        shutil.copy(self.made / "2.db", changed)
        db = sqlite3.connect(changed)
        db.execute("PRAGMA foreign_keys = ON")
        # One package of one version takes the layouts that another version has.
        rows = db.execute("SELECT s.id, p.text, s.package_layout FROM package_state s JOIN string p ON p.id = s.package "
                          "WHERE p.text = 'google.golang.org/genproto/googleapis/rpc/errdetails'").fetchall()
        layouts = {row[2] for row in rows}
        self.assertGreater(len(layouts), 1, "the test needs a package that changed once")
        state, package, layout = rows[0]
        db.execute("UPDATE package_state SET package_layout = ? WHERE id = ?", (min(layouts - {layout}), state))
        db.commit()
        db.close()
        feed = self.directory / "feed-changed"
        shutil.copytree(self.made / "feed1", feed)
        run = publish(changed, feed, self.made / "a.key", exits=PARTIAL)
        self.assertIn("published answers change", run.stderr)
        self.assertIn(package, run.stderr)
        publish(changed, feed, self.made / "a.key", "--correction", f"google.golang.org/genproto/googleapis/rpc@* {package}: a test of it")
        honest = json.loads((feed / "manifest.json").read_text())
        self.assertEqual(honest["corrections"][0]["reason"], "a test of it")
        # Clients do not take the publisher's word either: the same database without the correction.
        dishonest = self.directory / "dishonest"
        shutil.copytree(feed, dishonest)
        self.edit(dishonest, corrections=[])
        self.assert_refused(dishonest, "without listing them", package, exits=PARTIAL, place=None)
        other = self.directory / "other"
        self.update(source=self.made / "feed1", place=other)
        self.assertGreater(self.report(source=feed, place=other)["corrected"], 0)


class Servers(FeedTest):
    def setUp(self):
        super().setUp()
        self.update(source=self.made / "feed1")

    def serve(self, behave):
        return Server(self, self.made / "feed", behave).url

    def test_a_web_page_with_status_200(self):
        self.assert_refused(self.serve(lambda handler, name: handler.plain(name, b"<html>Log in</html>") or True),
                            "web page", exits=BAD_INPUT)

    def test_a_body_without_end(self):
        def endless(handler, name):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            piece = b"x" * 65536
            while True:  # until the client has had enough
                handler.wfile.write(b"10000\r\n" + piece + b"\r\n")

        self.assert_refused(self.serve(endless), "more than the", exits=BAD_INPUT)
        only_blobs = lambda handler, name: name.startswith("blobs/") and endless(handler, name)
        self.assert_refused(self.serve(only_blobs), "more than the", exits=BAD_INPUT)

    def test_wrong_lengths(self):
        def short(handler, name):
            if not name.startswith("blobs/"):
                return False
            handler.plain(name, (self.made / "feed" / name).read_bytes()[:-1])
            return True

        self.assert_refused(self.serve(short), "bytes instead of", exits=BAD_INPUT)

    def test_errors_of_the_server_are_retried(self):
        failures = []

        def sometimes(handler, name):
            if len(failures) >= 3:
                return False
            failures.append(name)
            handler.plain(name, b"busy", 503)
            return True

        self.update("--retries", "5", source=self.serve(sometimes))
        self.assert_installed(2)

    def test_errors_that_stay(self):
        self.assert_refused(self.serve(lambda handler, name: handler.plain(name, b"oh", 500) or True), "status 500",
                            exits=ENVIRONMENT)

    def test_retry_after_is_heeded(self):
        asked = []

        def behave(handler, name):
            asked.append(time.monotonic())
            if len(asked) > 1:
                return False
            handler.plain(name, b"slow down", 429, headers=[("Retry-After", "2")])
            return True

        url = self.serve(behave)
        self.update("--retries", "1", source=url)
        self.assertGreaterEqual(asked[1] - asked[0], 1.9)
        # A wait that is longer than the deadline is not begun.
        start = time.monotonic()
        self.assert_refused(self.serve(lambda handler, name: handler.plain(name, b"", 429, [("Retry-After", "1000")]) or True),
                            "deadline", exits=ENVIRONMENT, more=("--deadline", "30"), retries=3, version=2)
        self.assertLess(time.monotonic() - start, 25)

    def test_a_server_that_drips(self):
        def drip(handler, name):
            handler.send_response(200)
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
            while True:
                handler.wfile.write(b"x")
                time.sleep(0.1)  # how fast a hostile server is, not something to wait for

        start = time.monotonic()
        self.assert_refused(self.serve(drip), exits=ENVIRONMENT, more=("--deadline", "2"))
        self.assertLess(time.monotonic() - start, 20)

    def test_a_redirect_to_a_file_is_not_followed(self):
        def redirect(handler, name):
            handler.plain(name, b"", 302, [("Location", f"file://{self.made}/feed/{name}")])
            return True

        self.assert_refused(self.serve(redirect), "cannot get", exits=ENVIRONMENT)


class Machine(FeedTest):
    def in_small_disk(self, options, script):
        """Runs a shell script in a file system of its own."""
        if not running_as_root() or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
            harness.skip(self, "mounting a small file system needs root")
        mount = self.directory / "mount"
        mount.mkdir()
        return harness.run_tool(["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o {options} none {mount} && {script}"],
                                clean_environment(), self.directory, limit=120)

    def command(self, feed, place):
        return f"{tool('UPDATE_OFFSETS')} --dir {place} --key {self.key} --from {self.made / feed}"

    def test_a_full_disk(self):
        place = self.directory / "mount" / "place"
        size = self.manifest(self.made / "feed1")["database"]["size"] + (1 << 20)
        run = self.in_small_disk(f"size={size}", f"{self.command('feed1', place)} || exit 90; {self.command('feed', place)}; "
                                 f"code=$?; sha256sum {place}/current.db; exit $code")
        self.assertEqual(run.returncode, ENVIRONMENT, str(run))
        self.assertIn("No space left", run.stderr)
        self.assertIn(self.manifest(self.made / "feed1")["database"]["sha256"], run.stdout)

    def test_a_target_that_cannot_be_written(self):
        place = self.directory / "mount" / "place"
        mount = self.directory / "mount"
        run = self.in_small_disk("size=64m", f"{self.command('feed1', place)} || exit 90; mount -o remount,ro {mount}; "
                                 f"{self.command('feed', place)}; code=$?; sha256sum {place}/current.db; exit $code")
        self.assertEqual(run.returncode, ENVIRONMENT, str(run))
        self.assertIn("Read-only", run.stderr)
        self.assertIn(self.manifest(self.made / "feed1")["database"]["sha256"], run.stdout)

    def test_sigkill_at_any_moment(self):
        whole = {self.manifest(self.made / name)["database"]["sha256"] for name in ("feed1", "feed")}
        self.update(source=self.made / "feed1")
        start = time.monotonic()
        self.update(source=self.made / "feed1", place=self.directory / "timed")
        usual = time.monotonic() - start
        done = 0
        for _ in range(25):
            process = subprocess.Popen([tool("UPDATE_OFFSETS"), "--dir", self.place, "--key", self.key, "--from",
                                        self.made / "feed", "--quiet", "--reinstall"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                done += process.wait(timeout=random.uniform(0, usual)) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.assertIn(sha256(self.current), whole)
            self.update("status")
        self.update(source=self.made / "feed")
        self.assert_installed(2)
        self.update("verify")

    def test_files_are_synced_before_and_directories_after_they_are_renamed(self):
        self.update(source=self.made / "feed1")
        log = self.directory / "strace"
        strace = shutil.which("strace")
        if not strace or subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
            harness.skip(self, "strace cannot trace here (scripts/setup --tests)")
        self.update(source=self.made / "feed", prefix=[strace, "-f", "-y", "-e", "trace=rename,fsync,link,write", "-o", log])
        calls = [line.split(None, 1)[1] for line in log.read_text().splitlines()]
        place = str(self.place)
        index = lambda pattern, after=0: next(i for i in range(after, len(calls)) if re.search(pattern, calls[i]))
        rename = index(r"^rename\(\"[^\"]*/download/new\.db\", \"[^\"]*/current\.db\"\) = 0")
        written = max(i for i, call in enumerate(calls) if call.startswith("write(") and "/download/new.db>" in call)
        synced = index(r"^fsync\(\d+<[^>]*/download/new\.db>\) = 0", written)
        kept = index(r"^link\(\"[^\"]*/current\.db\", \"[^\"]*/previous/1\.db\"\) = 0")
        state = index(r"^rename\(\"[^\"]*/state\.json\.tmp[^\"]*\", \"[^\"]*/state\.json\"\) = 0", kept)
        directory = index(rf"^fsync\(\d+<{re.escape(place)}>\) = 0", rename)
        self.assertLess(written, synced)
        self.assertLess(synced, kept)
        self.assertLess(kept, state)
        self.assertLess(state, rename)
        self.assertLess(rename, directory)

    def test_a_damaged_state_is_told_and_costs_no_database(self):
        self.update(source=self.made / "feed1")
        content = bytearray((self.place / "state.json").read_bytes())
        content[1] ^= 0x40
        (self.place / "state.json").write_bytes(content)
        run = self.update(source=self.made / "feed", exits=BAD_INPUT)
        self.assertIn("state.json is damaged", run.stderr)
        self.assertEqual(sha256(self.current), self.manifest(self.made / "feed1")["database"]["sha256"])
        (self.place / "state.json").unlink()
        self.update(source=self.made / "feed")
        self.assert_installed(2)

    def test_two_updaters(self):
        self.update(source=self.made / "feed1")
        with open(self.place / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_refused(self.made / "feed", "another process", exits=ENVIRONMENT)
        both = [subprocess.Popen([tool("UPDATE_OFFSETS"), "--dir", self.place, "--key", self.key, "--from", self.made / "feed",
                                  "--reinstall", "--quiet"], stderr=subprocess.DEVNULL) for _ in range(4)]
        statuses = {process.wait(timeout=120) for process in both}
        self.assertLessEqual(statuses, {DONE, ENVIRONMENT})
        self.assertIn(DONE, statuses)
        self.assert_installed(2)


if __name__ == "__main__":
    harness.main()
