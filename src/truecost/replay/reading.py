"""From a file or a mapping to a valid replay spec, every value with its place, all problems at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truecost.catalog.named import names_from
from truecost.replay.schema import ReplaySpec
from truecost.spec import Document, load, load_text
from truecost.spec.document import read_text

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

Given = str | Path | Mapping[str, Any]
"""A YAML file, or the spec as a mapping."""


def read(
    source: Given,
    catalog: Catalog,
    sets: Sequence[str] = (),
    *,
    text: str | None = None,
    as_of: date | None = None,
) -> Document[ReplaySpec]:
    """A spec with its places; `text` is what a file holds where it is already read (`-`).

    `sets` are "dotted.path=value" texts. Raises SpecError with every problem.
    """
    dated = [*sets, *([f"as_of={as_of}"] if as_of else [])]
    with names_from(catalog):
        if isinstance(source, Mapping):
            return load(source, ReplaySpec, sets=dated)
        held = read_text(source) if text is None else text
        return load_text(held, str(source), ReplaySpec, sets=dated)
