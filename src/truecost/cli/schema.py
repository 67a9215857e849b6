"""`truecost schema`: the JSON Schema of a spec, so that an editor completes and checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from truecost.cli.options import debug_option

if TYPE_CHECKING:
    from pydantic import BaseModel


@click.command("schema")
@click.argument("verb", type=click.Choice(["plan", "train", "replay", "budget", "contract"]))
@debug_option
def command(*, verb: str) -> None:
    """Print the JSON Schema (draft 2020-12) of the spec of VERB, of budgets, or of a contract with vendors.

    An editor uses it from the first line of the spec:

      # yaml-language-server: $schema=plan.schema.json
    """
    from truecost.cli.output import emit_json

    emit_json(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"truecost {verb}",
            **_schema(verb).model_json_schema(),
        }
    )


def _schema(verb: str) -> type[BaseModel]:
    if verb == "train":
        from truecost.training.schema import TrainSpec

        return TrainSpec
    if verb == "replay":
        from truecost.replay.schema import ReplaySpec

        return ReplaySpec
    if verb == "budget":
        from truecost.ledger.over_time.budget_spec import Budgets

        return Budgets
    if verb == "contract":
        from truecost.ledger.contracts.contract import Contract

        return Contract
    from truecost.plan.schema import Plan

    return Plan
