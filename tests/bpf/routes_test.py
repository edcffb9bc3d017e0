"""Probes that only copied requests need go where no request is copied, and come back with the first that is."""

import collections

import harness
import tracing

ENOUGH = 10_000  # requests in a row, tools/gotrace/route_probes.h


class Routes(tracing.Case):
    def probes_until(self, wanted):
        """Waits until the agent says so many probes; None: any."""
        def attached():
            return int(tracing.metrics_of(self.metrics)["gotrace_probes", ""])

        tracing.until(lambda: attached() == wanted if wanted is not None else attached(), f"{wanted} probes attached")
        return attached()

    def test_probes_leave_and_return(self):
        path = tracing.built("routes", "1.27.4", ("-s", "-w"))
        target = tracing.Target(path)
        self.addCleanup(target.close)
        self.metrics = f"127.0.0.1:{tracing.free_port()}"
        tracer = tracing.Tracer(self.folder, "--exe", path, "--metrics", self.metrics)
        self.addCleanup(tracer.close)
        all_probes = self.probes_until(None)
        sent = collections.Counter()

        def work(what, count):
            target.work(f"{what} {count}")
            sent[what] += count

        work("own", ENOUGH + 100)
        self.probes_until(all_probes - 2)
        work("own", 100)
        work("copied", 1)
        self.probes_until(all_probes)
        work("copied", 200)
        work("own", ENOUGH + 100)
        work("copied", 1)
        spans = tracer.stop()
        by_path = collections.defaultdict(list)
        for span in spans:
            by_path[span["url.path"].split("/")[1]].append(span)
        self.assertEqual({what: len(found) for what, found in by_path.items()}, sent)
        self.assertEqual({span.get("http.route") for span in by_path["own"]}, {"/own/{id}"})
        self.assertEqual([span.get("http.route") for span in by_path["copied"]], [None] + 201 * ["/copied/{id}"])
        print(f"\ncompared: routes of {len(spans)} spans", flush=True)


if __name__ == "__main__":
    harness.main()
