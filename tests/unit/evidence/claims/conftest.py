"""The shipped claims, checked once."""

from __future__ import annotations

import pytest

from truecost.evidence.claims import Report, claims


@pytest.fixture(scope="session")
def report() -> Report:
    """Every shipped claim against the shipped catalog."""
    return claims()
