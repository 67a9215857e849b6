"""Where a number comes from, as a tree of text: value, formula, then what went into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Span, Style, glued, wrapped
from truecost.report.phrases import plural, ranged
from truecost.units import show_share

Tree = Mapping[str, Any]
"""`Node.to_dict()`: key, value, unit, how, source, confidence, checked, inputs."""
LEAST_TEXT = 28
"""Columns a text keeps, however deep the tree."""


def page(tree: Tree, width: int = DEFAULT_WIDTH, *, depth: int | None = None) -> Page:
    """The tree of one number; a part met before is named again, not drawn again.

    `depth` limits how many levels are drawn.
    """
    made = Page(width)
    seen: set[str] = set()
    _node(tree, ("", ""), (made, seen), depth)
    return made


def _node(node: Tree, stems: tuple[str, str], drawn: tuple[Page, set[str]], depth: int | None) -> None:
    page, seen = drawn
    first, rest = stems
    inputs: Sequence[Tree] = node["inputs"]
    again = node["key"] in seen and bool(inputs)
    seen.add(node["key"])
    hidden = bool(inputs) and (again or depth == 0)
    branch = rest + ("│ " if inputs and not hidden else "  ")
    _write(
        page,
        f"{node['key']} = {value_text(node)}",
        (first, branch),
        Style.STRONG if not first else Style.PLAIN,
    )
    if again:
        _write(page, "as above", (branch, branch), Style.FAINT)
        return
    for line in _grounds(node):
        _write(page, line, (branch, branch), Style.FAINT)
    if hidden:
        _write(
            page, f"{plural(len(inputs), 'input')} below (--depth shows more)", (branch, branch), Style.FAINT
        )
        return
    for number, child in enumerate(inputs):
        last = number == len(inputs) - 1
        below = None if depth is None else depth - 1
        _node(child, (f"{rest}{'└' if last else '├'} ", f"{rest}{'  ' if last else '│ '}"), drawn, below)


def _write(page: Page, text: str, stems: tuple[str, str], style: Style) -> None:
    first, rest = stems
    room = max(page.width - len(rest) - 2, LEAST_TEXT)
    for number, line in enumerate(wrapped(text, room)):
        stem = first if number == 0 else rest + "  "
        page.lines.append((Span(stem, Style.FAINT), Span(line, style)))


def value_text(node: Tree) -> str:
    """The value with its unit and 90 % interval."""
    share = float(node.get("share_of_draws", 1.0))
    if share == 0:
        return "never within the plan"
    value = ranged(node["value"], str(node["unit"]))
    return value if share == 1 else f"{value} in {show_share(share)} of the draws, never in the others"


def _grounds(node: Tree) -> list[str]:
    """The formula; of a leaf, where it is from, and its own words where they say more than the value."""
    how = str(node["how"])
    if node["inputs"] or not node["confidence"]:
        return [f"= {how}"] if how else []
    origin = ", ".join(str(part) for part in (node["confidence"], node["source"]) if part)
    dated = f", checked {node['checked']}" if node["checked"] else ""
    return [origin + dated, *([how] if ".." in how or ":" in how else [])]


HOW_TO_READ = (
    "KEY is what stands before the colon, a point, and one of the names after it; quote it where it has "
    "spaces. A line has .cash_usd, .list_usd, .quantity and .unit_price_usd too. Numbers of the plan and "
    "facts of the catalog are keys as well."
)


def keys_page(keys: Sequence[str], width: int = DEFAULT_WIDTH) -> Page:
    """Every key that can be explained, by what it is part of; parts of a key that is one itself left off."""
    made, known = Page(width), set(keys)
    families: dict[str, list[str]] = {}
    for key in keys:
        above, _, name = key.rpartition(".")
        if above not in known:
            families.setdefault(above, []).append(name)
    sections = [above.partition(".")[0] for above in families]
    for number, (above, names) in enumerate(families.items()):
        around = sections[max(number - 1, 0) : number + 1]
        if len(set(around)) > 1 and max(map(sections.count, around)) > 1:
            made.blank()
        made.item(f"{above}: {', '.join(map(glued, names))}".removeprefix(": "), indent=0)
    made.blank()
    made.text(HOW_TO_READ, Style.FAINT)
    return made
