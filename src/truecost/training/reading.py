"""From a file or a mapping to a valid training spec, every value with its place, all problems at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

from truecost.catalog.named import names_from
from truecost.catalog.names import UnknownName
from truecost.spec import Document, SpecError, load, load_text
from truecost.spec.assign import assign
from truecost.spec.compose import compose
from truecost.spec.document import read_text
from truecost.spec.errors import in_order
from truecost.training.lookups import Lookups
from truecost.training.schema import TrainSpec

Given = str | Path | Mapping[str, Any]
"""A YAML file, or the spec as a mapping."""
MODEL = "model"


def read(
    source: Given,
    lookups: Lookups,
    sets: Sequence[str] = (),
    *,
    text: str | None = None,
    as_of: date | None = None,
) -> Document[TrainSpec]:
    """A spec with its places; `text` is what a file holds where it is already read (`-`).

    `sets` are "dotted.path=value" texts; one into a named model ("model.hidden_size=8192") starts from the
    catalog's config of that model. Raises SpecError with every problem.
    """
    dated = [*sets, *([f"as_of={as_of}"] if as_of else [])]
    with names_from(lookups):
        if isinstance(source, Mapping):
            return load(source, TrainSpec, sets=_opened(source, dated, lookups))
        name, held = str(source), read_text(source) if text is None else text
        plain = cast("Mapping[str, Any]", compose(held, name)[0].plain())
        return load_text(held, name, TrainSpec, sets=_opened(plain, dated, lookups))


def partial(source: Given | None, lookups: Lookups, sets: Sequence[str] = ()) -> dict[str, Any]:
    """A spec that a sweep completes, as plain values, not yet validated: a part of it, or nothing."""
    if source is None:
        return {}
    if isinstance(source, Mapping):
        plain: Mapping[str, Any] = source
        text, name = json.dumps(source, default=str), ""
    else:
        text, name = read_text(source), str(source)
        plain = cast("Mapping[str, Any]", compose(text, name)[0].plain())
    root, problems = compose(text, name)
    root, misset = assign(root, TrainSpec, _opened(plain, sets, lookups))
    if problems or misset:
        raise SpecError(in_order([*problems, *misset]))
    return cast("dict[str, Any]", root.plain())


def _opened(spec: Mapping[str, Any], sets: Sequence[str], lookups: Lookups) -> list[str]:
    """The assignments; before those that go into a named model, one that puts its config in its place."""
    model = spec.get(MODEL)
    into = any(text.strip().startswith(f"{MODEL}.") for text in sets)
    if not into or not isinstance(model, str):
        return list(sets)
    config = model_config(model, lookups)
    return [f"{MODEL}={json.dumps(config)}", *sets] if config else list(sets)


def model_config(name: str, lookups: Lookups) -> dict[str, Any] | None:
    """The keys of config.json of a named model, to vary one of them; None for an unknown name."""
    try:
        architecture = lookups.model(name)
    except (UnknownName, ValueError):
        return None
    return {"_name_or_path": f"{architecture.name}, changed", **architecture.config}
