"""Advice for a terminal: the best changes together, then each alone, then what does nothing and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import Line, Page, Span, Style, glued, width_of, wrapped
from truecost.report.phrases import around_mean, averaged, plural, share, shown, words
from truecost.report.tables import Column, table

Found = Mapping[str, Any]
Row = Mapping[str, Any]
MOST_LINES = 40
MOST_LEVERS = 8
MOST_STEPS = 6


def page(found: Found, width: int, *, everything: bool = False) -> Page:
    """The advice on a page: at most MOST_LINES lines unless everything is asked for."""
    if everything:
        return _page(found, width, len(found["levers"]), everything=True)
    pages = (_page(found, width, count, everything=False) for count in range(MOST_LEVERS, 0, -1))
    fitting = (drawn for drawn in pages if len(drawn.lines) <= MOST_LINES)
    return next(fitting, None) or _page(found, width, 1, everything=False)


def _page(found: Found, width: int, count: int, *, everything: bool) -> Page:
    drawn = Page(width)
    drawn.title(f"{found['name']}: what to change")
    _finding(found, drawn)
    _steps(found, drawn, everything=everything)
    helping = [row for row in found["levers"] if _saved(row) > 0]
    best = helping if everything else best_of_each(helping)
    _alone(best[:count], drawn, everything=everything)
    if len(best) > count:
        drawn.text(f"and {len(best) - count} that save less: --all", Style.FAINT, indent=2)
    _losing([row for row in found["levers"] if _saved(row) <= 0], drawn, everything=everything)
    _nothing(found["not_applicable"], drawn, everything=everything)
    drawn.blank()
    drawn.text(
        "Means with their 90 % interval. Strengths of levers are assumed until measured (--all says from "
        "where); the quality of answers is not in these numbers.",
        Style.FAINT,
    )
    return drawn


def _finding(found: Found, drawn: Page) -> None:
    """What can be saved in all, and why it is less than the sum."""
    together, cost = found["combination"], found["cost_usd_per_month"]["mean"]
    if not together["steps"]:
        drawn.text(
            f"No change tried saves on average; the plan costs {shown(cost, 'USD')} a month.", Style.STRONG
        )
        return
    saved = together["saved_usd_per_month"]
    of_cost = f", {share(saved['mean'] / cost)} of its cost" if cost > 0 else ""
    many = plural(len(together["steps"]), "change")
    drawn.text(
        f"{many} together {'save' if len(together['steps']) > 1 else 'saves'} {averaged(saved, 'USD')} "
        f"a month{of_cost}.",
        Style.STRONG,
    )
    apart = together["sum_of_single_usd_per_month"]
    if len(together["steps"]) > 1:
        drawn.text(
            f"Counted one by one they would add up to {shown(apart, 'USD')}: they work on the same calls."
        )


def _steps(found: Found, drawn: Page, *, everything: bool) -> None:
    """The waterfall: from the plan as written, step by step, to the plan with all of them."""
    together, cost = found["combination"], found["cost_usd_per_month"]["mean"]
    steps = together["steps"]
    if not steps:
        return
    drawn.heading("The best combination, USD a month")
    left = cost
    rows = [["The plan as written costs", "", "", shown(cost)]]
    listed = steps if everything else steps[:MOST_STEPS]
    for step in listed:
        gained = step["gained_usd_per_month"]["mean"]
        left -= gained
        alone = step["alone_usd_per_month"]
        rows.append([named(step), shown(gained), "" if alone is None else shown(alone), shown(left)])
    rest = together["saved_usd_per_month"]["mean"] - (cost - left)
    if len(steps) > len(listed):
        many = plural(len(steps) - len(listed), "smaller step")
        rows.append([many, shown(rest), "", shown(left - rest)])
    columns = [
        Column("", wraps=True),
        Column("saves here", right=True),
        Column("alone", right=True, optional=True),
        Column("leaves", right=True, style=Style.STRONG),
    ]
    drawn.extend(table(columns, rows, drawn.width))
    if everything:
        drawn.text(
            "to repeat it: " + " ".join(f"--set '{text}'" for text in together["sets"]), Style.FAINT, indent=2
        )


def _alone(rows: Sequence[Row], drawn: Page, *, everything: bool) -> None:
    if not rows:
        return
    drawn.heading("Each change alone, USD saved a month")
    columns = [
        Column("", wraps=True),
        Column("saves", right=True, style=Style.STRONG),
        Column("90 % interval", right=True),
        Column("its own cost", right=True, optional=True),
    ]
    cells = [
        [
            named(row),
            shown(_saved(row)),
            around_mean(row["saved_usd_per_month"]),
            shown(row["own_cost_usd_per_month"]["mean"]) if row["own_cost_lines"] else "",
        ]
        for row in rows
    ]
    below = {number + 1: _below(row, drawn.width, everything=everything) for number, row in enumerate(rows)}
    drawn.extend(table(columns, cells, drawn.width, rules=below))
    drawn.extend(below[len(rows)])


def _below(row: Row, width: int, *, everything: bool) -> list[Line]:
    """What stands below a lever: the quantities it moves; of everything, what it assumes and leaves open."""
    if not everything:
        aside = [f"not in the combination: {row['not_combined']}"] if row["not_combined"] else []
        return [
            _faint(t) for text in (_first_moved(row, width - 4), *aside) for t in wrapped(text, width - 4, 2)
        ]
    texts = [moved(row), waiting(row["latency"])]
    texts.append(f"not known: {row['quality']}")
    texts += [
        f"assumed: {a['key']} {a['value']} {a['unit']} ({a['confidence']}; {a['source']})"
        for a in row["assumed"]
    ]
    if row["not_combined"]:
        texts.append(f"not in the combination: {row['not_combined']}")
    texts.append(" ".join(f"--set '{text}'" for text in row["sets"]))
    return [_faint(line) for text in filter(None, texts) for line in wrapped(text, width - 4, 2)]


def moved(row: Row) -> str:
    """The quantities a lever moves, from what to what."""
    return "; ".join(map(_change, row["mechanism"]))


def _change(each: Row) -> str:
    """One quantity before and after, its unit once.

    >>> _change({"quantity": "chips", "unit": "chips", "before": 4.0, "after": 2.0}).replace(chr(160), " ")
    'chips 4 → 2'
    >>> _change({"quantity": "calls", "unit": "calls/month", "before": 9, "after": 8}).replace(chr(160), " ")
    'calls 9 → 8 a month'
    """
    unit, slash, rest = each["unit"].partition("/")
    monthly = " a month" if rest == "month" else ""
    name = (
        ""
        if unit in each["quantity"]
        else f"{unit}{slash if not monthly else ''}{rest if not monthly else ''}"
    )
    if unit == "share":
        return glued(f"{each['quantity']} {share(each['before'])} → {share(each['after'])}")
    change = f"{each['quantity']} {shown(each['before'])} → {shown(each['after'])} {name}".rstrip()
    return glued(change + monthly)


def _first_moved(row: Row, width: int) -> str:
    """As many of the quantities moved, and what waiting becomes, as fit on a line; the first always."""
    said = ""
    for text in (*map(_change, row["mechanism"]), *seconds(row["latency"])):
        joined = f"{said}; {text}" if said else text
        if said and width_of(joined) > width:
            break
        said = joined
    return said


def seconds(latency: Mapping[str, Any]) -> list[str]:
    """How waiting changes where the law of serving computes it."""
    return [
        f"{word} {shown(latency[key][0], 's')} → {shown(latency[key][1], 's')}"
        for key, word in (("ttft_s", "first token"), ("tpot_s", "each token"))
        if key in latency and abs(latency[key][1] - latency[key][0]) > 0.005 * latency[key][0]
    ]


def waiting(latency: Mapping[str, Any]) -> str:
    """How waiting changes, and what is not known about it."""
    return f"waiting: {'; '.join([*seconds(latency), latency['note']])}"


def _losing(rows: Sequence[Row], drawn: Page, *, everything: bool) -> None:
    if not rows:
        return
    if everything:
        drawn.heading("Changes that cost more than they save, USD a month")
        for row in rows:
            drawn.item(
                f"{named(row)}: {shown(-_saved(row), 'USD')} more. {moved(row)}; not known: {row['quality']}"
            )
        return
    kinds = list(dict.fromkeys(_kind(row) for row in rows))
    drawn.blank()
    drawn.item(f"Costs more than it saves: {'; '.join(kinds)}.", indent=0)


def _nothing(rows: Sequence[Row], drawn: Page, *, everything: bool) -> None:
    """What cannot be done or would change nothing, by reason."""
    by_reason: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        by_reason.setdefault(row["why"], {}).setdefault(row["label"], []).append(row["class"])
    if not by_reason:
        return
    if everything:
        drawn.heading("Changes that do nothing here, and why")
    else:
        drawn.blank()
    often = sorted(by_reason.items(), key=lambda item: -sum(map(len, item[1].values())))
    for why, labels in often if everything else often[:1]:
        classes = list(dict.fromkeys(c for found in labels.values() for c in found))
        names = "; ".join(labels)
        drawn.item(f"{names} ({', '.join(map(words, classes))}): {why}.", indent=2 if everything else 0)
    if not everything and len(often) > 1:
        rest = sum(len(found) for _, labels in often[1:] for found in labels.values())
        drawn.text(f"{plural(rest, 'other lever')} with nothing to do here: --all says why.", Style.FAINT)


def best_of_each(rows: Sequence[Row]) -> list[Row]:
    """Of levers that stand for each other (terms of one fleet, two chips) the best, in order."""
    best: dict[tuple[str, str], Row] = {}
    for row in rows:
        best.setdefault((row["family"], row["class"]), row)
    return list(best.values())


def named(row: Row) -> str:
    """A change with what it is a change of."""
    return f"{row['label']}: {words(row['class'])}"


def _kind(row: Row) -> str:
    return row["label"].partition(" (")[0][:1].lower() + row["label"].partition(" (")[0][1:]


def _saved(row: Row) -> float:
    return row["saved_usd_per_month"]["mean"]


def _faint(line: str) -> Line:
    return (Span(f"    {line}", Style.FAINT),)
