"""`truecost schema`: the JSON Schema of a spec, so that an editor completes and checks it."""

from __future__ import annotations

import click

from truecost.cli.options import debug_option


@click.command("schema")
@click.argument("verb", type=click.Choice(["plan"]))
@debug_option
def command(*, verb: str) -> None:
    """Print the JSON Schema (draft 2020-12) of the spec of VERB.

    An editor uses it from the first line of the plan:

      # yaml-language-server: $schema=plan.schema.json
    """
    from truecost.cli.output import emit_json
    from truecost.plan.schema import Plan

    emit_json(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"truecost {verb}",
            **Plan.model_json_schema(),
        }
    )
