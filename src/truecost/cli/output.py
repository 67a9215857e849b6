"""Where results go: stdout for a person or a program, files written beside and renamed, notes on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import click

from truecost.cli.failures import note, refuse
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, encodable

NARROWEST, WIDEST = 40, 100
STDOUT = "-"
_LOOKS = {
    Style.PLAIN: "",
    Style.TITLE: "bold",
    Style.HEADING: "bold cyan",
    Style.STRONG: "bold",
    Style.FAINT: "bright_black",
    Style.BAR: "cyan",
    Style.WATER: "cyan",
    Style.WARNING: "yellow",
}


def for_a_person() -> bool:
    """Whether stdout is a terminal that can show styles."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def page_width() -> int:
    """The width of the terminal within reason; 80 columns into a pipe or a file."""
    if not sys.stdout.isatty():
        return DEFAULT_WIDTH
    import shutil

    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns))


def emit(text: str) -> None:
    """Text on stdout, in characters that its encoding has."""
    click.echo(encodable(text, sys.stdout.encoding or "utf-8"), nl=False)


def emit_json(value: Any) -> None:
    """A value as JSON on stdout; beyond the encoding of stdout, characters are escaped."""
    from truecost.report.exports import json_text

    text = json_text(value)
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = json_text(value, ascii_only=True)
    click.echo(text, nl=False)


def emit_page(page: Page) -> None:
    """A page on stdout: styled on a terminal (without colour under NO_COLOR), plain into a pipe."""
    if not for_a_person():
        emit(page.plain())
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    encoding = sys.stdout.encoding or "utf-8"
    for line in page.lines:
        spans = [(encodable(span.text, encoding), _LOOKS[span.style]) for span in line]
        text = Text.assemble(*spans)
        text.rstrip()
        console.print(text, soft_wrap=True)


def check_targets(targets: Mapping[str, str | None], sources: Sequence[str | None] = ()) -> dict[str, str]:
    """The output files asked for, by option; refuses what cannot be written before anything is computed."""
    asked = {option: target for option, target in targets.items() if target is not None}
    seen: dict[str, str] = {}
    for source in sources:
        if source is not None and source != STDOUT:
            seen[os.path.realpath(source)] = "the input"
    for option, target in asked.items():
        reason = None if target == STDOUT else _unwritable(target)
        if reason:
            refuse(f"{option} {target}: {reason}")
        real = STDOUT if target == STDOUT else os.path.realpath(target)
        if real == STDOUT and real in seen:
            refuse(f"{seen[real]} and {option} both write to stdout; give one a file")
        if real in seen and not _is_device(target):
            refuse(f"{option} {target}: that is {seen[real]} as well; give each its own file")
        seen[real] = option
    return asked


def _unwritable(target: str) -> str | None:
    """Why a file cannot be written, or None."""
    if not target:
        return "no file is named"
    path = Path(os.path.realpath(target))
    if path.is_dir():
        return "this is a directory, not a file"
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}"
    writable = path if _is_device(target) else path.parent
    if not os.access(writable, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return "no permission to write there"
    return None


def _is_device(target: str) -> bool:
    path = Path(target)
    return path.exists() and not path.is_file() and not path.is_dir()


def write_all(texts: Mapping[str, str]) -> None:
    """Write every text to its file: all beside their places first, then renamed; none is half there."""
    beside: dict[Path, Path] = {}
    try:
        for target, text in texts.items():
            if target == STDOUT:
                emit(text)
            elif _is_device(target):
                Path(target).write_text(text, encoding="utf-8", newline="")
            else:
                final = Path(os.path.realpath(target))
                beside[final] = _written_beside(final, text)
        for final, temporary in beside.items():
            os.replace(temporary, final)
    finally:
        for temporary in beside.values():
            with contextlib.suppress(OSError):
                temporary.unlink()
    for target in texts:
        if target != STDOUT and not _is_device(target):
            note(f"wrote {target}")


def check_table(out: str) -> None:
    """Refuse a place that a sweep is not written to."""
    if not out.endswith((".csv", ".parquet")) and out != STDOUT:
        refuse(f"--out {out}: a sweep is written as .csv or .parquet, or to stdout (-)")


def write_table(columns: Mapping[str, Any], out: str) -> None:
    """Columns to a .csv, a .parquet, or to stdout as CSV."""
    from truecost.report.train_columns import csv_text, write_parquet

    if not out.endswith(".parquet"):
        write_all({out: csv_text(columns)})
        return
    with replacing(out) as beside:
        write_parquet(columns, beside)


@contextlib.contextmanager
def replacing(target: str) -> Generator[str]:
    """A file beside a target to write into, renamed to it at the end; nothing is left of a failure."""
    final = Path(os.path.realpath(target))
    temporary = _written_beside(final, "")
    try:
        yield str(temporary)
        os.replace(temporary, final)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    note(f"wrote {target}")


def _written_beside(final: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
        temporary.chmod(final.stat().st_mode & 0o777 if final.exists() else 0o666 & ~_umask())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def progress_on(stream: IO[str], draws: int, what: str = "draws") -> Generator[Any]:
    """A callback that counts draws (or `what`), shown on a terminal once the work has taken a second."""
    if not stream.isatty():
        yield None
        return
    shown = _Progress(stream, draws, what)
    try:
        yield shown.at
    finally:
        shown.close()


class _Progress:
    """A bar that appears late: short work is not announced."""

    def __init__(self, stream: IO[str], draws: int, what: str) -> None:
        import time

        self.stream, self.draws, self.what, self.clock = stream, draws, what, time.monotonic
        self.begin = self.clock()
        self.bar: Any = None
        self.task: Any = None

    def at(self, done: int) -> None:
        """So many draws are done."""
        if self.bar is None and done < self.draws and self.clock() - self.begin > 1:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(file=self.stream), transient=True)
            self.bar.start()
            self.task = self.bar.add_task(self.what, total=self.draws)
        if self.bar is not None:
            self.bar.update(self.task, completed=done)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()
