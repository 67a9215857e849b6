"""The store: a folder of Parquet by day and a manifest that is replaced by renaming.

    usage/manifest.json               which files count, which logs were imported, from when
    usage/data/day=2026-10-01/3-0.parquet
    usage/rejects/3.jsonl             lines kept aside: file, line, reason
    usage/conflicts/3.parquet         requests told twice with different content
    usage/lock                        who is importing

A file counts once the manifest names it. An import that is killed leaves the old manifest, so the store is as
it was; what lies about is cleared by the next import. The lock is the kernel's: it ends with its process.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from truecost.ledger.usage import SILENT

FORMAT = 2
MANIFEST, LOCK, STAGING = "manifest.json", "lock", ".staging"
DATA, REJECTS, CONFLICTS = "data", "rejects", "conflicts"


class NoStore(ValueError):  # noqa: N818 - the name says what happened
    """A folder that is no store, or one that this version cannot read."""


class Locked(ValueError):  # noqa: N818 - the name says what happened
    """Another process is importing into the store; says which."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file of one day, named from the store."""

    path: str
    day: str
    rows: int
    empty: tuple[str, ...] = ()
    """Which of `usage.SILENT` it says nothing in."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A log that was imported: what identifies it, and what it came to."""

    file: str
    digest: str
    bytes: int
    modified_ns: int
    dialects: tuple[str, ...]
    rows: int
    duplicates: int
    conflicts: int
    rolled_up: int
    rejected: int
    nothing_to_count: int = 0
    """Lines of its dialect that tell of no request, or of one that another line tells better."""

    @property
    def took_any(self) -> bool:
        """Whether anything in it was understood: what was not may be with other options."""
        return bool(self.rows + self.duplicates + self.conflicts + self.rolled_up + self.nothing_to_count)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the store holds; version counts the imports."""

    version: int = 0
    committed_at: str = ""
    data: tuple[DataFile, ...] = ()
    imported: tuple[Imported, ...] = ()
    rejects: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    format: int = field(default=FORMAT)

    @property
    def rows(self) -> int:
        """Rows of usage in the store."""
        return sum(one.rows for one in self.data)


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of usage. `open_store` and `locked` make one."""

    folder: Path
    manifest: Manifest

    def files(self, since: date | None = None, until: date | None = None) -> list[DataFile]:
        """What the manifest says of the Parquet files of the days from `since` on and before `until`."""
        return [
            one
            for one in self.manifest.data
            if (since is None or one.day >= since.isoformat())
            and (until is None or one.day < until.isoformat())
        ]

    def paths(self, since: date | None = None, until: date | None = None) -> list[str]:
        """The Parquet files of the days from `since` on and before `until`."""
        return self.located(self.files(since, until))

    def located(self, files: Iterable[DataFile]) -> list[str]:
        """Where files lie."""
        return [str(self.folder / one.path) for one in files]

    def empty(self, since: date | None = None, until: date | None = None) -> frozenset[str]:
        """Which of `usage.SILENT` no file of some days says anything in."""
        return empty_in(self.files(since, until))

    @property
    def staging(self) -> Path:
        """Where an import writes before anything counts."""
        return self.folder / STAGING

    def commit(self, manifest: Manifest) -> None:
        """Make a manifest the one that counts: written beside, flushed to the disk, renamed."""
        stamped = replace(
            manifest,
            version=self.manifest.version + 1,
            committed_at=datetime.now(UTC).isoformat("T", "seconds"),
        )
        beside = self.folder / f"{MANIFEST}.part"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(asdict(stamped), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.folder / MANIFEST)
        _flush(self.folder)

    def clear_leftovers(self) -> None:
        """Remove what a killed import left: its staging folder, and files that no manifest names."""
        shutil.rmtree(self.staging, ignore_errors=True)
        known = {one.path for one in self.manifest.data} | {*self.manifest.rejects, *self.manifest.conflicts}
        for room in (DATA, REJECTS, CONFLICTS):
            for path in (self.folder / room).rglob("*"):
                if path.is_file() and path.relative_to(self.folder).as_posix() not in known:
                    path.unlink()


def empty_in(files: Sequence[DataFile]) -> frozenset[str]:
    """Which of `usage.SILENT` none of some files says anything in; none where there is no file."""
    silent = (one for one in SILENT if all(one in file.empty for file in files))
    return frozenset(silent if files else ())


def open_store(folder: str | os.PathLike[str]) -> Store:
    """The store in a folder, to read. Raises NoStore where there is none."""
    path = Path(folder)
    if not (path / MANIFEST).is_file():
        what = "there is no such folder" if not path.exists() else "this is no store of usage"
        raise NoStore(f"{path}: {what}; truecost ledger import LOGS --into {path} makes one")
    return Store(path, _manifest(path / MANIFEST))


def _manifest(path: Path) -> Manifest:
    try:
        told: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise NoStore(f"{path}: a store of format {told['format']}; this version reads format {FORMAT}")
        return Manifest(
            version=told["version"],
            committed_at=told["committed_at"],
            data=tuple(replace(DataFile(**one), empty=tuple(one["empty"])) for one in told["data"]),
            imported=tuple(_imported(one) for one in told["imported"]),
            rejects=tuple(told["rejects"]),
            conflicts=tuple(told["conflicts"]),
        )
    except NoStore:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise NoStore(f"{path}: this manifest is damaged: {type(error).__name__} {error}") from None


def _imported(told: Mapping[str, Any]) -> Imported:
    return replace(Imported(**told), dialects=tuple(told["dialects"]))


@contextlib.contextmanager
def locked(folder: str | os.PathLike[str]) -> Generator[Store]:
    """The store in a folder, to write; made where there is none. Raises Locked with who holds it."""
    import fcntl

    path = Path(folder)
    _check_folder(path)
    path.mkdir(parents=True, exist_ok=True)
    with open(path / LOCK, "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Locked(f"{path}: {lock.read().strip() or 'another process'} is importing into it") from None
        lock.truncate(0)
        since = datetime.now(UTC).isoformat("T", "seconds")
        lock.write(f"process {os.getpid()} on {socket.gethostname()}, since {since},\n")
        lock.flush()
        found = (path / MANIFEST).is_file()
        store = Store(path, _manifest(path / MANIFEST) if found else Manifest())
        store.clear_leftovers()
        try:
            yield store
        finally:
            shutil.rmtree(store.staging, ignore_errors=True)
            lock.truncate(0)


def _check_folder(path: Path) -> None:
    if path.is_file():
        raise NoStore(f"{path}: this is a file; a store is a folder")
    foreign = [one.name for one in path.iterdir() if one.name != LOCK] if path.is_dir() else []
    ours = {MANIFEST, f"{MANIFEST}.part", STAGING, DATA, REJECTS, CONFLICTS}
    if foreign and MANIFEST not in foreign and not set(foreign) <= ours:
        raise NoStore(f"{path}: this folder holds other things ({sorted(foreign)[0]}); name one of its own")


def _flush(folder: Path) -> None:
    """Have a folder's entries on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def move(staged: Path, final: Path) -> None:
    """Move a finished file to its place, flushed to the disk."""
    final.parent.mkdir(parents=True, exist_ok=True)
    with open(staged, "rb") as file:
        os.fsync(file.fileno())
    os.replace(staged, final)
    _flush(final.parent)
