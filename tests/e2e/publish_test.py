"""The publisher's side of a feed: keys, the web pages beside it, and what a kill, a full disk or a second publisher leave behind."""

import contextlib
import html.parser
import json
import os
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import time
import urllib.parse

import harness
from feeds import MODULE, FeedTest, call, on_terminal, publish, running_as_root, sha256, sign
from harness import BAD_INPUT, DONE, ENVIRONMENT, USAGE, clean_environment, run_tool, tool


class Keys(FeedTest):
    def keygen(self, name, *more, **options):
        return call("keygen", name, *more, cwd=self.directory, **options)

    def password(self, text, name="password"):
        path = self.directory / name
        path.write_text(text + "\n")
        return path

    def test_keygen_names_its_files_as_minisign_does_and_overwrites_none(self):
        run = self.keygen("gooffsets.key")
        self.assertEqual(run.stdout, "gooffsets.key: keep it secret\ngooffsets.pub: give it to clients\n")
        self.assertEqual(stat.S_IMODE(os.stat(self.directory / "gooffsets.key").st_mode), 0o600)
        secret = (self.directory / "gooffsets.key").read_bytes()
        self.assertIn("gooffsets.key already", self.keygen("gooffsets.key", exits=USAGE).stderr)
        (self.directory / "gooffsets.key").rename(self.directory / "away")
        self.assertIn("gooffsets.pub already", self.keygen("gooffsets.key", exits=USAGE).stderr)
        self.keygen("gooffsets.key", "--force")
        self.assertNotEqual((self.directory / "gooffsets.key").read_bytes(), secret)
        self.keygen("plain")
        self.assertTrue((self.directory / "plain.pub").exists())

    def test_encrypted_keys_sign_with_their_password_only(self):
        password = self.password("correct horse")
        self.keygen("own.key", "--password-file", password)
        made = subprocess.run(["minisign", "-G", "-p", "theirs.pub", "-s", "theirs.key"], input="correct horse\n" * 2, cwd=self.directory,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(made.returncode, 0, made.stderr)
        for name in ("own", "theirs"):
            key, feed = self.directory / f"{name}.key", self.directory / f"feed-{name}"
            run = publish(self.made / "1.db", feed, key, exits=ENVIRONMENT)
            self.assertIn("--password-file", run.stderr)
            publish(self.made / "1.db", feed, key, "--password-file", self.password("wrong", "other"), exits=ENVIRONMENT)
            self.assertFalse((feed / "manifest.json").exists())
            publish(self.made / "1.db", feed, key, "--password-file", password)
            subprocess.run(["minisign", "-V", "-p", f"{name}.pub", "-m", feed / "manifest.json"], cwd=self.directory, check=True,
                           capture_output=True, timeout=60)
            self.update(source=feed, key=self.directory / f"{name}.pub", place=self.directory / f"place-{name}")
        # And minisign signs with an encrypted key of ours.
        message = self.directory / "message"
        message.write_text("anything")
        done = subprocess.run(["minisign", "-S", "-s", "own.key", "-m", message], input="correct horse\n", cwd=self.directory,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        subprocess.run(["minisign", "-V", "-p", "own.pub", "-m", message], cwd=self.directory, check=True, capture_output=True)

    def test_a_revoked_key_is_refused_by_those_who_learnt_of_it_and_by_the_publisher(self):
        feed, old, new = self.feed(), self.made / "a.key", self.made / "b.key"
        self.assertIn("cannot be revoked by itself", publish(self.made / "2.db", feed, old, "--revoke", self.key, exits=USAGE).stderr)
        publish(self.made / "2.db", feed, old, "--next-key", self.made / "b.pub")
        self.update(source=feed)
        publish(self.made / "2.db", feed, new, "--revoke", self.key)
        self.update(source=feed)
        state = json.loads((self.place / "state.json").read_text())
        self.assertIn(self.key.read_text().splitlines()[1], json.dumps(state))
        # The stolen old key signs a higher version, and even revokes the new one.
        stolen = json.loads((feed / "manifest.json").read_text())
        stolen["version"], stolen["revoked_keys"] = 99, [(self.made / "b.pub").read_text().splitlines()[1]]
        (feed / "manifest.json").write_text(json.dumps(stolen))
        sign(feed / "manifest.json", old)
        # Naming the old key on the command line, as update() does, is no help to it.
        self.assertIn("not trusted", self.update("--retries", 0, source=feed, exits=ENVIRONMENT).stderr)
        self.assertEqual(self.report("status")["version"], 4)

    def test_a_key_file_may_hold_several_keys(self):
        both = self.directory / "both.pub"
        both.write_text((self.made / "b.pub").read_text() + (self.made / "a.pub").read_text())
        self.update(source=self.made / "feed", key=both)
        self.assert_installed(2)
        run = publish(self.made / "2.db", self.feed(), self.made / "a.key", "--next-key", both, exits=USAGE)
        self.assertIn("several keys", run.stderr)
        (self.directory / "none.pub").write_text("untrusted comment: nothing\n")
        self.assertIn("no public key", self.update(source=self.made / "feed", key=self.directory / "none.pub", exits=BAD_INPUT).stderr)
        secret = self.update(source=self.made / "feed", key=self.made / "a.key", exits=BAD_INPUT).stderr
        self.assertIn("is a secret key", secret)
        self.assertNotIn((self.made / "a.key").read_text().splitlines()[1][:20], secret)
        self.assertIn("missing.pub", self.update(source=self.made / "feed", key="missing.pub", exits=BAD_INPUT).stderr)


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value and not value.startswith(("#", "http:", "https:", "data:")):
                self.found.append(value)


class Site(FeedTest):
    def test_the_pages_are_written_beside_the_feed_and_replaced_whole(self):
        feed, site = self.directory / "feed", self.directory / "feed" / "site"
        run = publish(self.made / "1.db", feed, self.made / "a.key", "--site", site)
        self.assertRegex(run.stdout, r"site: \d+ pages")
        before = self.check_links(site)
        page = site / "m" / MODULE / "-" / MODULE / "status" / "index.html"
        self.assertIn("Status", page.read_text())
        # The number on the page is genproto's field order (docs/how-it-works.md).
        self.assertRegex(page.read_text(), r"(?s)Code.{0,400}?>40<")
        coverage = (site / "coverage" / "index.html").read_text()
        os.link(page, self.directory / "kept")  # a reader that has the old page open
        publish(self.made / "2.db", feed, self.made / "a.key", "--site", site)
        self.assertGreaterEqual(self.check_links(site), before)
        self.assertNotEqual((site / "coverage" / "index.html").read_text(), coverage)
        self.assertEqual([p.name for p in feed.iterdir() if "tmp" in p.name], [])
        # The pages are no part of what clients and mirrors take.
        self.update(source=feed)
        mirror = self.directory / "mirror"
        self.update("mirror", mirror, source=feed)
        self.assertFalse((mirror / "site").exists())

    def check_links(self, site):
        """Every address that a page names is a file of the copy; the number of addresses."""
        count = 0
        for page in site.rglob("index.html"):
            links = Links()
            links.feed(page.read_text())
            for link in links.found:
                path = urllib.parse.unquote(urllib.parse.urlsplit(link).path)
                target = (page.parent / path).resolve()
                if link.endswith("/") or target.is_dir():
                    target = target / "index.html"
                self.assertTrue(target.is_file(), f"{page.relative_to(site)}: {link}")
                count += 1
        self.assertGreater(count, 10)
        return count

    def test_a_directory_of_something_else_is_not_replaced(self):
        site = self.directory / "home"
        site.mkdir()
        (site / "thesis.tex").write_text("years of work")
        run = publish(self.made / "1.db", self.directory / "feed", self.made / "a.key", "--site", site, exits=USAGE)
        self.assertIn("other things", run.stderr)
        self.assertEqual([p.name for p in site.iterdir()], ["thesis.tex"])


class Telling(FeedTest):
    def command(self, *more):
        return [tool("OFFSETGEN"), "publish", "--db", str(self.made / "2.db"), "--feed", str(self.feed("feed1")), "--sign",
                str(self.made / "a.key"), *more]

    def test_a_log_gets_a_line_a_step(self):
        run = run_tool(self.command("--format", "json"), clean_environment(), self.directory)
        self.assertEqual(run.returncode, DONE, str(run))
        self.assertEqual(json.loads(run.stdout)["version"], 2)  # and nothing but JSON
        steps = [line for line in run.stderr.splitlines() if " done, " not in line]
        size = self.manifest()["database"]["size"] / 1e6
        added = json.loads(run.stdout)["builds_added"]
        self.assertEqual(steps, ["unpacking version 1", f"reading {self.made}/2.db", f"adding {added} builds", "comparing it with version 1",
                                 f"compressing {size:.1f} MB", f"making the difference from version 1: {size:.1f} MB"])
        self.assertNotIn("\x1b", run.stderr)

    def test_a_terminal_gets_one_line_that_is_gone_at_the_end(self):
        status, out, shown = on_terminal(self.command())
        self.assertEqual(status, DONE)
        self.assertIn("version 2", out)
        self.assertIn(b"adding ", shown)
        self.assertNotIn(b"\n", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-100:])


class WhenThingsGoWrong(FeedTest):
    def command(self, feed, db="2.db"):
        return [tool("OFFSETGEN"), "publish", "--db", str(self.made / db), "--feed", str(feed), "--sign", str(self.made / "a.key"),
                "--level", "1"]

    def usable(self, feed):
        """Clients get a whole version 1 or 2, or are told that the signature does not fit yet; nothing else."""
        place = self.directory / f"place-{random.randrange(1 << 30)}"
        run = self.update("--retries", 0, source=feed, place=place, exits=None)
        if run.returncode == DONE:
            self.assertIn(self.report("status", place=place)["version"], (1, 2))
        else:
            self.assertIn("signature is wrong", run.stderr)
            self.assertFalse((place / "current.db").exists())
        shutil.rmtree(place, ignore_errors=True)

    def test_sigkill_at_any_moment(self):
        start = time.monotonic()
        subprocess.run(self.command(self.feed("feed1")), check=True, capture_output=True, timeout=120)
        usual = time.monotonic() - start
        shutil.rmtree(self.directory / "feed1-copy")
        done = 0
        for _ in range(8):
            feed = self.feed("feed1")
            process = subprocess.Popen(self.command(feed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                done += process.wait(timeout=random.uniform(0, usual)) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.usable(feed)
            # The next run needs nobody's help.
            publish(self.made / "2.db", feed, self.made / "a.key")
            self.assertEqual(self.manifest(feed)["version"], 2)
            self.assertFalse((feed / ".making").exists())
            self.update(source=feed)
            self.assert_installed_of(feed)
            shutil.rmtree(feed)
            shutil.rmtree(self.place)

    def assert_installed_of(self, feed):
        self.assertEqual(sha256(self.current), self.manifest(feed)["database"]["sha256"])

    def test_a_kill_between_signature_and_manifest_is_mended_by_the_next_run(self):
        feed = self.feed("feed1")
        # As a publication of version 2 leaves it, killed before its last rename.
        for name in ("history/2.json", "history/2.json.minisig", "manifest.json.minisig"):
            shutil.copy(self.made / "feed" / name, feed / name)
        self.assertIn("signature is wrong", self.update("--retries", 0, source=feed, exits=BAD_INPUT).stderr)
        publish(self.made / "2.db", feed, self.made / "a.key")
        self.assertEqual(self.manifest(feed)["version"], 2)
        self.update(source=feed)
        self.assert_installed_of(feed)
        # The same with a key that was announced before.
        publish(self.made / "2.db", feed, self.made / "a.key", "--next-key", self.made / "b.pub")
        self.update(source=feed)
        kept = self.directory / "kept"
        shutil.copytree(feed, kept)
        publish(self.made / "2.db", feed, self.made / "b.key")
        shutil.copy(kept / "manifest.json", feed / "manifest.json")
        publish(self.made / "2.db", feed, self.made / "b.key")
        self.update(source=feed)
        self.assertEqual(self.report("status")["version"], 4)

    def test_a_manifest_that_was_changed_is_not_continued(self):
        feed = self.feed("feed1")
        text = (feed / "manifest.json").read_text()
        (feed / "manifest.json").write_text(text.replace('"version": 1', '"version": 7'))
        self.assertNotEqual((feed / "manifest.json").read_text(), text)
        self.assertIn("damaged", publish(self.made / "2.db", feed, self.made / "a.key", exits=BAD_INPUT).stderr)
        (feed / "manifest.json").write_text(text)
        blob = feed / "blobs" / json.loads(text)["full"]["sha256"]
        content = bytearray(blob.read_bytes())
        content[len(content) // 2] ^= 1
        blob.write_bytes(content)
        run = publish(self.made / "2.db", feed, self.made / "a.key", exits=BAD_INPUT)
        self.assertEqual((feed / "manifest.json").read_text(), text, str(run))

    def test_blobs_are_synced_before_the_manifest_that_names_them(self):
        strace = shutil.which("strace")
        if not strace or subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
            harness.skip(self, "strace cannot trace here (scripts/setup --tests)")
        feed, log = self.feed("feed1"), self.directory / "strace"
        run = run_tool([strace, "-f", "-y", "-e", "trace=rename,fsync,write", "-o", str(log), *self.command(feed)], clean_environment(),
                       self.directory, limit=120)
        self.assertEqual(run.returncode, DONE, str(run))
        calls = [line.split(None, 1)[1] for line in log.read_text().splitlines()]
        top = re.escape(str(feed))

        def index(pattern, after=0):
            for i in range(after, len(calls)):
                if re.search(pattern, calls[i]):
                    return i
            raise AssertionError(f"{pattern} is not called")

        manifest = json.loads((feed / "manifest.json").read_text())
        named = [manifest["full"]["sha256"], *(delta["blob"]["sha256"] for delta in manifest["deltas"])]
        self.assertEqual(len(named), 2)
        last = 0
        for blob in named:
            renamed = index(rf'^rename\("{top}/\.making/packed", "{top}/blobs/{blob}"\) = 0', last)
            written = max(i for i in range(last, renamed) if re.match(rf"write\(\d+<{top}/\.making/packed>", calls[i]))
            self.assertLess(index(rf"^fsync\(\d+<{top}/\.making/packed>\) = 0", written), renamed)
            last = renamed
        blobs = index(rf"^fsync\(\d+<{top}/blobs>\) = 0", last)
        history = index(rf'^rename\("[^"]*", "{top}/history/2\.json"\) = 0')
        signature = index(rf'^rename\("[^"]*", "{top}/manifest\.json\.minisig"\) = 0')
        put = index(rf'^rename\("({top}/manifest\.json\.tmp[^"]*)", "{top}/manifest\.json"\) = 0')
        temporary = re.search(r'rename\("([^"]*)"', calls[put]).group(1)
        self.assertLess(index(rf"^fsync\(\d+<{re.escape(temporary)}>\) = 0"), put)
        self.assertEqual(sorted([blobs, history, signature, put]), [blobs, history, signature, put])
        index(rf"^fsync\(\d+<{top}>\) = 0", put)

    def test_a_full_disk_and_one_that_is_read_only(self):
        if not running_as_root() or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
            harness.skip(self, "mounting a small file system needs root")
        mount = self.directory / "mount"
        mount.mkdir()
        size = self.manifest()["database"]["size"]
        command = " ".join(self.command(mount / "feed"))
        for options, after, word in ((f"size={size + (1 << 20)}", "true", "disk is full|No space left"),
                                     ("size=64m", f"mount -o remount,ro {mount}", "Read-only")):
            run = run_tool(["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o {options} none {mount} && cp -r {self.made}/feed1 {mount}/feed "
                            f"&& {after} && {command}; code=$?; cat {mount}/feed/manifest.json; exit $code"], clean_environment(),
                           self.directory, limit=120)
            self.assertEqual(run.returncode, ENVIRONMENT, str(run))
            self.assertRegex(run.stderr, word)
            self.assertEqual(run.stdout, (self.made / "feed1" / "manifest.json").read_text())

    def test_two_publishers(self):
        feed = self.feed("feed1")
        both = [subprocess.Popen(self.command(feed), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        ended = [(p.communicate(timeout=120)[1], p.returncode) for p in both]
        self.assertIn(DONE, [code for _, code in ended])
        for text, code in ended:
            if code != DONE:
                self.assertEqual(code, ENVIRONMENT)
                self.assertIn("another process is publishing", text)
        self.assertEqual(self.manifest(feed)["version"], 2)

    def test_numbers_that_were_changed_behind_the_digests_are_not_published(self):
        for change, words in (("UPDATE field SET offset = offset + 8 WHERE pos = 1", "not what its digest says"),
                              ("UPDATE parameter SET size = size + 1 WHERE pos = 0", "not what its digest says"),
                              ("UPDATE package_layout SET entries = (SELECT entries FROM package_layout ORDER BY id LIMIT 1)",
                               "not what its digest says"),
                              ("DELETE FROM field WHERE pos = 0", "not what its digest says")):
            changed = self.directory / "changed.db"
            shutil.copy(self.made / "2.db", changed)
            with contextlib.closing(sqlite3.connect(changed)) as db, db:
                self.assertGreater(db.execute(change).rowcount, 0)
            feed = self.directory / "feed"
            run = publish(changed, feed, self.made / "a.key", exits=BAD_INPUT)
            self.assertIn(words, run.stderr)
            self.assertIn(str(changed), run.stderr)
            self.assertFalse((feed / "manifest.json").exists())

    def test_databases_that_are_none(self):
        feed = self.directory / "feed"
        text = self.directory / "text.db"
        text.write_text("not a database")
        for db in (text, self.directory / "missing.db", self.directory):
            run = publish(db, feed, self.made / "a.key", exits=None)
            self.assertIn(run.returncode, (BAD_INPUT, ENVIRONMENT), str(run))
            self.assertFalse((feed / "manifest.json").exists())
        run = publish(self.made / "1.db", feed, self.made / "a.key", exits=USAGE, SOURCE_DATE_EPOCH="yesterday")
        self.assertIn("SOURCE_DATE_EPOCH", run.stderr)


if __name__ == "__main__":
    harness.main()
