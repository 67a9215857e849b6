"""What goes wrong, as a message on stderr and an exit code; a traceback only when asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

if TYPE_CHECKING:
    from truecost.spec import SpecError

NO = 1
NOT_UNDERSTOOD = 2
INTERRUPTED = 130
KNOWN = (ValueError, LookupError, OSError)
"""Errors whose own words say what is wrong with the input."""


def failing_well(ctx: click.Context, run: Callable[[click.Context], Any]) -> Any:
    """Run a verb: a reader that closed the pipe is no failure, Ctrl-C exits 130, errors exit 2."""
    try:
        result = run(ctx)
        sys.stdout.flush()
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        note("interrupted")
        ctx.exit(INTERRUPTED)
    except BrokenPipeError:
        _forget_stdout()
        ctx.exit(0)
    except Exception as error:
        if debugging(ctx):
            raise
        _report(error)
        ctx.exit(NOT_UNDERSTOOD)
    return result


def debugging(ctx: click.Context) -> bool:
    """Whether --debug was given, before the verb or after it."""
    return bool(cast("dict[str, bool]", ctx.find_root().obj or {}).get("debug"))


def refuse(message: str) -> NoReturn:
    """Stop with one message: what was asked for is not understood or cannot be done."""
    note(message)
    raise click.exceptions.Exit(NOT_UNDERSTOOD)


def note(message: str) -> None:
    """A line on stderr."""
    from truecost.report.layout import clean

    click.echo(f"truecost: {clean(message)}", err=True)


def _report(error: Exception) -> None:
    from truecost.spec import SpecError

    if isinstance(error, SpecError):
        report_problems(error)
    elif isinstance(error, OSError) and error.strerror:
        note(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    elif isinstance(error, KNOWN) and not isinstance(error, KeyError | IndexError):
        note(str(error) or type(error).__name__)
    else:
        note(f"unexpected {type(error).__name__}: {error} (--debug shows where)")


def report_problems(error: SpecError) -> None:
    """Every problem of a spec on its own line, as an editor can follow, and how many there are."""
    from truecost.report.layout import clean
    from truecost.report.phrases import plural

    for problem in error.problems:
        click.echo(clean(str(problem)), err=True)
    note(f"{plural(len(error.problems), 'problem')}; nothing was computed or written")


def _forget_stdout() -> None:
    """Nobody reads stdout any more: what is still in its buffer must not fail when the interpreter ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process
