"""Training specs for tests: small ones that are fast to answer."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

SMALL: dict[str, Any] = {
    "as_of": "2026-11-22",
    "model": "llama-3.1-8b",
    "cluster": {"accelerator": "h100-sxm", "count": 64, "per_node": 8, "inter_node": "50 GB/s"},
    "parallelism": {
        "tensor_parallel_size": 2,
        "pipeline_parallel_size": 2,
        "data_parallel_size": 16,
        "sharding": "zero-1",
        "sequence_parallel": True,
    },
    "batch": {"global_batch_size": 256, "micro_batch_size": 1, "sequence_length": 4096},
    "recompute": "selective",
    "stack": "megatron",
    "tokens": 1e12,
    "price": {"usd_per_chip_hour": 2.0},
}


def spec(**changes: Any) -> dict[str, Any]:
    """The small spec with values put at dotted paths (a dot written as two underscores); None takes one away.

    >>> spec(batch__micro_batch_size=2)["batch"]["micro_batch_size"]
    2
    """
    made = deepcopy(SMALL)
    for path, value in changes.items():
        section: Any = made
        *above, last = path.split("__")
        for part in above:
            section = section.setdefault(part, {})
        if value is None:
            section.pop(last, None)
        else:
            section[last] = value
    return made
