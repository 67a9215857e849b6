"""A result in a notebook: the finding, and the lines as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.finding import headline, method, terms
from truecost.report.html import environment
from truecost.report.phrases import averaged, share

MOST = 15
"""Lines shown; the last row sums the others."""


def notebook_html(statement: Mapping[str, Any]) -> str:
    """A fragment of HTML for a notebook's output cell; it brings no style but its own few rules."""
    lines = statement["lines"]
    total = sum(line["cost_usd"]["mean"] for line in lines)
    rows = [
        (
            line["label"],
            line["group"],
            averaged(line["cost_usd"], "USD"),
            share(line["cost_usd"]["mean"] / total),
        )
        for line in lines[:MOST]
        if total
    ]
    rest = sum(line["cost_usd"]["mean"] for line in lines[MOST:])
    return environment().get_template("notebook.html.j2").render(
        name=statement["name"],
        terms=terms(statement),
        method=method(statement),
        headline=headline(statement),
        total=averaged(statement["total_usd"], "USD"),
        rows=rows,
        others=(len(lines) - MOST, share(rest / total)) if rest and total else None,
        left_out=len(statement["left_out"]),
        warnings=statement["warnings"],
    )  # fmt: skip
