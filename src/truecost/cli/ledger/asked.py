"""Options that several questions of the ledger share, and how their answers are given out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from truecost.cli.options import catalog_option, day_option, json_option

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.report.layout import Page

F = TypeVar("F", bound=Callable[..., Any])

by_option = click.option(
    "--by",
    default="model",
    show_default=True,
    metavar="COLUMNS",
    help="What to add up by: user, customer, feature, task, model, day, tag:NAME, ...; several with commas.",
)
month_option = click.option("--month", metavar="YYYY-MM", help="The days of one month; all without.")
as_known_option = day_option("--as-known", "Price by what was known on that day; today without.")
on_option = day_option("--on", "As at the end of this day; the last day that is over without.")
where_option = click.option(
    "--for",
    "where",
    metavar="FILTER",
    help='Only of rows like: feature = "summary" and not (input_tokens > 100k or tag:team in (a, b)).',
)
csv_option = click.option(
    "--csv", metavar="FILE", help="The groups, one row each, amounts to the last digit."
)
all_option = click.option("--all", "everything", is_flag=True, help="Show every group, not the first ones.")


contract_option = click.option(
    "--contract", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
    help="What is agreed with vendors: rates, volume tiers, capacity, commitments, credits, currency.",
)  # fmt: skip


def agreement(contract: str | None) -> dict[str, Any]:
    """The contract in a file and what it is called, as the questions take them; nothing without."""
    if contract is None:
        return {}
    from truecost.ledger.contracts.contract import contract_of

    return {"contract": contract_of(contract), "contract_name": contract}


def prices_options(function: F) -> F:
    """--as-known and --catalog: by which prices."""
    return as_known_option(catalog_option(function))


def rows_options(function: F) -> F:
    """--for, --month, --as-known and --catalog: of which usage, and by which prices."""
    return where_option(month_option(prices_options(function)))


def answer_options(function: F) -> F:
    """--csv, --all and --json: how the answer of groups is given out."""
    return csv_option(all_option(json_option(function)))


def own_prices(catalog: str | None) -> Catalog | None:
    """The catalog under the user's own facts; None without."""
    from truecost.catalog import load

    return load(catalog) if catalog else None


def how_asked(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `rows_options` were given, as the questions take them."""
    found = {key: asked[key] for key in ("where", "month", "as_known") if key in asked}
    return {**found, "catalog": own_prices(asked["catalog"])}


def columns(by: str) -> list[str]:
    """What --by names, one by one."""
    return [one.strip() for one in by.split(",") if one.strip()]


def check_outputs(*, as_json: bool, csv: str | None, sources: Sequence[str | None] = ()) -> None:
    """Refuse what cannot be written before anything is computed."""
    from truecost.cli.output import check_targets

    check_targets({"--json": "-" if as_json else None, "--csv": csv}, sources)


def rows_of(told: Mapping[str, Any], key: str) -> tuple[list[str], Iterable[Iterable[Any]]]:
    """The groups of an answer as a table; its total where it was asked for no groups."""
    found: Sequence[Mapping[str, Any]] = told[key] if told["by"] else [told["total"]]
    header = [*told["by"], *(one for one in (found[0] if found else told["total"]) if one not in told["by"])]
    return header, ([one[name] for name in header] for one in found)


def tell(
    told: Mapping[str, Any],
    table: tuple[Iterable[str], Iterable[Iterable[Any]]],
    page: Callable[[Mapping[str, Any], int], Page],
    *,
    as_json: bool,
    csv: str | None,
) -> None:
    """An answer as JSON, as CSV of its rows, or as a page."""
    from truecost.cli.output import emit_json, emit_page, page_width, write_all
    from truecost.report.exports import table_csv

    if csv is not None:
        write_all({csv: table_csv(*table)})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(page(told, page_width()))
