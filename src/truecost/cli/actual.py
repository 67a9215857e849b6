"""--actual, --actual-class and --as-known: the usage that a plan is held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

from truecost.cli.failures import refuse
from truecost.cli.options import day_option

if TYPE_CHECKING:
    from truecost.plan.result import Result

F = TypeVar("F", bound=Callable[..., Any])
CLASS = "feature"


@dataclass(frozen=True, slots=True)
class Used:
    """The store of usage that a command line names, and how it is read; false where it names none."""

    store: str | None
    class_column: str | None
    as_known: date | None

    def __bool__(self) -> bool:
        return self.store is not None

    def check(self) -> None:
        """Refuse options that would do nothing, and a store that is none, before anything is computed."""
        if self.store is None:
            for option, value in (("--actual-class", self.class_column), ("--as-known", self.as_known)):
                if value is not None:
                    refuse(f"{option} goes with --actual STORE")
            return
        from truecost.ledger.store import open_store

        open_store(self.store)

    def against(self, result: Result) -> dict[str, Any]:
        """The comparison as plain values. Raises ValueError where plan and usage have no month in common."""
        from truecost.plan.actual import against_usage

        assert self.store is not None
        return against_usage(
            result, self.store, class_column=self.class_column or CLASS, as_known=self.as_known
        ).to_dict()


def actual_options(function: F) -> F:
    """--actual, --actual-class and --as-known."""
    store = click.option(
        "--actual", "store", metavar="STORE", help="Hold the plan against the usage in a ledger's store."
    )
    classes = click.option(
        "--actual-class", "class_column", metavar="COLUMN",
        help="With --actual: the column of the usage, or tag:NAME, that names the plan's request classes;"
             " feature without.",
    )  # fmt: skip
    known = day_option(
        "--as-known", "With --actual: price the usage by what was known on that day; today without."
    )
    return store(classes(known(function)))
