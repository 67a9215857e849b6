"""What if: each entry changes something, and what cannot be dated holds for the whole plan."""

from __future__ import annotations

from truecost.plan.checks.findings import Checking
from truecost.plan.schema.what_if import WhatIf
from truecost.plan.what_if import UNDATED

CHANGES = tuple(name for name in WhatIf.model_fields if name != "from_month")


def check_what_if(checking: Checking) -> None:
    """Adds a problem for an entry that changes nothing, or dates what decides the layout of a fleet."""
    for index, change in enumerate(checking.plan.what_if):
        path = f"what_if.{index}"
        given = [name for name in CHANGES if getattr(change, name) is not None]
        if not given:
            checking.add(path, "changes nothing", CHANGES)
        for name in given:
            if change.from_month and name in UNDATED:
                checking.add(
                    f"{path}.from_month",
                    f"{name} holds for the whole plan: it decides the layout of a fleet or what a call costs",
                    ("leave from_month out, or give it an entry of its own",),
                )
