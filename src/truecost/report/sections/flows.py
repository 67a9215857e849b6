"""Who pays and who gets: every dollar of the plan from one side to the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.flow import Party, flow
from truecost.report.charts.svg import figure
from truecost.report.flow_names import payee_name, payer_name
from truecost.report.flows_text import at_rate, event, invested, sentences
from truecost.report.phrases import averaged, share, shown
from truecost.report.sections.section import (
    MEAN_HEAD,
    Absent,
    Section,
    Statement,
    Table,
    mean_cells,
)

MOST = 8
REST = "the others"
UNFUNDED = "unfunded"


def flows(statement: Statement) -> Section | Absent:
    """Means, which add up: payers on the left, payees on the right."""
    told = statement["flows"]
    total = sum(value["mean"] for value in told["payers"].values())
    if not told["payers"] or not total:
        return Absent("Who pays, who gets", "the plan costs nothing")
    payers = _parties(told["payers"], total, payer_name)
    payees = _parties(told["payees"], total, payee_name)
    links = _links(told["links"], {p.key for p in payers}, {p.key for p in payees})
    said = "; ".join(f"{party.name}: {party.shown}" for party in (*payers, *payees))
    return Section(
        "flows",
        _title(told, total),
        "USD over the plan, amortized, means. Left: out of whose money each month is paid: credits, what "
        "customers pay, their earlier surplus, cash and rounds; the rest has no source in the plan. "
        "Right: who gets it in the end. Ribbons are as thick as the money, in proportion month by month.",
        figure(lambda width: flow(payers, payees, links, width), said),
        facts=list(sentences(statement)),
        tables=[_table(told, total), *_returns(told["returns"])],
    )


def _parties(values: Mapping[str, Any], total: float, name: Any) -> list[Party]:
    """The largest, and the others in one."""
    kept = dict(list(values.items())[: MOST if len(values) <= MOST else MOST - 1])
    found = [
        Party(key, name(key), value["mean"], _amount(value["mean"], total), key == UNFUNDED)
        for key, value in kept.items()
        if value["mean"] > 0
    ]
    rest = sum(value["mean"] for key, value in values.items() if key not in kept)
    return [*found, Party(REST, "The others", rest, _amount(rest, total))] if rest > 0 else found


def _amount(usd: float, total: float) -> str:
    return f"{shown(usd, 'USD')}, {share(usd / total)}"


def _links(
    links: Mapping[str, Mapping[str, float]], payers: set[str], payees: set[str]
) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for payer, given in links.items():
        for payee, usd in given.items():
            ends = (payer if payer in payers else REST, payee if payee in payees else REST)
            found[ends] = found.get(ends, 0.0) + usd
    return found


def _title(told: Mapping[str, Any], total: float) -> str:
    first = payee_name(next(iter(told["payees"])))
    got = share(next(iter(told["payees"].values()))["mean"] / total)
    gets = f"{first[:1].lower() + first[1:]} get the most, {got}"
    unfunded = told["payers"].get(UNFUNDED)
    if unfunded is None or unfunded["mean"] < 0.005 * total:
        return f"Every dollar has a payer; {gets}"
    if len(told["payers"]) == 1:
        return f"The plan names nobody who pays for it; {gets}"
    return f"{share(unfunded['mean'] / total)} of the cost has no payer in the plan; {gets}"


def _table(told: Mapping[str, Any], total: float) -> Table:
    rows = [
        [side, name(key), *mean_cells(value, "USD"), share(value["mean"] / total)]
        for side, values, name in (
            ("pays", told["payers"], payer_name),
            ("gets", told["payees"], payee_name),
        )
        for key, value in values.items()
    ]
    return Table(("Side", "Who", *MEAN_HEAD, "Share"), rows, "Payers and payees, USD over the plan", words=2)


def _returns(returns: Mapping[str, Any] | None) -> Sequence[Table]:
    """What generations and an investor put in and get back."""
    made = invested(returns)
    if returns is None or not made:
        return []
    rows = [
        [
            name,
            *(shown(value[key]["mean"], "USD") for key in ("put_in_usd", "got_back_usd")),
            averaged(value["net_present_value_usd"], "USD"),
            event(value["payback_month"]),
            event(value["return_per_year"], "share"),
        ]
        for name, value in made.items()
    ]
    head = ("", "Put in", "Got back", "NPV", "Paid back, month", "Return a year")
    return [Table(head, rows, f"What comes back: means; {at_rate(returns)}")]
