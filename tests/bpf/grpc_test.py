"""Every span of gRPC programs, unary and streaming, against what the programs themselves logged, over grpc releases."""

import collections
import tempfile
import unittest

import harness
import tracing

STRIPPED = ("-s", "-w")
# (Go release, grpc release)
SUBSET = [("1.22.12", "1.60.1")]
MATRIX = SUBSET + [("1.22.12", "1.67.1"), ("1.26.11", "1.77.0"), ("1.27.4", "1.80.0")]
SERVER_ERRORS = {2, 4, 12, 13, 14, 15}


class GrpcSpans(unittest.TestCase):
    def setUp(self):
        if reason := tracing.why_not():
            harness.skip(self, reason)
        self.directory = tempfile.TemporaryDirectory(prefix="gotrace-test-")
        self.addCleanup(self.directory.cleanup)

    def check(self, go, grpc):
        path = tracing.built("grpc", go, STRIPPED, requires=[f"google.golang.org/grpc@v{grpc}"])
        target = tracing.Target(path)
        self.addCleanup(target.close)
        tracer = tracing.Tracer(self.directory.name, "--exe", path)
        self.addCleanup(tracer.close)
        records = target.work(400)
        spans = collections.defaultdict(list)
        for span in tracer.stop():
            spans[span["kind"], span["name"]].append(span)
        self.assertEqual({k: len(v) for k, v in spans.items()},
                         dict(collections.Counter((r["side"], r["id"]) for r in records)))
        for record in records:
            with self.subTest(grpc=grpc, side=record["side"], method=record["id"]):
                [span] = spans[record["side"], record["id"]]
                self.compare(record, span, spans, target.ready["address"])
        print(f"\ncompared: grpc {grpc}, Go {go}: {len(records)} spans", flush=True)

    def compare(self, record, span, spans, address):
        service, method = record["id"].split("/")
        self.assertEqual((span["rpc.system"], span["rpc.service"], span["rpc.method"]), ("grpc", service, method))
        self.assertEqual(span["rpc.grpc.status_code"], record["code"])
        failed = record["code"] in SERVER_ERRORS if record["side"] == "server" else record["code"] != 0
        self.assertEqual(span["status"], "error" if failed else "unset")
        if failed:
            self.assertEqual(span.get("status_message", ""), record.get("message", ""))
        host, port = address.split(":")
        start, end = span["start_unix_ns"], span["start_unix_ns"] + span["duration_ns"]
        if record["side"] == "server":
            self.assertEqual(span["network.peer.address"], host)
            self.assertLessEqual(start, record["start"] + 5_000)
            self.assertGreaterEqual(end, record["end"] - 5_000)
        else:
            self.assertEqual((span["server.address"], span["server.port"]), (host, int(port)))
            self.assertGreaterEqual(start, record["start"] - 5_000)
            self.assertLessEqual(end, record["end"] + 5_000)
        if record.get("how") == "header":
            _, trace, parent, _ = record["parent"].split("-")
            self.assertEqual((span["trace_id"], span["parent_span_id"], span["parent"]), (trace, parent, "header"))
        elif record.get("how") == "context":
            [parent] = spans["server", record["parent"]]
            self.assertEqual((span["trace_id"], span["parent_span_id"], span["parent"]),
                             (parent["trace_id"], parent["span_id"], "context"))
        else:
            self.assertEqual(span["parent"], "none")

    def test_every_span_of_grpc_releases(self):
        chosen = MATRIX if harness.WHOLE_MATRIX else SUBSET
        if not harness.WHOLE_MATRIX:
            harness.left_out(f"{len(MATRIX) - len(SUBSET)} grpc releases (GOOFFSETS_TEST_ALL=1)")
        for go, grpc in chosen:
            with self.subTest(go=go, grpc=grpc):
                self.check(go, grpc)


if __name__ == "__main__":
    harness.main()
