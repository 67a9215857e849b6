"""Every model the catalog knows by name: from a name, an alias or a config.json to its Architecture.

The data are `data/architectures.csv`, one model a row under the keys of config.json (a row is a config:
both go the same way into an Architecture). Rarer keys stand as JSON in `other_keys`, where `key*` holds
[count, item] pairs for a list (layers of a kind: no count depends on their order).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import cast

from truecost.catalog.architectures import Architecture
from truecost.catalog.config_json import from_config, read_config
from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.names import UnknownName, normalise
from truecost.catalog.weight_precision import PRECISION_WORDS, QUANTISER_WORDS

_ABOUT_THE_ROW = frozenset(
    {
        "name",
        "aliases",
        "other_keys",
        "published_parameters",
        "published_active_parameters",
        "published_source",
        "source",
        "checked",
        "confidence",
        "note",
    }
)
_VARIANT = re.compile(
    "instruct|chat|it|pt|base|hf|text|thinking|reasoning|turbo|instant|versatile|exp|maas|dynamic"
    "|static|pertensor|perchannel|block|bnb|quantized|marlin|fast|free|online|tee"
)
"""Words of a name that say how a model was tuned or is served, not what it is."""
_CLOUD_PREFIX = re.compile(r"^(?:(?:us|eu|apac|global)\.)?(?:[a-z]+\.(?=[a-z]))?")
"""Amazon Bedrock's region and vendor, as in us.meta.llama3-3-70b-instruct-v1:0."""
_DATE = re.compile(r"\d{4}|\d{6}|\d{8}")


class AmbiguousName(UnknownName):
    """A name that fits several models; `.nearest` holds all of them."""

    def __init__(self, kind: str, name: str, candidates: list[str]) -> None:
        super().__init__(kind, name, candidates)
        self.nearest = candidates
        self.args = (f"{kind} {name!r} could be any of: {', '.join(candidates)}",)


class UndisclosedError(ValueError):
    """A model of which only stated sizes are public, so that no architecture can be built."""


@dataclass(frozen=True, slots=True)
class StatedSize:
    """A closed model's size as a public source states it: two counts and nothing to build on."""

    name: str
    total_parameters: Fact
    active_parameters: Fact


def model(name_or_config: str | Path | Mapping[str, object]) -> Architecture:
    """The architecture of a model named, or described by a config.json (its path, or its mapping).

    A name may be a Hugging Face id, a vendor's id or the catalog's own; what says instruction-tuned, a
    date or a version of the weights is passed over; a quantisation in it (FP8, NVFP4, AWQ ...) becomes
    `weight_precision`. Raises UnknownName with the nearest names, AmbiguousName when several fit,
    UndisclosedError, or ValueError for a config that describes no model.

    >>> quantised = model("nvidia/Llama-3.1-70B-Instruct-FP8")
    >>> quantised.name, quantised.weight_precision
    ('llama-3.1-70b', 'fp8')
    """
    if isinstance(name_or_config, Mapping):
        name = name_or_config.get("_name_or_path")
        return from_config(
            name_or_config, name if isinstance(name, str) and name else "own config", "own config"
        )
    if isinstance(name_or_config, Path) or name_or_config.endswith(".json"):
        path = Path(name_or_config)
        return from_config(read_config(path), path.stem, f"config.json of the user: {path.name}")
    key, precision = resolve_model(name_or_config)
    if key in _stated_rows():
        raise UndisclosedError(
            f"{key}: no architecture is public, only stated parameter counts; "
            "name an open model of similar size, or give active parameters and tokens"
        )
    return replace(_named(key), weight_precision=precision) if precision else _named(key)


def model_names() -> tuple[str, ...]:
    """The names of all models with an architecture, in alphabetical order."""
    return tuple(key for key in _rows() if key not in _stated_rows())


def stated_size(name: str) -> StatedSize:
    """The stated parameter counts of a closed model. Raises UnknownName for one that has none."""
    key, _ = resolve_model(name)
    if key not in _stated_rows():
        raise UnknownName("stated size", name, _stated_rows())
    row = _rows()[key]
    total, active = (
        _count(row, column) for column in ("published_parameters", "published_active_parameters")
    )
    if total is None or active is None:
        raise ValueError(f"{key}: a stated size needs a total and an active count")
    return StatedSize(key, total, active)


def stated_sizes() -> tuple[str, ...]:
    """The names of the closed models with stated sizes."""
    return tuple(_stated_rows())


def aliases(name: str) -> tuple[str, ...]:
    """The other names of a model, as its row lists them."""
    return tuple(_listed_aliases(_rows()[resolve_model(name)[0]]))


def resolve_model(name: str) -> tuple[str, str]:
    """The catalog's name for a model, and the precision its given name asks for (empty: none).

    >>> resolve_model("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8")
    ('qwen3-235b-a22b', 'fp8')
    """
    index = _index()
    for spelling, precision in _spellings(name):
        if spelling in index:
            return index[spelling], precision
    raise _unknown(name)


def _spellings(name: str) -> Iterator[tuple[str, str]]:
    """Ever plainer forms of a name, each with the precision that the words taken off it named."""
    yield normalise(name), ""
    yield normalise(name.replace(":", "-")), ""
    plain = re.sub(r"(-v?\d+:\d+|[:@].*)$", "", name.strip().lower())
    yield normalise(plain), ""
    yield from _without_variants(plain.rsplit("/", 1)[-1])
    yield from _without_variants(_CLOUD_PREFIX.sub("", plain))


def _without_variants(plain: str) -> Iterator[tuple[str, str]]:
    """The name, and the name without each word at its end that does not change what the model is."""
    words = normalise(plain).split("-")
    precision = ""
    while words:
        yield "-".join(words), precision
        last = words.pop()
        if last in PRECISION_WORDS:
            precision = PRECISION_WORDS[last]
        elif last in QUANTISER_WORDS:
            precision = precision or QUANTISER_WORDS[last]
        elif not _VARIANT.fullmatch(last) and not _DATE.fullmatch(last):
            return


def _unknown(name: str) -> UnknownName:
    """Several models that hold every word of the name make it ambiguous; else the nearest are offered."""
    import difflib

    spelling = [spelling for spelling, _ in _without_variants(name.lower().rsplit("/", 1)[-1])][-1]
    wanted = _words(name)
    holding = [key for key in _rows() if wanted and wanted <= _words(key)]
    if len(holding) > 1:
        return AmbiguousName("model", name, holding)
    index = _index()
    close = difflib.get_close_matches(spelling, index, n=12, cutoff=0.6)
    return UnknownName("model", name, dict.fromkeys(holding + [index[alias] for alias in close]))


def _words(name: str) -> set[str]:
    """The words of a name, its version kept whole: llama, 3.1, 70b."""
    words = re.split(r"[\s_-]+", name.lower().rsplit("/", 1)[-1])
    return {word for word in words if word and not (_VARIANT.fullmatch(word) or _DATE.fullmatch(word))}


@cache
def _rows() -> Mapping[str, Mapping[str, str]]:
    text = files("truecost.catalog").joinpath("data/architectures.csv").read_text(encoding="utf-8")
    return {row["name"]: row for row in csv.DictReader(text.splitlines())}


@cache
def _stated_rows() -> tuple[str, ...]:
    return tuple(key for key, row in _rows().items() if not row["hidden_size"])


@cache
def _index() -> Mapping[str, str]:
    """Every spelling of every name: whole, and without the organisation in front."""
    index: dict[str, str] = {}
    for key, row in _rows().items():
        for alias in (key, *_listed_aliases(row)):
            for spelling in (normalise(alias), normalise(alias.rsplit("/", 1)[-1])):
                if index.setdefault(spelling, key) != key:
                    raise ValueError(f"architectures.csv: {alias!r} names both {index[spelling]} and {key}")
    return index


def _listed_aliases(row: Mapping[str, str]) -> list[str]:
    return [alias for alias in row["aliases"].split(";") if alias]


@cache
def _named(key: str) -> Architecture:
    row = _rows()[key]
    architecture = from_config(_config(row), key, row["source"], Confidence(row["confidence"]))
    return replace(
        architecture,
        published_parameters=_count(row, "published_parameters"),
        published_active_parameters=_count(row, "published_active_parameters"),
    )


def _count(row: Mapping[str, str], column: str) -> Fact | None:
    if not row[column]:
        return None
    return Fact(
        key=f"{row['name']}/{column}",
        value=float(row[column]),
        unit="parameters",
        source=row["published_source"],
        checked=date.fromisoformat(row["checked"]),
        confidence=Confidence.PUBLISHED if row["hidden_size"] else Confidence(row["confidence"]),
        note=row["note"],
    )


def _config(row: Mapping[str, str]) -> dict[str, object]:
    """A row as the config.json mapping it stands for."""
    config = {column: _cell(text) for column, text in row.items() if text and column not in _ABOUT_THE_ROW}
    other = cast(dict[str, object], json.loads(row["other_keys"] or "{}"))
    return {**config, **_expanded(other)}


def _cell(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() else text


def _expanded(keys: Mapping[str, object]) -> dict[str, object]:
    """Lists written as [count, item] pairs under `key*`, spelled out under `key`.

    >>> _expanded({"layer_types*": [[2, "full_attention"], [1, "linear_attention"]]})
    {'layer_types': ['full_attention', 'full_attention', 'linear_attention']}
    """
    expanded: dict[str, object] = {}
    for key, value in keys.items():
        if key.endswith("*"):
            pairs = cast(list[tuple[int, object]], value)
            expanded[key[:-1]] = [item for count, item in pairs for _ in range(count)]
        else:
            nested = isinstance(value, Mapping)
            expanded[key] = _expanded(cast(Mapping[str, object], value)) if nested else value
    return expanded
