"""Completions, asked of the real shells: what bash, zsh and fish offer after a given command line."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness

TOOLS = {"gooffsets": "GOOFFSETS", "offsetgen": "OFFSETGEN", "gotrace": "GOTRACE"}


def script(tool, shell):
    done = subprocess.run([harness.tool(TOOLS[tool]), "--completion", shell], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Completion(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        (self.dir / "server").touch()
        (self.dir / "json-file").touch()

    def bash(self, *words):
        tool = words[0]
        program = (f"{script(tool, 'bash')}\nCOMP_WORDS=(\"$@\"); COMP_CWORD=$(($#-1)); _{tool}\n"
                   "printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-uc", program, "bash", *words], cwd=self.dir, capture_output=True, text=True,
                              timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_bash(self):
        self.assertEqual(self.bash("gooffsets", "look"), ["lookup"])
        self.assertIn("resolve", self.bash("gooffsets", ""))
        self.assertNotIn("server", self.bash("gooffsets", ""))  # a subcommand comes first
        self.assertEqual(self.bash("gooffsets", "lookup", "--all"), ["--all-versions"])
        self.assertEqual(self.bash("gooffsets", "lookup", "--format", ""), ["text", "json"])
        self.assertEqual(self.bash("gooffsets", "lookup", "--format", "js"), ["json"])
        self.assertEqual(self.bash("gooffsets", "inspect", "--types", "ser"), ["server"])  # --types takes no value
        self.assertEqual(self.bash("gooffsets", "resolve", "--want", "ser"), ["server"])
        self.assertEqual(self.bash("offsetgen", "--for"), ["--for-binary", "--format"])
        self.assertEqual(self.bash("offsetgen", "verify", "--sam"), ["--sample"])
        self.assertEqual(self.bash("gotrace", "--format", ""), ["text", "json", "otlp-json", "none"])

    def test_zsh(self):
        if not shutil.which("zsh"):
            harness.skip(self, "there is no zsh")
        for tool in TOOLS:
            (self.dir / f"_{tool}").write_text(script(tool, "zsh"))
            done = subprocess.run(["zsh", "-n", f"_{tool}"], cwd=self.dir, capture_output=True, text=True, timeout=30)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        # A terminal of its own, in which a line is typed and Tab pressed: as zsh's own completion tests do it.
        program = r"""
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; fpath=('$PWD' $fpath); autoload -Uz compinit; compinit -u -D; setopt no_beep; zstyle ":completion:*" verbose no'
zpty -w z 'autoload -Uz _gooffsets; bindkey "^I" complete-word; print re''ady'
zpty -r z out '*ready*'
zpty -n -w z $'gooffsets lookup --all-ver\t'
zpty -r z out '*--all-versions*' && print -r -- "$out"
zpty -d z
"""
        done = subprocess.run(["zsh", "-f", "-c", program], cwd=self.dir, capture_output=True, text=True, timeout=60)
        self.assertIn("--all-versions", done.stdout, done.stderr)

    def test_fish(self):
        if not shutil.which("fish"):
            harness.skip(self, "there is no fish")

        def fish(line):
            tool = line.split()[0]
            (self.dir / "completion.fish").write_text(script(tool, "fish"))
            done = subprocess.run(["fish", "--no-config", "-c", "source completion.fish; complete -C $argv[1]", line],
                                  cwd=self.dir, capture_output=True, text=True, timeout=30, env={"HOME": str(self.dir), "PATH": "/usr/bin:/bin"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return [offer.split("\t")[0] for offer in done.stdout.splitlines()]

        self.assertEqual(fish("gooffsets look"), ["lookup"])
        self.assertEqual(fish("gooffsets lookup --all"), ["--all-versions"])
        self.assertEqual(sorted(fish("gooffsets lookup --format ")), ["json", "text"])
        self.assertNotIn("--all-versions", fish("gooffsets inspect --"))

    def test_unknown_shell(self):
        done = subprocess.run([harness.tool("GOOFFSETS"), "--completion", "tcsh"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, harness.USAGE)
        self.assertIn("bash, zsh or fish", done.stderr)


if __name__ == "__main__":
    unittest.main()
