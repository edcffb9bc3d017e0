"""Traced programs' spans through a real OpenTelemetry Collector: it accepts all, and each is what the programs logged."""

import tempfile

import harness
import http_spans
import otlp_fixture
import tracing

STRIPPED = ("-s", "-w")
KINDS = {1: "internal", 2: "server", 3: "client"}
STATUS = {0: "unset", 1: "ok", 2: "error"}
# What a line of --file has beside attributes; the last two are of the resource.
OWN = {"time", "start_unix_ns", "duration_ns", "trace_id", "span_id", "parent_span_id", "parent", "name", "kind", "status",
       "status_message", "library", "library_version", "trace_state", "dropped_attributes", "service.name", "process.pid"}


def value_of(value):
    [(kind, inner)] = value.items()
    if kind == "arrayValue":
        return [value_of(one) for one in inner["values"]]
    return int(inner) if kind == "intValue" else inner


def attributes_of(pairs):
    found = {pair["key"]: value_of(pair["value"]) for pair in pairs}
    assert len(found) == len(pairs), pairs
    return found


def received(requests):
    """What the collector wrote of each span, in the shape of the lines of --file: (line, attributes, resource)."""
    for request in requests:
        for resource in request["resourceSpans"]:
            about = attributes_of(resource["resource"]["attributes"])
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    start = int(span["startTimeUnixNano"])
                    status = span.get("status", {})
                    line = {"trace_id": span["traceId"], "span_id": span["spanId"], "name": span["name"],
                            "kind": KINDS[span["kind"]], "start_unix_ns": start,
                            "duration_ns": int(span["endTimeUnixNano"]) - start, "status": STATUS[status.get("code", 0)],
                            "library": scope["scope"]["name"], "library_version": scope["scope"]["version"],
                            "service.name": about["service.name"], "process.pid": about["process.pid"]}
                    optional = {"parent_span_id": span.get("parentSpanId"), "trace_state": span.get("traceState"),
                                "status_message": status.get("message")}
                    line |= {key: value for key, value in optional.items() if value}
                    yield line, attributes_of(span.get("attributes", []))


class RealCollector(http_spans.HttpCase):
    def check(self, what, **environment):
        web = tracing.built("http", "1.27.4", STRIPPED, "pie")
        rpc = tracing.built("grpc", "1.22.12", STRIPPED, requires=["google.golang.org/grpc@v1.60.1",
                                                                   "github.com/golang/protobuf@v1.5.4"])
        targets = [tracing.Target(web), tracing.Target(rpc, tempfile.mkdtemp(dir=self.folder))]
        for target in targets:
            self.addCleanup(target.close)
        with otlp_fixture.Collector() as collector:
            tracer = tracing.Tracer(self.folder, "--exe", web, "--exe", rpc, "--otlp", collector.url,
                                    env=harness.clean_environment(**environment))
            self.addCleanup(tracer.close)
            records, calls = (target.work(100) for target in targets)
            spans = tracer.stop()
            arrived = list(received(collector.requests()))
        self.assertNotIn("export", "".join(tracer.messages.everything()))
        self.assertEqual(len(spans), len(arrived))
        self.assertGreater(len(spans), len(records) + len(calls) - 1)
        lines = {span["span_id"]: span for span in spans}
        self.assertEqual(len(lines), len(spans))
        for line, attributes in arrived:
            with self.subTest(what=what, span=line["name"]):
                span = lines.pop(line["span_id"])
                own = {key: value for key, value in span.items() if key in OWN and key not in ("time", "parent")}
                self.assertEqual(line, own)
                self.assertEqual(attributes, {key: value for key, value in span.items() if key not in OWN})
        self.assertEqual(lines, {})
        # And what arrived is what the program logged.
        by_id = {line["span_id"]: {**line, **attributes} for line, attributes in arrived}
        web_spans = [{**by_id[span["span_id"]], "parent": span["parent"]} for span in spans
                     if span["process.pid"] == targets[0].process.pid]
        self.compare(records, web_spans, "1.27.4", f"{what}, through a collector")

    def test_protobuf_with_gzip(self):
        self.check("protobuf", OTEL_EXPORTER_OTLP_COMPRESSION="gzip")

    def test_json(self):
        self.check("JSON", OTEL_EXPORTER_OTLP_PROTOCOL="http/json")


if __name__ == "__main__":
    harness.main()
