"""Energy and carbon: published model cards and what must hold."""

from __future__ import annotations

import numpy as np
import pytest

from truecost.physics.energy import carbon_tco2e, energy_kwh


@pytest.mark.parametrize(
    ("hours", "tdp_w", "tonnes"),
    [(184_320, 400, 31.22), (368_640, 400, 62.44), (1_720_320, 400, 291.42)],
    ids=["Llama 2 7B", "Llama 2 13B", "Llama 2 70B"],
)
def test_model_cards_count_rated_power_without_overheads(hours: float, tdp_w: float, tonnes: float) -> None:
    """meta-llama/llama-models MODEL_CARD.md@a9c89c4: hours x rated power x 0.4234 kg/kWh throughout."""
    kwh = energy_kwh(hours, tdp_w, 1.0, 1.0, 1.0)
    assert carbon_tco2e(kwh, 0.4234) == pytest.approx(tonnes, rel=0.002)


def test_each_factor_multiplies() -> None:
    base = energy_kwh(10.0, 700.0, 1.8, 0.75, 1.1)
    assert base == pytest.approx(10 * 0.7 * 1.8 * 0.75 * 1.1)
    assert energy_kwh(np.array([10.0, 20.0]), 700.0, 1.8, 0.75, 1.1).tolist() == pytest.approx(
        [base, 2 * base]
    )
