"""Commented starter plans: what `truecost init` prints."""

from __future__ import annotations

from importlib.resources import files

STARTERS = ("consumer", "builder", "lab")


def starter(kind: str) -> str:
    """The text of a starter plan; raises KeyError for a kind there is none of."""
    if kind not in STARTERS:
        raise KeyError(kind)
    return (files("truecost.plan") / "starter_plans" / f"{kind}.yaml").read_text(encoding="utf-8")
