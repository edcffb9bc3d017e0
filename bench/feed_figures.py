"""What bench/offsetd prints of a feed: sizes and times of publishing and updating, with one Go patch release and one grpc release more."""

import json
import pathlib
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import time
import urllib.request

GROWS_BY = ("std", "google.golang.org/grpc")
UPDATES = 21


def newest(db, module):
    """The newest plain release of a module that was built."""
    rows = db.execute("SELECT DISTINCT v.text FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
                      "WHERE m.path = ? AND b.status = 0", (module,)).fetchall()
    plain = [text for (text,) in rows if re.fullmatch(r"\d+(\.\d+)+", text)]
    return max(plain, key=lambda text: [int(part) for part in text.split(".")])


def earlier_database(db, target):
    """A copy without the builds of the newest release of each of these modules; what they were."""
    shutil.copyfile(db, target)
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA foreign_keys = ON")
    gone = []
    for module in GROWS_BY:
        version = newest(connection, module)
        connection.execute("DELETE FROM build WHERE version IN (SELECT v.id FROM version v JOIN module m ON m.id = v.module "
                           "WHERE m.path = ? AND v.text = ?)", (module, version))
        gone.append(f"{module} {version}")
    connection.commit()
    connection.close()
    return gone


def timed(*command):
    """(seconds, seconds of CPU, standard output)"""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def requests(url):
    text = urllib.request.urlopen(f"{url}/metrics").read().decode()
    return sum(float(n) for n in re.findall(r'^offsetd_requests_total\{[^}]*endpoint="feed"[^}]*\} (\S+)$', text, re.MULTILINE))


def feed_figures(show, build, db, work: pathlib.Path, serve):
    """`serve(arguments)` starts offsetd and gives its address."""
    generator, updater = build / "bin" / "offsetgen", build / "bin" / "update-offsets"
    timed(generator, "keygen", work / "feed.key")
    gone = earlier_database(db, work / "earlier.db")
    feed, place = work / "feed", work / "place"

    def publish(database):
        return timed(generator, "publish", "--db", database, "--feed", feed, "--sign", work / "feed.key", "--format", "json")

    _, cpu, out = publish(work / "earlier.db")
    show(f"first publication, {json.loads(out)['builds_added']} builds: CPU", f"{cpu:.1f} s")
    url = serve(["--feed", feed])

    def update(*more, to=place):
        return timed(updater, "--from", f"{url}/feed", "--key", work / "feed.pub", "--dir", to, *more)

    update()
    _, cpu, out = publish(db)
    made = json.loads(out)
    delta = made["deltas"][0]["size"]
    show(f"next publication, with {' and '.join(gone)}: CPU", f"{cpu:.1f} s")
    show("  the whole, compressed", f"{made['full_size'] / 1e6:.2f} MB")
    show("  the difference", f"{delta / 1e3:.0f} kB", f"target: 5 % of the whole; is {100 * delta / made['full_size']:.1f} %")
    seconds, cpu, _ = update()
    show("update-offsets: brings and installs the difference", f"{seconds * 1000:.0f} ms", f"CPU {cpu * 1000:.0f} ms")
    seconds, cpu, _ = update(to=work / "other-place")
    show("  the whole, where nothing is installed", f"{seconds * 1000:.0f} ms", f"CPU {cpu * 1000:.0f} ms")
    before = requests(url)
    runs = [update() for _ in range(UPDATES)]
    show("update-offsets with nothing new, median", f"{statistics.median(s for s, _, _ in runs) * 1000:.0f} ms",
         f"target: 50 ms; CPU {statistics.median(c for _, c, _ in runs) * 1000:.0f} ms")
    show("  requests of one run", f"{(requests(url) - before) / UPDATES:.0f}", "target: 1")
