"""`truecost claims`: what published articles say about the cost of AI, recomputed."""

from __future__ import annotations

from typing import Any

import click

from truecost.cli.options import catalog_option, debug_option, json_option


@click.command("claims")
@click.argument("claim", required=False, metavar="[ID]")
@click.option("--conflicts", is_flag=True, help="Claims that cannot both be true, and what reconciles them.")
@json_option
@click.option("--html", metavar="FILE", help="A self-contained page of every claim.")
@click.option(
    "--file",
    "file",
    type=click.Path(),
    metavar="FILE",
    help="Claims of your own (YAML) beside those shipped.",
)
@catalog_option
@debug_option
def command(
    *,
    claim: str | None,
    conflicts: bool,
    as_json: bool,
    html: str | None,
    file: str | None,
    catalog: str | None,
) -> None:
    """Every published claim with its verdict, or one claim, ID, with its calculation step by step.

    No verdict is written by hand: it follows from the numbers by one rule, and moves with the facts
    (--catalog FILE).
    """
    from truecost.cli.failures import refuse
    from truecost.cli.output import STDOUT, check_targets, emit_json, emit_page, page_width, write_all

    targets = check_targets({"--html": html, **({"--json": STDOUT} if as_json else {})}, [file, catalog])
    if html and claim:
        refuse("--html is a page of every claim; leave out ID")
    report = _report(file, catalog)
    found = _one(report, claim) if claim else report.to_dict()
    if "--html" in targets:
        from truecost.report.claims_page import render

        write_all({targets["--html"]: render(found)})
    if as_json:
        emit_json(_conflicts_alone(found) if conflicts else found)
    elif html != STDOUT and (not html or conflicts or claim):
        emit_page(_page(found, claim, page_width(), conflicts=conflicts))


def _page(found: dict[str, Any], claim: str | None, width: int, *, conflicts: bool) -> Any:
    from truecost.report.claims_text import conflicts_page, detail, listing

    if claim:
        return (
            conflicts_page(found, width)
            if conflicts
            else detail(found["claims"][0], found["conflicts"], width)
        )
    return conflicts_page(found, width) if conflicts else listing(found, width)


def _report(file: str | None, catalog: str | None) -> Any:
    from truecost.evidence.claims import claims

    return claims(file=file, catalog=catalog)


def _one(report: Any, claim: str) -> dict[str, Any]:
    """The report of one claim alone, with its conflicts."""
    from truecost.catalog.names import UnknownName
    from truecost.cli.failures import refuse

    try:
        return report.of(claim)
    except UnknownName as unknown:
        refuse(str(unknown))


def _conflicts_alone(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in ("claims", "counts", "rule")}
