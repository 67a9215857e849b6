"""From a plan as it is named on the command line to its result, and from a result to files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from truecost.cli.options import Settings
from truecost.cli.output import STDOUT, progress_on

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.plan.result import Result
    from truecost.plan.schema import Plan
    from truecost.spec import Document

STDIN_NAME = "stdin"


def evaluated(spec: str, settings: Settings) -> Result:
    """The result of a plan file, or of the plan on stdin where `spec` is `-`. Raises SpecError."""
    from truecost.plan.result import catalog_of, evaluate_document

    catalog = catalog_of(settings.catalog)
    document = loaded(spec, settings.sets, catalog)
    with progress_on(sys.stderr, settings.draws) as progress:
        return evaluate_document(
            document, catalog, draws=settings.draws, seed=settings.seed, progress=progress
        )


def loaded(spec: str, sets: tuple[str, ...], catalog: Catalog) -> Document[Plan]:
    """The plan as a valid document. Raises SpecError with every problem."""
    from truecost.plan.result import read, read_text

    if spec == STDOUT:
        return read_text(stdin_text(), STDIN_NAME, catalog, sets)
    return read(spec, catalog, sets)


def stdin_text() -> str:
    """The spec on stdin. Raises SpecError when it is too large or not UTF-8."""
    from truecost.spec import Problem, SpecError
    from truecost.spec.document import MOST_BYTES

    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise SpecError([Problem(STDIN_NAME, "", "", f"the spec is larger than {MOST_BYTES:,} bytes")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError([Problem(f"{STDIN_NAME}:{line}", "", "", "this is not UTF-8 text")]) from None


def rendered(result: Result, targets: Mapping[str, str]) -> dict[str, str]:
    """The text of every file asked for, by its path; `targets` are files by option, such as --html."""
    texts: dict[str, str] = {}
    for option, target in targets.items():
        texts[target] = _rendered(result, option)
    return texts


def _rendered(result: Result, option: str) -> str:
    from truecost.report import exports

    if option == "--csv":
        return exports.lines_csv(result.statement())
    if option == "--focus":
        return exports.focus_csv(result.monthly, result.evaluation.plan.name)
    from truecost.report.html import render, render_views

    if option == "--views":
        return render_views(result.to_dict())

    return render(result.to_dict() | {"what_if": result.answer.what_if})
