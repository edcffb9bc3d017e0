"""Where versions and sources come from besides the proxy: a binary's build info, git tags, a local checkout."""

import os
import shutil
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
               "GIT_COMMITTER_EMAIL": "t@example.test", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
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

    def test_a_local_checkout_is_measured_instead_of_the_release(self):
        checkout = self.checkout("checkout", "v1.0.0")
        source = checkout / "healthy.go"
        source.write_text(source.read_text().replace("type Point struct{ X, Y int32 }", "type Point struct{ W, X, Y int32 }"))
        before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
        self.generate("healthy", "1.0.0", "--source", checkout)
        self.assertEqual(self.offset(self.module, "1.0.0", f"{self.module}.Point.Y"), 8)
        self.assertEqual({path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}, before,
                         "the checkout is not touched")

    def test_a_revision_of_a_local_repository(self):
        repository = self.checkout("fork", "v1.0.0")
        self.git("init", "-q", cwd=repository)
        self.git("add", ".", cwd=repository)
        self.git("commit", "-qm", "one", cwd=repository)
        first = self.git("rev-parse", "HEAD", cwd=repository)
        source = repository / "healthy.go"
        source.write_text(source.read_text().replace("type Point struct{ X, Y int32 }", "type Point struct{ W, X, Y int32 }"))
        self.git("commit", "-qam", "two", cwd=repository)
        self.generate("healthy", "1.0.0", "--source", f"git+file://{repository}@{first}")
        self.assertEqual(self.offset(self.module, "1.0.0", f"{self.module}.Point.Y"), 4)
        self.db = self.directory / "second.db"
        self.generate("healthy", "1.0.0", "--source", f"git+file://{repository}@HEAD")
        self.assertEqual(self.offset(self.module, "1.0.0", f"{self.module}.Point.Y"), 8)
        run = self.generate("healthy", "1.0.0", "--source", f"git+file://{repository}@nowhere", exits=harness.BAD_INPUT)
        self.assert_says(run, "nowhere")

    def test_a_checkout_of_another_module_is_refused(self):
        checkout = self.directory / "nested"
        shutil.copytree(harness.SOURCE_DIR / "tests/fixtures/modules/nested@v1.0.0", checkout)
        run = self.generate("healthy", "1.0.0", "--source", checkout, exits=harness.BAD_INPUT)
        self.assert_says(run, "example.test/nested", "example.test/healthy")


if __name__ == "__main__":
    harness.main()
