"""Pages of training runs for tests: one run, one that does not fit, one of its own chips, both choices."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.unit.training.specs import spec

from truecost.catalog.catalog import load
from truecost.report.run_page import Written
from truecost.report.train_html import render, render_clusters, render_search
from truecost.training.alternatives import comparison_told, search_told
from truecost.training.clusters import Goal
from truecost.training.explore import explore_clusters, explore_layouts
from truecost.training.lookups import Lookups
from truecost.training.reading import read
from truecost.training.run import Case, case_of, train

PAGES = ("run", "no-fit", "experts", "lora", "grpo", "search", "clusters")
DAY = "2026-11-22"
RUNS: dict[str, dict[str, Any]] = {
    "run": {"name": "A <small> run", "cluster__count": 64},
    "no-fit": {"batch__micro_batch_size": 16, "recompute": "none", "parallelism__tensor_parallel_size": 1,
               "parallelism__data_parallel_size": 32, "batch__global_batch_size": 512},
    "experts": {"model": "deepseek-v3", "cluster__accelerator": "h800", "cluster__count": 2048,
                "precision": "fp8", "parallelism": None, "batch": None, "recompute": None,
                "price": {"basis": "own"}, "tokens": "10e12 .. 15e12"},
    "lora": {"method": "lora", "tokens": None, "dataset_tokens": 1e9},
    "grpo": {"method": "rlhf", "tokens": None, "batch": {"global_batch_size": 128},
             "rlhf": {"algorithm": "grpo", "reward_model": "llama-3.1-8b", "prompts_per_step": 128,
                      "samples": 4, "prompt_tokens": 256, "output_tokens": 512, "steps": 100}},
}  # fmt: skip


@cache
def run_told(name: str) -> dict[str, Any]:
    """What one of RUNS gives."""
    return train(spec(**RUNS[name])).to_dict()


@cache
def case() -> Case:
    """The small spec, settled."""
    lookups = Lookups(load(None))
    return case_of(read(spec(), lookups), lookups)


@cache
def search_found() -> dict[str, Any]:
    """A search over layouts of the small spec."""
    return search_told(explore_layouts(case().described, case().how))


@cache
def chips_found(deadline: float | None = 60.0, budget: float | None = 4e5) -> dict[str, Any]:
    """Three chips side by side."""
    lookups = case().how.lookups
    chips = [lookups.accelerator(name) for name in ("h100-sxm", "b200", "tpu-v5p")]
    return comparison_told(
        explore_clusters(case().described, chips, case().how, Goal(deadline, budget, "rent"))
    )


def page_of(name: str) -> str:
    """The page by its name."""
    written = Written("run.yaml", "model: llama-3.1-8b  # <the> model\ntokens: 1e12\n", ("tokens=1e12",))
    if name == "search":
        return render_search(search_found(), "Small run", DAY, written)
    if name == "clusters":
        return render_clusters(chips_found(), "Small run", DAY, written)
    return render(run_told(name), spec=written)
