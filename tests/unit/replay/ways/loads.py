"""Loads, specs and measured steps for tests of the ways: numbers that can be worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load as load_catalog
from truecost.replay.assumptions import Assumed
from truecost.replay.reading import read
from truecost.replay.run import prepared
from truecost.replay.setups import Setup
from truecost.replay.traces.trace import Blocks
from truecost.replay.traffic import Load
from truecost.replay.ways.apis import Api, Asking, apis_of
from truecost.spec import Problems

DAY = date(2026, 11, 22)
ONE_AT_A_TIME = {"max_num_seqs": 1}


def steps_file(folder: Path, *, prompt_s: float = 0.5, answer_s: float = 0.05) -> str:
    """Measured steps: so long for any prompt, so long for any step of answers."""
    rows = ["prefill_tokens,decode_sequences,context_tokens,seconds"]
    for tokens in (8, 64, 512, 4096):
        rows.append(f"{tokens},0,0,{prompt_s}")
        rows.append(f"0,1,{tokens},{answer_s}")
        rows.append(f"{tokens},1,{tokens},{prompt_s + answer_s}")
    path = folder / "steps.csv"
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def fixed(folder: Path, **changes: Any) -> dict[str, Any]:
    """The small spec on measured steps, one request at a time: each takes 0.5 s + 10 x 0.05 s = 1 s."""
    return spec(
        engine={"step_times": steps_file(folder), **ONE_AT_A_TIME},
        traffic__synthetic={
            "requests": 60, "input_tokens": 100, "output_tokens": 11, "arrival": {"rate_per_s": 1.0}
        },
        **changes,
    )  # fmt: skip


def setup_of(given: dict[str, Any], arrival_s: Sequence[float] | None = None) -> Setup:
    """A spec ready to run, perhaps with other arrivals."""
    document = read(given, load_catalog())
    load = None
    if arrival_s is not None:
        count = len(arrival_s)
        load = Load("test", np.array(arrival_s, dtype=np.float64), np.full(count, 100), np.full(count, 11))
    return prepared(document, load_catalog(), load)[0]


def apis(setup: Setup) -> list[Api]:
    """The APIs of a setup's spec."""
    problems = Problems()
    asking = Asking(setup.spec, setup.layout.architecture, setup.load, load_catalog(), setup.as_of)
    found = apis_of(asking, Assumed(), problems)
    assert not problems
    return found


def with_prefixes(prompts: Sequence[Sequence[int]], inputs: Sequence[int], block_tokens: int = 10) -> Load:
    """Requests a second apart, whose prompts are runs of blocks."""
    counts = [len(prompt) for prompt in prompts]
    ids = np.array([one for prompt in prompts for one in prompt], dtype=np.int64)
    blocks = Blocks(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), ids, block_tokens, int(ids.max()) + 1
    )
    size = len(prompts)
    return Load(
        "test", np.arange(size, dtype=np.float64), np.array(inputs), np.full(size, 5), prefix_blocks=blocks
    )
