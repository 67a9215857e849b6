"""`truecost evidence`: how far off the laws are where they were not fitted; and the fits behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from truecost.cli.failures import note, refuse
from truecost.cli.options import debug_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

TRAINING = ("training-steps", "whole-runs", "power")
SERVING = ("serving",)

html_option = click.option("--html", metavar="FILE", help="A self-contained page with the charts.")


@click.group("evidence", invoke_without_command=True)
@json_option
@html_option
@debug_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool, html: str | None) -> None:
    """How far off every law is on data it was not fitted on, beside a constant and other tools.

    Without a name, every law in short: about ten seconds.
    """
    if ctx.invoked_subcommand is None:
        _show(None, as_json=as_json, html=html)
    elif as_json or html:
        refuse(f"--json and --html belong behind {ctx.invoked_subcommand}, or to the whole of evidence")


@command.command("serving")
@json_option
@html_option
@debug_option
def serving(*, as_json: bool, html: str | None) -> None:
    """What serving a request takes: models, chips and whole sources left out of the fit."""
    _show(SERVING, as_json=as_json, html=html)


@command.command("training")
@json_option
@html_option
@debug_option
def training(*, as_json: bool, html: str | None) -> None:
    """Training steps by source and by chip, intervals by regime, the worst ten; whole runs; power."""
    _show(TRAINING, as_json=as_json, html=html)


@command.command("epoch")
@debug_option
def epoch() -> None:
    """Epoch AI's published training costs, each beside ours under its own assumptions."""
    from truecost.cli.output import emit
    from truecost.evidence.epoch import report, scorecard

    emit("\n".join(report(scorecard())) + "\n")


@command.command("fit")
@click.argument("law", type=click.Choice(["training", "serving"]))
@click.option(
    "--calibration", metavar="FILE",
    help="Write the fit there (--calibration of `truecost train` reads it), not into the package.",
)  # fmt: skip
@debug_option
def fit(*, law: str, calibration: str | None) -> None:
    """Fit the constants of LAW anew on the measured tables and rewrite physics/calibration.toml: a minute.

    The same tables give the same file, digit by digit.
    """
    from truecost.cli.output import check_targets, write_all

    own, *others = _package_files(law)
    if calibration is None:
        targets = _writable([own, *others])
        texts = _fitted(law, own.read_text(encoding="utf-8"))
        write_all({target: texts[place] for place, target in enumerate(targets)})
    else:
        target = check_targets({"--calibration": calibration})["--calibration"]
        write_all({target: _fitted(law, _base(target, own))[0]})


def _show(laws: Sequence[str] | None, *, as_json: bool, html: str | None) -> None:
    from truecost.cli.output import STDOUT, check_targets, emit_json, emit_page, page_width, write_all
    from truecost.evidence.scorecards import scorecards

    targets = check_targets({"--html": html, "--json": STDOUT if as_json else None})
    told = scorecards(laws)
    if html is not None:
        from truecost.report.evidence_html import render

        write_all({html: render(told)})
    if as_json:
        emit_json(told)
    elif not targets:
        from truecost.report.evidence_text import detail, overview

        emit_page(detail(told, page_width()) if laws else overview(told, page_width()))


def _package_files(law: str) -> list[Path]:
    """The calibration the package ships and what a fit writes beside it: its fits with something left out,
    and for serving how far off it is at each measured point."""
    from importlib.resources import files
    from pathlib import Path

    own = files("truecost.physics")
    found = [own / "calibration.toml", files("truecost.evidence") / "data" / f"{law}_held_out.csv"]
    if law == "serving":
        from truecost.physics.nearby import FILE

        found.append(own / FILE)
    return [Path(str(one)) for one in found]


def _writable(paths: Sequence[Path]) -> list[str]:
    import os

    for path in paths:
        if not (path.is_file() and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            refuse(f"{path} cannot be written; --calibration FILE takes a fit of your own")
    return [str(path) for path in paths]


def _base(target: str, own: Path) -> str:
    """The file that a fit is laid into: the user's own where it is there already, else the package's."""
    from pathlib import Path

    from truecost.physics.calibration import read_calibration

    path = Path(target)
    if not path.is_file() or not path.stat().st_size:
        return own.read_text(encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    try:
        read_calibration(text)
    except (KeyError, ValueError) as error:
        refuse(f"{target} is there and no calibration: {error}; name another file")
    return text


def _fitted(law: str, text: str) -> list[str]:
    """The calibration with one law fitted anew, and the constants of its held-out fits."""
    from truecost.evidence.calibration_file import refit_serving
    from truecost.evidence.training_refit import refit

    done: list[str] = []

    def progress(name: str) -> None:
        done.append(name)
        note(f"fit {len(done)}: without {name}" if law == "training" else f"serving: {name}")

    if law == "serving":
        serving = refit_serving(text, progress)
        return [serving.calibration, serving.held_out, serving.measured]
    training = refit(text, progress)
    return [training.calibration, training.held_out]
