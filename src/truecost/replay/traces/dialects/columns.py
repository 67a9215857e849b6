"""A dialect that is a table: which of its columns is the time, which the lengths, the session, the blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from truecost.replay.traces.rows import Rows
from truecost.replay.traces.source import CSV, JSONL, PARQUET, Source, refuse
from truecost.replay.traces.table import Kind, Table, read_table
from truecost.replay.traces.trace import Integers
from truecost.spec import nearest_names

TABLES = (CSV, JSONL, PARQUET)
A_DATE = 0.0
"""Instead of how many units of time a second has, where the time is a date."""


@dataclass(frozen=True, slots=True)
class TableDialect:
    """How a table of requests is written.

    `units_per_s` is how many units of the time column make a second, `A_DATE` for dates. `sessions` makes
    session keys of the columns of `session_columns`. A block holds `block_tokens` tokens; 0 where a column of
    that name says it.
    """

    name: str
    what: str
    time: str
    given: str
    answer: str
    units_per_s: float = 1.0
    time_is_optional: bool = False
    signature: tuple[str, ...] = ()
    blocks: str = ""
    blocks_are_optional: bool = False
    block_tokens: int = 0
    session_columns: tuple[str, ...] = ()
    session_kind: Kind = Kind.KEY
    sessions: Callable[[Table], Integers] | None = None
    zero_is_failed: bool = False
    containers: tuple[str, ...] = TABLES
    written_as: str = CSV

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a file is not in this dialect."""
        time = () if self.time_is_optional else (self.time,)
        blocks = (self.blocks,) if self.blocks and not self.blocks_are_optional else ()
        return (*time, self.given, self.answer, *blocks, *self.signature)

    def match(self, source: Source, names: list[str]) -> float:
        """How much of what this dialect needs is there, as a share."""
        return sum(name in names for name in self.needed) / len(self.needed)

    def read(self, source: Source, names: list[str]) -> Rows:
        """The requests, unchecked. Raises SpecError where a column is missing."""
        self._check(source, names)
        has_time = self.time in names
        has_sessions = bool(self.session_columns) and all(name in names for name in self.session_columns)
        has_blocks = bool(self.blocks) and self.blocks in names
        columns = {self.given: Kind.NUMBER, self.answer: Kind.NUMBER}
        if has_time:
            columns[self.time] = Kind.STAMP if self.units_per_s == A_DATE else Kind.NUMBER
        if has_sessions:
            columns |= dict.fromkeys(self.session_columns, self.session_kind)
        if has_blocks:
            columns[self.blocks] = Kind.BLOCKS
        if says_tokens := has_blocks and not self.block_tokens:
            columns["block_tokens"] = Kind.NUMBER
        table = read_table(source, columns)
        time = table.numbers[self.time] if has_time else None
        return Rows(
            source,
            self.name,
            (self.time, self.given, self.answer),
            time / self.units_per_s if time is not None and self.units_per_s != A_DATE else time,
            table.numbers[self.given],
            table.numbers[self.answer],
            table.written,
            sessions=self._sessions(table) if has_sessions else None,
            blocks=table.lists.get(self.blocks),
            block_tokens=_block_tokens(table) if says_tokens else self.block_tokens,
            block_column=self.blocks,
            from_zero=self.units_per_s != A_DATE,
            zero_is_failed=self.zero_is_failed,
            since_1970_s=table.since_1970_s,
        )

    def _sessions(self, table: Table) -> Integers:
        return self.sessions(table) if self.sessions else table.keys[self.session_columns[0]]

    def _check(self, source: Source, names: list[str]) -> None:
        needed = [*self.needed]
        if self.blocks in names and not self.block_tokens:
            needed.append("block_tokens")
        missing = [name for name in needed if name not in names]
        if missing:
            near = " or ".join(nearest_names(missing[0], [name for name in names if name not in needed]))
            refuse(
                source.place(source.first_line) if source.container != PARQUET else source.path,
                f"this column is missing (read as {self.name}; the file has {', '.join(names)})",
                field=", ".join(missing),
                allowed=", ".join(needed),
                nearest=near,
            )


def _block_tokens(table: Table) -> int:
    """How many tokens a block has, by the column that says so: one number for the whole trace."""
    values = table.numbers["block_tokens"]
    for row, value in enumerate(values[:1].tolist()):
        if not (value >= 1 and value == int(value)):
            place, cell = table.written(row, "block_tokens")
            refuse(
                place,
                "this is not a number of tokens",
                field="block_tokens",
                value=cell,
                allowed="such as 16",
            )
    other = (values != values[:1]).nonzero()[0]
    if len(other):
        place, cell = table.written(int(other[0]), "block_tokens")
        message = "all blocks of a trace have the same size"
        refuse(place, message, field="block_tokens", value=cell, nearest=f"{values[0]:,.0f}")
    return int(values[0]) if len(values) else 1
