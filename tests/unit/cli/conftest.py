"""The command line as a user meets it: in this process for speed, in its own where that is the point."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from truecost.cli import main

PLAN = """\
name: Small product
as_of: 2026-11-01
start: 2026-12
horizon_months: 6
demand:
  tiers:
    free: {kind: free, users: 1000, queries_per_user_per_day: 3}
    pro: {kind: subscription, users: 100, queries_per_user_per_day: 9, price_usd_per_month: 20}
  requests:
    chat: {input_tokens: 600 .. 2000, output_tokens: 300}
serving:
  chat:
    api: {model: gpt-4.1-mini}
"""

REPLAY = """\
name: Small replay
as_of: 2026-11-22
model: llama-3.1-8b
fleet: {accelerator: h100-sxm}
traffic:
  synthetic: {requests: 100, input_tokens: 512, output_tokens: 64, arrival: {rate_per_s: 4}}
slo: {ttft_p99_s: 100}
price: {usd_per_chip_hour: 2}
"""

Run = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def run() -> Run:
    """Call the command line in this process; stdout and stderr are kept apart."""

    def call(*arguments: object, stdin: bytes | str | None = None) -> Result:
        return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin, prog_name="truecost")

    return call


@pytest.fixture
def process() -> Process:
    """Call the command line in a process of its own, with changes to its environment."""

    def call(
        *arguments: object, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "truecost", *(str(a) for a in arguments)],
            input=stdin, capture_output=True, env={**os.environ, **environment}, timeout=120, check=False,
        )  # fmt: skip

    return call


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    """A plan of fifteen lines."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


@pytest.fixture
def without_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON is the statement alone: what to do with the plan costs many evaluations of it."""
    monkeypatch.setattr("truecost.advise.answer.Answer.to_dict", lambda _: {})


@pytest.fixture
def replay_file(tmp_path: Path) -> Path:
    """A spec of a replay, eight lines."""
    path = tmp_path / "replay.yaml"
    path.write_text(REPLAY, encoding="utf-8")
    return path
