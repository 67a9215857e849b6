"""`truecost train`: what a training run takes and costs, one run, many at once, or against the record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, refuse
from truecost.cli.options import as_of_option, catalog_option, debug_option, json_option

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.physics.training_calibration import TrainingCalibration
    from truecost.report.layout import Page
    from truecost.report.run_page import Written
    from truecost.spec import Document
    from truecost.training.cases_file import CasesFile
    from truecost.training.lookups import Lookups
    from truecost.training.run import Case
    from truecost.training.schema import TrainSpec


@click.command("train")
@click.argument("spec", required=False)
@json_option
@click.option("--html", metavar="FILE", help="A self-contained page.")
@click.option(
    "--set", "sets", multiple=True, metavar="PATH=VALUE",
    help="Change one value of the spec, such as batch.micro_batch_size=2; may be repeated.",
)  # fmt: skip
@as_of_option
@catalog_option
@click.option("--calibration", metavar="FILE", help="Own constants, from `truecost evidence fit training`.")
@click.option("--sweep", metavar="CASES.csv", help="Many cases: a header is a dotted path into the spec.")
@click.option(
    "--out", metavar="FILE", help="Where the results of a sweep go: .csv, .parquet, or - for stdout."
)
@click.option(
    "--from-record", "record", metavar="RUNS.csv", help="Recorded runs: implied MFU, and what the gap is."
)
@click.option(
    "--search", "searches", is_flag=True, help="Every legal layout: the fastest, and days against USD."
)
@click.option(
    "--clusters", metavar="CHIPS", help="Compare chips, such as h100,h200,b200, each in its best layout."
)
@click.option("--deadline", metavar="TIME", help="With --clusters: the run ends within, such as 60d.")
@click.option("--budget", metavar="USD", help="With --clusters: the run costs at most, such as 5M.")
@click.option("--assumptions", "everything", is_flag=True, help="Show the source of every assumption.")
@debug_option
@click.pass_context
def command(
    ctx: click.Context, *, spec: str | None, record: str | None, sweep: str | None, **asked: Any
) -> None:
    """What the training run SPEC (a YAML file, or - for stdin) takes: step, memory, days, energy, USD.

    Exit 1: the run is understood and does not fit into the memory of its chips; no chip meets the goal; all
    cases of a sweep, or some runs of a record, were refused.
    """
    from truecost.catalog.catalog import load
    from truecost.training.lookups import Lookups

    _check_together(spec, {"--sweep": sweep, "--from-record": record}, asked)
    lookups = Lookups(load(asked.pop("catalog")))
    asked["calibration"] = _calibration(asked["calibration"])
    if record is not None:
        _record(ctx, record, spec, lookups, asked)
    elif sweep is not None:
        _sweep(ctx, sweep, spec, lookups, asked)
    elif spec is not None:
        ask = _search if asked["searches"] else _clusters if asked["clusters"] is not None else _one
        ask(ctx, spec, lookups, asked)


def _calibration(path: str | None) -> TrainingCalibration:
    """The constants in a user's file, or the package's."""
    from truecost.training.calibrated import training_calibration

    try:
        return training_calibration(path)
    except ValueError as error:
        said = str(error).removeprefix(f"{path}: ")
        refuse(f"--calibration {path}: {said}; `truecost evidence fit training` writes such a file")


def _check_together(spec: str | None, files: dict[str, str | None], asked: dict[str, Any]) -> None:
    """Refuse options that say different things."""
    questions = {**files, "--search": asked["searches"] or None, "--clusters": asked["clusters"]}
    said = [name for name, value in questions.items() if value is not None]
    if len(said) > 1:
        refuse(f"{said[0]} and {said[1]} are two questions; ask one at a time")
    if spec is None and not any(files.values()):
        refuse("which run? name a SPEC, or --from-record RUNS.csv; `truecost schema train` has the fields")
    if asked["clusters"] is None and (asked["deadline"] or asked["budget"]):
        refuse("--deadline and --budget compare chips: name them with --clusters")
    if asked["out"] is not None and not any(files.values()):
        refuse("--out takes the results of a --sweep; --json or --html write one run")
    if asked["html"] is not None and any(files.values()):
        refuse(f"--html draws one run, a --search or --clusters, not {said[0]}")


def _one(ctx: click.Context, spec: str, lookups: Lookups, asked: dict[str, Any]) -> None:
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.training.run import result_of

    targets = check_targets(_targets(asked), [spec])
    document = _document(spec, lookups, asked)
    result = result_of(document, lookups, asked["calibration"])
    told = result.to_dict()
    if "--html" in targets:
        from truecost.report.train_html import render

        page = render(told, asked["calibration"], _written(document, asked))
        write_all({targets["--html"]: page})
    if asked["as_json"]:
        emit_json(told)
    elif targets.get("--html") != "-":
        from truecost.report.train_text import page as text_page

        emit_page(text_page(told, page_width(), everything=asked["everything"]))
    if not result.fits:
        _say_why_not(told)
        ctx.exit(NO)


def _targets(asked: dict[str, Any]) -> dict[str, str | None]:
    return {"--html": asked["html"], "--json": "-" if asked["as_json"] else None}


def _written(document: Document[TrainSpec], asked: dict[str, Any]) -> Written:
    from truecost.report.run_page import Written

    return Written(document.name, document.text, asked["sets"])


def _say_why_not(told: dict[str, Any]) -> None:
    from truecost.cli.failures import note
    from truecost.report.layout import unglued
    from truecost.report.train_text import answer

    note(unglued(answer(told)))


def _document(spec: str, lookups: Lookups, asked: dict[str, Any]) -> Document[TrainSpec]:
    from truecost.cli.evaluating import STDIN_NAME, stdin_text
    from truecost.cli.output import STDOUT
    from truecost.training.reading import read

    text = stdin_text() if spec == STDOUT else None
    name = STDIN_NAME if text is not None else spec
    return read(name, lookups, asked["sets"], text=text, as_of=asked["as_of"])


def _search(ctx: click.Context, spec: str, lookups: Lookups, asked: dict[str, Any]) -> None:
    from truecost.cli.output import check_targets, write_all
    from truecost.report.train_search_text import search_page
    from truecost.training.alternatives import search_told
    from truecost.training.explore import explore_layouts
    from truecost.training.run import case_of

    check_targets(_targets(asked), [spec])
    document = _document(spec, lookups, asked)
    case = case_of(document, lookups, asked["calibration"])
    told = search_told(explore_layouts(case.described, case.how))
    if asked["html"] is not None:
        from truecost.report.train_html import render_search

        day = case.as_of.isoformat()
        write_all({asked["html"]: render_search(told, _name(case), day, _written(document, asked))})
    _show(told, lambda width: search_page(told, _name(case), width), asked)
    if not told["layouts"]:
        ctx.exit(NO)


def _clusters(ctx: click.Context, spec: str, lookups: Lookups, asked: dict[str, Any]) -> None:
    from truecost.cli.output import check_targets, write_all
    from truecost.report.train_search_text import clusters_page
    from truecost.training.alternatives import comparison_told
    from truecost.training.clusters import Goal
    from truecost.training.explore import basis_of, explore_clusters
    from truecost.training.run import case_of

    chips = _chips(asked["clusters"], lookups)
    check_targets(_targets(asked), [spec])
    document = _document(spec, lookups, asked)
    case = case_of(document, lookups, asked["calibration"])
    goal = Goal(
        _deadline(asked["deadline"], case.as_of),
        _quantity("--budget", asked["budget"], "USD"),
        basis_of(case.described.spec),
    )
    told = comparison_told(explore_clusters(case.described, chips, case.how, goal), case.described)
    if asked["html"] is not None:
        from truecost.report.train_html import render_clusters

        day = case.as_of.isoformat()
        write_all({asked["html"]: render_clusters(told, _name(case), day, _written(document, asked))})
    _show(told, lambda width: clusters_page(told, _name(case), width), asked)
    if told["best"] is None:
        ctx.exit(NO)


def _chips(names: str, lookups: Lookups) -> list[Accelerator]:
    """The chips of --clusters, each once, in the order they are named."""
    from truecost.catalog.names import UnknownName

    found: dict[str, Accelerator] = {}
    unknown: list[str] = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        try:
            chip = lookups.accelerator(name)
            found.setdefault(chip.key, chip)
        except UnknownName as error:
            near = " or ".join(f"'{one}'" for one in error.nearest)
            unknown.append(f"unknown accelerator {name!r}" + (f"; did you mean {near}?" if near else ""))
        except ValueError as error:
            unknown.append(str(error))
    if unknown:
        refuse(f"--clusters: {', '.join(unknown)}")
    return list(found.values()) or refuse("--clusters: name the chips to compare, such as h100,h200,b200")


def _deadline(text: str | None, as_of: date) -> float | None:
    """Days the run may take."""
    if text is not None:
        try:
            days = (date.fromisoformat(text.strip()) - as_of).days
        except ValueError:
            pass
        else:
            near = f": from {as_of} that is {days}d" if days > 0 else f": that is not after {as_of}"
            refuse(f"--deadline: the time the run may take, such as 60d, not a day{near}")
    return _quantity("--deadline", text, "days")


def _quantity(option: str, text: str | None, unit: str) -> float | None:
    from truecost import units

    if text is None:
        return None
    try:
        value = units.parse(text, unit)
    except units.UnitError as error:
        refuse(f"{option}: {error}")
    return value if value > 0 else refuse(f"{option}: {text!r} is not above 0")


def _name(case: Case) -> str:
    setup = case.described.setup
    return case.described.spec.name or f"{setup.architecture.name} on {setup.count:,} {setup.accelerator.key}"


def _show(told: dict[str, Any], page: Callable[[int], Page], asked: dict[str, Any]) -> None:
    from truecost.cli.output import STDOUT, emit_json, emit_page, page_width

    if asked["as_json"]:
        emit_json(told)
    elif asked["html"] != STDOUT:
        emit_page(page(page_width()))


def _sweep(ctx: click.Context, cases: str, spec: str | None, lookups: Lookups, asked: dict[str, Any]) -> None:
    from truecost.cli.failures import note
    from truecost.cli.output import STDOUT, check_table, check_targets, write_table
    from truecost.report.phrases import plural
    from truecost.report.train_columns import table_of
    from truecost.training.sweep import sweep_file

    out = asked["out"] or STDOUT
    check_table(out)
    if asked["as_json"]:
        refuse("a sweep is a table: --out FILE takes it, not --json")
    check_targets({"--out": out}, [spec, cases])
    done = sweep_file(
        _cases(cases, spec),
        spec,
        lookups,
        asked["sets"],
        as_of=asked["as_of"],
        calibration=asked["calibration"],
    )
    write_table(table_of(done.file.header, done.file.rows, done.columns), out)
    cases_found = len(done.file.rows)
    failed = f"; {plural(done.failed, 'case')} with an error" if done.failed else ""
    nothing = f"; {cases} has a header and no rows" if not cases_found else ""
    note(f"{plural(cases_found, 'case')}{failed}{nothing}")
    if done.failed == cases_found:
        ctx.exit(NO)


def _record(
    ctx: click.Context, record: str, spec: str | None, lookups: Lookups, asked: dict[str, Any]
) -> None:
    from truecost.cli.failures import note
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_table
    from truecost.report.phrases import plural
    from truecost.report.record_text import page
    from truecost.report.train_columns import table_of
    from truecost.training.record import columns_of, recorded_runs

    out = asked["out"]
    check_targets({"--out": out, "--json": "-" if asked["as_json"] else None}, [spec, record])
    file = _cases(record, spec)
    runs = recorded_runs(
        file, spec, lookups, asked["sets"], as_of=asked["as_of"], calibration=asked["calibration"]
    )
    told = [run.to_dict() for run in runs]
    if out is not None:
        write_table(table_of(file.header, file.rows, columns_of(runs)), out)
    if asked["as_json"]:
        emit_json({"runs": told})
    elif out is None:
        emit_page(page(told, page_width()))
    refused = sum(1 for run in runs if run.is_refused)
    if refused:
        note(f"{plural(refused, 'run')} of {len(runs)} refused")
    if refused or not runs:
        ctx.exit(NO)


def _cases(name: str, spec: str | None) -> CasesFile:
    """The rows of a CSV file, or of stdin (-)."""
    from truecost.cli.evaluating import STDIN_NAME, stdin_text
    from truecost.cli.output import STDOUT
    from truecost.training.cases_file import read_cases

    if name != STDOUT:
        return read_cases(name)
    if spec == STDOUT:
        refuse("the spec and the rows cannot both come from stdin")
    return read_cases(STDIN_NAME, stdin_text())
