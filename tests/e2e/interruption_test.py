"""Killed, interrupted, or run twice at once: what is stored is whole, and a rerun ends with the same bytes."""

import contextlib
import os
import signal
import sqlite3
import subprocess

import harness


class Interruption(harness.ToolTest):
    fixtures = {"healthy", "nested", "flaky"}

    def command(self, db):
        # Nothing that an earlier run read out of its builds may answer: each database has a cache of its own.
        cache = self.directory / f"cache-{db.stem}"
        if not cache.exists():
            self.new_cache(cache.name)
        return [harness.tool("OFFSETGEN"), "--module", self.proxy.module("healthy"), "--versions", ">=1.0", "--arch",
                "amd64,arm64", "--go", harness.GO, "--db", str(db), "--cache-dir", str(cache), "--jobs", "1"]

    def start(self, db):
        """A run whose lines can be waited for; its own process group, as a terminal would make."""
        process = subprocess.Popen(self.command(db), env=self.environment(), cwd=self.directory, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   start_new_session=True, bufsize=1)

        def end():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.stdout.close()
            process.wait()
        self.addCleanup(end)
        return process

    def assert_whole(self, db):
        with contextlib.closing(sqlite3.connect(db)) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(connection.execute("PRAGMA foreign_key_check").fetchall(), [])

    def finish(self, db):
        run = harness.run_tool(self.command(db), self.environment(), self.directory)
        self.assertEqual(run.returncode, harness.DONE, str(run))

    def reference(self):
        """The export of a run that nobody disturbed, and how many progress lines it printed."""
        db = self.directory / "reference.db"
        run = harness.run_tool(self.command(db), self.environment(), self.directory)
        self.assertEqual(run.returncode, harness.DONE, str(run))
        return self.export(db), len(run.output.splitlines())

    def test_sigkill_at_any_moment(self):
        expected, lines = self.reference()
        self.assertGreaterEqual(lines, 6, "six builds report more than one line each")
        killed = 0
        moments = range(lines) if harness.WHOLE_MATRIX else sorted({0, 1, lines // 2, lines - 2})
        if not harness.WHOLE_MATRIX:
            harness.left_out(f"SIGKILL after {lines - len(moments)} of {lines} progress lines")
        for moment in moments:
            db = self.directory / f"killed-{moment}.db"
            process = self.start(db)
            for _ in range(moment + 1):
                process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)  # itself only: the compilers it started outlive it
            process.stdout.close()
            if process.wait() == -signal.SIGKILL:
                killed += 1
            if db.exists():
                self.assert_whole(db)
            self.finish(db)
            self.assert_whole(db)
            self.assertEqual(self.export(db), expected, f"killed after line {moment}")
        self.assertGreater(killed, 1, "the run was over before the signal came")

    def interrupt(self, signum):
        db = self.directory / f"{signum.name}.db"
        process = self.start(db)
        seen = process.stdout.readline()
        os.killpg(process.pid, signum)  # what a terminal does on Ctrl-C: the whole group
        rest = process.stdout.read()
        self.assertEqual(process.wait(), harness.INTERRUPTED, seen + rest)
        text = (seen + rest).lower()
        self.assertTrue("again" in text or "continue" in text or "resume" in text, seen + rest)
        self.assertNotRegex(rest, r"failed:|[1-9][0-9]* failed|do not compile: |panic", "an interruption is not a failed build")
        if db.exists():
            self.assert_whole(db)
        return db

    def test_ctrl_c_says_how_to_continue(self):
        expected, _ = self.reference()
        for signum in (signal.SIGINT, signal.SIGTERM):
            db = self.interrupt(signum)
            self.finish(db)
            self.assertEqual(self.export(db), expected)

    def test_two_runs_on_one_database(self):
        expected, _ = self.reference()
        db = self.directory / "shared.db"
        first = self.start(db)
        first.stdout.readline()
        second = harness.run_tool(self.command(db), self.environment(), self.directory)
        rest = first.stdout.read()
        self.assertEqual(first.wait(), harness.DONE, rest)
        # Either both work side by side, or the second is told at once that somebody else is at work.
        self.assert_no_crash(second)
        self.assertIn(second.returncode, (harness.DONE, harness.ENVIRONMENT), str(second))
        if second.returncode == harness.ENVIRONMENT:
            self.assert_says(second, "another", "shared.db")
        self.assert_whole(db)
        self.finish(db)
        self.assertEqual(self.export(db), expected)

    def test_a_reader_is_served_while_a_run_writes(self):
        db = self.directory / "read.db"
        process = self.start(db)
        module = self.proxy.module("healthy")
        statuses = set()
        while process.stdout.readline():
            if db.exists():
                answer = self.lookup(module, "1.0.0", f"{module}.Point.Y", db=db, exits=None)
                statuses.add(answer["status"])
        self.assertEqual(process.wait(), harness.DONE)
        self.assertLessEqual(statuses, {"found", "unknown"})
        self.assertEqual(self.lookup(module, "1.0.0", f"{module}.Point.Y", db=db)["offset"], 4)


if __name__ == "__main__":
    harness.main()
