"""Text laid out for a terminal: lines of styled spans that fit a width, nothing cut, no number broken.

Words wrap at spaces; what belongs together ("1.19 B USD (860 M – 1.63 B)") is held by `glued`. How a style
looks is the terminal's affair: here it is only a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

DEFAULT_WIDTH = 80
GLUE = "\N{NO-BREAK SPACE}"
_TO_ASCII = str.maketrans(
    {
        "█": "#", "▒": "-", "–": "-", "—": "-", "−": "-", "·": "|", "×": "x", "…": "~", "├": "|", "└": "`",
        "│": "|", "─": "-", "→": ">", "≥": ">", "≤": "<", "µ": "u", "’": "'", "‘": "'", "“": '"', "”": '"',
    }
)  # fmt: skip
"""One character for one, so that columns stay where they are."""


class Style(StrEnum):
    """What a span is, not how it looks."""

    PLAIN = "plain"
    TITLE = "title"
    HEADING = "heading"
    STRONG = "strong"
    FAINT = "faint"
    BAR = "bar"
    WATER = "water"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one style."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]


def glued(text: str) -> str:
    """The text with spaces that no line breaks at.

    >>> wrapped("costs " + glued("1.46 B USD"), 12)
    ['costs', '1.46 B USD']
    """
    return text.replace(" ", GLUE)


def unglued(text: str) -> str:
    """The text with ordinary spaces again."""
    return text.replace(GLUE, " ")


def clean(text: str) -> str:
    """The text without control characters, which a name in a plan may hold; tabs and line ends become spaces.

    >>> clean("a\\x1b[31mb\\nc")
    'a?[31mb c'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == GLUE else " " if c.isspace() else "?" for c in text)


def width_of(text: str) -> int:
    """Columns that a text takes in a terminal: two for a wide East Asian character, none for an accent mark.

    >>> width_of("plan"), width_of("计划"), width_of("e\\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text filled with spaces to a width, on the left to align it right."""
    fill = " " * max(0, width - width_of(text))
    return fill + text if right else text + fill


def wrapped(text: str, width: int, hanging: int = 0) -> list[str]:
    """The lines of a text at most `width` columns wide, those after the first indented by `hanging`.

    A word longer than a line (a URL) is broken, behind a slash where it has one; nothing is left out.

    >>> wrapped("https://example.org/a/long/path", 20)
    ['https://example.org/', 'a/long/path']
    """
    width = max(width, hanging + 1, 2)
    lines: list[str] = []
    current = ""
    for word in clean(text).replace(GLUE, "\0").split():
        for piece in _pieces(word.replace("\0", GLUE), width - hanging):
            joined = f"{current} {piece}" if current.strip() else current + piece
            if width_of(joined) <= width or not current.strip():
                current = joined
            else:
                lines.append(current)
                current = " " * hanging + piece
    return [unglued(line) for line in [*lines, current]] if current.strip() or lines else [""]


def _pieces(word: str, width: int) -> Iterator[str]:
    """A word in parts that each fit."""
    while width_of(word) > width:
        end = _fitting(word, width)
        slash = max(word.rfind(mark, 0, end) for mark in "/-?&,;_")
        end = slash + 1 if slash > width // 3 else end
        yield word[:end]
        word = word[end:]
    yield word


def _fitting(word: str, width: int) -> int:
    """How many characters of a word fit in so many columns, at least one."""
    used = 0
    for index, character in enumerate(word):
        used += _columns(character)
        if used > width:
            return max(index, 1)
    return len(word)


@dataclass(slots=True)
class Page:
    """Lines of a given width, written from top to bottom."""

    width: int = DEFAULT_WIDTH
    lines: list[Line] = field(default_factory=list[Line])

    def blank(self) -> None:
        """An empty line, unless the last one is."""
        if self.lines and self.lines[-1]:
            self.lines.append(())

    def title(self, text: str) -> None:
        """The name of the whole page."""
        self.text(text, Style.TITLE)

    def heading(self, text: str) -> None:
        """The head of a section, set off by an empty line."""
        self.blank()
        self.text(text, Style.HEADING)

    def text(self, text: str, style: Style = Style.PLAIN, *, indent: int = 0, hanging: int = 0) -> None:
        """A paragraph, wrapped; `hanging` indents the lines after the first further."""
        for line in wrapped(text, self.width - indent, hanging):
            self.lines.append((Span(" " * indent + line, style),))

    def item(self, text: str, style: Style = Style.PLAIN, *, indent: int = 2) -> None:
        """A paragraph whose further lines hang."""
        self.text(text, style, indent=indent, hanging=2)

    def extend(self, lines: Iterable[Line]) -> None:
        """Lines laid out elsewhere."""
        self.lines.extend(lines)

    def plain(self) -> str:
        """The page as text without style, each line ended."""
        return "".join("".join(s.text for s in line).rstrip() + "\n" for line in self.lines)


def encodable(text: str, encoding: str) -> str:
    """The text for a terminal of some encoding: where it cannot write the bars they become # and -.

    >>> encodable("██▒ 1 – 2 µs 计", "ascii"), encodable("██▒ 1 – 2 µs 计", "utf-8")
    ('##- 1 - 2 us ?', '██▒ 1 – 2 µs 计')
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_TO_ASCII).encode(encoding, "replace").decode(encoding)
    return text
