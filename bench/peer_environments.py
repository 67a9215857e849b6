"""Environments of their own for the packages that benchmarks set beside ours.

An environment is made once from PyPI and kept in the user's cache; what does not install or does not run is
said, with the last line of why.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "truecost-bench"
INSTALL_S, RUN_S = 1_200, 900


class Failed(Exception):  # noqa: N818  (it is what is printed)
    """Why a peer has no figure."""


def environment(requirement: str) -> Path:
    """The interpreter of an environment that has a package; made where it is not there yet."""
    folder = HOME / re.sub(r"[^a-z0-9.]+", "-", requirement)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "installed"
    if not ready.exists():
        print(f"installing {requirement}, once, into {folder.name} of the user's cache", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement)
        called(python, *install, limit_s=INSTALL_S)
        ready.touch()
    return python


def called(*command: object, limit_s: float = RUN_S) -> str:
    """What a command prints. Raises Failed with its last line."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {limit_s:,.0f} s") from None
    except OSError as error:
        raise Failed(str(error.strerror)) from None
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Failed(lines[-1].strip() if lines else f"exit code {done.returncode}")
    return done.stdout
