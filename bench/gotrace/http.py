#!/usr/bin/env python3
"""What tracing costs an HTTP/1.1 server: the same process traced and untraced, in interleaved rounds under wrk.

    sudo bench/gotrace/http.py --gotrace build/release/bin/gotrace --db build/release/share/gooffsets/offsets.db

Prints, for each number of connections and of header lines, medians over the pairs: the ratio of throughputs, p50 and p99, the
server's CPU time a request (utime + stime), the agent's a span and its peak memory, spans against requests, attach time.
"""

import argparse
import os
import pathlib
import re
import signal
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak_kb(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def milliseconds(text):
    value, unit = re.match(r"([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def wrk(port, connections, headers, seconds, path):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    for i in range(headers):
        command += ["-H", f"X-Header-{i}: value"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", text)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    p50, p99 = (milliseconds(re.search(rf"{p}%\s+(\S+)", text)[1]) for p in (50, 99))
    return requests, rate, p50, p99


class Agent:
    def __init__(self, options, server):
        self.spans = tempfile.NamedTemporaryFile(prefix="bench-spans-")
        begin = time.monotonic()
        self.process = subprocess.Popen([options.gotrace, "--pid", str(server.pid), "--db", options.db, "--format", "none",
                                         "--file", self.spans.name], stderr=subprocess.PIPE, text=True)
        while "tracing" not in (line := self.process.stderr.readline()):
            if not line:
                raise SystemExit("gotrace ended: run as root")
        self.attach = time.monotonic() - begin

    def stop(self):
        time.sleep(0.3)  # the reader's interval and the batch's
        used, peak = cpu(self.process.pid), peak_kb(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        self.process.wait()
        return used, peak, sum(1 for _ in open(self.spans.name)), time.monotonic() - begin


def compare(options, server, port, connections, headers, path):
    rows = []
    for _ in range(options.pairs):
        before = cpu(server.pid)
        plain = wrk(port, connections, headers, options.seconds, path)
        plain_cpu = (cpu(server.pid) - before) / plain[0]
        agent = Agent(options, server)
        before = cpu(server.pid)
        traced = wrk(port, connections, headers, options.seconds, path)
        traced_cpu = (cpu(server.pid) - before) / traced[0]
        used, peak, spans, detach = agent.stop()
        rows.append((traced[1] / plain[1], plain[1], traced[1], plain[2], traced[2], plain[3], traced[3], plain_cpu * 1e6,
                     traced_cpu * 1e6, used / max(spans, 1) * 1e6, peak / 1024, spans, traced[0], agent.attach * 1e3,
                     detach * 1e3))
    m = [statistics.median(column) for column in zip(*rows)]
    missing = sum(row[12] - row[11] for row in rows)
    print(f"{path:6} {connections:5} connections {headers:3} headers: throughput {m[0]:.2f} ({m[1]:.0f} -> {m[2]:.0f}/s), "
          f"p50 {m[3]:.2f} -> {m[4]:.2f} ms, p99 {m[5]:.2f} -> {m[6]:.2f} ms, server {m[7]:.1f} -> {m[8]:.1f} us a request, "
          f"agent {m[9]:.1f} us a span, {m[10]:.0f} MB; requests without a span {missing} of {sum(r[12] for r in rows)}; "
          f"attach {m[13]:.0f} ms, detach {m[14]:.0f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gotrace", required=True)
    parser.add_argument("--db", required=True)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="50 connections only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        server_path = f"{directory}/server"
        subprocess.run(["go", "build", "-ldflags=-s -w", "-o", server_path, "."], cwd=HERE / "server", check=True,
                       env={**os.environ, "CGO_ENABLED": "0"})
        server = subprocess.Popen([server_path], stdout=subprocess.PIPE, text=True)
        try:
            port = int(server.stdout.readline())
            cases = [(50, 3, "/")] if options.quick else [(1, 3, "/"), (50, 3, "/"), (200, 3, "/"), (50, 64, "/"), (200, 3, "/wait")]
            for connections, headers, path in cases:
                compare(options, server, port, connections, headers, path)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
