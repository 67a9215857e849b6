"""Pages name the same few plans over and over: what to do with each is found once for all commands."""

from __future__ import annotations

from typing import Any

import pytest

from truecost.advise.answer import Answer

answers: dict[tuple[Any, ...], Answer] = {}


def answer_of(document: Any, catalog: Any, **options: int) -> Answer:
    """The answer on a plan, the same one for the same plan, catalog, draws and seed."""
    key = (repr(document.value), id(catalog), *sorted(options.items()))
    if key not in answers:
        answers[key] = Answer(document, catalog, **options)
    return answers[key]


@pytest.fixture(autouse=True)
def answers_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truecost.advise.answer.Answer", answer_of)
