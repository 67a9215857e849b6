"""`truecost plan`: every format, every way to name the input, what is refused and what is written."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest
from tests.unit.cli.conftest import PLAN, Run

FAST = ("--draws", 100)


def test_the_statement_goes_to_stdout_and_nothing_else(run: Run, plan_file: Path) -> None:
    result = run("plan", plan_file, *FAST)
    assert result.exit_code == 0
    assert result.stdout.startswith("Small product\n")
    assert "All in, this costs" in result.stdout
    assert result.stderr == ""
    assert "\x1b" not in result.stdout
    assert max(len(line) for line in result.stdout.split("\n")) <= 80


def test_json_is_the_whole_statement(run: Run, plan_file: Path) -> None:
    result = run("plan", plan_file, *FAST, "--json")
    read = json.loads(result.stdout, parse_constant=pytest.fail)
    documented = "total_usd unit_costs lines monthly tiers break_even crossover_month left_out assumptions"
    assert set(documented.split()) <= set(read)
    assert set(read["total_usd"]) == {"p5", "p50", "p95", "mean"}
    assert sum(line["cost_usd"]["mean"] for line in read["lines"]) == pytest.approx(read["total_usd"]["mean"])
    assert read["draws"] == 100


@pytest.mark.usefixtures("without_answer")
def test_the_plan_may_come_from_stdin(run: Run, plan_file: Path) -> None:
    from_file = json.loads(run("plan", plan_file, *FAST, "--json").stdout)
    from_stdin = json.loads(run("plan", "-", *FAST, "--json", stdin=PLAN).stdout)
    assert from_stdin["total_usd"] == from_file["total_usd"]
    stated = [a for a in from_stdin["assumptions"] if a["confidence"] == "stated"]
    assert {a["source"].split(":")[0] for a in stated} == {"stdin"}


def test_same_seed_same_answer_other_seed_another(run: Run, plan_file: Path) -> None:
    first, again, other = (
        run("plan", plan_file, *FAST, "--seed", seed, "--json").stdout for seed in (7, 7, 8)
    )
    assert first == again
    assert json.loads(first)["total_usd"] != json.loads(other)["total_usd"]


@pytest.mark.usefixtures("without_answer")
def test_set_changes_a_value_and_may_be_repeated(run: Run, plan_file: Path) -> None:
    result = run(
        "plan", plan_file, *FAST, "--json",
        "--set", "demand.tiers.pro.users=500", "--set", "serving.chat.api.model=gpt-4.1",
    )  # fmt: skip
    read = json.loads(result.stdout)
    assert read["tiers"][1]["user_months"]["p50"] == pytest.approx(3000)
    assert any("gpt-4.1 API" in line["label"] for line in read["lines"])


def test_files_are_written_beside_the_statement(run: Run, plan_file: Path, tmp_path: Path) -> None:
    lines, focus = tmp_path / "lines.csv", tmp_path / "focus.csv"
    result = run("plan", plan_file, *FAST, "--csv", lines, "--focus", focus)
    assert result.exit_code == 0
    assert "All in, this costs" in result.stdout
    assert result.stderr == f"truecost: wrote {lines}\ntruecost: wrote {focus}\n"
    rows = list(csv.DictReader(io.StringIO(lines.read_text(encoding="utf-8"))))
    months = list(csv.DictReader(io.StringIO(focus.read_text(encoding="utf-8"))))
    assert len(months) == 6 * len(rows)
    assert sum(float(row["EffectiveCost"]) for row in months) == pytest.approx(
        sum(float(row["cost_usd_mean"]) for row in rows)
    )
    assert stat.S_IMODE(lines.stat().st_mode) & stat.S_IRUSR
    assert sorted(p.name for p in tmp_path.iterdir()) == ["focus.csv", "lines.csv", "plan.yaml"]


def test_html_is_one_file_by_itself(run: Run, plan_file: Path, tmp_path: Path) -> None:
    result = run("plan", plan_file, *FAST, "--html", tmp_path / "report.html", "--json")
    assert result.exit_code == 0, result.stderr
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Small product" in text
    assert "<svg" in text
    assert json.loads(result.stdout)["name"] == "Small product"


def test_one_format_may_take_stdout(run: Run, plan_file: Path) -> None:
    result = run("plan", plan_file, *FAST, "--csv", "-")
    assert result.stdout.startswith("component,label,")
    assert "All in" not in result.stdout


def test_a_file_is_replaced_whole_and_keeps_its_mode(run: Run, plan_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "lines.csv"
    target.write_text("old")
    target.chmod(0o640)
    assert run("plan", plan_file, *FAST, "--csv", target).exit_code == 0
    assert target.read_text().startswith("component,")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_stays_a_link(run: Run, plan_file: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)
    assert run("plan", plan_file, *FAST, "--csv", link).exit_code == 0
    assert link.is_symlink()
    assert real.read_text().startswith("component,")


def test_a_device_can_be_written(run: Run, plan_file: Path) -> None:
    result = run("plan", plan_file, *FAST, "--csv", "/dev/null", "--focus", "/dev/null")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--csv", "."], "--csv .: this is a directory, not a file"),
        (["--html", "no/such/place.html"], "there is no directory"),
        (["--csv", ""], "no file is named"),
        (["--csv", "a.csv", "--focus", "a.csv"], "--focus a.csv: that is --csv as well"),
        (["--csv", "-", "--json"], "--csv and --json both write to stdout"),
        (["--csv", "plan.yaml"], "that is the input as well"),
    ],
)
def test_what_cannot_be_written_is_refused_before_computing(
    run: Run, plan_file: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(plan_file.parent)
    monkeypatch.setattr("truecost.plan.result.evaluate_document", lambda *_, **__: pytest.fail("computed"))
    result = run("plan", "plan.yaml", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert plan_file.read_text(encoding="utf-8") == PLAN


def test_a_plan_with_problems_lists_all_and_touches_no_file(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(PLAN.replace("users: 1000", "usres: 1000").replace("600 .. 2000", "-5"), encoding="utf-8")
    target = tmp_path / "lines.csv"
    target.write_text("old")
    result = run("plan", bad, "--csv", target)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "bad.yaml:7: demand.tiers.free.usres" in result.stderr
    assert "'users'" in result.stderr
    assert "bad.yaml:10: demand.requests.chat.input_tokens" in result.stderr
    assert "2 problems; nothing was computed or written" in result.stderr
    assert target.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.yaml", "lines.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope.yaml"], "there is no such file"),
        (["."], "this is a directory"),
        (["plan.yaml", "--set", "demand.foo=1"], "--set: demand.foo: unknown field"),
        (["plan.yaml", "--set", "nonsense"], "is not an assignment"),
        (["plan.yaml", "--set", "serving.chat.api.model=gpt-4.1-mni"], "gpt-4.1-mini"),
        (["plan.yaml", "--draws", "0"], "--draws"),
        (["plan.yaml", "--draws", "many"], "--draws"),
        (["plan.yaml", "--seed", "-1"], "--seed"),
        (["plan.yaml", "--catalog", "nope.yaml"], "nope.yaml"),
        (["plan.yaml", "--jsn"], "--json"),
        ([], "SPEC"),
    ],
)
def test_bad_calls_exit_2_with_a_message(
    run: Run, plan_file: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(plan_file.parent)
    result = run("plan", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("content", "message"), [(b"\xff\xfe", "not UTF-8"), (b"", "empty"), (b"a: 1\n" * 300_000, "larger")]
)
def test_bad_stdin_is_a_problem_of_stdin(run: Run, content: bytes, message: str) -> None:
    result = run("plan", "-", stdin=content)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "stdin" in result.stderr


def test_strict_says_no_to_a_plan_with_warnings(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "as_of: 2026-11-01\nhorizon_months: 3\nprogramme:\n  training:\n    flops: 1e24\n    chip: h100-sxm\n"
        "    utilization: 0.9\n",
        encoding="utf-8",
    )
    relaxed, strict = run("plan", path, *FAST), run("plan", path, *FAST, "--strict")
    assert relaxed.exit_code == 0
    assert "Warnings" in relaxed.stdout
    assert strict.exit_code == 1
    assert strict.stdout == relaxed.stdout
    assert "utilization" in strict.stderr


def test_strict_lets_a_plain_plan_pass(run: Run, plan_file: Path) -> None:
    assert run("plan", plan_file, *FAST, "--strict").exit_code == 0


def test_assumptions_shows_everything(run: Run, plan_file: Path) -> None:
    short, full = run("plan", plan_file, *FAST).stdout, run("plan", plan_file, *FAST, "--assumptions").stdout
    assert "every source: --assumptions" in " ".join(short.split())
    assert "every source: --assumptions" not in " ".join(full.split())
    assert "demand.tiers.free.users = 1,000 users" in full


@pytest.mark.usefixtures("without_answer")
def test_an_overlay_is_used_and_named(run: Run, plan_file: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.yaml"
    overlay.write_text("checked: 2026-11-01\nrates: {business: {payment_fee_share: 0.5}}\n", encoding="utf-8")
    read = json.loads(run("plan", plan_file, *FAST, "--json", "--catalog", overlay).stdout)
    assert read["catalog_overlay"] == "ours.yaml"
    fees = next(line for line in read["lines"] if line["component"] == "business.payment_fees")
    assert fees["cost_usd"]["p50"] > 0.5 * read["revenue_usd"]["p50"]
