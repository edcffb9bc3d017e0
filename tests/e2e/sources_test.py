"""Where versions and sources come from besides the proxy: a binary's build info, git tags, a local checkout."""

import os
import subprocess

import harness

MAIN = '''package main

import (
	"fmt"

	"example.test/healthy"
)

func main() {
	server, err := healthy.New("x", healthy.Options{})
	fmt.Println(server, err)
}
'''


class Sources(harness.ToolTest):
    fixtures = {"healthy", "nested"}
    module = "example.test/healthy"

    def git(self, *arguments, cwd):
        env = {**os.environ, "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.test", "GIT_COMMITTER_NAME": "t",
               "GIT_COMMITTER_EMAIL": "t@example.test",
               "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z", "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        done = subprocess.run(["git", *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def checkout(self, name, version):
        directory = self.directory / name
        self.proxy.unpack("healthy", version, directory)
        return directory

    def test_for_binary_measures_what_a_stripped_binary_was_made_of(self):
        directory = self.directory / "server"
        directory.mkdir()
        (directory / "go.mod").write_text("module example.test/server\n\ngo 1.18\n\nrequire example.test/healthy v1.1.0\n")
        (directory / "main.go").write_text(MAIN)
        toolchain = harness.toolchain(harness.GO)
        toolchain.run(["build", "-trimpath", "-ldflags=-s -w", "-o", "server", "."], cwd=directory, goarch="arm64",
                      **self.truth_environment())
        self.offsetgen("--for-binary", directory / "server")
        # The releases in it, and no other; for its architecture, and its Go release.
        self.assertEqual(self.offset(self.module, "1.1.0", f"{self.module}.Server.port", arch="arm64", go=harness.GO), 24)
        self.assertEqual(self.lookup("example.test/nested", "1.0.0", "example.test/nested.Config", arch="arm64")["size"], 8)
        self.assertEqual(self.offset("std", harness.GO, "net/url.URL.RawQuery", arch="arm64"), 88)
        other = self.lookup(self.module, "1.0.0", f"{self.module}.Server.port", arch="arm64", exits=harness.UNKNOWN)
        self.assertEqual(other["status"], "unknown")

    def test_for_binary_refuses_what_is_no_go_binary(self):
        text = self.directory / "text"
        text.write_text("no binary")
        for path in (text, "/bin/sh", self.directory / "missing"):
            run = self.offsetgen("--for-binary", path, exits=harness.BAD_INPUT)
            self.assert_says(run, str(path))

    def test_git_tags_are_versions(self):
        # A proxy that lists nothing: what it has is known from the repository's tags only.
        self.proxy.path("healthy", "v1.0.0", "info").with_name("list").write_text("")
        repository = self.checkout("repository", "v1.0.0")
        self.git("init", "-q", cwd=repository)
        self.git("add", ".", cwd=repository)
        self.git("commit", "-qm", "one", cwd=repository)
        for tag in ("v1.0.0", "v1.2.0", "sub/v1.1.0", "unrelated"):
            self.git("tag", tag, cwd=repository)
        self.generate("healthy", ">=1.0", "--git", repository)
        self.assertEqual(self.offset(self.module, "1.0.0", f"{self.module}.Server.port"), 16)
        self.assertEqual(self.lookup(self.module, "1.2.0", f"{self.module}.Server.port", exits=1)["reason"], "no such field")
        # sub/v1.1.0 is a tag of another module of that repository.
        self.assertEqual(self.lookup(self.module, "1.1.0", f"{self.module}.Server.port", exits=6)["status"], "unknown")

    def source(self, source, **options):
        return self.offsetgen("--source", source, "--arch", "amd64", "--go", harness.GO, **options)

    def test_a_local_checkout_is_measured_as_it_is(self):
        checkout = self.checkout("checkout", "v1.0.0")
        self.move_a_field(checkout)
        before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
        self.source(checkout)
        self.assertEqual(self.offset(self.module, "0.0.0-local", f"{self.module}.Point.Y"), 8)
        # It is no release, and does not answer for one.
        answer = self.lookup(self.module, "1.0.0", f"{self.module}.Point.Y", exits=harness.UNKNOWN)
        self.assertEqual(answer["status"], "unknown")
        self.assertEqual({path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}, before,
                         "the checkout is not touched")
        # Changed, it is measured again.
        self.move_a_field(checkout)
        self.source(checkout)
        self.assertEqual(self.offset(self.module, "0.0.0-local", f"{self.module}.Point.Y"), 12)

    def move_a_field(self, checkout):
        source = checkout / "healthy.go"
        text = source.read_text()
        self.assertIn("type Point struct{ ", text)
        source.write_text(text.replace("type Point struct{ ", f"type Point struct{{ W{len(text)}, ", 1))

    def test_a_revision_of_a_local_repository(self):
        repository = self.checkout("fork", "v1.0.0")
        self.git("init", "-q", cwd=repository)
        self.git("add", ".", cwd=repository)
        self.git("commit", "-qm", "one", cwd=repository)
        self.git("tag", "v1.0.0", cwd=repository)
        self.move_a_field(repository)
        self.git("commit", "-qam", "two", cwd=repository)
        second = self.git("rev-parse", "HEAD", cwd=repository)
        self.source(f"git+file://{repository}@v1.0.0")
        self.assertEqual(self.offset(self.module, "1.0.0", f"{self.module}.Point.Y"), 4)
        # A commit behind v1.0.0 is called what the go command would call it (go help module: pseudo-versions).
        self.source(f"git+file://{repository}@{second}")
        pseudo = f"1.0.1-0.20240102030405-{second[:12]}"
        self.assertEqual(self.offset(self.module, pseudo, f"{self.module}.Point.Y"), 8)
        self.assertEqual(self.offset(self.module, "1.0.0", f"{self.module}.Point.Y"), 4)
        run = self.source(f"git+file://{repository}@nowhere", exits=harness.BAD_INPUT)
        self.assert_says(run, "nowhere")

    def test_a_directory_without_a_module_is_refused(self):
        empty = self.directory / "empty"
        empty.mkdir()
        run = self.source(empty, exits=harness.BAD_INPUT)
        self.assert_says(run, "go.mod", str(empty))
        run = self.source(self.directory / "missing", exits=harness.BAD_INPUT)
        self.assert_says(run, "missing")


if __name__ == "__main__":
    harness.main()
