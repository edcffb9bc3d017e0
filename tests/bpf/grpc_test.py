"""Every span of gRPC programs, unary and streaming, against what the programs themselves logged, over grpc releases."""

import collections
import tempfile

import harness
import tracing

STRIPPED = ("-s", "-w")
# Go release, gRPC release, and what else it is built with: before 1.28 or so, gRPC did not say it by itself.
OLD = ("github.com/golang/protobuf@v1.2.0", "google.golang.org/genproto@v0.0.0-20180831171423-11092d34479b",
       "golang.org/x/net@v0.0.0-20220722155237-a158d28d115b")
NEW = ("github.com/golang/protobuf@v1.5.4",)
SUBSET = [("1.22.12", "1.60.1", NEW)]
MATRIX = SUBSET + [
    ("1.19.13", "1.14.0", OLD),
    ("1.22.12", "1.27.1", ("github.com/golang/protobuf@v1.3.2", *OLD[2:])),
    ("1.19.13", "1.29.1", ("github.com/golang/protobuf@v1.3.3", *OLD[2:])),
    ("1.22.12", "1.40.0", ("github.com/golang/protobuf@v1.4.3", *OLD[2:])),
    ("1.22.12", "1.67.1", NEW),
    ("1.24.13", "1.69.4", NEW),
    ("1.26.11", "1.76.0", NEW),
    ("1.27.4", "1.80.0", NEW),
    ("1.27.4", "1.85.0", NEW),
]
# From here on a server makes codes of the errors of contexts (src: server.go, status.FromContextError); before, UNKNOWN.
CONVERTS = 45
SERVER_ERRORS = {2, 4, 12, 13, 14, 15}
CONCURRENT = 400


class GrpcSpans(tracing.Case):
    def check(self, go, grpc, others):
        path = tracing.built("grpc", go, STRIPPED, requires=[f"google.golang.org/grpc@v{grpc}", *others])
        place = tempfile.mkdtemp(dir=self.folder)
        target = tracing.Target(path, place)
        self.addCleanup(target.close)
        tracer = tracing.Tracer(self.folder, "--exe", path)
        self.addCleanup(tracer.close)
        records = target.work(CONCURRENT)
        rpc, http = collections.defaultdict(list), {}
        for span in tracer.stop():
            if "rpc.system" in span:
                rpc[span["kind"], span["name"]].append(span)
            else:
                self.assertEqual(span["kind"], "server", span)
                http[span["url.path"].removeprefix("/")] = span
        self.assertEqual({k: len(v) for k, v in rpc.items()},
                         dict(collections.Counter((r["side"], r["id"]) for r in records)))
        behind = target.ready["behind"]
        for record in records:
            with self.subTest(grpc=grpc, side=record["side"], method=record["id"]):
                [span] = rpc[record["side"], record["id"]]
                if record.get("bare") and int(grpc.split(".")[1]) < CONVERTS:
                    record["code"] = 2
                self.compare(record, span, rpc, http)
        through = {r["id"] for r in records if r.get("target") == behind and not r.get("alone")}
        self.assertEqual(set(http), through)
        spans = sum(map(len, rpc.values())) + len(http)
        print(f"\ncompared: grpc {grpc}, Go {go}: {spans} spans", flush=True)

    def compare(self, record, span, rpc, http):
        service, method = record["id"].split("/")
        self.assertEqual((span["rpc.system"], span["rpc.service"], span["rpc.method"]), ("grpc", service, method))
        self.assertEqual(span["rpc.grpc.status_code"], record["code"], record)
        failed = record["code"] in SERVER_ERRORS if record["side"] == "server" else record["code"] != 0
        self.assertEqual(span["status"], "error" if failed else "unset")
        if failed:
            self.assertEqual(span["error.type"], str(record["code"]))
            self.assertEqual(span.get("status_message", ""), record.get("message", "")[:256])
        start, end = span["start_unix_ns"], span["start_unix_ns"] + span["duration_ns"]
        if record["side"] == "server":
            self.compare_peer(record["peer"], span)
            self.assertLessEqual(start, record["start"] + 5_000)
            self.assertGreaterEqual(end, record["end"] - 5_000)
        else:
            self.compare_target(record["target"], span)
            self.assertGreaterEqual(start, record["start"] - 5_000)
            self.assertLessEqual(end, record["end"] + 5_000)
        outer = http.get(record["id"]) if record["side"] == "server" else None
        if outer:  # a gRPC server behind net/http: the request's span is the call's parent
            self.assertEqual((span["trace_id"], span["parent_span_id"], span["parent"]),
                             (outer["trace_id"], outer["span_id"], "context"))
            self.assertLessEqual(outer["start_unix_ns"], start)
            span = outer
        if record.get("how") == "header":
            _, trace, parent, _ = record["parent"].split("-")
            self.assertEqual((span["trace_id"], span["parent_span_id"], span["parent"]), (trace, parent, "header"))
        elif record.get("how") == "context":
            [parent] = rpc["server", record["parent"]]
            self.assertEqual((span["trace_id"], span["parent_span_id"], span["parent"]),
                             (parent["trace_id"], parent["span_id"], "context"))
        else:
            self.assertEqual(span["parent"], "none")

    def compare_peer(self, peer, span):
        if ":" in peer:
            host, port = peer.rsplit(":", 1)
            self.assertEqual((span["network.peer.address"], span["network.peer.port"]), (host.strip("[]"), int(port)))
            self.assertNotIn("network.transport", span)
        else:  # a unix socket; the client's end has no name
            self.assertNotIn("network.peer.address", span)
            self.assertEqual(span["network.transport"], "unix")

    def compare_target(self, target, span):
        if target.startswith("unix:"):
            self.assertEqual(span["server.address"], target.removeprefix("unix:"))
            self.assertNotIn("server.port", span)
            self.assertEqual(span["network.transport"], "unix")
        else:
            host, port = target.rsplit(":", 1)
            self.assertEqual((span["server.address"], span["server.port"]), (host.strip("[]"), int(port)))

    def test_every_span_of_grpc_releases(self):
        chosen = MATRIX if harness.WHOLE_MATRIX else SUBSET
        if not harness.WHOLE_MATRIX:
            harness.left_out(f"{len(MATRIX) - len(SUBSET)} grpc releases (GOOFFSETS_TEST_ALL=1)")
        for go, grpc, others in chosen:
            with self.subTest(go=go, grpc=grpc):
                self.check(go, grpc, others)


if __name__ == "__main__":
    harness.main()
