"""Training runs as self-contained pages: one run, a search over layouts, chips side by side.

Each function is pure: what `--json` prints goes in, the text of the page comes out. Charts follow the
reader's light or dark setting and the page's width; every chart has its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from truecost.physics.training_calibration import TrainingCalibration
from truecost.report.charts.timeline import day_name
from truecost.report.finding import KeyFigure
from truecost.report.phrases import share, shown
from truecost.report.run_page import Opening, Written, figure_of, run_page
from truecost.report.sections.section import Section
from truecost.report.sections.training_choices import (
    all_chips,
    layouts,
    more_chips,
    picks,
    rent_or_own,
    unbroken,
)
from truecost.report.sections.training_run import (
    how_far_off,
    layout,
    memory,
    phases,
    power,
    step,
    whole_run,
)
from truecost.report.train_search_text import clusters_answer, search_answer
from truecost.report.train_text import METHODS, answer, layout_words, limit_words

Told = Mapping[str, Any]
MIDDLES = (
    "Ranges are 90 % intervals; numbers without one are middles of estimates. The page of one run is "
    "{command}."
)


def render(told: Told, calibration: TrainingCalibration | None = None, spec: Written | None = None) -> str:
    """The page of one run (`truecost.train(...).to_dict()`).

    `calibration` is the one the run was estimated with, the shipped one by default; `spec` is shown at the
    end where it is given.
    """
    if calibration is None:
        from truecost.physics.calibration import load_calibration

        calibration = load_calibration().training
    parts = [one for one in (phases(told), step(told)) if one is not None]
    first = [*parts, memory(told)] if told["fits"] else [memory(told), *parts]
    after = [whole_run(told), power(told)] if told["fits"] else []
    opening = Opening(
        name=told["name"],
        terms=f"{told['model']}{_method(told)} on {told['count']:,} {told['accelerator']}, "
        f"prices as of {day_name(told['as_of'])}",
        headline=headline(told),
        standfirst=standfirst(told),
        figures=_figures(told) if told["fits"] else [],
        warnings=told["warnings"],
        unknown=list(told["unknown"].items()),
        method="Ranges are 90 % intervals of held-out measurements. MFU is against the dense peak of the "
        "precision, attention counted causally, nothing recomputed.",
    )
    sections = [*first, *after, layout(told), how_far_off(told, calibration)]
    return run_page(opening, sections, told["assumptions"], spec)


def _method(told: Told) -> str:
    """What is done with the model, where that is not pre-training."""
    name = told["method"]["name"]
    return "" if name == "pretrain" else f", {METHODS[name]},"


def headline(told: Told) -> str:
    """The finding of one run, in a sentence without its ranges."""
    if not told["fits"]:
        return answer(told).removesuffix(".")
    cost = "at an unknown price" if told["cost_usd"] is None else f"for {shown(told['cost_usd'], 'USD')}"
    return (
        f"{shown(told['days'], 'days')} on {told['count']:,} {told['accelerator']} {cost}, at "
        f"{share(told['mfu'])} of their peak"
    )


def standfirst(told: Told) -> str:
    """What a step takes and what limits it; of a run that does not fit, what it would take if it did."""
    limited = f"limited by {', then '.join(limit_words(told, one) for one in told['limits'][:2])}"
    if told["fits"]:
        return f"A step takes {shown(told['step_time_s'], 's')}, {limited}."
    return f"With more memory a step would take {shown(told['step_time_s'], 's')}, {limited}."


def _figures(told: Told) -> list[KeyFigure]:
    wanted = (
        ("days", "days", "of the whole run, failures and restarts included"),
        ("chip_hours", "", "chip-hours on all chips together"),
        ("cost_usd", "USD", "for the chips"),
        ("mfu", "share", "of the peak in a step (MFU)"),
    )
    return [figure_of(told, *one) for one in wanted if told[one[0]] is not None]


def search_headline(told: Told) -> str:
    """The finding of a search, in a sentence: the layouts themselves stand below."""
    if not told["layouts"]:
        return search_answer(told).removesuffix(".")
    best, slower = told["layouts"][0], told["stated_slower_by"]
    said = f"The fastest of {told['fit']:,} layouts that fit takes {shown(best['step_time_s'], 's')} a step"
    if slower is None:
        return said
    return f"{said}; the stated one {f'{share(slower)} more' if slower > 0 else 'is as fast'}"


def render_search(told: Told, name: str, as_of: str, spec: Written | None = None) -> str:
    """The page of a search over layouts (`truecost train SPEC --search --json`)."""
    found = [layouts(told)] if told["layouts"] else []
    drawn = more_chips(told)
    return _choices(
        name=name,
        terms=f"every legal layout, prices as of {day_name(as_of)}",
        headline=search_headline(told),
        standfirst=f"It is {unbroken(layout_words(told['layouts'][0]['layout']))}." if found else "",
        sections=[*found, *([drawn] if drawn else [])],
        spec=spec,
    )


def render_clusters(told: Told, name: str, as_of: str, spec: Written | None = None) -> str:
    """The page of chips side by side (`truecost train SPEC --clusters CHIPS --json`)."""
    made = [picks(told), all_chips(told), rent_or_own(told)]
    return _choices(
        name=name,
        terms=f"which chip, prices as of {day_name(as_of)}",
        headline=clusters_answer(told).removesuffix("."),
        sections=[one for one in made if one is not None],
        spec=spec,
    )


def _choices(
    *,
    name: str,
    terms: str,
    headline: str,
    sections: Sequence[Section],
    spec: Written | None,
    standfirst: str = "",
) -> str:
    command = Markup("<code>truecost train {} --html FILE</code>").format(spec.name if spec else "SPEC")
    opening = Opening(
        name=name,
        terms=terms,
        headline=headline,
        standfirst=standfirst,
        method=Markup(MIDDLES).format(command=command),
    )
    return run_page(opening, sections, spec=spec)
