"""The HTML report: one self-contained page that opens from disk, without a request; a script for its sliders.

`render` is pure: the plain values of a statement in, the text of the page out. Names from the plan are
escaped everywhere. A plan that lacks what a section shows loses the section, and the page says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from truecost.report.finding import headline, key_figures, method, standfirst, terms
from truecost.report.sections.advice import advice
from truecost.report.sections.crossover import crossover
from truecost.report.sections.decision_curve import decision_curve
from truecost.report.sections.flows import flows
from truecost.report.sections.footprint import footprint
from truecost.report.sections.human_ledger import human_ledger
from truecost.report.sections.iceberg import iceberg
from truecost.report.sections.inference_wall import inference_wall
from truecost.report.sections.knowledge import knowledge
from truecost.report.sections.levers import levers
from truecost.report.sections.lines import lines
from truecost.report.sections.monthly import monthly
from truecost.report.sections.options import options
from truecost.report.sections.payback import payback
from truecost.report.sections.progress import progress, progress_path
from truecost.report.sections.reconciliation import reconciliation
from truecost.report.sections.scenarios import scenarios
from truecost.report.sections.section import Absent, Section
from truecost.report.sections.self_hosting import self_hosting
from truecost.report.sections.sensitivity import sensitivity
from truecost.report.sections.serving import serving
from truecost.report.sections.shock import shock
from truecost.report.sections.tiers import tiers
from truecost.report.sections.train_and_infer import train_and_infer
from truecost.report.sections.training_methods import training_methods
from truecost.report.sections.treadmill import treadmill
from truecost.report.sections.verdict import verdict
from truecost.report.sections.what_if import what_if
from truecost.report.sections.zero_margin import zero_margin
from truecost.report.sources import sources

if TYPE_CHECKING:
    from jinja2 import Environment

SECTIONS: tuple[Callable[[Mapping[str, Any]], Section | Absent | None], ...] = (
    options,
    decision_curve,
    knowledge,
    scenarios,
    advice,
    levers,
    sensitivity,
    what_if,
    iceberg,
    lines,
    monthly,
    crossover,
    payback,
    serving,
    tiers,
    shock,
    zero_margin,
    self_hosting,
    treadmill,
    training_methods,
    reconciliation,
)
"""In the order of the page."""
VIEWS: tuple[Callable[[Mapping[str, Any]], Section | Absent | None], ...] = (
    flows,
    human_ledger,
    footprint,
    inference_wall,
    treadmill,
    progress,
    progress_path,
    train_and_infer,
)
"""The deeper views, a page of their own: who pays and who gets, what it burns, where it is going."""


def render_views(statement: Mapping[str, Any]) -> str:
    """The page of the deeper views of a plan (`VIEWS`); see `render`."""
    return render({key: value for key, value in statement.items() if key != "verdict"}, VIEWS)


def render(
    statement: Mapping[str, Any],
    sections: Sequence[Callable[[Mapping[str, Any]], Section | Absent | None]] = SECTIONS,
) -> str:
    """The page of a plan's statement (`truecost.plan(...).to_dict()`).

    Charts follow the reader's light or dark setting and the page's width; every chart has its table.
    """
    made = [section(statement) for section in sections]
    return environment().get_template("report.html.j2").render(
        name=statement["name"],
        answer=verdict(statement),
        terms=terms(statement),
        method=method(statement),
        headline=headline(statement),
        standfirst=standfirst(statement),
        figures=key_figures(statement),
        warnings=statement["warnings"],
        sections=[section for section in made if isinstance(section, Section)],
        absent=[section for section in made if isinstance(section, Absent)],
        left_out=statement["left_out"],
        sources=sources(statement["assumptions"]),
        version=statement["truecost"]["version"],
    )  # fmt: skip


@cache
def environment() -> Environment:
    """Templates of this room, every value escaped, an unknown name an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("truecost.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["whole"] = whole
    made.filters["dense"] = dense
    return made


def whole(sentence: str) -> str:
    """The sentence with ranges that no line breaks: a dash holds on to what comes behind it.

    >>> whole("1\\xa0–\\xa07") == "1\\xa0–\\u2060\\xa07"
    True
    """
    return sentence.replace("–\N{NO-BREAK SPACE}", "–\N{WORD JOINER}\N{NO-BREAK SPACE}")


def dense(script: str) -> str:
    """A script or style without indents, empty lines and lines that are a comment.

    >>> dense("a {\\n  /* why */\\n\\n  b\\n}")
    'a {\\nb\\n}'
    """
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("/*"))
