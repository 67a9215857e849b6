"""How a name becomes a catalog key: spelling is forgiven, a name nobody knows is an error that teaches."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

_SEPARATORS = re.compile(r"[\s_.\-]+")
_SIZE = re.compile(r"(\d)-(?=gi?b\b)")
_VENDORS = frozenset({"nvidia", "amd", "intel", "google", "amazon", "aws", "groq", "cerebras", "sambanova"})


class UnknownName(ValueError):  # noqa: N818 - the public name says what happened, not that it is an error
    """A name the catalog does not hold: what was asked for, and up to three names close to it.

    >>> str(UnknownName("accelerator", "h100-smx", ["h100-sxm"]))
    "unknown accelerator 'h100-smx'; nearest: h100-sxm"
    """

    def __init__(self, kind: str, name: str, nearest: Iterable[str] = ()) -> None:
        self.kind = kind
        self.name = name
        self.nearest = list(nearest)[:3]
        hint = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        super().__init__(f"unknown {kind} {name!r}{hint}")


def normalise(name: str) -> str:
    """The form in which two spellings of one name are equal.

    Case, spaces, underscores and dots do not count, nor the gap in "80 GB"; nor does a leading vendor
    ("NVIDIA H100", "google/tpu-v4"), unless nothing else is left.

    >>> normalise("NVIDIA H100_SXM5 80 GB")
    'h100-sxm5-80gb'
    >>> normalise("meta-llama/Llama-3.1-70B")
    'meta-llama/llama-3-1-70b'
    """
    plain = _SIZE.sub(r"\1", _SEPARATORS.sub("-", name.strip().lower()).strip("-"))
    head, separator, rest = plain.partition("/")
    if head not in _VENDORS or not separator:
        head, separator, rest = plain.partition("-")
    return rest if head in _VENDORS and rest else plain


def resolve(name: str, index: Mapping[str, str], kind: str) -> str:
    """The key that `name` stands for.

    `index` maps each normalised alias (the keys' own normalised spellings among them) to its key.
    Raises UnknownName with the keys whose aliases are nearest.

    >>> resolve("H100 SXM", {"h100-sxm": "h100-sxm"}, "accelerator")
    'h100-sxm'
    """
    wanted = normalise(name)
    try:
        return index[wanted]
    except KeyError:
        raise UnknownName(kind, name, _nearest(wanted, index)) from None


def _nearest(wanted: str, index: Mapping[str, str]) -> list[str]:
    close = difflib.get_close_matches(wanted, index, n=12, cutoff=0.5)
    return list(dict.fromkeys(index[alias] for alias in close))[:3]
