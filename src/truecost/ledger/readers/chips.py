"""SQL that finds an accelerator in what a bill or a cluster calls it: an instance type, or a chip as spelled.

Both lists are the catalog's. A name counts where it stands by itself, with any signs between its parts:
"BoxUsage:p5.48xlarge", "Standard_ND96isr_H100_v5" and "ND96isrH100v5", "NVIDIA-H100-80GB-HBM3".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property

from truecost.catalog.accelerators import alias_index, load_accelerators
from truecost.catalog.instances import load_instances
from truecost.ledger.engine import text

_SIGNS = re.compile(r"[^a-z0-9]+")
_ABOUT_CHIPS = "(nvidia|gpu|tpu|amd|instinct|gaudi|trainium|inferentia|accelerator|geforce|tesla)"
"""A text with one of these words is about accelerators."""


class AtFirstUse(Mapping[str, str]):
    """Columns of a reader that are made when first looked at: the lists of names take a while to read."""

    def __init__(self, make: Callable[[], dict[str, str]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> dict[str, str]:
        return self._make()

    def __getitem__(self, name: str) -> str:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def instance_chip(given: str) -> str:
    """SQL of the chip of the instance type that is named in a text; NULL where none is."""
    return f"{_instances('chip')}[{_instance(given)}]"


def instance_chips(given: str) -> str:
    """SQL of how many chips the instance type has that is named in a text; NULL where none is."""
    return f"{_instances('chips')}[{_instance(given)}]"


def instance_cloud(given: str) -> str:
    """SQL of the cloud whose instance type is named in a text; NULL where none is."""
    return f"{_instances('cloud')}[{_instance(given)}]"


def named_chip(given: str) -> str:
    """SQL of the chip that is named in a text; NULL where none is."""
    names, pattern = _chips()
    return f"{names}[{_found(given, pattern)}]"


def billed_chip(given: str) -> str:
    """SQL of the chip that is named in a text about accelerators: elsewhere "T4" is something else."""
    return f"CASE WHEN regexp_matches(lower({given}), '{_ABOUT_CHIPS}') THEN {named_chip(given)} END"


def _found(given: str, pattern: str) -> str:
    return f"regexp_replace(regexp_extract(lower({given}), {pattern}, 1), '[^a-z0-9]', '', 'g')"


def _instance(given: str) -> str:
    return _found(given, _instance_pattern())


@cache
def _instance_pattern() -> str:
    return _pattern(load_instances())


@cache
def _instances(part: str) -> str:
    return _map({name: str(getattr(one, part)) for name, one in load_instances().items()})


@cache
def _chips() -> tuple[str, str]:
    index = alias_index(load_accelerators())
    return _map(index), _pattern(index)


def _map(values: Mapping[str, str]) -> str:
    """SQL of a map from names without their signs."""
    plain = {_SIGNS.sub("", name.lower()): value for name, value in values.items()}
    return "MAP {" + ", ".join(f"{text(name)}: {text(value)}" for name, value in plain.items()) + "}"


def _pattern(names: Iterable[str]) -> str:
    """SQL of a pattern of any of the names, the longest first, by itself in a text."""
    ordered = sorted({name.lower() for name in names}, key=lambda name: (-len(name), name))
    spelled = dict.fromkeys("[^a-z0-9]?".join(filter(None, _SIGNS.split(name))) for name in ordered)
    return text(f"(?:^|[^a-z0-9])({'|'.join(spelled)})(?:[^a-z0-9]|$)")
