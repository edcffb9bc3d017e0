"""Spans of HTTP programs compared with what the programs logged, one by one and attribute by attribute.

Shared by the tests of net/http and of golang.org/x/net: their fixtures log the same records (tests/fixtures/trace/http/
common.go).
"""

import collections
import statistics
import urllib.parse

import tracing

METHODS = {"GET", "POST", "PUT"}
LONGEST_TARGET = 1024  # GT_MAX_TARGET
MOST_NAMES = 1024  # slots of a header map that are surely looked at (GT_MAX_GROUPS)


def id_of(query):
    return urllib.parse.parse_qs(query).get("id", [""])[0]


def minor(version):
    return int(version.split(".")[1])


class HttpCase(tracing.Case):
    def trace(self, path, scale, name_it=None):
        """`name_it` tells gotrace which process: by its file if nothing else is said."""
        target = tracing.Target(path)
        self.addCleanup(target.close)
        tracer = tracing.Tracer(self.folder, *(name_it(target) if name_it else ("--exe", path)))
        self.addCleanup(tracer.close)
        records = target.work(scale)
        return records, tracer.stop()

    def compare(self, records, spans, version, what):
        """Every record has its span and every span its record; of each pair all attributes agree."""
        servers = self.by_id([r for r in records if r["side"] == "server"])
        clients = self.by_id([r for r in records if r["side"] == "client"])
        server_spans, client_spans = collections.defaultdict(list), collections.defaultdict(list)
        for span in sorted(spans, key=lambda s: s["start_unix_ns"]):
            if span["kind"] == "server":
                server_spans[self.span_id_of(span, servers)].append(span)
            else:
                client_spans[self.span_id_of(span, clients)].append(span)
        self.assertEqual({k: len(v) for k, v in server_spans.items()}, {k: len(v) for k, v in servers.items()})
        self.assertEqual({k: len(v) for k, v in client_spans.items()}, {k: len(v) for k, v in clients.items()})
        excess = []
        for key, logged in servers.items():
            for record, span in zip(logged, server_spans[key]):
                with self.subTest(what=what, url=record["url"]):
                    excess.append(self.check_server(record, span, version))
        for key, logged in clients.items():
            for record, span in zip(logged, client_spans[key]):
                with self.subTest(what=what, client=record["url"]):
                    self.check_client(record, span, server_spans)
        ids = [span["span_id"] for span in spans]
        self.assertEqual(len(ids), len(set(ids)))
        print(f"\ncompared: {what}: {len(spans)} spans with {len(records)} records; median excess "
              f"{statistics.median(excess) / 1000:.1f} us", flush=True)

    @staticmethod
    def by_id(records):
        found = collections.defaultdict(list)
        for record in sorted(records, key=lambda r: r["start"]):
            found[record["id"]].append(record)
        return found

    def span_id_of(self, span, known):
        """The request's id; a target that was cut has lost it: such a request is the only one of its path and length."""
        query = span.get("url.query") if span["kind"] == "server" else urllib.parse.urlsplit(span["url.full"]).query
        if key := id_of(query or ""):
            return key
        self.assertTrue(span.get("gotrace.truncated"), span)
        # Requests are made one after the other there: the record whose time this is.
        [match] = [k for k, v in known.items() if len(v[0]["url"]) > LONGEST_TARGET and
                   span["start_unix_ns"] - 5_000 <= v[0]["end"] and
                   v[0]["start"] <= span["start_unix_ns"] + span["duration_ns"] + 5_000]
        return match

    def check_server(self, record, span, version):
        if record["method"] in METHODS:
            self.assertEqual(span["http.request.method"], record["method"])
        else:
            self.assertEqual((span["http.request.method"], span["http.request.method_original"]),
                             ("_OTHER", record["method"]))
        target = record["url"]
        if len(target) > LONGEST_TARGET:
            self.assertEqual(span["gotrace.truncated"], ["url.path"])
            target = target[:LONGEST_TARGET]
        else:
            self.assertNotIn("gotrace.truncated", span)
        path, _, query = target.partition("?")
        self.assertEqual((span["url.path"], span["url.query"]), (path, query))
        self.assertEqual(span["url.scheme"], "https" if record.get("tls") else "http")
        self.assertEqual(span["network.protocol.version"], {"HTTP/1.1": "1.1", "HTTP/2.0": "2"}[record["proto"]])
        address, _, port = record.get("peer", "").rpartition(":")
        if port.isdecimal():
            address = address.strip("[]")
            self.assertEqual((span["network.peer.address"], span["network.peer.port"]), (address, int(port)))
            self.assertEqual(span["client.address"], address)
        else:  # a unix socket, of which the client's end has no name
            self.assertEqual(record.get("peer", "@"), "@")
            self.assertNotIn("network.peer.address", span)
            self.assertEqual(span["network.transport"], "unix")
        if record["names"] > MOST_NAMES:
            return self.check_cut(record, span)
        self.assertNotIn("gotrace.parent.search_cut", span)
        self.assertEqual(span.get("user_agent.original", ""), record["agent"])
        if record.get("ended"):
            self.assertNotIn("http.response.status_code", span)
        else:
            self.assertEqual(span["http.response.status_code"], record["status"])
        if record.get("ended") == "panic":
            self.assertEqual((span["error.type"], span["status"]), ("panic", "error"))
        elif record["status"] >= 500:
            self.assertEqual((span["error.type"], span["status"]), (str(record["status"]), "error"))
        else:
            self.assertEqual(span["status"], "unset")
            self.assertNotIn("error.type", span)
        if minor(version) >= 23:
            self.assertEqual(span["http.route"], "/status/" if path.startswith("/status/") else path)
        else:
            self.assertNotIn("http.route", span)
        if record.get("how") == "header":
            _, trace, parent, _ = record["parent"].split("-")
            self.assertEqual((span["trace_id"], span["parent_span_id"], span["parent"]), (trace, parent, "header"))
            self.assertEqual(span["trace_state"], "vendor=" + record["agent"].removeprefix("agent-"))
        else:
            self.assertEqual(span["parent"], "none")
            self.assertNotIn("trace_state", span)
        return self.excess_of(record, span)

    def check_cut(self, record, span):
        """More headers than are looked at: the span says so, and what it has of them is right."""
        self.assertTrue(span["gotrace.parent.search_cut"])
        self.assertIn(span.get("user_agent.original", ""), ("", record["agent"]))
        self.assertEqual(span["http.response.status_code"], record["status"])
        _, trace, parent, _ = record["parent"].split("-")
        if span["parent"] != "none":
            self.assertEqual((span["trace_id"], span["parent_span_id"], span["parent"]), (trace, parent, "header"))
        return self.excess_of(record, span)

    def excess_of(self, record, span):
        start, end = span["start_unix_ns"], span["start_unix_ns"] + span["duration_ns"]
        # The two clocks are read one after the other: their offset is known to a microsecond or so.
        self.assertLessEqual(start, record["start"] + 5_000)
        self.assertGreaterEqual(end, record["end"] - 5_000)
        return (end - start) - (record["end"] - record["start"])

    def check_client(self, record, span, server_spans):
        url = record["url"]
        if len(url) > LONGEST_TARGET:
            self.assertEqual(span["gotrace.truncated"], ["url.full"])
            self.assertTrue(url.startswith(span["url.full"]), span["url.full"])
        else:
            self.assertEqual(span["url.full"], url)
        if record["method"] in METHODS:
            self.assertEqual(span["http.request.method"], record["method"])
        parts = urllib.parse.urlsplit(url)
        self.assertEqual((span["server.address"], span["server.port"]), (parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]))
        if record.get("error"):
            self.assertEqual(span["error.type"], record["error"])
            self.assertNotIn("http.response.status_code", span)
        else:
            self.assertEqual(span["http.response.status_code"], record["status"])
            self.assertEqual(span["status"], "error" if record["status"] >= 400 else "unset")
            self.assertEqual(span["network.protocol.version"], {"HTTP/1.1": "1.1", "HTTP/2.0": "2"}[record["proto"]])
        if record.get("parent"):
            [parent] = server_spans[record["parent"]]
            self.assertEqual((span["trace_id"], span["parent_span_id"]), (parent["trace_id"], parent["span_id"]))
            self.assertEqual(span["parent"], record["how"])
            self.assertEqual("gotrace.parent.inferred" in span, record["how"] == "goroutine")
        else:
            self.assertEqual(span["parent"], "none")
        self.assertGreaterEqual(span["start_unix_ns"], record["start"] - 5_000)
        self.assertLessEqual(span["start_unix_ns"] + span["duration_ns"], record["end"] + 5_000)
