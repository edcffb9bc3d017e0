"""offsetd under bad conditions: databases replaced while it answers, slow and too many clients, being stopped, a proxy before it."""

import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

import harness
import offsetd_service
from offsetd_service import WAIT, quoted, released_database

URL = "/v1/offsets?" + offsetd_service.URL.format(version="1.26.8")
# What another content of the file says of the same question: the number is one that no Go release has.
MOVED = "UPDATE field SET offset = 9999 WHERE name = (SELECT id FROM string WHERE text = 'URL')"


class Askers:
    """Clients that ask without a pause until told to stop; every answer is kept count of."""

    def __init__(self, service, count):
        self.service, self.stop_now = service, threading.Event()
        self.seen, self.failed, self.lock = {}, [], threading.Lock()
        self.threads = [threading.Thread(target=self._run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=WAIT)
        number = 0
        while not self.stop_now.is_set():
            number += 1
            try:
                # Every other question is a new one for the cache.
                status, _, body = self.service.get(URL + ("" if number % 2 else "&promoted=true"), connection=connection)
                answer = json.loads(body)
                key = (status, answer["status"], answer.get("offset"))
            except (OSError, http.client.HTTPException, ValueError) as error:
                with self.lock:
                    self.failed.append(repr(error))
                return
            with self.lock:
                self.seen[key] = self.seen.get(key, 0) + 1
        connection.close()

    def finish(self):
        self.stop_now.set()
        for thread in self.threads:
            thread.join(WAIT)
        return self.seen, self.failed


class Swapping(offsetd_service.ServiceTest):
    def test_no_request_fails_while_databases_are_swapped(self):
        first, second = self.copy_of_database("first.db"), self.edited_database(MOVED, "second.db")
        served = self.directory / "current.db"
        shutil.copyfile(first, served)
        service = self.start("--poll-seconds", "0.05", db=served)
        askers = Askers(service, 4)
        for number, source in enumerate((second, first, second), 1):
            fresh = self.directory / "next.db"
            shutil.copyfile(source, fresh)
            os.replace(fresh, served)
            if number == 2:
                service.process.send_signal(signal.SIGHUP)
            service.wait_for(f"swap {number}", lambda: service.metrics()["offsetd_swaps_total"] >= number)
        self.assertEqual(service.json(URL)["offset"], 9999)
        seen, failed = askers.finish()
        self.assertEqual(failed, [])
        self.assertLessEqual(set(seen), {(200, "found", 16), (200, "found", 9999)}, "an answer of neither database")
        self.assertEqual(len(seen), 2, seen)
        self.assertEqual(service.stop(), 0)

    def test_a_file_that_cannot_be_served_changes_nothing(self):
        served = self.copy_of_database()
        service = self.start("--poll-seconds", "0.05", db=served)
        whole = released_database().read_bytes()
        newer = bytearray(whole)
        newer[60:64] = (9999).to_bytes(4, "big")  # user_version (https://www.sqlite.org/fileformat.html §1.3.18)
        for number, (content, word) in enumerate([(b"no database" * 1000, "not an SQLite file"), (bytes(newer), "level 9999"),
                                                  (whole[:len(whole) // 2], "malformed")], 1):
            fresh = self.directory / "next.db"
            fresh.write_bytes(content)
            os.replace(fresh, served)
            service.wait_for(f"refusal {number}", lambda: service.metrics()["offsetd_swap_failures_total"] >= number)
            self.assertEqual(service.json(URL)["offset"], 16)
            self.assertEqual(service.metrics()["offsetd_last_swap_failed"], 1)
            self.assertTrue(any(word in line for line in service.log), (word, service.log))
            self.assertNotEqual(service.json("/v1/status")["last_error"], "")
            self.assertEqual(service.get("/readyz")[0], 200)
        fresh.write_bytes(whole)
        os.replace(fresh, served)
        service.wait_for("recovery", lambda: service.metrics()["offsetd_last_swap_failed"] == 0)
        os.unlink(served)
        self.assertEqual(service.json(URL + "&promoted=true")["offset"], 16)

    def test_a_working_database_is_served_from_a_copy(self):
        served = self.copy_of_database()
        subprocess.run(["sqlite3", str(served), "PRAGMA journal_mode = WAL"], check=True, timeout=WAIT, capture_output=True)
        service = self.start("--poll-seconds", "0.05", db=served)
        self.assertEqual(service.json(URL)["offset"], 16)
        subprocess.run(["sqlite3", str(served), MOVED], check=True, timeout=WAIT, capture_output=True)
        service.wait_for("the swap", lambda: service.json(URL)["offset"] == 9999)


class Limits(offsetd_service.ServiceTest):
    def ends(self, connection):
        """Waits until the server has ended the connection; what it sent before."""
        got = b""
        try:
            while part := connection.recv(65536):
                got += part
        except ConnectionError:
            pass
        connection.close()
        return got

    def test_slow_clients_are_ended_and_others_served(self):
        service = self.start("--header-seconds", "1", "--request-seconds", "1.5")
        slow = [service.raw() for _ in range(50)]
        stop = threading.Event()

        def drip():  # one byte now and then: it never is idle
            while not stop.wait(0.1):
                for connection in slow:
                    try:
                        connection.send(b"G")
                    except OSError:
                        pass
        dripper = threading.Thread(target=drip)
        begin = time.monotonic()
        dripper.start()
        body = service.raw()
        body.sendall(b"POST /v1/resolve HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        self.assertEqual(service.json(URL)["offset"], 16)
        for connection in [*slow, body]:
            self.assertNotIn(b"200 OK", self.ends(connection))
        stop.set()
        dripper.join()
        self.assertLess(time.monotonic() - begin, 30)
        self.assertGreaterEqual(service.metrics()["offsetd_slow_clients_total"], 1)
        self.assertEqual(service.json(URL)["offset"], 16)

    def test_sizes_are_limited(self):
        service = self.start("--max-body-kb", "64")
        connection = service.raw()
        try:
            connection.sendall(b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        except OSError:
            pass  # it may have hung up already
        self.assertNotIn(b" 200 ", self.ends(connection))
        connection = service.raw()
        try:
            connection.sendall(b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * (1 << 20) + b"\r\n\r\n")
        except OSError:
            pass
        self.assertNotIn(b" 200 ", self.ends(connection))
        self.assertEqual(service.get("/v1/resolve", method="POST", body=b"x" * 65537)[0], 413)
        connection = service.raw()  # a length that is not told
        connection.sendall(b"POST /v1/resolve HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(200):
                connection.sendall(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        self.assertNotIn(b" 200 ", self.ends(connection))
        self.assertEqual(service.json(URL)["offset"], 16)
        self.assertLess(service.memory("VmHWM"), 64 << 20)

    def test_rate_of_an_address_is_limited(self):
        service = self.start("--burst", "5", rate="0.01")
        statuses = [service.get(URL)[0] for _ in range(8)]
        self.assertEqual(statuses, [200] * 5 + [429] * 3)
        self.assertEqual(service.get(URL)[1]["retry-after"], "1")

    def test_many_connections(self):
        count = 10_000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < count + 200:
            harness.skip(self, f"the limit of open files is {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        service = self.start("--max-connections-per-address", "0", "--max-connections", "12000", "--header-seconds", "300",
                             "--idle-seconds", "300")
        connections = [service.raw() for _ in range(count)]
        self.addCleanup(lambda: [c.close() for c in connections])
        for connection in connections:
            connection.sendall(f"GET {URL} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        for connection in connections:
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 "))
        self.assertGreaterEqual(service.metrics()["offsetd_connections"], count)

    def test_connections_of_one_address_are_limited(self):
        service = self.start("--max-connections-per-address", "4")
        held = [service.raw() for _ in range(4)]
        for connection in held:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200 OK", connection.recv(4096))
        more = service.raw()
        self.assertEqual(self.ends(more), b"")
        held.pop().close()
        service.wait_for("a free place", lambda: self.asks(service))
        for connection in held:
            connection.close()

    def asks(self, service):
        try:
            return service.get("/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def test_the_access_log_cannot_be_forged(self):
        log = self.directory / "access.log"
        service = self.start(log=log)
        connection = service.raw()
        connection.sendall(b"GET /x\x1b[31m%0a{\"status\":200} HTTP/1.1\r\nHost: x\r\nUser-Agent: a\x1b\x07\xff\xc2\x9bb\r\nConnection: close\r\n\r\n")
        self.ends(connection)
        service.get("/healthz")
        moved = self.directory / "access.log.1"
        service.wait_for("log lines", lambda: log.exists() and b"healthz" in log.read_bytes())
        os.rename(log, moved)
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("a new log", log.exists)
        service.get("/v1/modules")
        self.assertEqual(service.stop(), 0)
        text = moved.read_bytes() + log.read_bytes()
        self.assertIn(b"/v1/modules", log.read_bytes())
        self.assertFalse([byte for byte in text if byte < 32 and byte != 10])
        lines = [json.loads(line) for line in text.decode().splitlines()]
        self.assertTrue(all(line["status"] in (200, 400, 404) for line in lines), lines)


class Stopping(offsetd_service.ServiceTest):
    def test_answers_that_have_begun_are_finished(self):
        feed = self.directory / "feed"
        feed.mkdir()
        with open(feed / "large", "wb") as large:
            large.truncate(64 << 20)
        service = self.start("--feed", feed)
        idle = service.raw()  # waits for its next request
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b"200 OK", idle.recv(4096))
        busy = service.raw()
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        busy.sendall(b"GET /feed/large HTTP/1.1\r\nHost: x\r\n\r\n")
        head = busy.recv(4096)
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
        service.process.send_signal(signal.SIGTERM)
        self.assertEqual(idle.recv(4096), b"")
        received = len(head) - head.index(b"\r\n\r\n") - 4
        with self.assertRaises(OSError):
            service.raw()
        while part := busy.recv(1 << 20):
            received += len(part)
        self.assertEqual(received, 64 << 20)
        self.assertEqual(service.process.wait(WAIT), 0)
        for connection in (idle, busy):
            connection.close()

    def test_a_client_that_does_not_read_is_cut_off(self):
        feed = self.directory / "feed"
        feed.mkdir()
        with open(feed / "large", "wb") as large:
            large.truncate(64 << 20)
        service = self.start("--feed", feed, "--drain-seconds", "0.5")
        busy = service.raw()
        busy.sendall(b"GET /feed/large HTTP/1.1\r\nHost: x\r\n\r\n")
        busy.recv(1)
        self.assertEqual(service.stop(), 5)
        busy.close()


if __name__ == "__main__":
    harness.main()
