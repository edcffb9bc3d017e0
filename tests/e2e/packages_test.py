"""The Debian packages of this build: lintian finds no errors, and what the README shows works once they are installed.

They are installed into a copy-on-write view of this system (an overlay in a mount namespace), so that nothing of it
changes; removing and purging them leaves nothing behind.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness

PACKAGES = {"libgooffsets", "libgooffsets-dev", "gooffsets-tools", "gooffsets-data"}

# Runs in a mount namespace of its own, as root: $1 is an empty directory, the rest the packages.
INSIDE = r"""
set -euo pipefail
top=$1; shift
mount -t tmpfs tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" "$top/root"
mkdir -p "$top/root/tmp/packages"
mount -t tmpfs tmpfs "$top/root/tmp"
mount -t proc proc "$top/root/proc"
mount --bind /dev "$top/root/dev"
mkdir "$top/root/tmp/packages"
cp "$@" "$top/root/tmp/packages"
cp "$STRIPPED" "$top/root/tmp/server"
cp -r "$EXAMPLES/feed" "$top/root/tmp/fresh"
cp "$EXAMPLES"/../data/google.golang.org_genproto_googleapis_rpc/*.zst "$top/root/tmp"
cat >"$top/root/tmp/steps" <<'STEPS'
set -euxo pipefail
export DEBIAN_FRONTEND=noninteractive
cd /tmp
dpkg --install packages/*.deb
dpkg --audit
getent passwd gooffsets
test -d /var/lib/gooffsets
for tool in gooffsets offsetgen offsetd update-offsets gotrace; do
  if command -v $tool; then
    $tool --version
    test -s /usr/share/man/man1/$tool.1.gz
    test -s /usr/share/bash-completion/completions/$tool
  fi
done
# All programs that the units name are where they say.
for unit in offsetd update-offsets gooffsets-publish; do
  if command -v systemd-analyze >/dev/null; then
    test -z "$(systemd-analyze verify --man=no /lib/systemd/system/$unit.service 2>&1 | grep -F "$unit" | tee /dev/stderr)"
  fi
done
# Without any set-up: the released database of gooffsets-data.
/usr/bin/gooffsets lookup --module std --version 1.26.8 --arch amd64 net/http.Request.URL
/usr/bin/gooffsets resolve /tmp/server --want /tmp/wants.toml
/usr/bin/offsetgen --module google.golang.org/grpc --versions 1.60.1 --dry-run --db /tmp/none.db
# An agent that links the library.
cat >agent.c <<'C'
#include <gooffsets/gooffsets.h>
#include <stdio.h>
int main(void) { printf("gooffsets %s\n", gooffsets_version()); return 0; }
C
cc agent.c $(pkg-config --cflags --libs gooffsets) -o agent
./agent
mkdir agent.cmake && cd agent.cmake
printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(agent CXX)' 'find_package(gooffsets REQUIRED)' \
  'add_executable(agent agent.cc)' 'target_link_libraries(agent gooffsets::gooffsets)' >CMakeLists.txt
printf '%s\n' '#include <gooffsets/database.h>' 'int main() { return gooffsets::Database::Open("/nowhere") ? 1 : 0; }' >agent.cc
cmake -S . -B build -DCMAKE_CXX_STANDARD=20 >/dev/null && cmake --build build >/dev/null && build/agent
cd ..
cmake -S fresh -B fresh.cmake >/dev/null && cmake --build fresh.cmake >/dev/null
fresh.cmake/fresh || test $? = 2
# A feed, made, installed and asked: what docs/feed.md shows.
offsetgen import --db small.db *.zst
offsetgen keygen gooffsets.key
offsetgen publish --db small.db --feed feed --sign gooffsets.key --level 1
update-offsets --from feed --key gooffsets.pub
update-offsets --from feed --key gooffsets.pub check
test -s /var/lib/gooffsets/current.db
dpkg --purge gooffsets-tools gooffsets-data libgooffsets-dev libgooffsets
! test -e /usr/bin/gooffsets
! test -e /usr/share/gooffsets
! test -e /var/lib/gooffsets
echo "all steps done"
STEPS
cat >"$top/root/tmp/wants.toml" <<'WANTS'
[probe.http_server]
attach = ["net/http.serverHandler.ServeHTTP"]
need   = ["net/http.Request.URL", "net/url.URL.Path"]
WANTS
chroot "$top/root" /bin/bash /tmp/steps
"""


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("dpkg-shlibdeps"):
            return
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="gooffsets-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        done = subprocess.run(["cpack", "-B", str(cls.dir / "made")], cwd=harness.BUILD_DIR, capture_output=True, text=True,
                              timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        cls.packages = sorted(str(path) for path in (cls.dir / "made").glob("*.deb"))

    def setUp(self):
        if not shutil.which("dpkg-shlibdeps"):
            harness.skip(self, "there is no dpkg-shlibdeps (package dpkg-dev)")

    def test_names(self):
        names = {subprocess.run(["dpkg-deb", "-f", path, "Package"], capture_output=True, text=True, check=True).stdout.strip()
                 for path in self.packages}
        self.assertEqual(names, PACKAGES)

    def test_lintian(self):
        if not shutil.which("lintian"):
            harness.skip(self, "there is no lintian")
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", *self.packages], capture_output=True, text=True,
                              timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_installed(self):
        if os.geteuid() != 0:
            harness.skip(self, "installing packages needs root")
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
            harness.skip(self, "no mount namespace can be made here")
        source = self.dir / "server"
        source.mkdir()
        (source / "main.go").write_text('package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe("127.0.0.1:0", nil) }\n')
        (source / "go.mod").write_text("module example.com/server\n\ngo 1.21\n")
        go = harness.toolchain(harness.GO)
        go.run(["build", "-trimpath", "-ldflags=-s -w", "-o", str(self.dir / "stripped"), "."], cwd=source)
        top = self.dir / "view"
        top.mkdir()
        done = subprocess.run(["unshare", "--mount", "bash", "-c", INSIDE, "bash", str(top), *self.packages],
                              capture_output=True, text=True, timeout=900,
                              env={**os.environ, "STRIPPED": str(self.dir / "stripped"),
                                   "EXAMPLES": str(harness.SOURCE_DIR / "examples")})
        if "overlay" in done.stderr and "mount:" in done.stderr:
            harness.skip(self, f"no overlay can be mounted here: {done.stderr.strip().splitlines()[-1]}")
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-6000:])
        self.assertIn("all steps done", done.stdout)
        self.assertIn("offset 16 (0x10), size 8, *net/url.URL", done.stdout)
        self.assertIn("http_server: usable", done.stdout)


if __name__ == "__main__":
    unittest.main()
