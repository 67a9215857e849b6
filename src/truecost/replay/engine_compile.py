"""Where the simulator's machine code is kept: compiled once by Numba, in the user's cache directory.

The directory's name holds this package's version and a hash of the kernels' source and of Python's and
Numba's versions, so no stale code is ever loaded. Where nothing can be written (a read-only machine without a
home) the kernels compile anew in every process. Numba is untyped: its decorators are used here and nowhere
else.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from truecost.version import VERSION

F = TypeVar("F", bound=Callable[..., Any])
KERNELS = (
    "engine_compile.py",
    "engine_state.py",
    "engine_prefix.py",
    "engine_slots.py",
    "engine_timing.py",
    "engine_step.py",
    "engine_heap.py",
    "engine_routing.py",
    "engine_fleet.py",
    "engine_kernel.py",
)
"""The modules whose source the compiled code comes from; a change in any of them makes all anew."""
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
"""Of Numba: kernels allocate nothing, so references need no counting (`_nrt`), which makes them fast."""


def user_cache() -> Path | None:
    """The user's cache directory as the platform has it; None without a home."""
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"])
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"])
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"


def writable(directory: Path) -> bool:
    """Whether a file can be made in a directory, which is made if need be."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


@cache
def cache_directory() -> Path | None:
    """Where the compiled kernels are kept: by version and source; None if nothing can be written there.

    `NUMBA_CACHE_DIR`, Numba's own variable, goes before the user's cache directory.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(named) if named else user_cache()
    if base is None:
        return None
    made_by = f"{sys.implementation.cache_tag} {metadata.version('numba')}".encode()
    source = b"".join(Path(__file__).with_name(name).read_bytes() for name in KERNELS)
    digest = hashlib.sha256(made_by + source).hexdigest()[:16]
    directory = base / "truecost" / f"engine-{VERSION}-{digest}"
    return directory if writable(directory) else None


def kernel(function: F) -> F:
    """A function compiled into the kernel that calls it."""
    numba = importlib.import_module("numba")
    return numba.njit(**OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def entry(function: F) -> F:
    """A kernel called from Python: compiled on its first call, kept in `cache_directory()` if any."""
    numba = importlib.import_module("numba")
    directory = cache_directory()
    if directory is None:
        return numba.njit(**OPTIONS)(function)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(directory)
    try:
        return numba.njit(**OPTIONS, cache=True)(function)
    except RuntimeError:
        return numba.njit(**OPTIONS)(function)
    finally:
        numba.config.CACHE_DIR = before


def kept() -> bool:
    """Whether compiled code of these kernels lies in the cache directory."""
    directory = cache_directory()
    return directory is not None and any(directory.rglob("*.nbc"))
