"""When things go wrong: one clear message with the next step, the documented exit code, other jobs go on, the store
stays whole, and a rerun continues."""

import contextlib
import os
import pathlib
import sqlite3
import subprocess
import tempfile

import goproxy
import harness


class Failures(harness.ToolTest):
    fixtures = {"healthy", "nested", "flaky"}

    def healthy(self):
        return self.proxy.module("healthy")

    def assert_whole(self, db=None):
        """SQLite itself finds nothing wrong with the file."""
        with contextlib.closing(sqlite3.connect(f"file:{db or self.db}?mode=ro", uri=True)) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(connection.execute("PRAGMA foreign_key_check").fetchall(), [])

    def assert_recovers(self, name="healthy", version="1.0.0", symbol="Point.Y", offset=4):
        """With the cause gone the same command continues and finishes."""
        self.generate(name, version)
        module = self.proxy.module(name)
        self.assertEqual(self.offset(module, version, f"{module}.{symbol}"), offset)
        self.assert_whole()

    def assert_never_absent(self, version="1.0.0"):
        if self.db.exists():
            answer = self.lookup(self.healthy(), version, f"{self.healthy()}.Point.Y", exits=harness.UNKNOWN)
            self.assertEqual(answer["status"], "unknown")

    def test_no_network(self):
        run = self.generate("healthy", "1.0.0", exits=harness.ENVIRONMENT, env=self.environment(GOPROXY="off"))
        self.assert_says(run, "GOPROXY")
        self.assert_never_absent()
        self.assert_recovers()

    def test_a_proxy_that_answers_with_an_error(self):
        for status in (403, 404, 500):
            with self.subTest(status=status):
                bad = goproxy.BadProxy(status)
                self.addCleanup(bad.close)
                self.db = self.directory / f"{status}.db"
                # Toolchains still come from where they always come from.
                env = self.environment(GOPROXY=bad.url)
                run = self.generate("healthy", "1.0.0", exits=None, env=env)
                self.assert_no_crash(run)
                self.assertGreater(bad.requests, 0, str(run))
                # 404: the module or version does not exist there (bad input); the others: the environment.
                expected = (harness.BAD_INPUT, harness.ENVIRONMENT) if status == 404 else (harness.ENVIRONMENT,)
                self.assertIn(run.returncode, expected, str(run))
                self.assert_says(run, self.healthy(), str(status) if status != 404 else "")
                self.assert_never_absent()
        self.assert_recovers()

    def test_a_version_that_the_proxy_lists_but_does_not_have(self):
        self.proxy.remove("flaky", "v1.2.0")
        listed = self.proxy.path("flaky", "v1.0.0", "info").parent / "list"
        listed.write_text("v1.0.0\nv1.2.0\n")
        run = self.generate("flaky", ">=1.0", exits=None)
        self.assertIn(run.returncode, (harness.ENVIRONMENT, harness.PARTIAL), str(run))
        module = self.proxy.module("flaky")
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Session.User"), 8)
        self.assertEqual(self.lookup(module, "1.2.0", f"{module}.Session.User", exits=6)["status"], "unknown")
        self.assert_whole()

    def test_checksum_mismatch(self):
        # A real module version with other bytes than the checksum database has on record.
        if harness.go_env("GOSUMDB") == "off":
            harness.skip(self, "the checksum database is switched off in this machine's Go configuration")
        module = "golang.org/x/sync"
        tampered = goproxy.Proxy(self.directory / "tampered", only=(), domain="golang.org")
        tampered.add("x/sync", "v0.7.0", {"go.mod": b"module golang.org/x/sync\n\ngo 1.18\n",
                                         "evil.go": b"package sync\n\ntype Evil struct{ A, B int }\n"})
        run = self.offsetgen("--module", module, "--versions", "0.7.0", "--arch", "amd64", "--go", harness.GO,
                             exits=None,
                             env=self.environment(GOPROXY=f"{tampered.url},{harness.go_env('GOPROXY')}"))
        self.assert_no_crash(run)
        self.assertEqual(run.returncode, harness.ENVIRONMENT, str(run))
        self.assert_says(run, "checksum mismatch", module)
        if self.db.exists():
            answer = self.lookup(module, "0.7.0", f"{module}.Evil.B", exits=harness.UNKNOWN)
            self.assertEqual(answer["status"], "unknown")
            self.assert_whole()

    def test_a_release_that_does_not_compile_is_reported_and_the_others_are_measured(self):
        run = self.generate("flaky", ">=1.0")
        self.assert_says(run, "1.1.0")
        module = self.proxy.module("flaky")
        self.assertEqual(self.offset(module, "1.0.0", f"{module}.Session.User"), 8)
        self.assertEqual(self.offset(module, "1.2.0", f"{module}.Session.User"), 8)
        broken = self.lookup(module, "1.1.0", f"{module}.Session.User", exits=harness.UNKNOWN)
        self.assertEqual(broken["status"], "unknown")
        self.assertIn("build failed", broken["reason"])
        self.assertIn("not a number", broken["reason"], "the compiler's own words")
        # Not tried again without being asked; tried again with --retry-failed.
        again = self.generate("flaky", ">=1.0", "--dry-run")
        retry = self.generate("flaky", ">=1.0", "--dry-run", "--retry-failed")
        self.assertNotIn("1.1.0 go", again.stdout)
        self.assertIn("1.1.0", retry.stdout)
        self.assert_says(self.generate("flaky", ">=1.0"), "--retry-failed", "1.1.0")
        self.assert_whole()

    def test_a_toolchain_that_does_not_exist(self):
        run = self.generate("healthy", "1.0.0", go="1.21.99", exits=None)
        self.assertIn(run.returncode, (harness.BAD_INPUT, harness.ENVIRONMENT), str(run))
        self.assert_says(run, "1.21.99")
        self.assert_never_absent()
        self.assert_recovers()

    def test_an_installed_toolchain_stands_in_for_the_proxy(self):
        home = self.directory / "home"
        (home / "sdk").mkdir(parents=True)
        environment = self.environment(HOME=str(home), GOPROXY=self.proxy.url)  # which has no toolchains

        def generate(*more, exits):
            return self.generate("healthy", "1.0.0", "--cache-dir", self.directory / "empty", *more, cache=False,
                                 env=environment, exits=exits)
        without = generate(exits=harness.ENVIRONMENT)
        self.assert_says(without, f"~/sdk/go{harness.GO}")
        (home / "sdk" / f"go{harness.GO}").symlink_to(harness.toolchain(harness.GO).goroot)
        generate("--retry-failed", exits=harness.DONE)
        module = self.proxy.module("healthy")
        self.assertEqual(self.lookup(module, "1.0.0", f"{module}.Point.Y")["evidence"][0]["go"], harness.GO)

    def test_full_disk_below_the_database(self):
        mount = self.small_disk("200k")
        self.db = mount / "offsets.db"
        run = self.generate("healthy", ">=1.0", exits=None)
        self.assert_no_crash(run)
        self.assertEqual(run.returncode, harness.ENVIRONMENT, str(run))
        self.assert_says(run, "space")
        if self.db.exists() and self.db.stat().st_size:
            self.assert_whole()
        subprocess.run(["mount", "-o", "remount,size=64m", str(mount)], check=True)
        self.assert_recovers()

    def test_full_disk_below_the_cache(self):
        mount = self.small_disk("8m")
        run = self.generate("healthy", "1.0.0", "--cache-dir", mount, exits=None, cache=False)
        self.assert_no_crash(run)
        self.assertEqual(run.returncode, harness.ENVIRONMENT, str(run))
        self.assert_says(run, "space")
        self.assert_never_absent()
        self.assert_recovers()

    def small_disk(self, size):
        if os.geteuid() != 0:
            harness.skip(self, "mounting a small tmpfs needs root")
        mount = tempfile.mkdtemp(prefix="gooffsets-disk-")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", mount], capture_output=True, text=True)
        if done.returncode != 0:
            os.rmdir(mount)
            harness.skip(self, f"mounting a small tmpfs was refused: {done.stderr.strip()}")

        def unmount():
            subprocess.run(["umount", "-l", mount], check=False)
            os.rmdir(mount)
        self.addCleanup(unmount)
        return pathlib.Path(mount)

    def test_an_unwritable_directory(self):
        self.db = self.directory / "missing" / "offsets.db"
        run = self.generate("healthy", "1.0.0", exits=harness.ENVIRONMENT)
        self.assert_says(run, "missing/offsets.db")

    def test_a_file_that_is_no_database_is_refused_and_not_touched(self):
        for name, content in (("text", b"this is no database\n" * 200), ("sqlite", None), ("short", b"SQLite format 3\0")):
            with self.subTest(name):
                self.db = self.directory / f"{name}.db"
                if content is None:  # a database of somebody else
                    with contextlib.closing(sqlite3.connect(self.db)) as connection:
                        connection.execute("CREATE TABLE bookmarks(url)")
                        connection.commit()
                else:
                    self.db.write_bytes(content)
                before = harness.digest_of(self.db)
                run = self.generate("healthy", "1.0.0", exits=harness.BAD_INPUT)
                self.assert_says(run, f"{name}.db")
                self.assertEqual(harness.digest_of(self.db), before)
                run = harness.run_tool([harness.tool("GOOFFSETS"), "lookup", "--db", self.db, "--module", "std", "--version",
                                        "1.26.8", "--arch", "amd64", "net/http.Request.URL"], harness.clean_environment(),
                                       self.directory, limit=60)
                self.assertEqual(run.returncode, harness.BAD_INPUT, str(run))
                self.assertEqual(harness.digest_of(self.db), before)

    def test_a_newer_database_is_refused_and_not_touched(self):
        self.generate("healthy", "1.0.0")
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA user_version=9999")
            connection.commit()
        before = harness.digest_of(self.db)
        run = self.generate("healthy", "1.1.0", exits=harness.BAD_INPUT)
        self.assert_says(run, "newer")
        command = [harness.tool("GOOFFSETS"), "lookup", "--db", self.db, "--module", self.healthy(), "--version", "1.0.0",
                   "--arch", "amd64", f"{self.healthy()}.Point.Y"]
        run = harness.run_tool(command, harness.clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, harness.BAD_INPUT, str(run))
        self.assert_says(run, "newer")
        self.assertEqual(harness.digest_of(self.db), before)

    def test_a_truncated_database_is_an_error_and_no_answer(self):
        self.generate("healthy", ">=1.0")
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        size = self.db.stat().st_size
        for keep in (size // 2, 4096, 100):
            os.truncate(self.db, keep)
            command = [harness.tool("GOOFFSETS"), "lookup", "--db", self.db, "--module", self.healthy(), "--version",
                       "1.0.0", "--arch", "amd64", f"{self.healthy()}.Point.Y"]
            run = harness.run_tool(command, harness.clean_environment(), self.directory, limit=60)
            self.assert_no_crash(run)
            if run.returncode == 0:  # the pages that hold this answer may be among those kept
                self.assertIn("4", run.stdout)
            else:
                self.assertEqual(run.returncode, harness.BAD_INPUT, str(run))

    def test_a_constraint_that_matches_nothing(self):
        run = self.generate("healthy", ">=7.0", exits=harness.BAD_INPUT)
        self.assert_says(run, ">=7.0", "4 are known", "--dry-run")

    def test_a_malformed_constraint(self):
        run = self.generate("healthy", ">=banana", exits=harness.USAGE)
        self.assert_says(run, "banana")

    def test_a_misspelt_module(self):
        run = self.offsetgen("--module", "example.test/haelthy", "--versions", "1.0.0", "--arch", "amd64",
                             exits=None)
        self.assertIn(run.returncode, (harness.BAD_INPUT, harness.ENVIRONMENT), str(run))
        self.assert_says(run, "haelthy")
        run = self.offsetgen("--module", "google.golang.org/grcp", "--versions", ">=1.60", "--arch", "amd64", exits=None,
                             env=self.environment(GOPROXY=self.proxy.url))
        self.assertIn(run.returncode, (harness.BAD_INPUT, harness.ENVIRONMENT), str(run))
        self.assert_says(run, "google.golang.org/grpc")

    def test_wrong_usage(self):
        for arguments in (("--no-such-option",), ("--module",), ("--module", "x.test/y", "--arch", "mips", "--versions", "*"),
                          ("frobnicate",), ("--module", "x.test/y", "--versions", "*", "--jobs", "-3")):
            run = self.offsetgen(*arguments, exits=harness.USAGE, db=False, cache=False)
            self.assertTrue(run.stderr.strip(), str(run))
            self.assertEqual(run.stdout, "", str(run))


if __name__ == "__main__":
    harness.main()
