"""Dependencies point one way: base <- go <- binary <- {dwarf, store} <- resolve <- c_api, tools (docs/how-it-works.md)."""

import os
import pathlib
import re
import unittest

SOURCE_DIR = pathlib.Path(os.environ.get("GOOFFSETS_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
LIBRARY = SOURCE_DIR / "libgooffsets"

# What a folder may include from the library's other folders.
ALLOWED = {
    "base": set(),
    "go": {"base"},
    "binary": {"base", "go"},
    "dwarf": {"base", "go", "binary"},
    "store": {"base", "go", "binary"},
    "resolve": {"base", "go", "binary", "dwarf", "store"},
    "feed": {"base", "store"},
    "c_api": {"resolve"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)
# Headers of the C++ standard library have no extension; these are the C ones that the public API may use.
PUBLIC_THIRD_PARTY = {"tl/expected.hpp"}
C_STANDARD = {"stddef.h", "stdint.h"}


def includes(path):
    return [name for _, name in INCLUDE.findall(path.read_text(errors="replace"))]


def sources(directory, *suffixes):
    return sorted(p for p in directory.rglob("*") if p.suffix in (suffixes or (".h", ".cc")))


class IncludeDirection(unittest.TestCase):
    def test_each_folder_includes_only_what_lies_below_it(self):
        checked = 0
        for path in sources(LIBRARY / "src"):
            folder = path.relative_to(LIBRARY / "src").parts[0]
            self.assertIn(folder, ALLOWED, f"{path}: a folder that the list of layers does not know")
            for name in includes(path):
                target = name.split("/")[0]
                if "/" in name and target in ALLOWED and target != folder:
                    self.assertIn(target, ALLOWED[folder], f"{path.relative_to(SOURCE_DIR)} includes {name}")
                checked += 1
        self.assertGreater(checked, 10, "the test looked at nothing: has the tree moved?")

    def test_the_library_does_not_include_tools(self):
        tools = {p.name for p in sources(SOURCE_DIR / "tools", ".h")}
        own = {p.name for p in sources(LIBRARY, ".h")}
        for path in sources(LIBRARY):
            for name in includes(path):
                self.assertFalse(name.startswith(("tools/", "offsetgen/", "common/")), f"{path} includes {name}")
                if "/" not in name and name.endswith(".h"):
                    self.assertFalse(name in tools and name not in own, f"{path} includes {name}")

    def test_public_headers_show_no_third_party_type(self):
        headers = sources(LIBRARY / "include", ".h")
        self.assertGreater(len(headers), 3)
        for path in headers:
            for name in includes(path):
                standard = "/" not in name and (not name.endswith((".h", ".hpp")) or name in C_STANDARD)
                self.assertTrue(standard or name.startswith("gooffsets/") or name in PUBLIC_THIRD_PARTY,
                                f"{path.relative_to(SOURCE_DIR)} includes {name}")

    def test_the_library_never_prints_exits_or_reads_the_environment(self):
        forbidden = re.compile(r"\bstd::(cout|cerr|clog|exit|abort|getenv)\b|(?<![\w.:>])(printf|puts|exit|abort|getenv)\s*\(")
        for path in sources(LIBRARY):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                code = line.split("//")[0]
                self.assertIsNone(forbidden.search(code), f"{path.relative_to(SOURCE_DIR)}:{number}: {line.strip()}")

    def test_files_stay_small(self):
        for root in ("libgooffsets", "tools", "tests", "fuzz", "bench"):
            for path in sources(SOURCE_DIR / root):
                lines = len(path.read_text(errors="replace").splitlines())
                self.assertLessEqual(lines, 600, f"{path.relative_to(SOURCE_DIR)}: one idea a file, about 500 lines")

    def test_every_header_opens_with_what_it_is_for(self):
        for root in ("libgooffsets", "tools"):
            for path in sources(SOURCE_DIR / root, ".h"):
                self.assertTrue(path.read_text().startswith("//"), f"{path.relative_to(SOURCE_DIR)} has no opening comment")

    def test_no_notes_to_self(self):
        marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
        for root in ("libgooffsets", "tools", "tests", "scripts", "docs", "bench", "fuzz", "schema", "cmake"):
            for path in sorted((SOURCE_DIR / root).rglob("*")):
                if path.suffix in (".h", ".cc", ".py", ".go", ".md", ".txt", ".cmake", ".sql", ".json") and path.is_file():
                    found = marks.search(path.read_text(errors="replace"))
                    self.assertIsNone(found, f"{path.relative_to(SOURCE_DIR)}: {found}")


if __name__ == "__main__":
    unittest.main()
