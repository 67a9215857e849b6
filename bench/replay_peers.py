"""Other simulators on the same traffic, each in an environment of its own, beside ours: requests a second.

`python bench/replay.py --peers` runs them. An environment is made once from PyPI and kept in the user's
cache; what does not install or does not run is said, with the last line of why. Seconds are of the replay
alone, as each reports them: no start, no reading of files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from peer_environments import Failed, called, environment

from truecost.replay.engine import Requests

STEP_S = 0.012
"""Of a step, where all steps take as long: about what the law says of this fleet and traffic."""
BLOCK = 512
"""Tokens of a block of a Mooncake trace, the form that AISimulate reads."""
LAW, CONSTANT = "its own step times", "constant step times"


@dataclass(frozen=True)
class Peer:
    """A package, and how it replays requests: seconds by kind of step times."""

    name: str
    requirement: str
    note: str
    run: Callable[[Path, Requests, Path], Mapping[str, float]]


def beside(asked: Requests, ours: Mapping[str, float]) -> None:
    """Print every peer's requests a second and ours over it; `ours` is requests a second by kind of steps."""
    print(f"\nOthers on the same {len(asked):,} requests, one replica, one process each:")
    for kind, rate in ours.items():
        print(f"{f'truecost, {kind}':<58} {rate:>14,.0f}/s")
    for peer in PEERS:
        try:
            python = environment(peer.requirement)
            with TemporaryDirectory() as folder:
                found = peer.run(python, asked, Path(folder))
        except Failed as why:
            print(f"{peer.requirement:<58} no figure: {why}")
            continue
        for kind, taken_s in found.items():
            rate = len(asked) / taken_s
            times = ours[kind] / rate
            print(f"{f'{peer.name}, {kind}':<58} {rate:>14,.0f}/s   ours {times:,.0f}x")
        print(f"  {peer.requirement}: {peer.note}")


def run_aisimulate(python: Path, asked: Requests, folder: Path) -> dict[str, float]:
    """With its estimator of operations, then with constant times of a forward pass; it times itself."""
    trace = folder / "trace.jsonl"
    trace.write_text("".join(_mooncake(asked)), encoding="utf-8")
    found: dict[str, float] = {}
    for kind, timing in ((LAW, {"type": "default"}), (CONSTANT, _constant_passes())):
        config = folder / "predict.json"
        config.write_text(json.dumps(_prediction(trace, timing)), encoding="utf-8")
        out = folder / kind.replace(" ", "-")
        called(python.with_name("aisimulate"), "predict", "-c", config, "--output-dir", out)
        report = json.loads((out / "prediction.json").read_text(encoding="utf-8"))
        if report["completed_requests"] != len(asked):
            raise Failed(f"it completed {report['completed_requests']:,} of {len(asked):,} requests")
        found[kind] = report["wall_time_ms"] / 1000
    return found


def _constant_passes() -> dict[str, object]:
    return {"type": "fixed", "prefill_ms": STEP_S * 1000, "decode_ms": STEP_S * 1000}


def _mooncake(asked: Requests) -> list[str]:
    """Requests in lines of Mooncake's form, none sharing a block with another."""
    lines: list[str] = []
    block = 0
    rows = zip(
        asked.arrival_s.tolist(), asked.input_tokens.tolist(), asked.output_tokens.tolist(), strict=True
    )
    for arrival_s, read, written in rows:
        blocks = -(-read // BLOCK)
        row = {"timestamp": arrival_s * 1000, "input_length": read, "output_length": written,
               "hash_ids": list(range(block, block + blocks))}  # fmt: skip
        lines.append(json.dumps(row) + "\n")
        block += blocks
    return lines


def _prediction(trace: Path, timing: Mapping[str, object]) -> dict[str, object]:
    """The example's fleet in AISimulate's words: the checkpoint of the model in fp8 that it ships."""
    worker = {
        "parallelism": {"tensor": 4},
        "scheduler": {"max_batched_tokens": 8192, "max_sequences": 256},
        "timing": dict(timing),
    }
    return {
        "traffic": {
            "source": {"type": "trace", "format": "mooncake", "paths": [str(trace)], "block_size": BLOCK},
            "load": {"type": "trace_timestamps"},
        },
        "engine": {
            "mode": "aggregated",
            "model": "nvidia/Llama-3.1-70B-Instruct-FP8",
            "hardware": "h100_sxm",
            "backend": "vllm",
            "workers": {"aggregated": worker},
        },
    }


def run_vidur(python: Path, asked: Requests, folder: Path) -> dict[str, float]:
    """With constant step times, by its own classes in its own environment."""
    trace = folder / "trace.csv"
    rows = zip(
        asked.arrival_s.tolist(), asked.input_tokens.tolist(), asked.output_tokens.tolist(), strict=True
    )
    lines = [f"all,{arrival_s},{read},{written}\n" for arrival_s, read, written in rows]
    trace.write_text("Date,Time,PromptTokenCount,CompletionTokenCount\n" + "".join(lines), encoding="utf-8")
    script = Path(__file__).with_name("peer_vidur.py")
    said = called(python, script, trace, STEP_S, folder / "out")
    match = re.search(r"^seconds ([\d.]+)$", said, flags=re.MULTILINE)
    if match is None:
        raise Failed("it did not say how long it took")
    return {CONSTANT: float(match[1])}


PEERS = (
    Peer(
        "AISimulate",
        "aisimulate==0.13.0.dev202610270000000085",
        "`aisimulate predict`, as it times itself; it adds up its own step times as it goes",
        run_aisimulate,
    ),
    Peer(
        "Vidur",
        "vidur==0.0.26",
        "`Simulator.run`; its own step times need data sets that it downloads, which is not done here",
        run_vidur,
    ),
)
