"""Tables and sentences of the serving law's scorecard that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from truecost.report.evidence_phrases import (
    QUANTITIES,
    Law,
    exact,
    one_in_hundred,
    percent,
    signed,
)

UNSEEN_HEAD = ("", "cases", "mean", "median", "aim", "P90", "bias", "in\n90 %", "x/÷", "naive")
SEEN_HEAD = UNSEEN_HEAD[:9]
INTERVAL_HEAD = ("", "interval", "x/÷", "aim", "inside")
REQUEST_HEAD = ("", "measured", "predicted", "90 % interval", "error", "aim")
SHORT = ("tpot", "ttft", "throughput")
ENGINES = {"vllm": "vLLM", "trtllm": "TensorRT-LLM", "sglang": "SGLang"}
LATENCIES = {"ttft": "TTFT", "tpot": "TPOT", "e2e": "E2E", "queue": "queue"}
READING = (
    "TPOT: time per output token; TTFT: time to first token; E2E: the whole answer; throughput: of offline "
    "runs; all by simulation. Replica-seconds: the closed form a plan reckons with. (7): so many groups "
    "have it. aim: what we set "
    "ourselves for the median. in 90 %: the share inside the 90 % interval that the other groups give, "
    "groups weighing the same (85 to 95 % aimed at); x/÷: half of its width. naive: median error of hardware "
    "at the best constant share of its peaks."
)
SEEN_NOTE = (
    "No prediction. Fitted on: these points and their groups were in the fit. Corrected: what a replay does "
    "where the same model, chip, engine and precision were measured; each run is left out in turn, others of "
    "its setup are not: an interpolation."
)


def errors(row: Mapping[str, Any]) -> list[str]:
    """Cases, mean, median, P90 and bias of a score."""
    return [
        f"{row['cases']:,}", *(percent(row[f"{what}_error"]) for what in ("mean", "median", "p90")),
        signed(row["bias"]),
    ]  # fmt: skip


def unseen_rows(law: Law, names: Sequence[str] | None = None) -> list[list[str]]:
    """By what was left out and by quantity; then the sources that no fit has seen."""
    rows: list[list[str]] = []
    for what, left in law["left_out"].items():
        rows.append(_title(f"{left['groups']} {what}s left out"))
        rows += [
            [f"  {_named(name, one, left)}", *_with_aim(law, "unseen", name, one),
             one_in_hundred(one["coverage"]), f"{one['width']:.2f}", percent(one["baseline"]["median_error"])]
            for name, one in left["quantities"].items() if names is None or name in names
        ]  # fmt: skip
    outside = law["outside"]
    rows.append(_title("sources never fitted"))
    covered = one_in_hundred(outside["coverage"])
    return [
        *rows,
        [f"  {QUANTITIES['replica_seconds']}", *_with_aim(law, "", "", outside), covered, "", ""],
    ]


def seen_rows(law: Law) -> list[list[str]]:
    """What the law was fitted on, and setups corrected by their own other runs, by quantity."""
    return [
        _title("the points it was fitted on", SEEN_HEAD),
        *(
            [f"  {QUANTITIES[name]}", *_with_aim(law, "", "", one), "", ""]
            for name, one in law["seen"].items()
        ),
        _title("corrected by runs nearby", SEEN_HEAD),
        *(
            [f"  {QUANTITIES[name]}", *_with_aim(law, "corrected", name, one),
             one_in_hundred(one["coverage"]), f"{one['width']:.2f}"]
            for name, one in law["corrected"].items()
        ),
    ]  # fmt: skip


def interval_rows(law: Law) -> list[list[str]]:
    """The shipped intervals of measured over predicted."""
    return [
        [QUANTITIES[row["quantity"]], f"{row['low']:.2f} .. {row['high']:.2f}", f"{row['width']:.2f}",
         _aim(law, "width", row["quantity"], _factor), one_in_hundred(row["coverage"])]
        for row in law["intervals"]
    ]  # fmt: skip


def request_rows(run: Mapping[str, Any], law: Law) -> list[list[str]]:
    """Measured and predicted latencies of a recorded run."""
    return [
        [f"{LATENCIES[one['latency']]} {one['statistic']}", seconds(one["measured_s"]),
         seconds(one["predicted_s"]), _interval(one), signed(one["error"]),
         _aim(law, f"requests_{one['statistic']}", one["latency"], percent_whole)]
        for one in run["latencies"]
    ]  # fmt: skip


def run_title(run: Mapping[str, Any]) -> str:
    """What was recorded."""
    name = run["model"].rpartition("/")[2]
    engine = f"{ENGINES[run['engine']]} {run['engine_version']}"
    return f"{name} on {run['chip']}, {engine}, {run['requests']} requests"


def run_note(run: Mapping[str, Any]) -> str:
    """What stands behind the figures of a run."""
    measured, predicted = (seconds(run[f"{what}_makespan_s"]) for what in ("measured", "predicted"))
    return (
        f"All done after {measured}, predicted {predicted}; room for {run['cache_tokens']:,} KV tokens by "
        f"our count, {run['preemptions']} preemptions in the replay."
    )


def power_sentence(law: Law) -> str:
    """How far off the power of serving chips is, and whether a constant does better."""
    power = law["chip_power"]
    naive = power["baseline"]
    verdict = (
        "A constant does better" if naive["mean_error"] < power["mean_error"] else "A constant does worse"
    )
    return (
        f"Power of {power['cases']} serving setups on H100 (chips alone), each of {power['groups']} models "
        f"left out: {exact(power['mean_error'])} mean error, {exact(power['median_error'])} median, "
        f"{exact(power['p90_error'])} at P90, bias {signed(power['bias'])} %, "
        f"{one_in_hundred(power['coverage'])} in the 90 % interval ({power['low']:.2f} .. "
        f"{power['high']:.2f}); aimed at {one_in_hundred(law['aimed']['chip_power']['watts'])} in the "
        f"median. {power_formula(power['constants'])} {verdict}: 0.75 of the "
        f"rating is {exact(naive['mean_error'])} off, {exact(naive['median_error'])} in the median, "
        f"{exact(naive['p90_error'])} at P90, bias {signed(naive['bias'])} %."
    )


def power_formula(constants: Mapping[str, float]) -> str:
    """The law of power in a sentence."""
    idle, memory, products = (constants[f"{name}_share"] for name in ("idle", "memory", "arithmetic"))
    return (
        f"A chip draws {idle:.2f} of its rating, {memory:.2f} more while it reads memory, {products:.2f} "
        "while it multiplies, at most all of it."
    )


def requests_sentence(law: Law) -> str:
    """The mean latencies of the recorded runs in one line."""
    said = [
        f"{run['chip']} "
        + ", ".join(
            f"{LATENCIES[one['latency']]} {signed(one['error'])}\N{NO-BREAK SPACE}%"
            for one in run["latencies"]
            if one["statistic"] == "mean" and one["latency"] != "queue"
        )
        for run in law["requests"]
    ]
    return f"Recorded vLLM runs, never fitted, replayed; error of the means: {'; '.join(said)}."


def seen_sentence(law: Law) -> str:
    """What is no prediction, said to be none: the fit on its own points, and between measured runs."""
    fitted, near = (
        ", ".join(f"{QUANTITIES[name]} {exact(law[what][name]['median_error'])}" for name in SHORT)
        for what in ("seen", "corrected")
    )
    return (
        f"No prediction: on the points it was fitted on the medians are {fitted}; between measured runs of "
        f"the same setup, which correct it, {near}."
    )


def seconds(value: float) -> str:
    """A latency in one unit down a column: seconds, or milliseconds below one.

    >>> seconds(153.6274), seconds(0.0324466), seconds(7.0971)
    ('154 s', '32.4 ms', '7.10 s')
    """
    unit, scaled = ("s", value) if value >= 1 else ("ms", value * 1e3)
    return f"{scaled:#.3g}".rstrip(".") + f" {unit}"


def percent_whole(value: float) -> str:
    """A share as a whole number of per cent, for a column headed so."""
    return percent(value, 0)


def _named(name: str, row: Mapping[str, Any], left: Mapping[str, Any]) -> str:
    """A quantity, with the groups it was measured on where these are fewer than all."""
    fewer = f" ({row['groups']})" if row["groups"] < left["groups"] else ""
    return f"{QUANTITIES[name]}{fewer}"


def _title(text: str, head: Sequence[str] = UNSEEN_HEAD) -> list[str]:
    return [text, *[""] * (len(head) - 1)]


def _with_aim(law: Law, kind: str, name: str, row: Mapping[str, Any]) -> list[str]:
    cases, mean, median, p90, bias = errors(row)
    return [cases, mean, median, _aim(law, kind, name, percent_whole), p90, bias]


def _factor(value: float) -> str:
    return f"{value:g}"


def _aim(law: Law, kind: str, name: str, told: Callable[[float], str]) -> str:
    aims = law["aimed"].get(kind, {})
    return told(aims[name]) if name in aims else ""


def _interval(one: Mapping[str, Any]) -> str:
    low, high = one["predicted_p5_s"], one["predicted_p95_s"]
    return "" if low is None else f"{seconds(low)} .. {seconds(high)}"
