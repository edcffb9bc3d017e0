"""The systemd units: systemd-analyze finds nothing wrong, and a systemd of their own runs them as they are, sandbox and all."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

import harness
import view
from feeds import made
from harness import SOURCE_DIR, tool
from offsetd_service import released_database

UNITS = {path.name: path.read_text() for path in sorted((SOURCE_DIR / "packaging" / "systemd").iterdir())}
SERVICES = [name for name in UNITS if name.endswith(".service")]
PROGRAMS = {"usr/bin/offsetd": "OFFSETD", "usr/bin/update-offsets": "UPDATE_OFFSETS", "usr/bin/offsetgen": "OFFSETGEN"}
PUBLISHER = SOURCE_DIR / "packaging" / "publisher" / "gooffsets-publish"
# Exposure (systemd-analyze security), times ten, that a service may have at most; the publisher runs compilers.
EXPOSURE = {"offsetd.service": 15, "update-offsets.service": 15, "gooffsets-publish.service": 30}


def places():
    """Where the packages put the programs and their data (tests/e2e/packages_test.py holds that they do)."""
    data = {f"usr/share/gooffsets/data/{name}": SOURCE_DIR / "data" / name for name in ("targets.toml", "versions")}
    return {**{path: tool(variable) for path, variable in PROGRAMS.items()}, "usr/share/gooffsets/gooffsets-publish": PUBLISHER, **data}


class Units(unittest.TestCase):
    def setUp(self):
        if not shutil.which("systemd-analyze") or not os.access("/lib/systemd/systemd", os.X_OK):
            harness.skip(self, "there is no systemd (Debian: systemd)")

    def test_no_service_is_more_exposed_than_it_has_to_be(self):
        self.assertEqual(sorted(EXPOSURE), SERVICES)
        for name, threshold in EXPOSURE.items():
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={threshold}",
                                   str(SOURCE_DIR / "packaging" / "systemd" / name)], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr)

    def test_systemd_finds_nothing_wrong_with_them(self):
        view.possible(self)
        names = " ".join(f"/{view.UNITS}/{name}" for name in UNITS)
        view.run(self, f"test -z \"$(systemd-analyze verify --man=no {names} 2>&1 | tee /dev/stderr)\"", copies=places(),
                 files={f"{view.UNITS}/{name}": text for name, text in UNITS.items()})
        # It would have said it.
        with self.assertRaisesRegex(AssertionError, "not executable"):
            view.run(self, f"systemd-analyze verify --man=no {names}", files={f"{view.UNITS}/{name}": text for name, text in UNITS.items()})

    def test_an_update_is_served_without_a_restart(self):
        view.possible(self)
        feeds = made()
        steps = r"""
adduser --system --group --home /var/lib/gooffsets --no-create-home --quiet gooffsets
ask() { curl -sS --fail --retry 40 --retry-delay 1 --retry-all-errors "http://127.0.0.1:7443$1"; }
systemctl start offsetd.service              # nothing was installed yet: the released database
ask /v1/status >/run/out/released
systemctl start update-offsets.service
for attempt in $(seq 100); do ask /v1/status >/run/out/first; cmp -s /run/out/released /run/out/first || break; sleep 0.1; done
sha256sum </var/lib/gooffsets/current.db >/run/out/first.sha256
rm -r /srv/feed && cp -r /srv/feed2 /srv/feed
systemctl start update-offsets.service
for attempt in $(seq 100); do ask /v1/status >/run/out/second; cmp -s /run/out/first /run/out/second || break; sleep 0.1; done
sha256sum </var/lib/gooffsets/current.db >/run/out/second.sha256
pid=$(systemctl show --property MainPID --value offsetd.service)
cat /proc/$pid/status >/run/out/process
# What the sandbox is for: the same rights, asked to do what the service never does.
systemctl show --property Restart,NRestarts,User offsetd.service
systemctl reload offsetd.service             # SIGHUP
ask /healthz
systemctl stop offsetd.service
systemctl show --property Result --value offsetd.service >/run/out/result
systemctl start intruder.service || true
systemctl start update-offsets.timer gooffsets-publish.timer
systemctl show --property NextElapseUSecMonotonic --value update-offsets.timer >/run/out/next-update
systemctl show --property NextElapseUSecRealtime --value gooffsets-publish.timer >/run/out/next-publish
"""
        # The sandbox of offsetd.service around a shell that tries to leave it.
        attempts = ("touch /etc/x", "touch /usr/x", "touch /srv/x", "ls /root", "unshare --user true", "mount -t tmpfs none /tmp", "chown root /tmp",
                    "nice -n -5 true && test $(nice -n -5 nice) = -5")
        intruder = re.sub(r"(?m)^Exec(Start|Reload)=.*\n|^Restart.*\n|^Environment.*\n", "", UNITS["offsetd.service"])
        script = "".join(f"({attempt}) 2>/dev/null && echo '{attempt}' >>/var/lib/gooffsets/succeeded; " for attempt in attempts)
        intruder = intruder.replace("Type=exec", f"Type=oneshot\nExecStart=/bin/bash -c \"{script} touch /var/lib/gooffsets/tried\"")
        run = view.run(self, steps + "ls /var/lib/gooffsets; cat /var/lib/gooffsets/tried; ! cat /var/lib/gooffsets/succeeded\n", boot=True,
                       units={**UNITS, "intruder.service": intruder},
                       copies={**places(), "srv/feed": feeds / "feed1", "srv/feed2": feeds / "feed", "etc/gooffsets/gooffsets.pub": feeds / "a.pub",
                               "usr/share/gooffsets/offsets.db": released_database()},
                       files={"etc/gooffsets/update-offsets.toml": 'from = ["/srv/feed"]\nkey = ["/etc/gooffsets/gooffsets.pub"]\n'})
        for name in ("first", "second"):
            digest = run.files[f"{name}.sha256"].split()[0]
            self.assertIn(f'"sha256":"{digest}"', run.files[name], str(run))
            self.assertNotIn(digest, run.files["released"])
        process = dict(line.split(":\t", 1) for line in run.files["process"].splitlines() if ":\t" in line)
        self.assertNotEqual(process["Uid"].split()[0], "0")
        self.assertEqual((int(process["CapEff"], 16), process["NoNewPrivs"], process["Seccomp"]), (0, "1", "2"))
        self.assertEqual(run.files["result"].strip(), "success")
        self.assertNotIn("0", (run.files["next-update"].strip(), run.files["next-publish"].strip()))
        self.assertTrue(run.files["next-update"].strip() and run.files["next-publish"].strip())


class Publisher(harness.ToolTest):
    fixtures = {"healthy", "nested"}  # the one requires the other

    def test_the_publisher_runs_as_a_user_without_rights(self):
        view.possible(self)
        goroot = pathlib.Path(harness.go_env("GOROOT"))
        if goroot.is_relative_to("/root") or goroot.is_relative_to("/home"):
            harness.skip(self, f"{goroot} is hidden from services (ProtectHome)")
        self.generate("healthy", ">=1.0")
        self.offsetgen("keygen", self.directory / "gooffsets.key", db=False, cache=False)
        home = "/var/lib/gooffsets-publisher"
        settings = {"GOOFFSETS_DB": f"{home}/offsets.db", "GOOFFSETS_FEED_DIR": f"{home}/feed", "GOOFFSETS_SIGN_KEY": "/etc/gooffsets/gooffsets.key",
                    "GOOFFSETS_TARGETS": f"--module example.test/healthy --versions >=1.0 --arch amd64 --go {harness.GO}", "GOOFFSETS_SAMPLE": "0",
                    "GOPROXY": "file:///srv/proxy", "GONOSUMDB": "example.test", "PATH": f"{goroot}/bin:/usr/bin:/bin"}
        steps = f"""
adduser --system --group --home {home} --quiet gooffsets-publisher
chown gooffsets-publisher /etc/gooffsets/gooffsets.key
chmod 0400 /etc/gooffsets/gooffsets.key
systemctl start gooffsets-publish.service
test "$(stat -c %U {home}/feed/manifest.json)" = gooffsets-publisher
update-offsets --from {home}/feed --key /etc/gooffsets/gooffsets.pub --dir /tmp/place
chmod 0400 /etc/gooffsets/gooffsets.key
systemctl start gooffsets-publish.service  # nothing new
"""
        run = view.run(self, steps, boot=True, units=UNITS, files={"etc/gooffsets/publish.conf": "".join(f'{k}="{v}"\n' for k, v in settings.items())},
                       copies={**places(), "srv/proxy": self.proxy.root, "etc/gooffsets/gooffsets.key": self.directory / "gooffsets.key",
                               "etc/gooffsets/gooffsets.pub": self.directory / "gooffsets.pub", f"{home[1:]}/offsets.db": self.db})
        self.assertIn("feed: version 1, until", run.files["gooffsets-publish.out"])
        self.assertIn("version 1 is up to date", run.files["gooffsets-publish.out"])


if __name__ == "__main__":
    harness.main()
