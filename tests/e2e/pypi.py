"""Programs from PyPI, each in an environment of its own below the tests' cache; brought by pip once."""

import fcntl
import subprocess
import sys

import harness


def program(test, requirement, name):
    """The path of what `requirement` ("schemathesis==4.32.5") installs as `name`. Skips the test where no environment can be made."""
    home = harness.cache_root() / requirement.replace("==", "-")
    with open(harness.cache_root() / f"{home.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            try:
                subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True, capture_output=True, text=True, timeout=300)
            except subprocess.CalledProcessError as error:
                harness.skip(test, f"no Python environment can be made (Debian: python3-venv): {error.stderr[-200:]}")
            done = subprocess.run([str(home / "bin" / "pip"), "install", "-q", requirement], capture_output=True, text=True, timeout=600)
            if done.returncode != 0:
                raise AssertionError(f"pip cannot bring {requirement}: {done.stderr[-2000:]}")
            (home / "ready").touch()
    return home / "bin" / name
