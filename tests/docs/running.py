"""Running a command of a page: as it is written, but on few draws, and searches on few requests."""

from __future__ import annotations

from collections.abc import Sequence

SAMPLED = {"plan", "advise", "quick", "compare", "explain", "pulse"}
"""Verbs that take --draws; a few are enough to see that a command runs."""
SEARCHES = {"--search", "--levers"}
"""Options that replay the traffic many times over; a tenth of it is enough to see the same."""


def made_short(words: Sequence[str]) -> list[str]:
    """A command with what makes it short; of an option given twice the last counts."""
    if words[0] in SAMPLED:
        return [*words, "--draws", "16"]
    if words[0] == "replay" and SEARCHES & set(words):
        return [*words, "--set", "traffic.sample={below: 0.1}"]
    return list(words)
