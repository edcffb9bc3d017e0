"""Endpoints that misbehave: nothing is lost uncounted, memory stays bounded, the flush deadline is kept."""

import contextlib
import gzip
import http.server
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from otlp_fixture import feed, plain_spans

hang = object()
PARTIAL = bytes([0x0A, 0x08, 0x08, 0x03, 0x12, 0x04]) + b"bad!"  # partial_success {rejected_spans: 3, "bad!"}


class Endpoint:
    """An HTTP server that answers each request with the next of `answers`, the last one for ever.

    An answer is (status, headers, body), or hang: none comes.
    """

    def __init__(self, answers, context=None):
        outer = self
        self.requests, self.times, self.release = [], [], threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, dict(self.headers), body))
                outer.times.append(time.monotonic())
                answer = answers[min(len(outer.requests), len(answers)) - 1]
                if answer is hang:
                    outer.release.wait(120)
                    return
                status, headers, text = answer
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # clients that give up are what these tests are about

        self.server = Quiet(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        host = "localhost" if context else "127.0.0.1"
        self.url = f"{'https' if context else 'http'}://{host}:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


ACCEPTED = (200, {"Content-Type": "application/x-protobuf"}, b"")


class Endpoints(unittest.TestCase):
    def check(self, fed, total, **outcomes):
        self.assertEqual(fed.returncode, 0, fed.stderr)
        for name, count in outcomes.items():
            self.assertEqual(fed.outcome(name), count, f"{name}: {fed.metrics} {fed.stderr}")
        self.assertEqual(fed.all_outcomes(), total, "a span without an outcome")
        self.assertEqual(fed.metrics['gotrace_sampling_total{decision="keep"}'], total)

    def test_busy_receivers_are_asked_again(self):
        for status in (429, 502, 503, 504):
            with self.subTest(status=status), Endpoint([(status, {}, b""), (status, {}, b""), ACCEPTED]) as endpoint:
                fed = feed(plain_spans(10), "--backoff-ms", 20, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)
                self.check(fed, 10, exported=10, failed=0)
                self.assertEqual(fed.metrics['gotrace_export_retries_total{exporter="otlp"}'], 2)
                self.assertEqual(len({body for _, _, body in endpoint.requests}), 1, "the same bytes each time")
                # Told when the trouble begins and when it ends.
                [begun, ended] = fed.stderr.splitlines()
                self.assertRegex(begun, f"answers {status}.*; it is tried again$")
                self.assertRegex(ended, "takes spans again$")

    def test_retry_after_is_kept(self):
        with Endpoint([(429, {"Retry-After": "2"}, b""), ACCEPTED]) as endpoint:
            fed = feed(plain_spans(3), "--backoff-ms", 1, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)
            self.check(fed, 3, exported=3)
            self.assertGreaterEqual(endpoint.times[1] - endpoint.times[0], 1.9)

    def test_a_retry_after_beyond_the_deadline_is_not_waited_for(self):
        with Endpoint([(503, {"Retry-After": "3600"}, b"")]) as endpoint:
            fed = feed(plain_spans(3), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)
            self.check(fed, 3, failed=3)
            self.assertEqual(len(endpoint.requests), 1)
            self.assertLess(fed.metrics["feeder_shutdown_seconds"], 5)

    def test_other_answers_are_final(self):
        for status, headers in ((400, {}), (401, {}), (404, {}), (500, {}), (301, {"Location": "http://127.0.0.1:1/"})):
            with self.subTest(status=status), Endpoint([(status, headers, b"no\x1b[31m thanks\n")]) as endpoint:
                fed = feed(plain_spans(5), "--backoff-ms", 1, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)
                self.check(fed, 5, failed=5, exported=0)
                self.assertEqual(len(endpoint.requests), 1)
                self.assertIn(f"answers {status}", fed.stderr)
                self.assertNotIn("\x1b", fed.stderr)
                self.assertEqual(fed.metrics['gotrace_export_errors_total{exporter="otlp"}'], 1)

    def test_trouble_with_each_batch_is_told_once_and_counted(self):
        with Endpoint([(404, {}, b"")]) as endpoint:
            fed = feed(plain_spans(1000), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url, OTEL_BSP_MAX_EXPORT_BATCH_SIZE=100)
            self.check(fed, 1000, failed=1000)
            [first, rest] = fed.stderr.splitlines()
            self.assertRegex(first, r"answers 404 \(\d+ spans are lost\)$")
            self.assertIn(f"{len(endpoint.requests) - 1} batches more had trouble", rest)

    def test_partial_success_is_counted_and_told(self):
        with Endpoint([(200, {"Content-Type": "application/x-protobuf"}, PARTIAL)]) as endpoint:
            fed = feed(plain_spans(10), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)
            self.check(fed, 10, exported=7, rejected=3)
            self.assertIn("rejected 3 of 10", fed.stderr)
            self.assertIn("bad!", fed.stderr)

    def test_a_flood_of_an_answer_does_not_fill_the_memory(self):
        with Endpoint([(400, {}, b"x" * (100 << 20))]) as endpoint:
            fed = feed(plain_spans(2), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)
            self.check(fed, 2, failed=2)
            self.assertLess(fed.metrics["feeder_peak_kib"], 40 << 10)

    def test_connection_refused(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, everybody is refused
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            fed = feed(plain_spans(5), "--backoff-ms", 10, "--shutdown-ms", 300, OTEL_EXPORTER_OTLP_ENDPOINT=url)
        self.check(fed, 5, failed=5)
        self.assertGreater(fed.metrics['gotrace_export_retries_total{exporter="otlp"}'], 0)
        self.assertLess(fed.metrics["feeder_shutdown_seconds"], 5)
        self.assertIn("cannot send to", fed.stderr)

    def test_a_slow_receiver_meets_the_request_limit(self):
        with Endpoint([hang, ACCEPTED]) as endpoint:
            fed = feed(plain_spans(5), "--backoff-ms", 10, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url,
                       OTEL_EXPORTER_OTLP_TIMEOUT=200)
            self.check(fed, 5, exported=5)
            self.assertEqual(len(endpoint.requests), 2)

    def test_a_receiver_that_hangs_costs_spans_but_neither_memory_nor_the_deadline(self):
        spans, repeat = plain_spans(100), 3_000
        with Endpoint([hang]) as endpoint:
            fed = feed(spans, "--repeat", repeat, "--shutdown-ms", 500, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url,
                       OTEL_EXPORTER_OTLP_TIMEOUT=60_000)
        self.check(fed, len(spans) * repeat, exported=0)
        self.assertGreater(fed.outcome("queue_full"), 250_000)
        self.assertEqual(fed.outcome("failed") + fed.outcome("shutdown"), len(spans) * repeat - fed.outcome("queue_full"))
        self.assertLess(fed.metrics["feeder_shutdown_seconds"], 5)
        self.assertEqual(fed.metrics["feeder_complete"], 0)
        self.assertLess(fed.metrics["feeder_peak_kib"], 40 << 10)
        print(f"\n{len(spans) * repeat} spans at a receiver that hangs: {fed.metrics['feeder_peak_kib'] / 1024:.1f} MiB, "
              f"shutdown in {fed.metrics['feeder_shutdown_seconds'] * 1000:.0f} ms of 500", flush=True)

    def test_headers_compression_and_paths_are_those_of_the_variables(self):
        with Endpoint([ACCEPTED]) as endpoint:
            fed = feed(plain_spans(200), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url + "/base/",
                       OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20t,x-empty=", OTEL_EXPORTER_OTLP_COMPRESSION="gzip")
            self.check(fed, 200, exported=200)
            path, headers, body = endpoint.requests[0]
            self.assertEqual(path, "/base/v1/traces")
            headers = {k.lower(): v for k, v in headers.items()}
            self.assertEqual(headers["authorization"], "Bearer t")
            self.assertEqual(headers["x-empty"], "")
            self.assertEqual(headers["content-type"], "application/x-protobuf")
            self.assertEqual(headers["content-encoding"], "gzip")
            self.assertTrue(headers["user-agent"].startswith("OTel-OTLP-Exporter-gotrace/"))
            self.assertNotIn("expect", headers)
            self.assertGreater(len(gzip.decompress(body)), 2 * len(body))


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="gooffsets-tls-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.cert, cls.key = (pathlib.Path(cls.directory.name) / name for name in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                        cls.key, "-out", cls.cert], check=True, capture_output=True)

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context

    def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(self):
        with Endpoint([ACCEPTED], self.context()) as endpoint:
            fed = feed(plain_spans(5), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)
            self.assertEqual((fed.outcome("failed"), fed.all_outcomes(), endpoint.requests), (5, 5, []))
            self.assertIn("certificate", fed.stderr)
            self.assertEqual(fed.metrics['gotrace_export_retries_total{exporter="otlp"}'], 0)

    def test_one_that_is_named_is_trusted_for_its_host_only(self):
        with Endpoint([ACCEPTED], self.context()) as endpoint:
            fed = feed(plain_spans(5), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url, OTEL_EXPORTER_OTLP_CERTIFICATE=self.cert)
            self.assertEqual((fed.outcome("exported"), fed.stderr), (5, ""))
            fed = feed(plain_spans(5), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url.replace("localhost", "127.0.0.1"),
                       OTEL_EXPORTER_OTLP_CERTIFICATE=self.cert)
            self.assertEqual(fed.outcome("failed"), 5)

    def test_a_client_certificate_is_shown(self):
        context = self.context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.cert)
        with Endpoint([ACCEPTED], context) as endpoint:
            common = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint.url, "OTEL_EXPORTER_OTLP_CERTIFICATE": self.cert}
            fed = feed(plain_spans(5), "--backoff-ms", 10, "--shutdown-ms", 300, **common)
            self.assertEqual(fed.outcome("exported"), 0)
            fed = feed(plain_spans(5), **common, OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=self.cert,
                       OTEL_EXPORTER_OTLP_CLIENT_KEY=self.key)
            self.assertEqual((fed.outcome("exported"), fed.stderr), (5, ""))

    def test_plain_http_at_a_tls_port_fails_and_ends(self):
        with Endpoint([ACCEPTED], self.context()) as endpoint:
            fed = feed(plain_spans(5), "--backoff-ms", 10, "--shutdown-ms", 300,
                       OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url.replace("https", "http"))
            self.assertEqual((fed.outcome("failed"), endpoint.requests), (5, []))


if __name__ == "__main__":
    unittest.main()
