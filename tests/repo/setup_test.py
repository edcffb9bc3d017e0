"""scripts/setup installs what docs/dependencies.md explains, and nothing else; programs that scripts call are installed."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Named in the document for what they bring, installed through another package that is in the list.
BROUGHT = {"binutils", "gcc"}
# Programs that scripts call, and the packages that have them. The rest is in every Debian: coreutils, grep, sed, awk, git.
PROGRAMS = {"curl": "curl", "cmake": "cmake", "ninja": "ninja-build", "python3": "python3", "wget": "wget", "jq": "jq",
            "unzip": "unzip", "wrk": "wrk", "openssl": "openssl", "rsync": "rsync", "file": "file"}


def installed():
    text = (ROOT / "scripts/setup").read_text()
    lists = re.findall(r"^(?:test_)?packages=\(\n(.*?)\n\)", text, re.M | re.S)
    lists += re.findall(r'packages\+=\((?:"\$\{test_packages\[@\]\}" )?([^)"$]+)\)', text)
    return {name for words in lists for name in words.split()}


def explained():
    """The first column of each table: packages are spelled as code."""
    rows = re.findall(r"^\| (`[^|]*) \|", (ROOT / "docs/dependencies.md").read_text(), re.M)
    return {name for row in rows for name in re.findall(r"`([a-z0-9][a-z0-9+.-]+)`", row)}


class Setup(unittest.TestCase):
    def test_each_package_is_explained_and_each_explained_one_installed(self):
        self.assertGreater(len(installed()), 40)
        self.assertEqual(installed() - explained(), set(), "docs/dependencies.md does not say what these are for")
        self.assertEqual(explained() - installed() - BROUGHT - {"go"}, set(), "scripts/setup does not install these")

    def test_programs_that_scripts_call_are_installed(self):
        for script in sorted((ROOT / "scripts").iterdir()):
            code = "\n".join(line for line in script.read_text().splitlines() if not line.lstrip().startswith("#"))
            for program, package in PROGRAMS.items():
                if re.search(rf"(?:^|[|&;(] *|\brun |\bnice ){program}\b", code, re.M):
                    self.assertIn(package, installed(), f"{script.name} calls {program}")


if __name__ == "__main__":
    unittest.main()
