"""Reading the keys of a config.json: synonyms, types, and all problems gathered for one error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

LARGEST_COUNT = 10**9


class ConfigKeys:
    """The keys of one config: what was read, what is missing or wrong, what changes cost unmodelled.

    A getter never raises: it notes the problem and answers 1, so that one pass finds every problem.
    `problem()` is that pass's verdict.
    """

    def __init__(self, config: Mapping[str, object]) -> None:
        self.config = config
        self.read: set[str] = set()
        self.missing: list[str] = []
        self.wrong: list[str] = []
        self.warnings: list[str] = []

    def find(self, *names: str) -> object:
        """The first of these keys that is there and not null; a dot goes into a nested mapping."""
        for name in names:
            head, _, rest = name.partition(".")
            value: object = self.config.get(head)
            if rest:
                value = cast(Mapping[str, object], value).get(rest) if isinstance(value, Mapping) else None
            if value is not None:
                self.read.add(head)
                return value
        return None

    def has(self, *names: str) -> bool:
        """Whether any of these keys is there and not null."""
        return self.find(*names) is not None

    def need(self, *names: str, largest: int = LARGEST_COUNT) -> int:
        """A whole number of at least 1 under one of these names; noted as missing when there is none."""
        if not self.has(*names):
            others = f" (or {', '.join(names[1:])})" if names[1:] else ""
            self.missing.append(names[0] + others)
            return 1
        return self.count(*names, smallest=1, largest=largest)

    def count(self, *names: str, default: int = 0, smallest: int = 0, largest: int = LARGEST_COUNT) -> int:
        """A whole number under one of these names, or the default."""
        value = self.find(*names)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not smallest <= value <= largest:
            shown = repr(value)[:40]
            self.wrong.append(f"{names[0]} must be a whole number from {smallest} to {largest}, not {shown}")
            return max(1, default)
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false, or the default."""
        value = self.find(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong.append(f"{name} must be true or false, not {repr(value)[:40]}")
        return value is True

    def word(self, *names: str, default: str = "") -> str:
        """A string under one of these names, or the default."""
        value = self.find(*names)
        if value is not None and not isinstance(value, str):
            self.wrong.append(f"{names[0]} must be text, not {repr(value)[:40]}")
        return value if isinstance(value, str) else default

    def items(self, name: str, kind: type | tuple[type, ...], length: int | None = None) -> list[object]:
        """A list whose items are of one kind, cut to `length`; empty when it is not there."""
        value = self.find(name)
        if value is None:
            return []
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.wrong.append(f"{name} must be a list, not {repr(value)[:40]}")
            return []
        found = list(cast(Sequence[object], value))
        odd = [item for item in found if isinstance(item, bool) or not isinstance(item, kind)]
        if odd:
            self.wrong.append(f"{name} has an item that does not belong there: {repr(odd[0])[:40]}")
            return []
        if length is not None and len(found) < length:
            self.wrong.append(f"{name} lists {len(found)} layers of {length}")
            return []
        return found[:length]

    def mapping(self, name: str) -> Mapping[str, object]:
        """A nested mapping; empty when it is not there."""
        value = self.find(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.wrong.append(f"{name} must be a mapping, not {repr(value)[:40]}")
            return {}
        return cast(Mapping[str, object], value)

    def problem(self) -> str:
        """All that is missing or wrong, in one sentence; empty when the config is good."""
        missing = [f"missing {', '.join(dict.fromkeys(self.missing))}"] if self.missing else []
        return "; ".join(missing + list(dict.fromkeys(self.wrong)))

    def ignored(self) -> tuple[str, ...]:
        """Keys that hold something and were never asked for."""
        return tuple(
            sorted(
                str(key) for key, value in self.config.items() if value is not None and key not in self.read
            )
        )
