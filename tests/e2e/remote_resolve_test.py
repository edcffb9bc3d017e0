"""An agent resolves a program against a real service, and goes on with its cache and its own database when that is gone."""

import json
import re
import subprocess

import harness
from feeds import MODULE, FeedTest
from harness import BAD_INPUT, DONE, ENVIRONMENT, clean_environment, run_tool, tool

GET_CODE = f"{MODULE}/status.(*Status).GetCode"


class RemoteResolve(FeedTest):
    def setUp(self):
        super().setUp()
        self.update(source=self.made / "feed1")
        version = subprocess.run(["sqlite3", self.current, "SELECT v.text FROM build b JOIN version v ON v.id = b.version "
                                  "WHERE b.goarch = 'amd64' AND b.go = '1.27.4' ORDER BY v.text DESC LIMIT 1"],
                                 check=True, capture_output=True, text=True).stdout.strip()
        self.info = self.directory / "info.json"
        self.info.write_text(json.dumps({
            "file": "/home/somebody/server", "goarch": "amd64", "go_text": "go1.27.4", "go_version": "1.27.4", "go_language": "1.27",
            "cgo": False, "main_module": {"path": "corp.example/app", "version": "(devel)", "sum": ""},
            "modules": [{"path": MODULE, "version": "v" + version, "sum": ""}]}))
        self.wants = self.directory / "wants.toml"
        self.wants.write_text(f'[probe.status]\nattach = ["{GET_CODE}"]\n')

    def serve(self):
        process = subprocess.Popen([tool("OFFSETD"), "--db", self.current, "--listen", "127.0.0.1:0", "--access-log", "off"],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean_environment())

        def stop():
            process.terminate()
            process.communicate(timeout=60)

        for line in process.stdout:
            if found := re.search(r"http://[0-9.]+:[0-9]+", line):
                return found.group(0), stop
        raise AssertionError(f"offsetd ended with {process.wait()}")

    def resolve(self, url, fresh, database="-", exits=DONE):
        run = run_tool([tool("REMOTE_RESOLVER"), url, str(database), str(self.directory / "cache"), str(fresh), str(self.info),
                        str(self.wants)], clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, exits, str(run))
        if exits != DONE:
            return run
        origin, notes, answer = run.stdout.split("\n", 2)
        return origin, int(notes), json.loads(answer)

    def test_service_cache_and_local_database(self):
        url, stop = self.serve()
        try:
            origin, notes, answer = self.resolve(url, 3600)
            self.assertEqual((origin, notes), ("service", 0))
            attach = answer["probes"][0]["attach"][0]
            self.assertEqual((attach["status"], attach["source"]), ("found", "exact"))
            # (*Status).GetCode: its receiver is the first integer argument (Go's abi-internal.md, amd64).
            self.assertEqual(attach["function"]["params"][0]["pieces"][0]["reg"], "RAX")
            self.assertEqual(self.resolve(url, 3600), ("cache", 0, answer))
            self.wants.write_text("[probe.p]\nattach = 1\n")
            self.resolve(url, 3600, exits=BAD_INPUT)
            self.wants.write_text(f'[probe.status]\nattach = ["{GET_CODE}"]\n')
        finally:
            stop()
        origin, notes, late = self.resolve(url, -1, self.current)
        self.assertEqual((origin, notes, late), ("cache", 1, answer))
        for path in (self.directory / "cache").iterdir():
            path.unlink()
        origin, notes, local = self.resolve(url, 3600, self.current)
        self.assertEqual((origin, notes), ("local", 1))
        self.assertEqual(local["probes"][0]["attach"][0]["function"]["params"], attach["function"]["params"])
        self.resolve(url, 3600, exits=ENVIRONMENT)


if __name__ == "__main__":
    harness.main()
