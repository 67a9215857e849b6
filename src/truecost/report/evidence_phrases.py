"""Words and figures of the scorecards that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.phrases import plural, shown
from truecost.report.train_text import PARTS

Law = Mapping[str, Any]
QUANTITIES = {
    "replica_seconds": "replica-seconds",
    "tpot": "TPOT",
    "ttft": "TTFT",
    "throughput": "throughput",
    "e2e": "E2E",
}
LEFT_OUT = {"model": "models left out", "chip": "chips left out", "source": "sources left out"}
NOTE = (
    "A prediction is scored where the law was not fitted. Errors are shares of the measured value; the "
    "bias is "
    "the median of predicted over measured, less 1: above 0 the predicted time is too long."
)
ELSEWHERE = "Published claims: truecost claims. Price trends against random walks: truecost trends."
REGIMES = {
    "all": "all steps",
    "dense": "16 bits, dense",
    "8 or 4 bits": "8 or 4 bits, dense",
    "8 or 4 bits or experts": "experts, or 8 or 4 bits",
    "experts": "experts",
}


def percent(value: float, digits: int = 1) -> str:
    """A share in per cent without its sign: what stands in a column headed %.

    >>> percent(0.1234), percent(-0.00001)
    ('12.3', '0.0')
    """
    shown_so = f"{value * 100:,.{digits}f}"
    return shown_so.lstrip("-") if not float(shown_so.replace(",", "")) else shown_so


def signed(value: float) -> str:
    """The same with its sign.

    >>> signed(0.05), signed(-0.0001)
    ('+5.0', '0.0')
    """
    text = percent(value)
    return text if text.startswith("-") or text == "0.0" else f"+{text}"


def one_in_hundred(value: float) -> str:
    """A share as a whole per cent, in a sentence.

    >>> one_in_hundred(0.905).replace(chr(160), " ")
    '90 %'
    """
    return f"{value * 100:.0f}\N{NO-BREAK SPACE}%"


def exact(value: float) -> str:
    """A share with one decimal, in a sentence.

    >>> exact(0.1234).replace(chr(160), " ")
    '12.3 %'
    """
    return f"{percent(value)}\N{NO-BREAK SPACE}%"


def covering(row: Mapping[str, Any]) -> str:
    """How many lie inside the 90 % interval, as a share with its binomial 90 % interval.

    >>> covering({"coverage": 0.9, "coverage_low": 0.8, "coverage_high": 0.96})
    '90 (80-96)'
    """
    ends = f"{row['coverage_low'] * 100:.0f}-{row['coverage_high'] * 100:.0f}"
    return f"{row['coverage'] * 100:.0f} ({ends})"


def finding(law: Law) -> str:
    """How far off a law is, in a sentence."""
    return _FINDINGS[law["key"]](law)


def _serving(law: Law) -> str:
    model = law["left_out"]["model"]["quantities"]
    tpot, ttft = (model[name] for name in ("tpot", "ttft"))
    return (
        "On models it has not seen the serving law is, in the median, "
        f"{exact(tpot['median_error'])} off on the time per output token and "
        f"{exact(ttft['median_error'])} on the time to first token; hardware at the best constant share of "
        f"its peaks {exact(tpot['baseline']['median_error'])} and {exact(ttft['baseline']['median_error'])}"
    )


def _steps(law: Law) -> str:
    macro = law["left_out"]["source"]["macro"]
    return (
        f"On sources it has not seen the step law is {exact(macro['mean_error'])} off; the best constant "
        "MFU of each, "
        f"in hindsight, {exact(macro['baseline']['mean_error'])}"
    )


def _runs(law: Law) -> str:
    within = dict(zip(law["factors"], law["shares_within"], strict=True))
    said = ", ".join(f"{one_in_hundred(share)} within {factor:g}x" for factor, share in within.items())
    best = max(law["constants"], key=lambda one: one["shares_within"])
    theirs = ", ".join(one_in_hundred(share) for share in best["shares_within"])
    constant = f"the best one utilization, {best['utilization']:g}, {theirs}"
    return f"Of {law['cases']} recorded runs the law predicts {said}; {constant}"


def _power(law: Law) -> str:
    return (
        f"On systems it has not seen the power law is {exact(law['mean_error'])} off; the best constant "
        "share of the "
        f"rating {exact(law['baseline_errors']['mean_error'])}"
    )


def _lost(law: Law) -> str:
    return (
        f"From the chips alone the law of failures is within {law['factor']:g}x for {law['within']} of "
        f"{law['cases']} runs, one share of {exact(law['share'])} for {law['constant_within']}: plans take "
        "the share"
    )


def _costs(law: Law) -> str:
    said = ", ".join(f"{row['within'][0]} of {row['figures']} {row['method']}" for row in law["methods"])
    band = f"{law['bands'][0] * 100:g}\N{NO-BREAK SPACE}%"
    return f"Of Epoch AI's published training costs we meet {said} figures within {band}"


_FINDINGS = {
    "serving": _serving,
    "training-steps": _steps,
    "whole-runs": _runs,
    "power": _power,
    "lost-time": _lost,
    "training-costs": _costs,
}


def reason(worst: Mapping[str, Any]) -> str:
    """What stands out in the step that the law is far off on, and what that part alone would have to be."""
    part, share, usual = PARTS[worst["part"]], worst["share"], worst["usual_share"]
    said = f"{part}: {one_in_hundred(share)} of the predicted step, {one_in_hundred(usual)} in the usual one"
    factor = worst["part_factor"]
    if factor is None:
        return f"{said}; more than this part is too slow"
    return f"{said}; would fit at {factor:.2g}x"


def off(error: float) -> str:
    """How far off one prediction is, as a factor.

    >>> off(1.0), off(-0.5)
    ('2.00x too long', '2.00x too short')
    """
    factor = 1 + error
    return f"{factor:.2f}x too long" if factor >= 1 else f"{1 / factor:.2f}x too short"


def fitted(law: Law) -> str:
    """When a law was fitted, and on what."""
    when = f"Fitted {law['fitted']} on" if law["fitted"] else "Fitted on"
    return f"{when} {law['fitted_on']}."


def record_range(record: Mapping[str, Any]) -> str:
    """What a plan draws where the law of a step cannot answer."""
    return (
        f"Where only the compute of a run is known, the record stands in: {record['runs']} runs of "
        f"utilization {record['median']:.3f} in the middle, {record['low']:.3f} .. {record['high']:.3f} "
        "for a "
        f"further one, "
        f"which holds {one_in_hundred(record['coverage'])} of the runs left out."
    )


def interruptions(record: Mapping[str, Any]) -> str:
    """How often recorded runs were interrupted."""
    rate = record["interruptions_per_chip_year"]
    return (
        f"Interruptions a chip and year on {rate['records']} records: {rate['median']:.2f} in the middle, "
        f"{rate['low']:.2f} .. {rate['high']:.2f} for a further one."
    )


def peer(row: Mapping[str, Any]) -> Sequence[str]:
    """A row of what peers reach: tool, on what, error, how it is known, source."""
    tool = " ".join(part for part in (row["tool"], row["version"]) if part)
    error = "" if row["error"] is None else f"{exact(row['error'])} {row['statistic']}"
    note = f"; {row['note']}" if row["note"] else ""
    return tool, f"{row['data']}{note}", error, row["how"], row["source"]


def amount(value: float, unit: str) -> str:
    """A measured value for a table."""
    return shown(value, unit)


def counted(law: Law) -> str:
    """How many cases stand behind a law's score.

    >>> counted({"cases": 4})
    '4 cases'
    """
    cases = law["cases"] if "cases" in law else next(iter(law["left_out"].values()))
    count = cases if isinstance(cases, int) else cases.get("cases") or cases["pooled"]["cases"]
    return plural(count, "case")
