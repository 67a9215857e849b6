"""How fast a store of usage is reported on, and a log imported, beside bare DuckDB SQL on the same files.

`python ledger_scale.py STORE` is the part that runs in a process of its own, so that its memory is that of
the report; it prints what it measured as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from truecost.ledger import import_usage, usage_report
from truecost.ledger.engine import connected, located, text
from truecost.ledger.filling import Summed, fill_cells
from truecost.ledger.questions import Window, cells, question
from truecost.ledger.reporting import prepare_tables
from truecost.ledger.store import open_store

AS_KNOWN, BY = date(2026, 11, 22), ("user", "feature")
BARE = """
CREATE OR REPLACE TEMP TABLE bare AS
SELECT "user", feature,
    sum(CAST(input_tokens AS DECIMAL(18, 0)) * rate.input_usd + CAST(output_tokens AS DECIMAL(18, 0)) * rate.output_usd)
FROM usage JOIN (SELECT provider, model, any_value(input_usd) AS input_usd, any_value(output_usd) AS output_usd
    FROM rates GROUP BY ALL) AS rate USING (provider, model)
GROUP BY ALL
"""  # noqa: E501
"""The bar: two prices a model, no rule; the fastest such sum of DuckDB over the same files."""
FIELDS = {
    "user": "VARCHAR", "feature": "VARCHAR", "customer": "VARCHAR",
    "response": "STRUCT(id VARCHAR, created BIGINT, model VARCHAR, usage STRUCT(prompt_tokens BIGINT,"
    " completion_tokens BIGINT, prompt_tokens_details STRUCT(cached_tokens BIGINT)))",
}  # fmt: skip


def most_memory() -> int:
    """The most bytes of memory that this process had; `ru_maxrss` would be of the one that started it."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) * 1024


def cores_s() -> float:
    """Seconds of processor time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of processor time."""
    begin, cores = time.perf_counter(), cores_s()
    work()
    return time.perf_counter() - begin, cores_s() - cores


def best(found: list[tuple[float, float]]) -> tuple[float, float]:
    """The least of both."""
    return min(one for one, _ in found), min(cores for _, cores in found)


def reported(store: Path, runs: int) -> dict[str, Any]:
    """Seconds of a report, of pricing and grouping alone, of the bare SQL; the report's peak memory."""
    whole = [timed(lambda: usage_report(store, BY, as_known=AS_KNOWN)) for _ in range(min(runs, 2))]
    total = usage_report(store, BY, as_known=AS_KNOWN) if runs > 1 else None
    peak_bytes = most_memory()
    opened = open_store(store)
    priced: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    asked = Summed(cells(BY, question("priced")), question("unpriced"))
    with connected(store) as connection:
        prepare_tables(connection, opened, Window(), AS_KNOWN)
        for _ in range(runs):
            priced.append(timed(lambda: fill_cells(connection, asked, opened, Window())))
            bare.append(timed(lambda: connection.execute(BARE)))
    return {
        "rows": opened.manifest.rows, "report": best(whole), "priced": best(priced), "bare": best(bare),
        "peak_bytes": peak_bytes, "usd": format(total.total_usd, "f") if total else None,
    }  # fmt: skip


def imported(log: Path, folder: Path, runs: int = 2) -> dict[str, Any]:
    """Seconds of an import into a new store, and of a bare insert of the same fields of the same file."""
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    result = None
    for run in range(runs):
        bare.append(timed(lambda: _bare_insert(log)))
        begin, cores = time.perf_counter(), cores_s()
        result = import_usage([log], folder / f"imported-{run}")
        ours.append((time.perf_counter() - begin, cores_s() - cores))
    assert result is not None
    return {
        "ours": best(ours), "bare": best(bare), "bytes": log.stat().st_size, "rows": result.rows,
        "duplicates": sum(one.duplicates for one in result.files), "rejected": result.rejected,
    }  # fmt: skip


def _bare_insert(log: Path) -> None:
    given: Mapping[str, str] = FIELDS
    columns = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in given.items())
    with connected(log) as connection:
        connection.execute(
            'CREATE TABLE bare AS SELECT "user", feature, customer, response.id, response.created,'
            " response.model, response.usage.prompt_tokens, response.usage.completion_tokens,"
            " response.usage.prompt_tokens_details.cached_tokens FROM"
            f" read_json({located(log)}, format = 'newline_delimited', ignore_errors = true,"
            f" columns = {{{columns}}})"
        )


def by_spark(store: Path) -> dict[str, Any]:
    """Seconds of the same report by Spark on two cores, its start included."""
    begin = time.perf_counter()
    report = usage_report(store, BY, as_known=AS_KNOWN, engine="local[2]")
    return {"seconds": time.perf_counter() - begin, "usd": format(report.total_usd, "f")}


def machine() -> str:
    """The cores of this machine and how busy they are."""
    return f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    print(json.dumps(reported(Path(sys.argv[1]), int(sys.argv[2]))))
