"""Training runs as a table of one's own: a run a row, its chips and hours, its cost where it is known.

Chip hours are told, or chips times hours, or chips times the time from start to end. All of a run counts on
the day it began. What it cost is told (`usd`), or priced by what such a chip rents for. The tokens that it
trained on are no tokens of an API: they are kept as a tag.
"""

from __future__ import annotations

from truecost.ledger.readers.chips import AtFirstUse, instance_chip, named_chip
from truecost.ledger.readers.counts import labels, named
from truecost.ledger.readers.reader import TEXT, Reader, Record, quoted

NAMES = {
    "run": ("run_id", "run", "run_name", "name", "id"),
    "chip": ("chip", "accelerator", "gpu", "gpu_type", "instance_type"),
    "chips": ("chips", "gpus", "num_chips", "num_gpus", "world_size"),
    "hours": ("hours", "duration_hours", "wall_hours"),
    "chip_hours": ("chip_hours", "gpu_hours"),
    "start": ("start", "started_at", "start_time", "created_at", "date"),
    "end": ("end", "ended_at", "end_time", "finished_at"),
    "tokens": ("tokens", "train_tokens"),
    "usd": ("usd", "cost_usd"),
    "project": ("project", "feature"),
    "term": ("term", "service_tier"),
    "provider": ("provider", "cloud"),
    "status": ("status", "state"),
}
"""What is told of a run, and the columns that tell it."""
_PLAIN = ("user", "customer", "task", "team", "region", "model")


def _claims(record: Record) -> bool:
    if {"input_tokens", "output_tokens"} & set(record):
        return False
    if not any(one in record for one in NAMES["run"]) or not any(one in record for one in NAMES["chip"]):
        return False
    if any(one in record for one in NAMES["chip_hours"]):
        return any(one in record for one in NAMES["start"]) and "namespace" not in record
    timed = any(one in record for one in (*NAMES["hours"], *NAMES["end"]))
    return any(one in record for one in NAMES["chips"]) and timed


def _told(what: str) -> str:
    found = (f"nullif(trim({quoted(one)}), '')" for one in NAMES[what])
    return f"coalesce({', '.join(found)})"


_ELAPSED = f"(epoch_us(moment({_told('end')})) - epoch_us(moment({_told('start')}))) / 3600e6"


def _chip_hours() -> str:
    """SQL of chip hours; a number that is none becomes a text that says so, which no row gets by with."""
    plain = f"CAST(TRY_CAST({_told('hours')} AS DECIMAL(18, 9)) AS VARCHAR)"
    told = f"coalesce({plain}, {_told('hours')}, CAST({_ELAPSED} AS VARCHAR))"
    product = "TRY(CAST(TRY_CAST(n AS DECIMAL(9, 0)) * TRY_CAST(h AS DECIMAL(18, 9)) AS DECIMAL(18, 9)))"
    of = named(
        _told("chips"), "n",
        named(told, "h", "CASE WHEN n IS NULL OR h IS NULL THEN NULL"
              f" ELSE coalesce(CAST({product} AS VARCHAR), concat(n, ' x ', h)) END"),
    )  # fmt: skip
    return f"coalesce({_told('chip_hours')}, {of})"


def _columns() -> dict[str, str]:
    chip = _told("chip")
    return {
        "ts": _told("start"),
        "provider": f"lower({_told('provider')})",
        "model": f"coalesce({instance_chip(chip)}, {named_chip(chip)}, {chip})",
        "request_id": f"concat('run:', {_told('run')})",
        "chip_hours": _chip_hours(),
        "stated_usd": _told("usd"),
        "kind": "'training'",
        "service_tier": _told("term"),
        "region": "region",
        "status": f"CASE WHEN lower({_told('status')}) IN ('failed', 'crashed', 'error', 'killed')"
        " THEN 'error' ELSE 'ok' END",
        "user": '"user"',
        "customer": "customer",
        "feature": _told("project"),
        "task": f"coalesce(nullif(task, ''), {_told('run')})",
        "tags": labels(
            (("tokens", _told("tokens")), ("team", "nullif(team, '')"), ("trained", "nullif(model, '')"))
        ),
    }


READER = Reader(
    name="training-runs",
    what="training runs, a run a row: chip, chips, start and end or hours, its cost where it is known",
    fields=dict.fromkeys((*(one for names in NAMES.values() for one in names), *_PLAIN), TEXT),
    columns=AtFirstUse(_columns),
    mine=f"{_told('run')} IS NOT NULL AND {_told('chip')} IS NOT NULL",
    claims=_claims,
    table=True,
)
