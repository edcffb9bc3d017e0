"""offsetd behind a real nginx that ends TLS, with the configuration that is shipped."""

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess

import harness
import offsetd_service
from offsetd_service import WAIT


class Proxy(offsetd_service.ServiceTest):
    def nginx(self, service):
        """The shipped configuration, with this test's names, certificate, ports and paths."""
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        if nginx is None:
            harness.skip(self, "nginx is not installed")
        key, certificate = self.directory / "key.pem", self.directory / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out",
                        str(certificate)], check=True, capture_output=True, timeout=WAIT)
        text = (harness.SOURCE_DIR / "packaging/nginx/offsetd.conf").read_text()
        socket_path = self.directory / "tls.sock"
        changes = [(r"server 127\.0\.0\.1:7443;", f"server 127.0.0.1:{service.port};"), (r"listen 443 ssl http2;", f"listen unix:{socket_path} ssl http2;"),
                   (r"  listen \[::\]:443 ssl http2;\n", ""), (r"offsets\.example;", "localhost;"),
                   (r"/etc/ssl/private/offsets\.example\.key", str(key)), (r"/etc/ssl/offsets\.example\.pem", str(certificate)),
                   # A local socket has no address to tell: the test says one.
                   (r"\$remote_addr", "203.0.113.7")]
        for pattern, value in changes:
            text, count = re.subn(pattern, value, text)
            self.assertGreater(count, 0, f"{pattern} is not in the shipped configuration")
        configuration = self.directory / "nginx.conf"
        configuration.write_text(f"""daemon off; worker_processes 1; pid {self.directory}/pid; error_log {self.directory}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {self.directory}/b; proxy_temp_path {self.directory}/p; fastcgi_temp_path {self.directory}/f;
uwsgi_temp_path {self.directory}/u; scgi_temp_path {self.directory}/s;
{text}
}}""")
        process = subprocess.Popen([nginx, "-p", str(self.directory), "-c", str(configuration), "-e", str(self.directory / "error.log")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait, WAIT)
        self.addCleanup(process.terminate)
        service.wait_for("nginx listening", lambda: self.listens(socket_path) or process.poll() is not None)
        self.assertIsNone(process.poll(), process.poll() is not None and process.stderr.read())
        return socket_path, certificate

    def listens(self, socket_path):
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(socket_path)) == 0

    def get(self, socket_path, certificate, target, **headers):
        """One request over TLS; the certificate is verified."""
        context = ssl.create_default_context(cafile=str(certificate))
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(WAIT)
            plain.connect(str(socket_path))
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                connection = http.client.HTTPConnection("localhost")
                connection.sock = tls
                connection.request("GET", target, headers=headers)
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()

    def test_tls_by_nginx(self):
        log = self.directory / "access.log"
        service = self.start("--trusted-proxy", "127.0.0.1", "--burst", "3", log=log, rate="0.01")
        socket_path, certificate = self.nginx(service)
        target = "/v1/offsets?" + offsetd_service.URL.format(version="1.26.8")
        status, headers, body = self.get(socket_path, certificate, target)
        self.assertEqual((status, json.loads(body)["offset"]), (200, 16))
        etag = dict(headers)["ETag"]
        status, _, body = self.get(socket_path, certificate, target, **{"If-None-Match": etag, "X-Forwarded-For": "198.51.100.1"})
        self.assertEqual((status, body), (304, b""))
        self.assertEqual(self.get(socket_path, certificate, target)[0], 200)
        self.assertEqual(self.get(socket_path, certificate, target)[0], 429, "the rate is the client's, whatever it claims to be")
        # The limit is not that of nginx's own address.
        self.assertEqual(service.get(target)[0], 200)
        self.assertEqual(self.get(socket_path, certificate, "/metrics")[0], 403)
        service.stop()
        clients = [json.loads(line)["client"] for line in log.read_text().splitlines()]
        self.assertEqual(clients, ["203.0.113.7"] * 4 + ["127.0.0.1"])


if __name__ == "__main__":
    harness.main()
