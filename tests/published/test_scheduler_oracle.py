"""The scheduler alone: against another simulator request by request, and a trace's ideal hit rate."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np

from truecost.replay.engine import Limits, Requests, fixed_steps, requests_of, simulate
from truecost.replay.traces import read_trace

BAR_MS = 1e-7


def test_every_request_is_served_when_the_oracle_says() -> None:
    path = files("truecost.evidence") / "data" / "scheduler_oracle.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 1000
    cells = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name != "source"}
    inputs, outputs = (cells[name].astype(np.int64) for name in ("input_tokens", "output_tokens"))
    limits = Limits(max_num_seqs=64, max_num_batched_tokens=2048, kv_blocks=6000, block_size=16)
    outcome = simulate(Requests(cells["arrival_s"], inputs, outputs), fixed_steps(0.060, 0.025), limits)
    first_ms = (outcome.first_token_s - cells["arrival_s"]) * 1e3
    whole_ms = (outcome.finished_s - cells["arrival_s"]) * 1e3
    assert np.abs(first_ms - cells["ttft_ms"]).max() < BAR_MS
    assert np.abs(whole_ms - cells["e2e_ms"]).max() < BAR_MS
    between_ms = (whole_ms - first_ms) / (outputs - 1)
    assert np.abs(between_ms - cells["itl_ms"]).max() < 1e-5  # stated to five decimals
    assert outcome.preempted.sum() == 0


def test_an_unbounded_prefix_cache_reaches_the_ideal_hit_rate() -> None:
    """Mooncake's conversations repeat 36.6 % of their blocks of 512 tokens (kvcache-ai/Mooncake)."""
    trace = read_trace("mooncake-conversation")
    assert trace.prefix_blocks is not None
    limits = Limits(256, 8192, 10_000_000, enable_prefix_caching=True)
    outcome = simulate(requests_of(trace), fixed_steps(0.060, 0.025), limits)
    blocks = np.ceil(outcome.hit_tokens / trace.prefix_blocks.block_tokens).sum()
    assert abs(blocks / trace.prefix_blocks.counts.sum() - 0.366) < 0.0005
    assert outcome.preempted.sum() == 0
