"""Usage reports in buckets of time: JSON pages of `data[].results[]`, a bucket a line, or a table of results.

A result is known by its bucket and by what it is grouped by, so an export of the same days adds nothing
twice; told with other counts (a day that was not over yet), it is a conflict and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from truecost.ledger.readers.reader import TEXT, Record, quoted

_ANY_BUCKET = "data IS NOT NULL OR results IS NOT NULL"


def taken(start: str) -> str:
    """SQL over a line: whether it is a page, a bucket or a result, by when it starts."""
    return f"{start} IS NOT NULL OR len(list_filter(data, lambda bucket: bucket.{start} IS NOT NULL)) > 0"


def fields(times: Sequence[str], results: Mapping[str, str]) -> dict[str, str]:
    """The fields of a page, of a bucket and of a result by itself."""
    result = f"STRUCT({_typed(results)})[]"
    bucket = f'STRUCT({_typed(dict.fromkeys(times, TEXT))}, "results" {result})[]'
    return {**dict.fromkeys(times, TEXT), **results, "results": result, "data": bucket}


def _typed(names: Mapping[str, str]) -> str:
    return ", ".join(f"{quoted(one)} {kind}" for one, kind in names.items())


def relation(times: Sequence[str], results: Mapping[str, str]) -> str:
    """SQL of the results in `lines`, each with the times of its bucket."""
    own = ", ".join(quoted(one) for one in (*times, *results))
    bucket = ", ".join(f"{one}: {quoted(one)}" for one in (*times, "results"))
    of_bucket = ", ".join(f"bucket.{quoted(one)}" for one in times)
    of_result = ", ".join(f"result.{quoted(one)}" for one in results)
    return f"""
SELECT line, {own} FROM lines WHERE data IS NULL AND results IS NULL
UNION ALL
SELECT line, {of_bucket}, {of_result} FROM (
    SELECT line, bucket, unnest(bucket.results) AS result FROM (
        SELECT line, unnest(coalesce(data, [{{{bucket}}}])) AS bucket FROM lines WHERE {_ANY_BUCKET}
    )
)
"""


def identity(prefix: str, parts: Sequence[str]) -> str:
    """SQL of an id of a result: of its bucket and its groups, of which nothing can be read."""
    listed = ", ".join(f"coalesce(CAST({one} AS VARCHAR), '')" for one in parts)
    return f"concat('{prefix}:', md5(concat_ws('|', {listed}))[1:20])"


def claims(record: Record, start: str, counts: Sequence[str]) -> bool:
    """Whether a record is a page or a bucket of usage (not of costs), or a result with its bucket's time."""
    found = [one for one in _buckets(record) if start in one]
    if not found:
        return start in record and any(one in record for one in counts)
    results = [one for bucket in found for one in _mappings(bucket.get("results"))]
    return all("amount" not in one for one in results)


def is_costs(record: Record) -> bool:
    """Whether a record is a page or a bucket of costs: an invoice, and no usage."""
    return any("amount" in one for bucket in _buckets(record) for one in _mappings(bucket.get("results")))


def _buckets(record: Record) -> list[Mapping[str, Any]]:
    if "data" in record:
        return [one for one in _mappings(record["data"]) if "results" in one]
    return [record] if isinstance(record.get("results"), list) else []


def _mappings(given: Any) -> list[Mapping[str, Any]]:
    listed = cast("list[Any]", given) if isinstance(given, list) else []
    return [cast("Mapping[str, Any]", one) for one in listed if isinstance(one, Mapping)]
