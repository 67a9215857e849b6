"""A log file made ready: what it is, its digest, its lines counted, unpacked within limits.

One pass over the bytes, in blocks: no line is ever held whole. A clean text file is read where it lies; one
that is packed, begins with a byte-order mark or holds a line beyond the limit is copied into a folder of the
import, without the lines beyond the limit, which are told.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from truecost.ledger.otlp import Framing, Missing, framing, json_line, messages
from truecost.units import show

_BLOCK = 1 << 22
_GZIP, _PARQUET, _BOM, _ZSTD = b"\x1f\x8b", b"PAR1", b"\xef\xbb\xbf", b"\x28\xb5\x2f\xfd"
_SPACE = b" \t\n\r\v\f"
"""What DuckDB takes for a blank line when there is nothing else on it."""
_DOCUMENT_BYTES = 256 << 20
LineNumbers = NDArray[np.int64]


class Kind(StrEnum):
    """How a file is written."""

    JSONL = "JSONL"
    CSV = "CSV"
    PARQUET = "Parquet"


class CannotRead(ValueError):  # noqa: N818 - the name says what happened
    """A file that cannot be read as a log: which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is taken: the bytes of a line, and of what a packed file unpacks to."""

    line_bytes: int = 64 << 20
    unpacked_bytes: int = 200 << 30
    unpacked_ratio: int = 250
    """Unpacked bytes a packed one beyond the first 32 MiB: logs reach 5 to 40, a bomb over 1,000."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that DuckDB may read: its bytes lie at `path`.

    `lines` are the line numbers of its records, where those are not simply 1, 2, 3, ...; `too_long` are lines
    that were left out, with their bytes.
    """

    source: Path
    path: Path
    kind: Kind
    digest: str
    longest_bytes: int = 0
    lines: LineNumbers | None = None
    too_long: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class _Scan:
    """What the bytes of a text say: lines, blanks, the longest, the digest."""

    limit: int
    digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))
    lines: int = 0
    current: int = 0
    longest: int = 0
    blanks: list[LineNumbers] = field(default_factory=list[LineNumbers])
    too_long: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    _only_space: bool = True
    _beside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _digested: Future[None] | None = None

    def feed(self, block: bytes) -> None:
        """The next bytes of the text; their digest is worked out beside, a block behind."""
        if self._digested is not None:
            self._digested.result()
        self._digested = self._beside.submit(self.digest.update, block)
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == 10)
        starts = np.concatenate([[0], ends + 1])
        lengths = np.diff(np.concatenate([starts, [len(block)]]))
        self._close_first(block, int(ends[0]) if ends.size else None)
        if not ends.size:
            return
        whole = lengths[1:-1]
        if whole.size:
            self._whole_lines(block, starts[1:-1], ends[1:], whole)
        self.current = int(lengths[-1])
        self._only_space = not block[int(starts[-1]) :].strip(_SPACE)

    def end(self) -> None:
        """The last line may have no end."""
        self._beside.shutdown()
        if self.current:
            self._close(self.current, self._only_space)
            self.lines += 1
            self.current = 0

    def _close_first(self, block: bytes, end: int | None) -> None:
        part = block if end is None else block[:end]
        self.current += len(part)
        self._only_space = self._only_space and not part.strip(_SPACE)
        if end is not None:
            self._close(self.current, self._only_space)
            self.lines += 1

    def _close(self, length: int, blank: bool) -> None:
        if length > self.limit:
            self.too_long.append((self.lines + 1, length))
        elif blank:
            self.blanks.append(np.array([self.lines + 1], np.int64))
        else:
            self.longest = max(self.longest, length)

    def _whole_lines(self, block: bytes, starts: Any, ends: Any, lengths: Any) -> None:
        """Lines that lie in one block; only those that begin with white space are looked at alone."""
        bytes_of = np.frombuffer(block, np.uint8)
        first = bytes_of[starts]
        empty = (first == 10) | ((first == 13) & (lengths == 2))
        blank = np.flatnonzero(empty)
        spaced = np.flatnonzero(~empty & (((first >= 9) & (first <= 13)) | (first == 32)))
        more = [
            index
            for index in spaced.tolist()
            if not block[int(starts[index]) : int(ends[index])].strip(_SPACE)
        ]
        if blank.size or more:
            self.blanks.append(np.sort(np.concatenate([blank, np.array(more, np.int64)])) + self.lines + 1)
        for index in np.flatnonzero(lengths - 1 > self.limit).tolist():
            self.too_long.append((self.lines + index + 1, int(lengths[index]) - 1))
        allowed = lengths[lengths - 1 <= self.limit]
        self.longest = max(self.longest, int(allowed.max()) if allowed.size else 0)
        self.lines += len(lengths)

    def record_lines(self) -> LineNumbers | None:
        """The line of every record; None where they are 1, 2, 3, ..."""
        long = np.array([number for number, _ in self.too_long], np.int64)
        left_out = np.concatenate([*self.blanks, long])
        if not left_out.size:
            return None
        kept = np.ones(self.lines, np.bool_)
        kept[left_out - 1] = False
        return np.flatnonzero(kept) + 1


def prepare(source: Path, folder: Path, limits: Limits) -> Prepared:
    """A file ready to be read; copies go into `folder`. Raises CannotRead for what is no log."""
    start = _start(source)
    if start.startswith(_PARQUET):
        return Prepared(source, source, Kind.PARQUET, _digest(source))
    zipped = start.startswith(_GZIP)
    scan = _Scan(limits.line_bytes)
    path = source
    head = b""
    if zipped:
        path = folder / f"{hashlib.blake2b(str(source).encode(), digest_size=8).hexdigest()}.text"
        with open(path, "wb") as out:
            for block in unpacked(source, limits):
                head = head or block[: 1 << 16]
                scan.feed(block)
                out.write(block)
    else:
        for block in _blocks(source):
            head = head or block[: 1 << 16]
            scan.feed(block)
    scan.end()
    return _text(source, path, head, (scan, folder))


def _text(source: Path, path: Path, head: bytes, scanned: tuple[_Scan, Path]) -> Prepared:
    scan, folder = scanned
    digest = scan.digest.hexdigest()
    if scan.lines == sum(map(len, scan.blanks)):
        raise CannotRead(f"{source}: there is nothing in this file")
    if how := framing(path):
        return _from_otlp(source, path, (how, scan.limit), folder / f"{digest}.lines", digest)
    if b"\0" in head.split(b"\n", 1)[0]:
        raise CannotRead(f"{source}: this is binary, neither text nor Parquet, OTLP protobuf or gzip")
    opening = head.removeprefix(_BOM).lstrip()[:1]
    kind = Kind.JSONL if opening in b"{[" else Kind.CSV
    if kind is Kind.JSONL and _is_document(head):
        return _from_document(source, path, folder, digest)
    if head.startswith(_BOM) or scan.too_long:
        copy = folder / f"{digest}.clean"
        _copy_without(path, copy, {number for number, _ in scan.too_long})
        path = copy
    return Prepared(source, path, kind, digest, scan.longest, scan.record_lines(), tuple(scan.too_long))


def _start(source: Path) -> bytes:
    if source.is_dir():
        raise CannotRead(f"{source}: this is a directory; name the files in it, such as {source}/*.jsonl")
    if not source.is_file():
        what = "this is not a regular file" if source.exists() else "there is no such file"
        raise CannotRead(f"{source}: {what}")
    with open(source, "rb") as file:
        start = file.read(4)
    if not start:
        raise CannotRead(f"{source}: the file is empty")
    if start.startswith(_ZSTD):
        raise CannotRead(f"{source}: Zstandard is not unpacked; gzip is, and plain text")
    return start


def _digest(source: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for block in _blocks(source):
        digest.update(block)
    return digest.hexdigest()


def _blocks(source: Path) -> Generator[bytes]:
    with open(source, "rb") as file:
        while block := file.read(_BLOCK):
            yield block


def unpacked(source: Path, limits: Limits) -> Generator[bytes]:
    """The bytes of a gzip file in blocks. Raises CannotRead for a broken one, and for a bomb."""
    taken = given = 0
    whole = False
    engine = zlib.decompressobj(wbits=31)
    try:
        for packed in _blocks(source):
            taken += len(packed)
            rest = packed
            while rest:
                block = engine.decompress(rest, _BLOCK)
                given += len(block)
                _check_bomb(source, taken, given, limits)
                if block:
                    yield block
                rest = engine.unconsumed_tail
                whole = engine.eof
                if whole:
                    rest = engine.unused_data.lstrip(b"\0")
                    engine = zlib.decompressobj(wbits=31)
    except zlib.error as error:
        raise CannotRead(f"{source}: this gzip file is broken after {given:,} bytes: {error}") from None
    if not whole:
        raise CannotRead(
            f"{source}: this gzip file is cut off after {given:,} bytes; nothing of it was taken"
        )


def _check_bomb(source: Path, taken: int, given: int, limits: Limits) -> None:
    ratio = given > (32 << 20) and given > taken * limits.unpacked_ratio
    if not ratio and given <= limits.unpacked_bytes:
        return
    raise CannotRead(
        f"{source}: unpacks to over {show(float(given), 'bytes')}, {given // max(taken, 1):,} times what is"
        f" packed; the limit is {limits.unpacked_ratio} times and"
        f" {show(float(limits.unpacked_bytes), 'bytes')}: nothing of it was taken"
    )


def _copy_without(path: Path, copy: Path, left_out: set[int]) -> None:
    """The text without some lines and without a byte-order mark, block by block."""
    number = 1
    with open(copy, "wb") as out:
        for index, block in enumerate(_blocks(path)):
            given = block.removeprefix(_BOM) if index == 0 else block
            pieces = given.split(b"\n")
            for place, piece in enumerate(pieces):
                last = place == len(pieces) - 1
                if number not in left_out:
                    out.write(piece if last else piece + b"\n")
                number += 0 if last else 1


def _is_document(head: bytes) -> bool:
    """Whether a text is one JSON document over several lines, not an object a line."""
    given = head.removeprefix(_BOM).lstrip()
    if given.startswith(b"["):
        return True
    first = given.split(b"\n", 1)[0].strip() if b"\n" in given else b""
    return first == b"{" or (first.startswith(b"{") and first.endswith((b",", b"[", b"{", b":")))


def _from_document(source: Path, path: Path, folder: Path, digest: str) -> Prepared:
    """A document of records as a line each; its elements are counted as lines."""
    if path.stat().st_size > _DOCUMENT_BYTES:
        raise CannotRead(
            f"{source}: one JSON document of {show(float(path.stat().st_size), 'bytes')}; write it as one"
            f" object a line (jq -c '.[]'); a document may have {show(float(_DOCUMENT_BYTES), 'bytes')}"
        )
    try:
        with open(path, encoding="utf-8-sig") as file:
            found = json.load(file)
    except (ValueError, RecursionError) as error:
        raise CannotRead(
            f"{source}: this is neither an object a line nor one JSON document: {error}"
        ) from None
    records = cast("list[Any]", found if isinstance(found, list) else [found])
    copy = folder / f"{digest}.lines"
    longest = 0
    with open(copy, "w", encoding="utf-8") as out:
        for record in records:
            line = json.dumps(record)
            longest = max(longest, len(line))
            out.write(line + "\n")
    return Prepared(source, copy, Kind.JSONL, digest, longest)


def _from_otlp(source: Path, path: Path, how: tuple[Framing, int], copy: Path, digest: str) -> Prepared:
    """Spans in OTLP protobuf as a line of OTLP JSON a message; messages are counted as lines."""
    longest = 0
    numbers: list[int] = []
    too_long: list[tuple[int, int]] = []
    try:
        with open(copy, "w", encoding="utf-8") as out:
            for number, length, message in messages(path, *how):
                if message is None:
                    too_long.append((number, length))
                    continue
                line = json_line(message)
                longest = max(longest, len(line))
                numbers.append(number)
                out.write(line + "\n")
    except Missing:
        raise CannotRead(
            f"{source}: this is OTLP protobuf, which opentelemetry-proto reads: pip install 'truecost[otlp]';"
            " or have the collector write JSON"
        ) from None
    except ValueError as error:
        raise CannotRead(
            f"{source}: this OTLP protobuf is broken: {error}; nothing of it was taken"
        ) from None
    lines = np.array(numbers, np.int64) if too_long else None
    return Prepared(source, copy, Kind.JSONL, digest, longest, lines, tuple(too_long))


def lines_at(prepared: Prepared, wanted: LineNumbers) -> Iterator[tuple[int, bytes]]:
    """Line number and text of the records wanted, in order; `wanted` counts records from 0."""
    if not wanted.size:
        return
    left = iter(wanted.tolist())
    looked_for = next(left)
    with open(prepared.path, "rb") as file:
        for index, line in _records(file):
            if index != looked_for:
                continue
            yield (index + 1 if prepared.lines is None else int(prepared.lines[index])), line
            looked_for = next(left, None)
            if looked_for is None:
                return


def _records(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    index = 0
    for line in file:
        if line.strip(_SPACE):
            yield index, line
            index += 1
