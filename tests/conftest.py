"""Settings every test shares."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "project", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def few_draws_of_an_answer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands and pages are run for what they print: their comparisons take 64 draws, not 1,024."""
    folders = ("tests/docs/", "tests/unit/cli/")
    if request.node.nodeid.startswith(folders):
        monkeypatch.setattr("truecost.advise.answer.COMPARED_DRAWS", 64)
        monkeypatch.setattr("truecost.advise.answer.COMPARED_SCOUT", 64)
