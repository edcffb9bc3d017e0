"""Every span of programs whose HTTP/2 is golang.org/x/net/http2, over its releases."""

import harness
import http_spans
import tracing

STRIPPED = ("-s", "-w")
# (Go release, golang.org/x/net, build mode); from Go 1.27 and x/net 0.55 on, x/net hands all on to net/http's own HTTP/2.
SUBSET = [("1.22.12", "0.23.0", "exe")]
MATRIX = SUBSET + [
    ("1.19.13", "0.1.0", "exe"),
    ("1.24.13", "0.40.0", "pie"),
    ("1.26.11", "0.62.0", "exe"),
    ("1.27.4", "0.62.0", "exe"),
    ("1.27.4", "0.50.0", "pie"),
]
SHARED = [f"http/{name}.go" for name in ("common", "contexts", "contexts_go121", "contexts_old")]


class XnetSpans(http_spans.HttpCase):
    def check(self, go, xnet, mode):
        path = tracing.built("xnet", go, STRIPPED, mode, requires=[f"golang.org/x/net@v{xnet}"], shares=SHARED)
        records, spans = self.trace(path, 200)
        if http_spans.minor(go) < 21:
            # A goroutine does not know yet who started it: the call that a request with `Upgrade: h2c` came in by has a span.
            twice = [s for s in spans if s["library"] == "net/http" and s.get("user_agent.original") == "upgrading"]
            self.assertEqual(len(twice), 1)
            spans.remove(twice[0])
        self.compare(records, spans, go, f"x/net {xnet}, Go {go} {mode} stripped")

    def test_every_span_of_xnet_releases(self):
        chosen = MATRIX if harness.WHOLE_MATRIX else SUBSET
        if not harness.WHOLE_MATRIX:
            harness.left_out(f"{len(MATRIX) - len(SUBSET)} releases of golang.org/x/net (GOOFFSETS_TEST_ALL=1)")
        for go, xnet, mode in chosen:
            with self.subTest(go=go, xnet=xnet, mode=mode):
                self.check(go, xnet, mode)


if __name__ == "__main__":
    harness.main()
