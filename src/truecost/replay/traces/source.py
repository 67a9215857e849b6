"""A file that holds a trace: what it is, its head, its lines, and how much memory it may take."""

from __future__ import annotations

import gzip
import json
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from truecost.spec import Problem, SpecError

PARQUET, CSV, JSONL, JSON = "Parquet", "CSV", "JSONL", "JSON"
CONTAINERS = (PARQUET, CSV, JSONL, JSON)
_LONGEST_FIRST_LINE = 1 << 26
_HEAD = 1 << 16
_LONGEST_VALUE = 60
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_BYTES_IN_MEMORY = {PARQUET: 12.0, CSV: 2.5, JSONL: 7.0, JSON: 16.0}
"""Bytes of memory that reading takes at its peak for each byte of the file, measured, rounded up."""
_GZIP_RATIO = 6.0
_UNREADABLE = (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Source:
    """A file and how it is packed; `first` is its first line of text without its end."""

    path: str
    container: str
    zipped: bool
    first: str
    first_line: int = 1

    def place(self, line: int | None = None) -> str:
        """The file, with a line."""
        return self.path if line is None else f"{self.path}:{line}"

    def open(self) -> IO[str]:
        """The text, decoded strictly."""
        return _text(self.path, self.zipped)

    def document(self) -> Any:
        """The whole file as one JSON document."""
        try:
            with self.open() as file:
                return json.load(file)
        except json.JSONDecodeError as error:
            refuse(self.place(error.lineno), f"this is not JSON: {error.msg}, column {error.colno}")
        except (*_UNREADABLE, RecursionError) as error:
            refuse(self.path, f"this cannot be read as JSON: {error}")

    def json_lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Line number and object of every line that is not blank."""
        for number, line in self.lines():
            try:
                value = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                refuse(self.place(number), f"this line is not JSON ({error}); is it cut off?", value=line)
            if not isinstance(value, dict):
                refuse(self.place(number), "this line is not a JSON object", value=line)
            yield number, cast("dict[str, Any]", value)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Line number and text of every line that is not blank."""
        number = 0
        try:
            with self.open() as file:
                for number, line in enumerate(file, 1):
                    if not line.isspace():
                        yield number, line.rstrip("\r\n")
        except _UNREADABLE as error:
            refuse(self.place(number + 1), f"from here on this is not text in UTF-8: {error}")


def refuse(
    place: str, message: str, *, field: str = "", value: object = "", allowed: str = "", nearest: str = ""
) -> NoReturn:
    """Stop reading a trace with one problem: where, which column, what stands there, what could."""
    text = str(value)
    short = text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
    hint = f"; the nearest that can be is {nearest}" if nearest else ""
    raise SpecError([Problem(place, field, short, message + hint, (allowed,) if allowed else ())])


def open_source(path: str | os.PathLike[str]) -> Source:
    """What a file is, from its first bytes. Raises SpecError for one that can hold no trace."""
    name = os.fspath(path)
    _check_file(name)
    with open(name, "rb") as file:
        start = file.read(4)
    if not start:
        refuse(name, "the file is empty")
    if start == _PARQUET:
        source = Source(name, PARQUET, False, "")
        _check_memory(source)
        return source
    zipped = start[:2] == _GZIP
    line, first = _first_line(name, zipped)
    source = Source(name, _container(first), zipped, first, line)
    _check_memory(source)
    return source


def _check_file(name: str) -> None:
    """The file is there and is one."""
    try:
        mode = os.stat(name).st_mode
    except OSError as error:
        refuse(name, error.strerror or str(error))
    except ValueError as error:
        refuse(name, str(error))
    if stat.S_ISDIR(mode):
        files = sorted(one.name for one in Path(name).iterdir() if one.is_file())
        near = f"{name.rstrip('/')}/{files[0]}" if files else ""
        refuse(name, "this is a directory; a trace is one file", nearest=near)
    if not stat.S_ISREG(mode):
        refuse(name, "this is not a regular file; write what it gives to a file first")
    if not os.access(name, os.R_OK):
        refuse(name, "no permission to read it")


def _text(path: str, zipped: bool) -> IO[str]:
    if zipped:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return open(path, encoding="utf-8-sig", newline="")


def _first_line(name: str, zipped: bool) -> tuple[int, str]:
    try:
        with gzip.open(name, "rb") if zipped else open(name, "rb") as raw:
            head = cast("IO[bytes]", raw).read(_HEAD)
        if b"\0" in head:
            refuse(name, "this is binary, neither text nor Parquet", allowed=", ".join(CONTAINERS))
        with _text(name, zipped) as file:
            number, line = 0, "\n"
            while line.isspace():
                number, line = number + 1, file.readline(_LONGEST_FIRST_LINE)
    except (*_UNREADABLE, OSError) as error:
        refuse(name, f"this is not text in UTF-8: {error}", allowed=", ".join(CONTAINERS))
    if not line:
        refuse(name, "the file holds blank lines alone")
    return number, line.rstrip("\r\n")


def _container(first: str) -> str:
    """What the first line belongs to: an object on a line is JSONL, one that goes on is a document."""
    opening = first.lstrip()[:1]
    if opening == "[":
        return JSON
    if opening != "{":
        return CSV
    return JSON if first.strip() == "{" or not first.rstrip().endswith("}") else JSONL


def _check_memory(source: Source) -> None:
    """Refuses what would not fit into the memory that is free, before it is read."""
    size = os.path.getsize(source.path) * (_GZIP_RATIO if source.zipped else 1)
    needed, free = size * _BYTES_IN_MEMORY[source.container], free_memory_bytes()
    if free is not None and needed > free:
        refuse(
            source.path,
            f"a {source.container} file of {size / 1e9:.3g} GB takes about {needed / 1e9:.3g} GB of memory "
            f"to read and {free / 1e9:.3g} GB are free; split it, or write it as Parquet where there is more",
        )


def free_memory_bytes() -> float | None:
    """Bytes of memory that are free or can be freed, as the kernel estimates; None where it does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return float(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None
