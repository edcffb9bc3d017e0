"""What offsetd answers: the same as the query tool over the same database, and proper HTTP around it."""

import gzip
import json
import subprocess

import harness
import offsetd_service
from offsetd_service import quoted, released_database

GRPC = "google.golang.org/grpc"
SYMBOLS = [("std", "1.26.8", "", "net/http.Request.URL"), ("std", "1.26.8", "", "net/http.Request"),
           ("std", "1.26.8", "", "net/http.(*Server).Serve"), ("std", "1.26.8", "", "net/http.Request.Nope"),
           ("std", "9.9.9", "", "net/http.Request.URL"), (GRPC, "1.60.1", "1.26.8", GRPC + "/internal/transport.Stream.method"),
           (GRPC, "1.60.1", "", GRPC + "/internal/transport.Stream"), ("example.com/none", "1.0.0", "", "example.com/none.T")]


class Api(offsetd_service.ServiceTest):
    def test_answers_are_those_of_the_query_tool(self):
        service = self.start()
        compared = 0
        for module, version, go, symbol in SYMBOLS:
            for arch in ("amd64", "arm64"):
                parameters = {"module": module, "version": version, "goarch": arch, "symbol": symbol, **({"go": go} if go else {})}
                command = [harness.tool("GOOFFSETS"), "lookup", "--db", str(released_database()), "--module", module, "--version",
                           version, "--arch", arch, "--format", "json", *(["--go", go] if go else [])]
                lookup = subprocess.run([*command, symbol], capture_output=True, timeout=60)
                self.assertEqual(service.get("/v1/offsets?" + quoted(**parameters))[2], lookup.stdout)
                compared += 1
        everything = subprocess.run([harness.tool("GOOFFSETS"), "lookup", "--db", str(released_database()), "--module", GRPC, "--arch",
                                     "amd64", "--format", "json", "--all-versions", GRPC + "/internal/transport.Stream.method"],
                                    capture_output=True, timeout=60).stdout
        runs = service.get("/v1/runs?" + quoted(module=GRPC, goarch="amd64", symbol=GRPC + "/internal/transport.Stream.method"))[2]
        self.assertEqual(runs, everything)
        self.assertEqual(compared, 2 * len(SYMBOLS))

    def test_etags_conditions_and_head(self):
        service = self.start()
        target = "/v1/offsets?" + offsetd_service.URL.format(version="1.26.8")
        status, headers, body = service.get(target)
        self.assertEqual((status, headers["cache-control"]), (200, "public, max-age=60"))
        for again in range(2):  # made, and out of the cache
            self.assertEqual(service.get(target, If_None_Match=headers["etag"])[0::2], (304, b""))
            self.assertEqual(service.get(target, If_None_Match='"other"')[0], 200)
            head = service.get(target, method="HEAD")
            self.assertEqual((head[0], head[2], head[1]["content-length"]), (200, b"", str(len(body))))
        self.assertEqual(service.get("/v1/status")[1]["cache-control"], "no-store")

    def test_answers_are_compressed_for_those_who_ask(self):
        service = self.start()
        plain = service.get("/v1/modules")
        packed = service.get("/v1/modules", Accept_Encoding="gzip")
        self.assertEqual(packed[1]["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed[2]), plain[2])
        zstd = service.get("/v1/modules", Accept_Encoding="gzip, zstd")
        self.assertEqual(zstd[1]["content-encoding"], "zstd")
        unpacked = subprocess.run(["zstd", "-d"], input=zstd[2], capture_output=True, check=True, timeout=60).stdout
        self.assertEqual(unpacked, plain[2])
        self.assertEqual(len({plain[1]["etag"], packed[1]["etag"], zstd[1]["etag"]}), 3)
        self.assertEqual(plain[1]["vary"], "Accept-Encoding")

    def test_a_stripped_program_is_resolved_from_its_facts(self):
        """Offsets of a want list, of a program that only its inspected facts describe: as the compiler laid it out."""
        service = self.start("--token-file", self.token("0123456789abcdef0123"))
        facts = {"goarch": "amd64", "go_version": "1.26.8", "cgo": False,
                 "modules": [{"path": GRPC, "version": "v1.60.1", "sum": "", "replaced_by": None, "code_version": "1.60.1"}]}
        body = json.dumps({"binary": facts, "wants": ["net/http.Request.URL", "net/http.(*Server).Serve", "net/http.Request.Nope"]})
        self.assertEqual(service.get("/v1/resolve", method="POST", body=body)[0], 401)
        answer = service.json("/v1/resolve", method="POST", body=body, Authorization="Bearer 0123456789abcdef0123")
        wants = {want["as"]: want for want in answer["probes"][0]["wants"]}
        self.assertEqual(wants["net/http.Request.URL"]["offset"], 16)  # unsafe.Offsetof(http.Request{}.URL)
        self.assertEqual(wants["net/http.Request.URL"]["source"], "exact")
        self.assertEqual(wants["net/http.(*Server).Serve"]["function"]["params"][0]["pieces"][0]["reg"], "RAX")
        self.assertEqual(wants["net/http.Request.Nope"]["status"], "absent")

    def token(self, text):
        path = self.directory / "token"
        path.write_text(text + "\n")
        return path

    def test_a_feed_is_served_with_ranges_and_without_ways_out(self):
        feed = self.directory / "feed"
        (feed / "blobs").mkdir(parents=True)
        blob = bytes(range(256)) * 1000
        name = "0" * 64
        (feed / "blobs" / name).write_bytes(blob)
        (feed / "manifest.json").write_text("{}")
        (self.directory / "secret").write_text("secret")
        service = self.start("--feed", feed)
        status, headers, body = service.get(f"/feed/blobs/{name}")
        self.assertEqual((status, body), (200, blob))
        self.assertIn("immutable", headers["cache-control"])
        status, headers, body = service.get(f"/feed/blobs/{name}", Range="bytes=1000-1999")
        self.assertEqual((status, body, headers["content-range"]), (206, blob[1000:2000], f"bytes 1000-1999/{len(blob)}"))
        self.assertEqual(service.get(f"/feed/blobs/{name}", Range="bytes=-1")[2], blob[-1:])
        self.assertEqual(service.get(f"/feed/blobs/{name}", Range=f"bytes={len(blob)}-")[0], 416)
        self.assertEqual(service.get("/feed/manifest.json")[1]["cache-control"], "no-cache")
        for path in ("../secret", "%2e%2e/secret", "..%2f..%2fetc/passwd", "blobs/../../secret", "%00", "blobs"):
            status, _, body = service.get("/feed/" + path)
            self.assertIn(status, (400, 404), path)
            self.assertNotIn(b"secret\n", body)

    def test_malformed_requests_are_told_what_is_wrong(self):
        service = self.start()
        for target in ("/v1/offsets", "/v1/offsets?module=std&version=x&goarch=amd64&symbol=a.T", "/v1/offsets?%ff", "/v1/offsets?a=%",
                       "/v1/offsets?a=1&a=2", "/v1/symbols?prefix=a&limit=-1", "/v1/versions", "/a/../b"):
            problem = service.json(target, status=400)
            self.assertEqual(problem["status"], 400)
            self.assertTrue(problem["detail"], target)
        self.assertEqual(service.get("/v1/offsets", method="POST", body=b"x")[0], 405)
        self.assertEqual(service.get("/v1/resolve")[0], 405)
        self.assertEqual(service.json("/v1/resolve", method="POST", body=b"\xff\xfe", status=400)["status"], 400)
        self.assertEqual(service.json("/v1/versions?module=none", status=404)["code"], "not found")
        self.assertEqual(service.get("/" + "a" * 5000)[0], 414)

    def test_memory_stays_small_with_the_released_database(self):
        service = self.start()
        versions = [v["version"] for v in service.json("/v1/versions?module=" + GRPC)["versions"] if v["amd64"]["builds"]]
        for version in versions[:40]:
            service.get("/v1/offsets?" + quoted(module=GRPC, version=version, goarch="amd64", symbol=GRPC + ".Server.opts"))
        self.assertLess(service.memory("VmHWM"), 64 << 20)


if __name__ == "__main__":
    harness.main()
