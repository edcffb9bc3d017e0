"""Every command that README.md and docs/ show exists, and every option they show is one the tool knows."""

import os
import pathlib
import re
import shlex
import subprocess
import unittest

SOURCE_DIR = pathlib.Path(os.environ.get("GOOFFSETS_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
TOOLS = {"offsetgen": "OFFSETGEN", "gooffsets": "GOOFFSETS", "offsetgen-verify": "OFFSETGEN_VERIFY",
         "update-offsets": "UPDATE_OFFSETS", "offsetd": "OFFSETD"}


def commands(path):
    """Command lines of the fenced blocks of a Markdown file: lines that begin with "$ ", joined at backslashes."""
    inside, found, pending = False, [], ""
    for line in path.read_text().splitlines():
        if line.startswith("```"):
            inside = not inside
            pending = ""
        elif inside and (pending or line.startswith("$ ")):
            pending += line[2:] if not pending else line.strip()
            if pending.endswith("\\"):
                pending = pending[:-1].rstrip() + " "
            else:
                found.append(pending)
                pending = ""
    return found


def documents():
    return [SOURCE_DIR / "README.md", SOURCE_DIR / "CONTRIBUTING.md", *sorted((SOURCE_DIR / "docs").glob("*.md"))]


class Readme(unittest.TestCase):
    def test_scripts_that_are_shown_exist_and_can_be_run(self):
        seen = 0
        for document in documents():
            for command in commands(document):
                program = shlex.split(command, comments=True)[0]
                if program.startswith(("scripts/", ".ci/", "./scripts/", "bench/")):
                    self.assertTrue(os.access(SOURCE_DIR / program, os.X_OK), f"{document.name}: {command}")
                    seen += 1
        self.assertGreaterEqual(seen, 2, "README shows quickstart and test")

    def test_tool_options_that_are_shown_exist(self):
        help_texts, seen = {}, 0
        for document in documents():
            for command in commands(document):
                words = shlex.split(command, comments=True)
                if words[0].endswith(("sudo", "time", "nice")):
                    words = words[1:]
                name = os.path.basename(words[0])
                if name not in TOOLS:
                    continue
                executable = os.environ.get(TOOLS[name])
                if not executable:
                    self.assertEqual(name, "offsetgen-verify", f"{TOOLS[name]} is not set: run through ctest")
                    continue
                sub = [words[1]] if len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]) else []
                key = (name, *sub)
                if key not in help_texts:
                    done = subprocess.run([executable, *sub, "--help"], capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, 0, f"{key}: {done.stderr}")
                    help_texts[key] = done.stdout
                for option in (w.split("=")[0] for w in words if w.startswith("--")):
                    self.assertRegex(help_texts[key], re.escape(option) + r"\b", f"{document.name}: {command}")
                    seen += 1
        self.assertGreater(seen, 5, "README shows the tools' options")

    def test_links_to_files_lead_somewhere(self):
        for document in documents():
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
                self.assertTrue((document.parent / target).exists(), f"{document.name} links to {target}")

    def test_every_cmake_package_is_explained(self):
        explained = (SOURCE_DIR / "docs" / "dependencies.md").read_text()
        setup = (SOURCE_DIR / "scripts" / "setup").read_text()
        for package in re.findall(r"\b(lib[a-z0-9+-]+-dev|nlohmann-json3-dev|llvm-19(?:-dev)?)\b", setup):
            self.assertIn(f"`{package}`", explained, f"docs/dependencies.md does not say what {package} is for")


if __name__ == "__main__":
    unittest.main()
