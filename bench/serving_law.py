"""How fast the serving law answers: draws for one point, and all measured points, as a fit runs them.

Prints each figure beside its bar; run with `python bench/serving_law.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from truecost.catalog.accelerators import accelerator
from truecost.catalog.models import model
from truecost.evidence.fit import closed_form_seconds, fitting_points, log_ratios
from truecost.evidence.serving_runs import constants_of
from truecost.physics.calibration import load_calibration
from truecost.physics.serving import ServingSetup, seconds_at_load, serving_point

DRAWS = 10_000
BAR_MS = 5.0
CASES = {
    "dense, full batch": ("llama-3.1-70b", ServingSetup(1.0, 1.0, tensor_parallel_size=4)),
    "dense, latency limit": (
        "llama-3.1-70b",
        ServingSetup(1.0, 1.0, tensor_parallel_size=4, tpot_limit_s=0.03),
    ),
    "experts, latency limit": (
        "deepseek-v3",
        ServingSetup(1.0, 1.0, data_parallel_size=8, precision="fp8", tpot_limit_s=0.05),
    ),
}


def milliseconds(work: Callable[[], object], runs: int = 7) -> float:
    """The best of a few runs."""
    best = float("inf")
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best * 1e3


def main() -> None:
    """Time each case on arrays of draws, one by one, and the fit."""
    spread = np.random.default_rng(7).standard_normal((2, DRAWS))
    constants = load_calibration().serving
    chip = accelerator("h200")
    print(f"{'case':24}{f'{DRAWS:,} draws':>16}{'bar':>8}{'one by one':>14}{'at load':>12}")
    for name, (model_name, setup) in CASES.items():
        architecture = model(model_name)
        drawn = replace(
            setup, input_tokens=1500 * np.exp(0.4 * spread[0]), output_tokens=400 * np.exp(0.4 * spread[1])
        )
        one = replace(setup, input_tokens=1500.0, output_tokens=400.0)
        point = serving_point(architecture, chip, one, constants)
        load = 0.7 / np.asarray(point.replica_seconds_per_request) * np.ones(DRAWS)
        together = milliseconds(lambda a=architecture, s=drawn: serving_point(a, chip, s, constants))
        alone = milliseconds(lambda a=architecture, s=one: serving_point(a, chip, s, constants)) * DRAWS
        at_load = milliseconds(
            lambda a=architecture, s=drawn, r=load: seconds_at_load(a, chip, s, constants, r)
        )
        print(f"{name:24}{together:13.2f} ms{BAR_MS:5.0f} ms{alone / together:12.0f} x{at_load:9.2f} ms")
    points = fitting_points()
    values = {name: constant.value for name, constant in load_calibration().serving_constants.items()}
    log_ratios(points, values)
    simulated = milliseconds(lambda: log_ratios(points, values), 3)
    closed = milliseconds(lambda: closed_form_seconds(points, constants_of(values, points)))
    print(f"all {len(points):,} measured points once, each simulated: {simulated:.0f} ms", end="")
    print(f"; by the closed form: {closed:.2f} ms")


if __name__ == "__main__":
    main()
