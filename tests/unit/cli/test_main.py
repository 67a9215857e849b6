"""The command line as a whole: help, version, starters, schema, failures, pipes, terminals, start-up."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.cli.conftest import Process, Run

import truecost
from truecost.cli import VERBS
from truecost.spec import SpecError

COMMAND = [sys.executable, "-m", "truecost"]
FAST = ("--draws", "100")


def test_help_lists_every_verb_without_importing_any(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(f"  {verb} " in result.stdout for verb in VERBS)


@pytest.mark.parametrize(
    "verb", [[v] for v in VERBS] + [["catalog", "list"], ["catalog", "show"], ["catalog", "check"]]
)
def test_every_verb_explains_itself(run: Run, verb: list[str]) -> None:
    result = run(*verb, "--help")
    assert result.exit_code == 0
    assert "Usage: truecost" in result.stdout
    assert run(*verb, "-h").stdout == result.stdout


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"truecost {truecost.__version__}\n"


def test_an_unknown_verb_names_the_nearest(run: Run) -> None:
    result = run("pln")
    assert result.exit_code == 2
    assert "did you mean 'plan'?" in result.stderr
    assert "the verbs are plan, " in run("zzz").stderr


@pytest.mark.parametrize("kind", ["consumer", "builder", "lab"])
def test_a_starter_runs_as_it_is(run: Run, kind: str) -> None:
    starter = run("init", kind)
    assert starter.exit_code == 0
    assert starter.stdout.count("#") > 3
    result = run("plan", "-", *FAST, stdin=starter.stdout)
    assert result.exit_code == 0, result.stderr
    assert "All in, this costs" in result.stdout


def test_an_unknown_starter_lists_those_there_are(run: Run) -> None:
    result = run("init", "gamer")
    assert result.exit_code == 2
    assert "'consumer', 'builder', 'lab'" in result.stderr


def test_the_schema_names_every_field_with_its_unit(run: Run) -> None:
    schema = json.loads(run("schema", "plan").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"demand", "serving", "programme", "business", "as_of"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert "USD/chip-hour" in json.dumps(schema)
    assert run("schema", "life").exit_code == 2


def _raising(error: BaseException) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_an_unexpected_error_is_one_line(run: Run, plan_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "truecost.plan.result.evaluate_document", _raising(ZeroDivisionError("oh\n\x1b[31mno"))
    )
    result = run("plan", plan_file)
    assert result.exit_code == 2
    assert result.stderr == "truecost: unexpected ZeroDivisionError: oh ?[31mno (--debug shows where)\n"


@pytest.mark.parametrize("arguments", [["--debug", "plan"], ["plan", "--debug"]])
def test_debug_shows_the_traceback(
    run: Run, plan_file: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr("truecost.plan.result.evaluate_document", _raising(ZeroDivisionError("here")))
    result = run(*arguments, plan_file)
    assert isinstance(result.exception, ZeroDivisionError)


def test_an_error_that_says_what_is_wrong_is_told_as_it_is(
    run: Run, plan_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "truecost.plan.result.evaluate_document", _raising(ValueError("the model fits no fleet"))
    )
    result = run("plan", plan_file)
    assert (result.exit_code, result.stderr) == (2, "truecost: the model fits no fleet\n")


def test_an_interrupt_exits_130(run: Run, plan_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truecost.plan.result.evaluate_document", _raising(KeyboardInterrupt()))
    result = run("plan", plan_file)
    assert (result.exit_code, result.stderr) == (130, "truecost: interrupted\n")


HEEDING_INTERRUPTS = (
    sys.executable,
    "-c",
    "import os, signal as s, sys; s.signal(s.SIGINT, s.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
)
"""A shell starts its background jobs, and so all they start, with interrupts ignored; this undoes it."""


def test_ctrl_c_while_computing_exits_130(plan_file: Path) -> None:
    with subprocess.Popen(
        [*HEEDING_INTERRUPTS, *COMMAND, "plan", plan_file, "--draws", "1000000"], stderr=subprocess.PIPE
    ) as running:
        time.sleep(1.5)
        running.send_signal(signal.SIGINT)
        assert running.stderr is not None
        said = running.stderr.read()
    assert running.returncode == 130
    assert said == b"truecost: interrupted\n"


def test_a_reader_that_leaves_is_no_failure(plan_file: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "plan", plan_file, "--json", *FAST], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read()
    assert (running.returncode, said) == (0, b"")


def test_a_write_that_fails_leaves_the_old_file(
    run: Run, plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "lines.csv"
    target.write_text("old")
    monkeypatch.setattr(
        "truecost.cli.output.os.replace", _raising(OSError(28, "No space left on device", "x.csv"))
    )
    result = run("plan", plan_file, *FAST, "--csv", target)
    assert (result.exit_code, result.stderr) == (2, "truecost: x.csv: No space left on device\n")
    assert target.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lines.csv", "plan.yaml"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
def test_a_terminal_without_bars_gets_ascii(process: Process, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"name: Café 计划\n{SMALL}", encoding="utf-8")
    made = process("plan", path, *FAST, PYTHONIOENCODING=encoding)
    assert (made.returncode, made.stderr) == (0, b"")
    text = made.stdout.decode(encoding)
    assert "####" in text
    assert "Caf" in text
    assert "█" not in text or encoding == "cp437"


def test_json_is_whole_in_any_encoding(process: Process, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"name: Café 计划\n{SMALL}", encoding="utf-8")
    made = process("plan", path, *FAST, "--json", PYTHONIOENCODING="ascii")
    assert json.loads(made.stdout.decode("ascii"))["name"] == "Café 计划"


SMALL = "as_of: 2026-11-01\nhorizon_months: 2\nbusiness: {operating: {rent: {usd_per_month: 900 .. 1100}}}\n"


def _on_terminal(arguments: list[str], columns: int = 80, **environment: str) -> str:
    """What the command prints on a terminal of so many columns."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    plain = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS", "FORCE_COLOR"}}
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=slave, env={**plain, "TERM": "xterm-256color", **environment}
    ) as running:
        os.close(slave)
        parts: list[bytes] = []
        try:
            while part := os.read(master, 65536):
                parts.append(part)
        except OSError:
            pass
    os.close(master)
    assert running.returncode == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_gets_styles_and_its_own_width(plan_file: Path) -> None:
    text = _on_terminal(["plan", str(plan_file), *FAST], columns=100)
    assert "\x1b[1mSmall product\x1b[0m" in text
    assert "\x1b[36m" in text


def test_no_color_is_respected(plan_file: Path) -> None:
    text = _on_terminal(["plan", str(plan_file), *FAST], NO_COLOR="1")
    assert "\x1b[36m" not in text
    assert "\x1b[1;36m" not in text
    assert "Small product" in text


def test_a_dumb_and_narrow_terminal_gets_plain_narrow_text(plan_file: Path) -> None:
    text = _on_terminal(["plan", str(plan_file), *FAST], columns=50, TERM="dumb")
    assert "\x1b" not in text
    assert max(len(line) for line in text.split("\n")) <= 50
    assert "All in, this costs" in text


def test_python_m_truecost_is_the_same_command(process: Process) -> None:
    made = process("--version")
    assert made.stdout.decode().split() == ["truecost", truecost.__version__]


def test_help_starts_fast() -> None:
    """Prints the figure; a busy machine is no failure."""
    seconds: list[float] = []
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run([*COMMAND, "--help"], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - begin)
    print(f"\ntruecost --help: {min(seconds) * 1000:.0f} ms (budget 150 ms)")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom truecost.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'pydantic', 'yaml', 'rich', 'jinja2', 'truecost.plan', 'truecost.catalog'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert made.stderr.decode().strip() == "[]"


@pytest.mark.usefixtures("without_answer")
def test_python_and_the_command_line_agree(run: Run, plan_file: Path) -> None:
    result = truecost.plan(plan_file, draws=100)
    assert json.loads(run("plan", plan_file, *FAST, "--json").stdout)["total_usd"] == result.total_usd
    with pytest.raises(SpecError):
        truecost.plan(yaml.safe_load("nam: x"))
