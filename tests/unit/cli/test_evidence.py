"""`truecost evidence` as a user meets it; most fits are stood in for by a text."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

from truecost.cli import evidence
from truecost.evidence import calibration_file, training_refit
from truecost.evidence.calibration_file import ServingRefit, with_serving
from truecost.evidence.serving_power import shipped_fit
from truecost.evidence.serving_score import serving_score
from truecost.evidence.training_refit import Refit
from truecost.physics.calibration import read_calibration

ROOT = Path(__file__).parent.parent.parent.parent
DOCS = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src" / "truecost" / "physics" / "calibration.toml"


@pytest.fixture
def quick_refit(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The refit of training replaced by one that marks the text it is given; what it was given is kept."""
    given: list[str] = []

    def refit(calibration: str, progress: object) -> Refit:
        given.append(calibration)
        assert callable(progress)
        progress("bridge")
        return Refit(f"{calibration}# fitted anew\n", "left_out,name\n")

    monkeypatch.setattr(training_refit, "refit", refit)
    return given


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A package of its own to write into."""
    own, held_out = tmp_path / "calibration.toml", tmp_path / "training_held_out.csv"
    own.write_text(PACKAGE.read_text(encoding="utf-8"), encoding="utf-8")
    held_out.write_text("left_out,name\nsource,old\n", encoding="utf-8")

    def files(law: str) -> list[Path]:
        return [own, held_out]

    monkeypatch.setattr(evidence, "_package_files", files)
    return own, held_out


def test_every_law_has_its_card_in_80_columns(run: Run) -> None:
    shown = run("evidence")
    assert shown.exit_code == 0, shown.output
    for title in ("Serving", "Training steps", "Whole training runs", "Power", "Time lost", "Training costs"):
        assert title in shown.stdout
    assert "truecost claims" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_training_shows_sources_chips_regimes_chart_and_the_worst_ten(run: Run) -> None:
    shown = run("evidence", "training").stdout
    assert max(map(len, shown.splitlines())) <= 80
    for words in ("vtrain-single", "gb200", "all steps, known chip", "unknown chip", "Calculon", "claimed"):
        assert words in shown
    worst = shown.partition("Worst ten")[2].partition("What others reach")[0]
    assert worst.count("of the predicted step") == 10
    assert "Predicted against measured" in shown


def test_json_holds_the_laws_and_every_key_is_documented(run: Run) -> None:
    told = json.loads(run("evidence", "--json").stdout)
    assert [law["key"] for law in told["laws"]] == [
        "serving", "training-steps", "whole-runs", "power", "lost-time", "training-costs",
    ]  # fmt: skip
    keys = {key for law in told["laws"] for key in law}
    steps = told["laws"][1]
    keys |= set(steps["left_out"]["source"]["groups"][0]) | set(steps["intervals"][0])
    serving = told["laws"][0]
    keys |= set(serving["left_out"]["model"]) | set(serving["left_out"]["model"]["quantities"]["tpot"])
    keys |= set(serving["intervals"][0]) | set(serving["requests"][0]) | set(serving["chip_power"])
    keys |= set(serving["requests"][0]["latencies"][0]) | set(serving["chip_power"]["models"][0])
    keys |= set(serving["corrected"]["tpot"])
    keys |= set(serving["aimed"]) | set(serving["service"]) | set(serving["worst"][0])
    keys |= {key for law in told["laws"] for row in law["peers"][:1] for key in row}
    missing = sorted(key for key in keys - {"name", "error", "case", "regime"} if f"`{key}`" not in DOCS)
    assert not missing
    assert len(steps["points"]) == steps["left_out"]["source"]["pooled"]["cases"]


def test_one_law_as_data_and_as_a_page(run: Run, tmp_path: Path) -> None:
    told = json.loads(run("evidence", "serving", "--json").stdout)
    assert [law["key"] for law in told["laws"]] == ["serving"]
    target = tmp_path / "page.html"
    assert run("evidence", "training", "--html", target).exit_code == 0
    page = target.read_text(encoding="utf-8")
    assert 'id="training-steps"' in page
    assert 'id="serving"' not in page


def test_json_in_front_of_a_law_is_refused(run: Run) -> None:
    refused = run("evidence", "--json", "serving")
    assert refused.exit_code == 2
    assert "belong behind serving" in refused.stderr


def test_epoch_shows_each_published_cost(run: Run) -> None:
    shown = run("evidence", "epoch")
    assert shown.exit_code == 0
    assert "GPT-4" in shown.stdout
    assert "within 1 %" in shown.stdout


def test_a_fit_rewrites_the_package_where_it_can(
    run: Run, package: tuple[Path, Path], quick_refit: list[str]
) -> None:
    done = run("evidence", "fit", "training")
    assert done.exit_code == 0, done.output
    assert "fit 1: without bridge" in done.stderr
    assert package[0].read_text(encoding="utf-8").endswith("# fitted anew\n")
    assert package[1].read_text(encoding="utf-8") == "left_out,name\n"
    assert quick_refit == [PACKAGE.read_text(encoding="utf-8")]
    assert sorted(path.name for path in package[0].parent.iterdir()) == [path.name for path in package]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_package_that_cannot_be_written_says_what_to_do(
    run: Run, package: tuple[Path, Path], quick_refit: list[str]
) -> None:
    package[0].chmod(0o444)
    _refused(run, quick_refit)


def test_a_package_that_is_not_on_disk_says_what_to_do(
    run: Run, package: tuple[Path, Path], quick_refit: list[str]
) -> None:
    package[1].unlink()
    _refused(run, quick_refit)


def _refused(run: Run, given: list[str]) -> None:
    refused = run("evidence", "fit", "training")
    assert refused.exit_code == 2
    assert "--calibration FILE" in refused.stderr
    assert given == [], "it is refused before the fit"


def test_an_own_calibration_leaves_the_package_alone(
    run: Run, package: tuple[Path, Path], quick_refit: list[str], tmp_path: Path
) -> None:
    before = [path.read_text(encoding="utf-8") for path in package]
    own = tmp_path / "own" / "mine.toml"
    own.parent.mkdir()
    assert run("evidence", "fit", "training", "--calibration", own).exit_code == 0
    assert [path.read_text(encoding="utf-8") for path in package] == before
    assert read_calibration(own.read_text(encoding="utf-8")).training.step_constants
    assert [path.name for path in own.parent.iterdir()] == ["mine.toml"]


def test_a_second_law_goes_into_the_same_own_file(
    run: Run, package: tuple[Path, Path], quick_refit: list[str], tmp_path: Path
) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(PACKAGE.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    assert run("evidence", "fit", "training", "--calibration", own).exit_code == 0
    assert quick_refit[0].endswith("# mine\n")
    assert package[0].read_text(encoding="utf-8") == PACKAGE.read_text(encoding="utf-8")


def test_another_file_is_not_overwritten(run: Run, quick_refit: list[str], tmp_path: Path) -> None:
    other = tmp_path / "plan.toml"
    other.write_text("[plan]\nname = 1\n", encoding="utf-8")
    refused = run("evidence", "fit", "training", "--calibration", other)
    assert refused.exit_code == 2
    assert "no calibration" in refused.stderr
    assert other.read_text(encoding="utf-8") == "[plan]\nname = 1\n"
    assert quick_refit == []


def test_a_fit_into_no_directory_is_refused_before_it_starts(run: Run, quick_refit: list[str]) -> None:
    refused = run("evidence", "fit", "training", "--calibration", "/nowhere/mine.toml")
    assert refused.exit_code == 2
    assert "no directory" in refused.stderr
    assert quick_refit == []


def test_a_fit_of_serving_with_the_constants_of_the_package_is_its_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fit itself, a minute, is stood in for by the constants it found; the score is real."""

    def refit(text: str, progress: object) -> ServingRefit:
        return ServingRefit(with_serving(text, serving_score(), shipped_fit()), "left_out,name\n", "")

    monkeypatch.setattr(calibration_file, "refit_serving", refit)
    own = tmp_path / "mine.toml"
    assert run("evidence", "fit", "serving", "--calibration", own).exit_code == 0
    assert own.read_text(encoding="utf-8") == PACKAGE.read_text(encoding="utf-8")


def test_a_training_run_reads_an_own_fit(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    text = PACKAGE.read_text(encoding="utf-8")
    value = read_calibration(text).training.step_constants["matrix_efficiency_reference"].value
    assert text.count(f"{{value = {value:.4g},") >= 1
    slower = text.replace(
        f'"matrix_efficiency_reference" = {{value = {value:.4g}',
        f'"matrix_efficiency_reference" = {{value = {value / 2:.4g}',
    )
    own.write_text(slower, encoding="utf-8")
    spec = ROOT / "examples" / "llama-3.1-8b.yaml"
    shipped, mine = (
        json.loads(run("train", spec, "--json", *more).stdout) for more in ((), ("--calibration", own))
    )
    assert mine["step_time_s"] > 1.2 * shipped["step_time_s"]
