"""The inference wall for a terminal: the best size by tokens served, where the wall is, what moves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import averaged, has, loose, ranged, share, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
NAMES = {
    "sparsity": "mixture of experts",
    "quantization": "fewer bits in serving",
    "distillation": "taught by a finished model",
}
SIZED = "tokens_at_training_budget_if_sized_for_it"


def page(told: Told, width: int = DEFAULT_WIDTH) -> Page:
    """What `lifetime_sizes` gives, as a page."""
    made = Page(width)
    first = shown(told["training_flops"], "FLOP")
    made.title(f"The inference wall of a {first} run")
    at = "" if told["serving_price"] == 1 else f" at {shown(told['serving_price'])} times its price"
    made.text(
        f"The model that costs least to train and serve{at}, all at the loss {told['loss']:.4f} that the run "
        "reaches at best: fewer parameters, trained on more tokens, the more it serves.",
        Style.FAINT,
    )
    made.blank()
    columns = [
        Column("tokens served", right=True), Column("parameters", right=True),
        Column("trained on", right=True), Column("training", right=True), Column("serving", right=True),
        Column("saved", right=True),
    ]  # fmt: skip
    rows = [
        [
            shown(row["served_tokens"]),
            shown(row["parameters"]),
            shown(row["training_tokens"]),
            shown(row["training_flops"], "FLOP").removesuffix("FLOP").strip(),
            shown(row["serving_flops"], "FLOP").removesuffix("FLOP").strip(),
            share(row["saving_share"]),
        ]
        for row in told["rows"]
    ]
    made.extend(table(columns, rows, width))
    made.item("Training and serving in FLOPs; saved: of both, against the size that is cheapest to train.")
    made.heading("The wall: where serving has cost more than training")
    plain, sized = (shown(told[key], "tokens") for key in ("tokens_at_training_budget", SIZED))
    made.item(f"{plain} served, for the model that is cheapest to train; {sized} for one sized for them.")
    _levers(told, made)
    law = told["law"]
    made.blank()
    made.text(
        f"L = {law['irreducible']:g} + {law['of_parameters']:g} / N^{law['parameters_exponent']:g} + "
        f"{law['of_tokens']:g} / D^{law['tokens_exponent']:g}, {law['source']}; dense models, fitted up to "
        f"{glued('16 B')} parameters: beyond, an extrapolation.",
        Style.FAINT,
    )
    return made


def _levers(told: Told, page: Page) -> None:
    """What sparsity, fewer bits and a teacher do to the size and to the wall."""
    served = told["levers_at_served_tokens"]
    page.heading("What moves it" + ("" if served is None else f", {shown(served, 'tokens')} served"))
    _table(told["levers"], page, "saving_share", "share")


def _table(levers: Told, page: Page, saving: str, unit: str) -> None:
    saved = "saved, USD" if unit == "USD" else "saved"
    columns = [
        Column("", wraps=True), Column("active\nparameters", right=True), Column("trained\non", right=True),
        Column(saved, right=True), Column("the wall\nat", right=True),
    ]  # fmt: skip
    rows = [
        [
            NAMES[name],
            *(_middle(found[key]) for key in ("parameters", "training_tokens")),
            "" if found[saving] is None else averaged(found[saving], "" if unit == "USD" else unit),
            _middle(found[SIZED]),
        ]
        for name, found in levers.items()
    ]
    page.extend(table(columns, rows, page.width))


def _middle(value: Told | None) -> str:
    return shown(value["p50"]) if has(value) else ""


def of_a_plan(statement: Told, page: Page) -> None:
    """The wall of a plan that trains a model: its own model, the best, the volumes, the levers."""
    wall = statement.get("inference_wall")
    if wall is None:
        return
    page.heading("The inference wall")
    for sentence in (*findings(wall), *standing(wall)):
        page.item(loose(sentence))
    if wall["levers"]:
        _table(wall["levers"], page, "saving_usd", "USD")


def standing(wall: Told) -> list[str]:
    """What the figures rest on."""
    said = [
        f"The model: {ranged(wall['parameters'])} parameters trained on {ranged(wall['training_tokens'])} "
        f"tokens, loss {wall['loss']['p50']:.3f} nats by the law {wall['law']}."
    ]
    other = wall["by_other_law"]
    if other is not None:
        said.append(
            f"By the constants of {other['law']} the best is {ranged(other['parameters'])} parameters on "
            f"{ranged(other['training_tokens'])} tokens."
        )
    return said


def findings(wall: Told) -> list[str]:
    """The best size, what it saves, and where the wall stands."""
    said: list[str] = []
    best = wall["lifetime_optimal"]
    if best is not None:
        said.append(
            f"For the {ranged(wall['served_tokens'])} tokens that the first generation serves, training and "
            f"serving cost least at {ranged(best['parameters'])} parameters trained on "
            f"{ranged(best['training_tokens'])} tokens, at the same loss: "
            f"{averaged(best['saving_usd'], 'USD')} less."
        )
    said.append(
        f"Serving costs more than the final run from {ranged(wall['tokens_at_training_budget'])} tokens on; "
        f"of a model sized for so many, from {ranged(wall[SIZED])}."
    )
    return said
