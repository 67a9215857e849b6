"""How wide text will be, where it breaks, and how labels keep apart.

A page has no script that measures text, and each reader has another sans serif; widths here are those of a
wide one, so what fits here fits there.
"""

from __future__ import annotations

from collections.abc import Sequence

_THIN = frozenset("iljtfrI.,:;'|!()[]- ·")
_BROAD = frozenset("mwMW@%—")
_SHARE_OF_SIZE = {"thin": 0.36, "broad": 0.93, "capital": 0.72, "other": 0.6}


def text_width(content: str, size: float = 13.0) -> float:
    """Width of a line of text in the units of `size`, on the generous side.

    >>> text_width("mm") > text_width("ii")
    True
    """
    return size * sum(_SHARE_OF_SIZE[_kind(letter)] for letter in content)


def _kind(letter: str) -> str:
    if letter in _THIN:
        return "thin"
    if letter in _BROAD:
        return "broad"
    return "capital" if letter.isupper() else "other"


def shorten(content: str, width: float, size: float = 13.0) -> str:
    """The text, cut with an ellipsis where it is wider than `width`.

    >>> shorten("a very long name indeed", 70)
    'a very lo…'
    """
    if text_width(content, size) <= width:
        return content
    kept = content
    while kept and text_width(f"{kept}…", size) > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def wrap(content: str, width: float, size: float = 13.0, most: int = 2) -> list[str]:
    """The text broken at ordinary spaces into at most `most` lines of a width; the last is cut to fit.

    >>> wrap("Experiments and failed runs", 110)
    ['Experiments', 'and failed runs']
    """
    lines: list[str] = []
    words = [word for word in content.split(" ") if word]
    while words and len(lines) < most - 1:
        taken = 1
        while taken < len(words) and text_width(" ".join(words[: taken + 1]), size) <= width:
            taken += 1
        lines.append(shorten(" ".join(words[:taken]), width, size))
        words = words[taken:]
    return [*lines, shorten(" ".join(words), width, size)] if words else lines


def apart(wanted: Sequence[float], heights: Sequence[float], bounds: tuple[float, float]) -> list[float]:
    """Centres as near as can be to those wanted, in their order, so that boxes of these heights do not touch.

    Boxes are stacked downwards without gaps where they would overlap, then pushed back inside the bounds;
    when they do not fit, they run over the lower one.

    >>> apart([10, 12], [20, 20], (0, 100))
    [10.0, 30.0]
    >>> apart([95, 97], [20, 20], (0, 100))
    [70.0, 90.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    centres = [0.0] * len(wanted)
    edge = bounds[0]
    for i in order:
        centres[i] = max(float(wanted[i]), edge + heights[i] / 2)
        edge = centres[i] + heights[i] / 2
    edge = max(bounds[1], bounds[0] + sum(heights))
    for i in reversed(order):
        centres[i] = min(centres[i], edge - heights[i] / 2)
        edge = centres[i] - heights[i] / 2
    return centres
