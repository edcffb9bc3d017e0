"""offsetd against its own OpenAPI document: schemathesis asks what the document allows and forbids, and checks every answer."""

import os
import re
import subprocess

import harness
import offsetd_service
import pypi

SCHEMATHESIS = "schemathesis==4.32.5"


class Schema(offsetd_service.ServiceTest):
    def test_the_document_has_every_address(self):
        """What the server itself counts requests by (/metrics) is what the document describes; the pages are no part of it."""
        service = self.start("--feed", self.directory)
        document = service.get("/openapi.yaml")[2].decode()
        paths = re.findall(r"^  (/\S+):$", document, re.MULTILINE)
        for path in paths:
            service.get(path.replace("{file}", "x").replace("{sha256}", "0" * 64), method="POST" if path == "/v1/resolve" else "GET")
        counted = set(re.findall(r'endpoint="([a-z]+)"', service.get("/metrics")[2].decode()))
        described = {path.split("{")[0].strip("/").split("/")[1 if path.startswith("/v1/") else 0].split(".")[0] for path in paths}
        self.assertEqual(described, counted - {"page", "other"})

    def test_no_answer_contradicts_the_document(self):
        program = pypi.program(self, SCHEMATHESIS, "schemathesis")
        feed = self.directory / "feed"
        (feed / "blobs").mkdir(parents=True)
        (feed / "history").mkdir()
        for name in ("manifest.json", "manifest.json.minisig", "history/1.json", "blobs/" + "0" * 64):
            (feed / name).write_text("{}")
        service = self.start("--feed", feed)
        # One worker: threads that parse Python at once fail in CPython 3.11 (python/cpython#106905).
        run = subprocess.run(
            [str(program), "run", str(harness.SOURCE_DIR / "schema/openapi.yaml"), "--url", service.url, "--max-examples", "25",
             "--phases", "examples,coverage,fuzzing", "--seed", "1", "--no-color", "--workers", "1", "--max-response-time", "20",
             "--generation-database", "none",
             # Not every text is a version, a symbol or a want list: a schema cannot say which, so 400 is a right answer.
             "--exclude-checks", "positive_data_acceptance"],
            capture_output=True, text=True, timeout=600, cwd=self.directory, env={**os.environ, "SCHEMATHESIS_HOOKS": ""})
        self.assertEqual(run.returncode, 0, run.stdout[-6000:] + run.stderr[-2000:])
        self.assertEqual(service.json("/v1/status")["ready"], True)


if __name__ == "__main__":
    harness.main()
