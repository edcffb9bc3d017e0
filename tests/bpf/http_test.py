"""Every span of net/http programs against what the programs themselves logged, over Go releases and ways of linking."""

import time

import harness
import http_spans
import tracing

STRIPPED = ("-s", "-w")
# (Go release, link flags, build mode)
SUBSET = [("1.22.12", STRIPPED, "exe"), ("1.27.4", STRIPPED, "pie")]
MATRIX = [(version, flags, mode) for version in ("1.19.13", "1.22.12", "1.23.12", "1.24.13", "1.26.11", "1.27.4")
          for flags, mode in ((STRIPPED, "exe"), (STRIPPED, "pie"), ((), "exe"))]
CONCURRENT = 1000


class HttpSpans(http_spans.HttpCase):
    def check(self, version, flags, mode, scale=CONCURRENT):
        path = tracing.built("http", version, flags, mode)
        records, spans = self.trace(path, scale)
        self.assertGreater(len(records), 2 * scale)
        self.compare(records, spans, version, f"Go {version} {mode}{' stripped' if flags else ''}")

    def traced_with(self, *options):
        path = tracing.built("http", "1.27.4", STRIPPED, "pie")
        target = tracing.Target(path)
        self.addCleanup(target.close)
        tracer = tracing.Tracer(self.folder, "--exe", path, *options)
        self.addCleanup(tracer.close)
        return target, tracer

    def test_every_span_of_go_releases(self):
        chosen = MATRIX if harness.WHOLE_MATRIX else SUBSET
        if not harness.WHOLE_MATRIX:
            harness.left_out(f"{len(MATRIX) - len(SUBSET)} combinations of Go release and linking (GOOFFSETS_TEST_ALL=1)")
        for version, flags, mode in chosen:
            with self.subTest(go=version, mode=mode, flags=flags):
                self.check(version, flags, mode)

    def test_a_small_buffer_is_written_round_and_round(self):
        target, tracer = self.traced_with("--ring", 128)
        records = [record for _ in range(4) for record in target.work(40)]
        spans = tracer.stop()
        self.assertEqual(sorted(span["kind"] for span in spans), sorted(record["side"] for record in records))
        # What a record takes without any string (bpf/intf/events.h): the buffer was full more than once.
        self.assertGreater(120 * len(spans), 128 << 10)

    def test_a_limit_of_traces_keeps_whole_ones(self):
        target, tracer = self.traced_with("--max-traces", 50)
        begin = time.monotonic()
        records = target.work(500)
        spans = tracer.stop()
        traces = {span["trace_id"] for span in spans}
        self.assertLess(len(traces), 50 * (time.monotonic() - begin + 2))
        self.assertGreaterEqual(len(traces), 50)
        self.assertLess(len(spans), len(records))
        queries = {(span["kind"], span.get("url.query") or span.get("url.full", "").partition("?")[2]) for span in spans}
        kept = {(kind, http_spans.id_of(query)) for kind, query in queries}
        inside = [r for r in records if ("server", r.get("parent")) in kept]
        self.assertTrue(inside)  # the first requests are kept, which make calls
        for record in inside:
            self.assertIn((record["side"], record["id"]), kept)

    def test_by_process_and_by_port(self):
        path = tracing.built("http", "1.27.4", STRIPPED, "pie")
        for name_it in (lambda target: ("--pid", target.process.pid),
                        lambda target: ("--port", target.ready["plain"].rpartition(":")[2])):
            records, spans = self.trace(path, 3, name_it)
            self.assertEqual(len(spans), len(records))

    def test_a_program_that_starts_later_and_again(self):
        path = tracing.built("http", "1.27.4", STRIPPED, "pie")
        tracer = tracing.Tracer(self.folder, "--exe", path)
        self.addCleanup(tracer.close)
        records = []
        for _ in range(2):
            target = tracing.Target(path)
            self.addCleanup(target.close)
            tracer.messages.until(lambda line: f"process {target.process.pid} " in line and "is traced" in line)
            records += target.work(10)
            target.close()
        spans = tracer.stop()
        self.assertEqual(len(spans), len(records))
        self.assertEqual(len({span["process.pid"] for span in spans}), 2)


if __name__ == "__main__":
    harness.main()
