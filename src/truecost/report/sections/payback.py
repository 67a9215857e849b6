"""What has come in so far against what it has cost so far."""

from __future__ import annotations

from truecost.report.charts.lines import cumulative
from truecost.report.charts.svg import figure
from truecost.report.charts.timeline import horizon
from truecost.report.crossing_text import month_of
from truecost.report.phrases import averaged, has, negated, share
from truecost.report.sections.crossover import cumulative_table, line_of, marked
from truecost.report.sections.section import Absent, Section, Statement


def payback(statement: Statement) -> Section | Absent:
    """Cumulative cost and revenue, and the month the money spent has come back."""
    revenue = statement["revenue_usd"]
    if not has(revenue) or not revenue["p95"] > 0:
        return Absent("Cost against revenue", "the plan earns nothing")
    series, months = statement["series"], statement["series"]["months"]
    if len(months) < 2:
        return Absent("Cost against revenue", "the plan is one month long")
    event = statement["payback_month"]
    at_once = event is not None and event["p95"] is not None and event["p95"] <= 1
    drawn = [
        line_of("Cost", series["cumulative_total_usd"], "tone2"),
        line_of("Revenue", series["cumulative_revenue_usd"], "accent"),
    ]
    moment = None if event is None or at_once else marked(event, months)
    title = _title(statement)
    return Section(
        "payback",
        title,
        "USD so far, means; the bands hold 90 % of the draws. Cost is the amortized view. Payback is when "
        "the cash spent has come back for good, its month a median.",
        figure(lambda width: cumulative(drawn, moment, months, width), f"Cost and revenue so far. {title}"),
        facts=[_left(statement)],
        tables=[cumulative_table(statement, ("total", "revenue"))],
    )


def _title(statement: Statement) -> str:
    event, span = statement["payback_month"], horizon(statement["horizon_months"])
    if event is None or not event["share_of_draws"]:
        return f"Revenue does not pay this back in {span}"
    if event["p95"] <= 1 and event["share_of_draws"] == 1:
        return "Revenue covers the cost from the first month on"
    if event["share_of_draws"] < 0.5:
        return f"It pays back within {span} in only {share(event['share_of_draws'])} of the draws"
    return f"It has paid back by {month_of(event)}"


def _left(statement: Statement) -> str:
    margin, span = statement["margin_usd"], horizon(statement["horizon_months"])
    if margin["mean"] < 0:
        return f"Over {span} it loses {averaged(negated(margin), 'USD')}."
    return f"Over {span} it leaves {averaged(margin, 'USD')}."
