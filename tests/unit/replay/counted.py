"""Fleets whose latencies can be worked out by hand: measured steps of 100 ms, one request at a time."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from tests.unit.replay.specs import spec

STEP_S = 0.1


def steps_file(folder: Path, step_s: float = STEP_S) -> str:
    """Measured steps that take the same time whatever is in them, as far as there is one request."""
    path = folder / "steps.csv"
    rows = [f"{prompt},0,0,{step_s}" for prompt in range(1, 11)]
    path.write_text(
        "\n".join(["prefill_tokens,decode_sequences,context_tokens,seconds", *rows]), encoding="utf-8"
    )
    return str(path)


def trace_file(folder: Path, gap_s: float, requests: int = 200) -> str:
    """Requests at an even pace, each of one prompt and one token."""
    path = folder / "trace.csv"
    rows: list[str] = []
    for number in range(requests):
        minutes, seconds = divmod(number * gap_s, 60)
        rows.append(f"2023-11-16 18:{int(minutes):02d}:{seconds:010.7f},64,1")
    path.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows]), encoding="utf-8")
    return str(path)


def counted(folder: Path, gap_s: float, **changes: Any) -> dict[str, Any]:
    """One request a replica at a time, 100 ms each, arriving every `gap_s`."""
    return spec(
        traffic={"trace": trace_file(folder, gap_s)},
        engine={"step_times": steps_file(folder), "max_num_seqs": 1},
        **changes,
    )


def least_replicas(gap_s: float) -> int:
    """As many as there are requests in the time of one."""
    return math.ceil(STEP_S / gap_s - 1e-9)
