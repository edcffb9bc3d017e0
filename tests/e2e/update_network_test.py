"""update-offsets over real networks' obstacles: TLS with a private authority, proxies, addresses that hold a password, and where options
come from."""

import base64
import http.server
import os
import re
import select
import socket
import subprocess
import threading

import harness
from feeds import FeedTest, Server, start_nginx
from harness import BAD_INPUT, DONE, ENVIRONMENT, NEGATIVE


class ConnectProxy:
    """A proxy that only tunnels (RFC 9110 §9.3.6); counts the tunnels, and can want a password."""

    def __init__(self, test, target, password=None):
        self.tunnels, proxy = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_CONNECT(self):
                if password and self.headers.get("Proxy-Authorization") != "Basic " + base64.b64encode(password.encode()).decode():
                    self.send_response(407)
                    self.send_header("Proxy-Authenticate", 'Basic realm="test"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                proxy.tunnels.append(self.path)
                with socket.create_connection(("127.0.0.1", target)) as there:
                    self.send_response(200)
                    self.end_headers()
                    ends = {self.connection: there, there: self.connection}
                    while True:
                        for end in select.select(list(ends), [], [])[0]:
                            part = end.recv(65536)
                            if not part:
                                self.close_connection = True
                                return
                            ends[end].sendall(part)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        test.addCleanup(self.http.server_close)
        test.addCleanup(self.http.shutdown)
        self.host = f"127.0.0.1:{self.http.server_port}"


class Tls(FeedTest):
    def setUp(self):
        super().setUp()
        self.ca = self.authority("ca")
        for command in (["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                         "-addext", "subjectAltName=DNS:localhost", "-keyout", "server.key", "-out", "server.csr"],
                        ["openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-copy_extensions",
                         "copy", "-out", "server.pem"]):
            subprocess.run(command, cwd=self.directory, check=True, capture_output=True, timeout=60)
        os.chmod(self.made, 0o755)
        self.log = self.directory / "access.log"
        self.port = start_nginx(self, f"""listen 127.0.0.1:PORT ssl; ssl_certificate {self.directory}/server.pem;
ssl_certificate_key {self.directory}/server.key; access_log {self.log}; root {self.made};
location /elsewhere/ {{ return 302 http://127.0.0.1:1/; }}""")
        self.url = f"https://localhost:{self.port}/feed"

    def authority(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"], cwd=self.directory, check=True,
                       capture_output=True, timeout=60)
        return self.directory / f"{name}.pem"

    def test_a_private_authority_is_named_by_its_file(self):
        self.assert_refused(self.url, "certificate", "--ca-file", exits=ENVIRONMENT, version=None)
        self.assert_refused(self.url, "certificate", exits=ENVIRONMENT, version=None, more=("--ca-file", self.authority("other")))
        self.assert_refused(self.url, "missing.pem", exits=ENVIRONMENT, version=None, more=("--ca-file", "/missing.pem"))
        # The certificate is of localhost, not of the address.
        self.assert_refused(f"https://127.0.0.1:{self.port}/feed", "certificate", exits=ENVIRONMENT, version=None, more=("--ca-file", self.ca))
        self.update("--ca-file", self.ca, source=self.url)
        self.assert_installed(2)
        self.log.write_text("")
        self.assertIn("already newest", self.update("--ca-file", self.ca, source=self.url).stdout)
        self.assertEqual(re.findall(r'"GET (\S+) [^"]*" (\d+)', self.log.read_text()), [("/feed/manifest.json", "304")])

    def test_a_redirect_to_plain_http_is_not_followed(self):
        self.assert_refused(f"https://localhost:{self.port}/elsewhere", "cannot get", exits=ENVIRONMENT, version=None,
                            more=("--ca-file", self.ca))

    def test_tls_goes_through_a_proxy_that_may_want_a_password(self):
        proxy = ConnectProxy(self, self.port)
        self.update("--ca-file", self.ca, "--proxy", f"http://{proxy.host}", source=self.url)
        self.assert_installed(2)
        self.assertEqual(set(proxy.tunnels), {f"localhost:{self.port}"})
        places = iter(range(10))
        more = lambda: {"place": self.directory / f"other-{next(places)}"}
        count = len(proxy.tunnels)
        self.update("--ca-file", self.ca, source=self.url, https_proxy=f"http://{proxy.host}", **more())
        self.assertGreater(len(proxy.tunnels), count)
        count = len(proxy.tunnels)
        self.update("--ca-file", self.ca, source=self.url, https_proxy=f"http://{proxy.host}", no_proxy="localhost", **more())
        self.assertEqual(len(proxy.tunnels), count)
        strict = ConnectProxy(self, self.port, password="somebody:secret")
        self.update("--ca-file", self.ca, "--proxy", f"http://somebody:secret@{strict.host}", source=self.url, **more())
        run = self.update("--ca-file", self.ca, "--retries", 0, "--proxy", f"http://somebody:wrongsecret@{strict.host}", source=self.url,
                          exits=ENVIRONMENT, **more())
        self.assertIn("407", run.stderr)
        self.assertNotIn("wrongsecret", run.stderr)


class Options(FeedTest):
    def test_a_password_in_an_address_is_never_shown_or_kept(self):
        def behave(handler, name):
            wanted = "Basic " + base64.b64encode(b"somebody:secret").decode()
            if handler.headers.get("Authorization") == wanted:
                return False
            handler.plain(name, b"who are you?", 401)
            return True

        server = Server(self, self.made / "feed", behave)
        address = server.url.replace("http://", "http://somebody:secret@")
        run = self.update("--format", "json", source=address)
        self.assert_installed(2)
        refused = self.update("--retries", 0, source=address.replace("secret", "wrongsecret"), place=self.directory / "other", exits=ENVIRONMENT)
        self.assertIn("401", refused.stderr)
        texts = [run.output, refused.output, self.update("status").output, self.update("history").output,
                 *(path.read_text() for path in self.place.iterdir() if path.suffix == ".json" or path.name == "history.jsonl")]
        for text in texts:
            self.assertNotIn("secret", text)

    def test_a_configuration_file_and_the_environment_name_sources_and_keys(self):
        config = self.directory / "update-offsets.toml"
        config.write_text(f'from = ["{self.directory}/missing", "{self.made}/feed"]\nkey = ["{self.key}"]\nretries = 0\n'
                          f'dir = "{self.place}"\n')
        tool = harness.tool("UPDATE_OFFSETS")
        run = harness.run_tool([tool, "--config", str(config)], harness.clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, DONE, str(run))
        self.assert_installed(2)
        settings = {"GOOFFSETS_FEED": f"{self.directory}/missing,{self.made}/feed", "GOOFFSETS_KEY": str(self.key)}
        run = harness.run_tool([tool, "--dir", str(self.directory / "other")], {**harness.clean_environment(), **settings}, self.directory,
                               limit=60)
        self.assertEqual(run.returncode, DONE, str(run))
        config.write_text("fromm = 1\n")
        run = harness.run_tool([tool, "--config", str(config)], harness.clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, harness.USAGE, str(run))
        run = harness.run_tool([tool, "--config", "/missing.toml"], harness.clean_environment(), self.directory, limit=60)
        self.assertEqual(run.returncode, harness.USAGE, str(run))

    def test_explain_says_of_each_source_what_it_offers_and_changes_nothing(self):
        self.update(source=self.made / "feed1")
        spoilt = self.feed()
        (spoilt / "manifest.json").write_text("{}")
        sources = ["--from", self.directory / "missing", "--from", spoilt, "--from", self.made / "feed1", "--from", self.made / "feed"]
        before = {path: path.read_bytes() for path in sorted(self.place.rglob("*")) if path.is_file()}
        report = self.report("explain", *sources, "--retries", 0)
        self.assertEqual([source["accepted"] for source in report["sources"]], [False, False, True, True])
        self.assertEqual([source.get("version") for source in report["sources"]], [None, None, 1, 2])
        self.assertIn("signature is wrong", report["sources"][1]["reason"])
        self.assertEqual((report["sources"][2]["download_size"], report["sources"][3]["delta"]), (0, True))
        key = self.key.read_text().splitlines()[0].split()[-1]
        self.assertEqual(report["trusted_keys"], [key])
        self.assertEqual(report["update_would"], "do nothing: version 1 is the newest")  # the first that is acceptable counts
        self.assertEqual({path: path.read_bytes() for path in sorted(self.place.rglob("*")) if path.is_file()}, before)
        self.assertIn("an update would install version 2 from", self.update("explain", source=self.made / "feed").stdout)
        self.update(source=self.made / "feed")
        # Seen once, an older one is refused.
        report = self.report("explain", source=self.made / "feed1")
        self.assertIn("version 2 was seen before", report["sources"][0]["reason"])
        self.assertIn("fail", report["update_would"])
        self.update("rollback")
        self.assertIn("pinned (rollback)", self.report("explain", source=self.made / "feed")["update_would"])
        foreign = self.update("explain", source=self.made / "feed", key=self.made / "b.pub", place=self.directory / "other").stdout
        self.assertIn("installed: nothing", foreign)
        self.assertIn("not trusted", foreign)

    def test_addresses_that_lead_nowhere_are_told_with_what_to_try(self):
        for source, word in (("localhost:7443/feed", "https://localhost:7443/feed if it is an address"), ("offsets.example/feed", "https://offsets.example/feed"),
                             (self.directory / "missing", "check the spelling"), ("http://127.0.0.1:1/feed", "check the address"),
                             ("ftp://127.0.0.1/feed", "an http://, https:// or file:// address")):
            run = self.update("--retries", 0, source=source, exits=None)
            self.assertIn(run.returncode, (harness.USAGE, harness.BAD_INPUT, ENVIRONMENT), str(run))
            self.assertIn(word, run.stderr)

    def test_pins_are_told_in_the_format_that_was_asked_for(self):
        self.assertIn("the next update brings it", self.update("pin", 1).stdout)
        self.assertIn("pinned to version 1", self.update("status", exits=BAD_INPUT).stdout)
        self.assertEqual(self.report("pin", 1), {"pinned": 1, "version": None})
        self.assertEqual(self.report("unpin"), {"pinned": None, "version": None})
        self.assertIn("not pinned", self.update("unpin").stdout)
        self.assertIn("was kept", self.update("rollback", exits=BAD_INPUT).stderr)

    def test_diff_lists_what_changed_and_checks_its_versions(self):
        for feed in ("feed1", "feed"):
            self.update(source=self.made / feed)
        report = self.report("diff")
        self.assertEqual((report["before"], report["after"], report["change_count"]), (1, 2, 0))
        self.assertGreater(report["observations_after"], report["observations_before"])
        self.assertTrue(report["new_versions"])
        self.assertEqual(self.report("diff", 2, 1, exits=NEGATIVE)["gone_versions"], report["new_versions"])
        self.assertIn("9", self.update("diff", 1, 9, exits=BAD_INPUT).stderr)
        self.assertIn("+ ", self.update("diff", 1, 2).stdout)


if __name__ == "__main__":
    harness.main()
