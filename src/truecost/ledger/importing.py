"""The import: logs into a store, each request once.

A request is known by provider and request id. Told twice with the same content, the second telling is a
duplicate; with different content it is kept aside and named. Within one import the better telling is kept,
whatever the order of the files: measured before estimated, whole before cut, the one with more tokens.
Against the store, the row that is there stays. A span that sums spans below it is no request and is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from truecost.ledger.engine import Connection, connected, located, name, parquet, text
from truecost.ledger.files import CannotRead, Limits, prepare
from truecost.ledger.overlaps import Overlap, overlaps
from truecost.ledger.readers import READERS, check_map
from truecost.ledger.readers.otel_names import SUM_TAG
from truecost.ledger.reading import Asked, make_tables, read_file, sql
from truecost.ledger.store import CONFLICTS, DATA, REJECTS, DataFile, Imported, Store, locked, move
from truecost.ledger.usage import ATTEMPTS, COLUMNS, PROVENANCE, RARE, USUAL

_SHOWN = 5
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Told:
    """Where something was kept aside and why."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did: per file, in all, and the first few lines that were kept aside, by reason."""

    store: str
    files: tuple[Imported, ...]
    skipped: tuple[str, ...]
    """Files that were imported before, unchanged."""
    rows_in_store: int
    rejects_file: str | None
    conflicts_file: str | None
    reasons: Mapping[str, int]
    first_rejects: tuple[Told, ...]
    estimated: int
    failed: int
    unnamed: int
    """Rows without a request id, which are known by file and line."""
    requests: int
    """How many requests the rows added stand for: fewer where rows are of chips or of a bill."""
    overlaps: tuple[Overlap, ...]
    """Logs that tell of the same provider and days, one of which is a sum of the other."""

    @property
    def rows(self) -> int:
        """Rows added."""
        return sum(one.rows for one in self.files)

    @property
    def rejected(self) -> int:
        """Lines kept aside."""
        return sum(one.rejected for one in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys."""
        from dataclasses import asdict

        counts = ("rows", "duplicates", "conflicts", "rolled_up", "rejected", "nothing_to_count")
        totals = {f"{one}": sum(getattr(file, one) for file in self.files) for one in counts}
        return {**totals, **asdict(self)}


def import_usage(
    logs: Iterable[str | os.PathLike[str]],
    into: str | os.PathLike[str],
    *,
    dialect: str | None = None,
    mapping: Mapping[str, str] | None = None,
    input_excludes_cache: bool = False,
    limits: Limits | None = None,
    now: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Import log files into a store, made where there is none; all of them or, where one fails, none.

    `dialect` is one of `truecost.ledger.readers.READERS` (found by itself without), `mapping` takes columns
    of the normal form from fields of the log. Raises CannotRead for a file that is no log, ValueError for a
    dialect or column that is not known, Locked while another process imports.
    """
    paths = list(dict.fromkeys(Path(one) for one in logs))
    given = mapping or {}
    check_map(given)
    if dialect is not None and dialect not in READERS:
        _refuse_dialect(dialect)
    until = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None) + _CLOCKS_DIFFER
    asked = Asked(until, dialect, given, input_excludes_cache)
    with locked(into) as store:
        store.staging.mkdir()
        with connected(into, store.staging) as connection:
            make_tables(connection)
            files, skipped = _read_all(connection, store, paths, (asked, limits or Limits(), progress))
            return _Commit(connection, store).made(files, skipped)


def _refuse_dialect(dialect: str) -> None:
    import difflib

    near = difflib.get_close_matches(dialect, READERS, n=1)
    hint = f"; the nearest is {near[0]}" if near else ""
    raise ValueError(f"there is no dialect {dialect!r}{hint} (dialects: {', '.join(READERS)})")


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read: what identifies it and its dialects."""

    path: str
    digest: str
    bytes: int
    modified_ns: int
    dialects: tuple[str, ...]


def _read_all(
    connection: Connection,
    store: Store,
    paths: Sequence[Path],
    how: tuple[Asked, Limits, Callable[[int], None] | None],
) -> tuple[list[_Read], list[str]]:
    """Every file that was not imported before into `arrivals` and `rejects`."""
    asked, limits, progress = how
    taken = [one for one in store.manifest.imported if one.took_any]
    by_stat = {(one.file, one.bytes, one.modified_ns) for one in taken}
    by_digest = {one.digest for one in taken}
    read: list[_Read] = []
    skipped: list[str] = []
    for index, path in enumerate(paths):
        told_as = str(path)
        stat = path.stat() if path.is_file() else None
        if stat is not None and (told_as, stat.st_size, stat.st_mtime_ns) in by_stat:
            skipped.append(told_as)
            continue
        prepared = prepare(path, store.staging, limits)
        assert stat is not None
        if prepared.digest in by_digest:
            skipped.append(told_as)
        else:
            by_digest.add(prepared.digest)
            dialects = read_file(connection, prepared, asked, told_as)
            read.append(_Read(told_as, prepared.digest, stat.st_size, stat.st_mtime_ns, tuple(dialects)))
        if prepared.path != path:
            prepared.path.unlink(missing_ok=True)
        if progress is not None:
            progress(index + 1)
    return read, skipped


@dataclass(slots=True)
class _Commit:
    """From arrivals to a store that holds them."""

    connection: Connection
    store: Store

    def made(self, files: Sequence[_Read], skipped: Sequence[str]) -> ImportResult:
        """Sort the arrivals out, write what is new, replace the manifest."""
        self._leave_out_sums()
        self._once_each()
        counts = self._counts()
        version = self.store.manifest.version + 1
        imported = tuple(self._imported(one, counts) for one in files)
        data = self._write_days(version)
        rejects = self._write_rejects(version)
        conflicts = self._write_conflicts(version)
        twice = overlaps(self.connection, self.store, READERS)
        old = self.store.manifest
        manifest = replace(
            old,
            data=(*old.data, *data),
            imported=(*old.imported, *imported),
            rejects=(*old.rejects, *([rejects] if rejects else [])),
            conflicts=(*old.conflicts, *([conflicts] if conflicts else [])),
        )
        if files:
            self.store.commit(manifest)
        return self._result(imported, skipped, (manifest.rows, rejects, conflicts), twice)

    def _leave_out_sums(self) -> None:
        """Spans with usage above others with usage: in this import at any depth, in the store one above."""
        self.connection.execute("ALTER TABLE arrivals ADD COLUMN fate VARCHAR")
        if self._one("SELECT count(*) FROM spans"):
            self._roll_up()
        self.connection.execute(
            "UPDATE arrivals SET fate = 'rejected' WHERE fate IS NULL AND reason IS NOT NULL"
        )

    def _roll_up(self) -> None:
        """A sum may lack what a request has, such as a model: it is looked for before anything is refused."""
        self.connection.execute(sql("rolled_up"))
        if paths := self.store.paths():
            self._see(paths)
            self.connection.execute(
                "UPDATE arrivals SET fate = 'rolled_up' WHERE fate IS NULL AND span IS NOT NULL"
                " AND (span, source) IN (SELECT (parent_id, source) FROM stored"
                " WHERE parent_id IS NOT NULL)"
            )
        self.connection.execute(
            "UPDATE arrivals SET fate = 'rejected', reason = 'a sum of spans that no log imported so far has'"
            f" WHERE fate IS NULL AND map_contains(tags, {text(SUM_TAG)})"
        )

    def _see(self, paths: Sequence[str]) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW stored AS SELECT * FROM {parquet(paths)}")

    def _once_each(self) -> None:
        """One row a request: of arrivals the best, of the store what is there."""
        content = ", ".join(
            f"CAST({name(one)} AS VARCHAR)" if one == "tags" else name(one)
            for one in COLUMNS
            if one not in PROVENANCE
        )
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS"
            " SELECT rowid AS arrival, hash(provider, request_id) AS key,"
            f" hash({content}) AS content FROM arrivals WHERE fate IS NULL"
        )
        if self._one("SELECT count(*) FROM fresh") != self._one("SELECT count(DISTINCT key) FROM fresh"):
            self.connection.execute(sql("told_twice"))
        paths = self.store.paths()
        if not paths:
            return
        self._see(paths)
        again = "FROM stored WHERE hash(provider, request_id) IN (SELECT key FROM fresh)"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE seen AS SELECT provider, request_id, hash({content}) AS content,"
            f" source_file, line {again}"
        )
        if self._one("SELECT count(*) FROM seen"):
            self.connection.execute(sql("seen_before"))

    def _counts(self) -> dict[str, dict[str, int]]:
        """How many arrivals of each file met which fate."""
        found = self.connection.execute(
            "SELECT source_file, coalesce(fate, 'rows'), count(*) FROM arrivals GROUP BY ALL"
        ).fetchall()
        self.connection.execute(
            "INSERT INTO rejects SELECT source_file, line, reason FROM arrivals"
            " WHERE fate IN ('rejected', 'conflicts')"
        )
        counts: dict[str, dict[str, int]] = {}
        for file, fate, count in found:
            counts.setdefault(file, {})[fate] = count
        broken = self.connection.execute("SELECT source_file, count(*) FROM rejects GROUP BY ALL").fetchall()
        for file, count in broken:
            mine = counts.setdefault(file, {})
            mine["rejected"] = count - mine.get("conflicts", 0)
        passed = self.connection.execute("SELECT source_file, sum(lines) FROM passed_over GROUP BY ALL")
        for file, count in passed.fetchall():
            counts.setdefault(file, {})["nothing_to_count"] = int(count)
        return counts

    def _imported(self, read: _Read, counts: Mapping[str, Mapping[str, int]]) -> Imported:
        found = counts.get(read.path, {})
        kinds = ("rows", "duplicates", "conflicts", "rolled_up", "rejected", "nothing_to_count")
        of = {one: found.get(one, 0) for one in kinds}
        return Imported(read.path, read.digest, read.bytes, read.modified_ns, read.dialects, **of)

    def _write_days(self, version: int) -> list[DataFile]:
        """What is new as Parquet by day, moved to its place."""
        if self._one("SELECT count(*) FROM arrivals WHERE fate IS NULL") == 0:
            return []
        staged = self.store.staging / DATA
        columns = ", ".join(name(one) for one in COLUMNS)
        self.connection.execute(
            f"COPY (SELECT {columns}, strftime(ts, '%Y-%m-%d') AS day FROM arrivals WHERE fate IS NULL)"
            f" TO {text(str(staged))} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day),"
            " WRITE_PARTITION_COLUMNS false)"
        )
        empty = self._empty()
        made: list[DataFile] = []
        for day in sorted(staged.iterdir()):
            for index, file in enumerate(sorted(day.glob("*.parquet"))):
                rows = self._one(f"SELECT num_rows FROM parquet_file_metadata({located(file)})")
                path = f"{DATA}/{day.name}/{version}-{index}.parquet"
                move(file, self.store.folder / path)
                of = day.name.removeprefix("day=")
                made.append(DataFile(path, of, rows, empty[of]))
        return made

    def _empty(self) -> dict[str, tuple[str, ...]]:
        """The columns that nothing new says anything in but what is usual, by day."""
        plain = {one: f"{name(one)} IS DISTINCT FROM {value}" for one, value in {**RARE, **USUAL}.items()}
        plain[ATTEMPTS] = "map_contains(tags, 'attempt') OR map_contains(tags, 'retry_of')"
        said = ", ".join(f"coalesce(bool_or({one}), false)" for one in plain.values())
        found = self.connection.execute(
            f"SELECT CAST(CAST(ts AS DATE) AS VARCHAR), {said} FROM arrivals WHERE fate IS NULL GROUP BY 1"
        ).fetchall()
        return {
            day: tuple(one for one, told in zip(plain, told_in, strict=True) if not told)
            for day, *told_in in found
        }

    def _write_rejects(self, version: int) -> str | None:
        """The lines kept aside, one JSON object each: file, line, reason; nothing of their content."""
        if self._one("SELECT count(*) FROM rejects") == 0:
            return None
        staged = self.store.staging / "rejects.jsonl"
        self.connection.execute(
            f"COPY (SELECT * FROM rejects ORDER BY source_file, line) TO {text(str(staged))} (FORMAT json)"
        )
        path = f"{REJECTS}/{version}.jsonl"
        move(staged, self.store.folder / path)
        return path

    def _write_conflicts(self, version: int) -> str | None:
        """Requests told twice with different content, in the normal form, with the reason."""
        if self._one("SELECT count(*) FROM arrivals WHERE fate = 'conflicts'") == 0:
            return None
        staged = self.store.staging / "conflicts.parquet"
        columns = ", ".join(name(one) for one in COLUMNS)
        self.connection.execute(
            f"COPY (SELECT {columns}, reason FROM arrivals WHERE fate = 'conflicts') TO {text(str(staged))}"
            " (FORMAT parquet, COMPRESSION zstd)"
        )
        path = f"{CONFLICTS}/{version}.parquet"
        move(staged, self.store.folder / path)
        return path

    def _result(
        self,
        imported: tuple[Imported, ...],
        skipped: Sequence[str],
        made: tuple[int, str | None, str | None],
        twice: tuple[Overlap, ...],
    ) -> ImportResult:
        rows, rejects, conflicts = made
        reasons = self.connection.execute(
            "SELECT CASE WHEN starts_with(reason, 'request id')"
            " THEN 'a request id told before with other content'"
            " ELSE regexp_replace(reason, '(column|byte|of) [0-9,]+', '\\1 …') END AS why,"
            " count(*) AS n FROM rejects GROUP BY ALL ORDER BY n DESC, why"
        ).fetchall()
        first = self.connection.execute(
            f"SELECT source_file, line, reason FROM rejects ORDER BY source_file, line LIMIT {_SHOWN}"
        ).fetchall()
        told = self.connection.execute(
            "SELECT count(*) FILTER (quality = 'estimated'), count(*) FILTER (status = 'error'),"
            " count(*) FILTER (starts_with(request_id, 'line:')), CAST(coalesce(sum(requests), 0) AS BIGINT)"
            " FROM arrivals WHERE fate IS NULL"
        ).fetchall()[0]
        folder = self.store.folder
        return ImportResult(
            str(folder), imported, tuple(skipped), rows,
            str(folder / rejects) if rejects else None, str(folder / conflicts) if conflicts else None,
            dict(reasons), tuple(Told(*one) for one in first), *told, overlaps=twice,
        )  # fmt: skip

    def _one(self, query: str) -> int:
        return cast("int", self.connection.execute(query).fetchall()[0][0])


__all__ = ["CannotRead", "ImportResult", "import_usage"]
