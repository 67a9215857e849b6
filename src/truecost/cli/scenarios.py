"""--scenario, --scenarios and --scenario-file: which scenarios are asked for, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from truecost.plan.result import Result

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """The scenarios that a command line asks for; false where it asks for none."""

    names: tuple[str, ...]
    every: bool
    file: str | None

    def __bool__(self) -> bool:
        return bool(self.names or self.every or self.file)


def scenario_options(function: F) -> F:
    """--scenario, --scenarios and --scenario-file."""
    one = click.option(
        "--scenario", "names", multiple=True, metavar="NAME",
        help="Set a scenario or a family of them (prices-rise) beside the plan; may be repeated.",
    )  # fmt: skip
    every = click.option(
        "--scenarios", "every", is_flag=True, help="Set every scenario that applies beside the plan."
    )
    file = click.option(
        "--scenario-file", "file", type=click.Path(), metavar="FILE",
        help="Scenarios in a file of their own; without --scenario, all that are in it.",
    )  # fmt: skip
    return one(every(file(function)))


def side_by_side(result: Result, asked: Asked) -> list[dict[str, Any]]:
    """The rows of `scenarios` for what is asked. Raises SpecError, or UnknownName with the nearest."""
    from truecost.plan.checks.scenarios import check_scenarios
    from truecost.plan.scenarios import read_file

    catalog = result.evaluation.first.catalog
    files = [read_file(asked.file, catalog)] if asked.file else []
    check_scenarios(result.document, catalog, files)
    in_files = [name for file in files for name in file.value.scenarios]
    names = None if asked.every else [*asked.names] or in_files
    return result.answer.scenarios_named(names, files)
