"""A real OpenTelemetry Collector accepts what is exported, and every value arrives as it was."""

import math
import random
import unittest

import otlp_fixture

SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
TEXTS = ["", "plain", "/users/{id}?q=1&r=2", "caf\u00e9 \u20ac \U0001f600", "tab\tline\nquote\"back\\slash\x01\x7f",
         "x" * 5_000]
BROKEN = ["ff", "6361f6e9", "e282", "c0af", "eda080", "00ff00", "f09f9841"]  # no UTF-8, as hexadecimal


def text_of(value):
    """What must arrive for a string of the feeder: bytes that are no UTF-8 are replaced as Unicode recommends."""
    return bytes.fromhex(value["hex"]).decode("utf-8", "replace") if isinstance(value, dict) else value


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self):
        r = self.random
        return r.choice([
            lambda: r.choice(TEXTS), lambda: {"hex": r.choice(BROKEN)}, lambda: r.choice([True, False]),
            lambda: r.choice([0, 1, -1, 200, 2**31, 2**53 + 1, 2**63 - 1, -2**63]),
            lambda: r.choice([0.0, 0.1, -1.5, 1e300, 5e-324, 1e16]),
            lambda: [r.choice(TEXTS) for _ in range(r.randrange(4))],
        ])()

    def attributes(self, most):
        return [[f"key.{i}", self.value()] for i in range(self.random.randrange(most))]

    def spans(self, count):
        r = self.random
        resources = [{"pid": i, "attributes": [["service.name", f"service {i}"], *self.attributes(6)]} for i in range(5)]
        for i in range(count):
            start = r.choice([0, 1, 1_700_000_000_000_000_000, 2**63 - 1]) + r.randrange(10**9)
            span = {"trace_id": f"{r.getrandbits(128) | 1:032x}", "span_id": f"{i + 1:016x}",
                    "name": r.choice([*TEXTS, {"hex": r.choice(BROKEN)}]), "kind": r.choice([1, 2, 3]), "start_ns": start,
                    "end_ns": start + r.randrange(10**12), "status": r.choice([0, 1, 2]),
                    "status_message": r.choice(TEXTS), "attributes": self.attributes(12),
                    "library": r.choice(["net/http", "google.golang.org/grpc", ""]),
                    "library_version": r.choice(["", "1.60.1"]), "resource": r.choice(resources),
                    "trace_state": r.choice(["", "a=1,b=2"]), "parent": r.choice([0, 1, 2, 3])}
            if span["parent"]:
                span["parent_span_id"] = f"{r.getrandbits(64) | 1:016x}"
                span["remote_root"] = span["sampled_by_parent"] = True
            yield span


class Collector(unittest.TestCase):
    def check(self, actual, expected, what):
        self.compared += 1
        if actual != expected:
            self.differ.append(f"{what}: {actual!r} instead of {expected!r}")

    def check_value(self, actual, sent, what):
        """An AnyValue of OTLP JSON as the collector's marshaler writes it."""
        if isinstance(sent, bool):
            self.check(actual, {"boolValue": sent}, what)
        elif isinstance(sent, int):
            self.check(actual, {"intValue": str(sent)}, what)
        elif isinstance(sent, float):
            self.check(list(actual), ["doubleValue"], what)
            self.check(math.copysign(1, float(actual.get("doubleValue", math.nan))), math.copysign(1, sent), what)
            self.check(float(actual.get("doubleValue", math.nan)), sent, what)
        elif isinstance(sent, list):
            values = actual.get("arrayValue", {}).get("values", [])
            self.check(len(values), len(sent), what)
            for one, expected in zip(values, sent):
                self.check(one, {"stringValue": expected}, what)
        else:
            self.check(actual, {"stringValue": text_of(sent)}, what)

    def check_attributes(self, actual, sent, what):
        self.check([pair["key"] for pair in actual], [key for key, _ in sent], what)
        for pair, (key, value) in zip(actual, sent):
            self.check_value(pair["value"], value, f"{what} {key}")

    def check_span(self, span, sent):
        what = f"span {sent['span_id']}"
        for key, name in (("traceId", "trace_id"), ("spanId", "span_id")):
            self.check(span.get(key), sent[name], f"{what} {key}")
        self.check(span.get("parentSpanId", ""), sent.get("parent_span_id", ""), f"{what} parentSpanId")
        self.check(span.get("traceState", ""), sent["trace_state"], f"{what} traceState")
        self.check(span.get("name", ""), text_of(sent["name"]), f"{what} name")
        self.check(span.get("kind", 0), sent["kind"], f"{what} kind")
        self.check(span.get("startTimeUnixNano", "0"), str(sent["start_ns"]), f"{what} start")
        self.check(span.get("endTimeUnixNano", "0"), str(sent["end_ns"]), f"{what} end")
        self.check(span["status"].get("code", 0), sent["status"], f"{what} status")
        self.check(span["status"].get("message", ""), sent["status_message"], f"{what} message")
        self.check(span.get("droppedAttributesCount", 0), 0, f"{what} dropped")
        # trace.proto, SpanFlags: sampled, "is remote" is known, is remote.
        self.check(span.get("flags"), 0x101 | (0x200 if sent["parent"] == 1 else 0), f"{what} flags")
        self.check_attributes(span.get("attributes", []), sent["attributes"], what)

    def check_encoding(self, protocol, compression):
        self.compared, self.differ = 0, []
        spans = list(Generator(f"{protocol} {compression}").spans(700))
        with otlp_fixture.Collector() as collector:
            fed = otlp_fixture.feed(spans, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
                                    OTEL_EXPORTER_OTLP_COMPRESSION=compression, OTEL_BSP_MAX_EXPORT_BATCH_SIZE=100)
            requests = collector.requests()
            debug = "".join(collector.debug)
        self.assertEqual((fed.stderr, fed.outcome("exported"), fed.all_outcomes()), ("", len(spans), len(spans)))
        by_id = {span["span_id"]: span for span in spans}
        seen = set()
        for request in requests:
            for group in request["resourceSpans"]:
                self.check(group.get("schemaUrl"), SCHEMA, "schema of a resource")
                for scope in group["scopeSpans"]:
                    self.check(scope.get("schemaUrl"), SCHEMA, "schema of a scope")
                    for span in scope["spans"]:
                        sent = by_id[span["spanId"]]
                        self.assertNotIn(span["spanId"], seen, "came twice")
                        seen.add(span["spanId"])
                        self.check_span(span, sent)
                        self.check(scope["scope"].get("name", ""), sent["library"], "scope")
                        self.check(scope["scope"].get("version", ""), sent["library_version"], "version")
                        self.check_attributes(group["resource"]["attributes"], sent["resource"]["attributes"], "resource")
        self.assertEqual(len(seen), len(spans))
        print(f"\n{protocol}, {compression}: {len(seen)} spans in {len(requests)} requests, {self.compared} values compared, "
              f"{len(self.differ)} differ", flush=True)
        self.assertEqual(self.differ[:5], [])
        # The debug exporter has shown each of them.
        self.assertEqual(debug.count("    ID             : "), len(spans))

    def test_protobuf(self):
        self.check_encoding("http/protobuf", "none")

    def test_protobuf_gzip(self):
        self.check_encoding("http/protobuf", "gzip")

    def test_json(self):
        self.check_encoding("http/json", "none")

    def test_json_gzip(self):
        self.check_encoding("http/json", "gzip")


if __name__ == "__main__":
    unittest.main()
