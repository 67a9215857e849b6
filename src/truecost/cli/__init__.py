"""The command line: one file a verb, loaded when it is called; heavy imports wait inside the functions."""

from __future__ import annotations

from typing import Any

import click

from truecost.cli.failures import failing_well
from truecost.cli.lazy import LazyGroup

VERBS = {
    "plan": "What a plan really costs: the verdict, every line, margins, break-evens.",
    "advise": "What to change in a plan: every lever alone, ranked in USD, and the best together.",
    "quick": "Ten lines for users, queries, a model and a price; no file needed.",
    "compare": "Two plans, line by line: what differs and what it is worth.",
    "explain": "Where one number of a plan comes from: formula, inputs, facts, sources.",
    "init": "Print a commented starter plan: consumer, builder or lab.",
    "schema": "Print the JSON Schema of a plan, for editors.",
    "train": "What a training run takes and costs: step time, memory, days, energy, USD.",
    "trace": "Request traces: what is in one, more like it, the same in our schema.",
    "replay": "What users see of real traffic on a fleet, how full it is, what it costs.",
    "price": "What requests cost on a day, exact and explained: rules, dates, sources, changes.",
    "ledger": "What usage did cost, and whom: logs in, priced lines out.",
    "trends": "Where prices are going: fits with ranges, back-tested against a random walk.",
    "wall": "How large a model should be for the tokens it will serve, and when serving passes training.",
    "catalog": "The facts: accelerators, models, prices, rentals, rates.",
    "glossary": "What the words mean, each with a figure worked out from the catalog.",
    "pulse": "What changed in the catalog, and the three changes that move a plan most.",
    "evidence": "How far off the laws are on data they were not fitted on; and the fits behind them.",
    "claims": "What published articles say about the cost of AI, recomputed: which hold, which do not.",
}


class Verbs(LazyGroup):
    """The verbs, each failing well."""

    noun = "verb"

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; what goes wrong becomes a message and an exit code."""
        return failing_well(ctx, super().invoke)


@click.group(
    cls=Verbs,
    members={name: (f"{__name__}.{name}", what) for name, what in VERBS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="truecost", prog_name="truecost", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.pass_context
def main(ctx: click.Context, debug: bool) -> None:
    """What an AI system really costs: to train, to serve, over its life; and what to change.

    Data go to stdout, notes to stderr. Exit codes: 0 done; 1 understood, and the answer is no (--strict);
    2 not understood; 130 interrupted.
    """
    ctx.ensure_object(dict)["debug"] = debug
