"""What a reader of a log is: which fields it takes from a record, and which column each becomes.

A reader is data. `fields` are dotted paths into a record with their DuckDB type, so that nothing else of the
record is kept; `columns` are SQL over them; `mine` says of a record whether it is of this dialect. DuckDB
reads the whole file by them at once. `claims` says the same of one record in Python, for detection and for
lines that DuckDB did not take; `mend` makes a record whole whose stream ended before its usage was told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Record: TypeAlias = Mapping[str, Any]

TEXT = "VARCHAR"
LABELS = "MAP(VARCHAR, VARCHAR)"
ITEMS = "JSON"
"""A list of what a model put out; nothing of it is kept but what each item is."""
BYTES_A_TOKEN = 4
"""English text, four bytes a token: what is left of a stream that ended early is estimated by it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A dialect of usage logs. `outside` says that its input tokens leave cached ones out."""

    name: str
    what: str
    fields: Mapping[str, str]
    columns: Mapping[str, str]
    mine: str
    claims: Callable[[Record], bool]
    mend: Callable[[Record], Record | None] = lambda record: None
    outside: bool = False
    lines: str = ""
    """Where lines and records are not one to one: SQL of what is read of a line, in place of its fields."""
    relation: str = ""
    """Where lines and records are not one to one: SQL that makes records of `lines`, with their `line`."""
    taken: str = ""
    """SQL over a line: whether it is of this dialect, also where it tells of no request and is passed over.
    """
    hangs_together: bool = False
    """Whether what a line tells hangs on the lines before it, so that none is read apart from them."""
    once: Mapping[str, str] = field(default_factory=dict[str, str])
    """SQL of what several columns are made of, by name: worked out once a record."""
    table: bool = False
    """Whether it is also written as CSV or Parquet; `claims` then knows it by the names of the columns."""
    sums: bool = False
    """Whether its rows sum what other logs may tell one by one: a usage export, a cluster's hours, a bill."""


def at(record: Any, path: str) -> Any:
    """What stands at a dotted path of a record; None where nothing does.

    >>> at({"usage": {"prompt_tokens": 7}}, "usage.prompt_tokens")
    7
    """
    for part in path.split("."):
        if not isinstance(record, dict):
            return None
        record = record.get(part)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return record  # pyright: ignore[reportUnknownVariableType]


def first(record: Record, *paths: str) -> Any:
    """The first of several paths at which something stands."""
    return next((found for path in paths if (found := at(record, path)) is not None), None)


def under(prefixes: tuple[str, ...], fields: Mapping[str, str]) -> dict[str, str]:
    """The fields under each of several prefixes: a response may be the record, or stand inside it.

    >>> under(("", "response."), {"id": "VARCHAR"})
    {'id': 'VARCHAR', 'response.id': 'VARCHAR'}
    """
    return {prefix + path: kind for prefix in prefixes for path, kind in fields.items()}


def either(prefixes: tuple[str, ...], path: str) -> str:
    """SQL of what stands at a path under the first prefix that has it.

    >>> either(("", "response."), "usage.prompt_tokens")
    'coalesce("usage"."prompt_tokens", "response"."usage"."prompt_tokens")'
    """
    found = [quoted(prefix + path) for prefix in prefixes]
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def quoted(path: str) -> str:
    """A dotted path as SQL.

    >>> quoted("response.id")
    '"response"."id"'
    """
    return ".".join('"' + part.replace('"', '""') + '"' for part in path.split("."))


def estimated_tokens(given: Any) -> int:
    """Tokens of a text, or of all texts in a value, at four bytes a token, rounded up; the text is not kept.

    >>> estimated_tokens([{"role": "user", "content": "What does it cost?"}])
    6
    """
    return -(-_text_bytes(given) // BYTES_A_TOKEN)


def _text_bytes(given: Any) -> int:
    """Bytes of all strings in a value, by a stack: a log decides how deep it is."""
    total, waiting = 0, [given]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            total += len(value.encode("utf-8", "surrogatepass"))
        elif isinstance(value, Mapping):
            waiting.extend(value.values())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        elif isinstance(value, list):
            waiting.extend(value)  # pyright: ignore[reportUnknownArgumentType]
    return total


WRAPPER: Mapping[str, str] = {
    **dict.fromkeys(("ts", "timestamp", "time", "created_at", "request_time"), TEXT),
    **dict.fromkeys(("user", "user_id", "customer", "customer_id", "feature", "task"), TEXT),
    **dict.fromkeys(("provider", "region", "parent_id", "request_id", "custom_id", "error"), TEXT),
    **dict.fromkeys(("request.user", "request.model", "response.user", "status_code"), TEXT),
    **dict.fromkeys(("metadata", "request.metadata", "response.metadata", "tags"), LABELS),
    "response.status_code": TEXT,
    "response.error": TEXT,
    "batch": "BOOLEAN",
    "truecost_estimated": "BOOLEAN",
}
"""Fields around a response that a log of one's own, of a proxy or of a batch has, and of its request."""

_MAPS = ("metadata", "request.metadata", "response.metadata", "tags")
FAILED = (
    "(error IS NOT NULL OR response.error IS NOT NULL"
    " OR coalesce(TRY_CAST(coalesce(status_code, response.status_code) AS INTEGER), 0) >= 400)"
)
"""SQL: whether the record tells of a failure."""
TIME = 'coalesce(ts, "timestamp", "time", request_time, created_at)'
"""SQL of the time beside a response, as text."""


def label(*names: str) -> str:
    """SQL of a label: a field beside the response, else an entry of the metadata of record or request."""
    plain = [quoted(one) for one in names]
    maps = [f"{quoted(path)}['{one}']" for path in _MAPS for one in names]
    return f"coalesce({', '.join([*plain, *maps])})"


WRAPPED: Mapping[str, str] = {
    "user": f"coalesce({label('user', 'user_id')}, request.user, response.user)",
    "customer": label("customer", "customer_id"),
    "feature": label("feature"),
    "task": label("task"),
    "tags": "labels(metadata, request.metadata, response.metadata, tags)",
    "region": "region",
    "parent_id": "parent_id",
    "batch": "coalesce(batch, custom_id IS NOT NULL)",
    "status": f"CASE WHEN {FAILED} THEN 'error' WHEN truecost_estimated THEN 'cut' ELSE 'ok' END",
    "quality": "CASE WHEN truecost_estimated THEN 'estimated' ELSE 'measured' END",
}
"""Columns that the dialects of responses take from around the response."""


def failed(record: Record) -> bool:
    """Whether a record tells of a failure; the same as FAILED."""
    if first(record, "error", "response.error") is not None:
        return True
    code = str(first(record, "status_code", "response.status_code") or "")
    return code.isdecimal() and int(code) >= 400


def pruned(record: Record, fields: Mapping[str, str]) -> dict[str, Any]:
    """A record with nothing but the fields: what a prompt stood in is gone.

    >>> pruned({"id": "a", "usage": {"n": 1, "x": 2}, "choices": ["secret"]}, {"id": TEXT, "usage.n": TEXT})
    {'id': 'a', 'usage': {'n': 1}}
    """
    kept: dict[str, Any] = {}
    for path, kind in fields.items():
        found = at(record, path)
        if found is not None:
            put(kept, path, _kinds_of(found) if kind == ITEMS else found)
    return kept


def _kinds_of(items: Any) -> Any:
    """Of each item what it is and does, without its text."""
    if not isinstance(items, list):
        return None
    given: list[Any] = items  # pyright: ignore[reportUnknownVariableType]
    return [{"type": at(one, "type"), "action": {"type": at(one, "action.type")}} for one in given]


@dataclass(frozen=True, slots=True)
class Response:
    """What a vendor's response is to its reader: it is the record, or stands somewhere in it.

    `is_one` looks at what stands at a place; `tokens` are its fields of input and output, of which the first
    is there once usage was told. `sent` are the paths in a record, `own_sent` and `came` those in the
    response, of the texts that both are estimated by where it never was.
    """

    places: tuple[str, ...]
    fields: Mapping[str, str]
    is_one: Callable[[Any], bool]
    tokens: tuple[str, str]
    sent: tuple[str, ...]
    came: str
    own_sent: tuple[str, ...] = ()
    failed_one: Callable[[Record], bool] = failed
    """Whether a failure that brought no response is of this vendor."""

    def all_fields(self) -> dict[str, str]:
        """Its fields at every place, and those around it."""
        return {**under(self.places, self.fields), **WRAPPER}

    def sql(self, path: str) -> str:
        """SQL of one of its fields, wherever it stands."""
        return either(self.places, path)

    def place(self, record: Record) -> str | None:
        """Where it stands in a record; None where there is none."""
        found = (place for place in self.places if self.is_one(at(record, place[:-1]) if place else record))
        return next(found, None)

    def claims(self, record: Record) -> bool:
        """Whether a record is one, holds one, or tells that one failed."""
        return self.place(record) is not None or (failed(record) and self.failed_one(record))

    def mend(self, record: Record) -> Record | None:
        """A record whose stream ended before usage was told, with an estimate; None for any other."""
        place = self.place(record)
        if place is None or at(record, place + self.tokens[0]) is not None:
            return None
        mended = pruned(record, self.all_fields())
        sent = first(record, *self.sent, *(place + one for one in self.own_sent))
        put(mended, place + self.tokens[0], estimated_tokens(sent))
        put(mended, place + self.tokens[1], estimated_tokens(at(record, place + self.came)))
        return {**mended, "truecost_estimated": True}


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at a dotted path."""
    *parents, last = path.split(".")
    for part in parents:
        inner = record.get(part)
        record[part] = inner if isinstance(inner, dict) else {}
        record = record[part]
    record[last] = value
