"""`truecost train`: what a user types, what comes back, and the exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

SPEC = """\
name: Small run
as_of: 2026-11-22
model: llama-3.1-8b
cluster: {accelerator: h100, count: 64}
parallelism: {tensor_parallel_size: 2, data_parallel_size: 32, sharding: zero-1}
batch: {global_batch_size: 256, micro_batch_size: 1, sequence_length: 4096}
recompute: selective
stack: megatron
tokens: 1e12
"""


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_the_answer_comes_first_and_the_page_is_80_columns_wide(run: Run, run_file: Path) -> None:
    done = run("train", run_file)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "Small run"
    assert max(map(len, lines)) <= 80
    page = done.stdout
    order = [
        "of peak.",
        "Where the time of a step goes",
        "Limited by",
        "Memory of the fullest chip",
        "The run: ",
        "Chip-hours that do not train",
        "Assumed, because",
    ]
    assert [page.index(text) for text in order] == sorted(page.index(text) for text in order)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_page_keeps_to_any_width(run: Run, run_file: Path, width: int) -> None:
    from truecost import train
    from truecost.report.layout import width_of
    from truecost.report.train_text import page

    text = page(train(run_file).to_dict(), width).plain()
    assert max(map(width_of, text.splitlines())) <= width


def test_json_has_the_names_of_the_spec_and_the_answer(run: Run, run_file: Path) -> None:
    told = json.loads(run("train", run_file, "--json").stdout)
    assert told["step_time_s_p5"] < told["step_time_s"] < told["step_time_s_p95"]
    assert told["layout"]["tensor_parallel_size"] == 2
    assert told["as_of"] == "2026-11-22"


def test_set_and_as_of_change_the_run(run: Run, run_file: Path) -> None:
    told = json.loads(
        run("train", run_file, "--json", "--set", "tokens=2e12", "--as-of", "2025-06-01").stdout
    )
    assert told["run"]["tokens"] == 2e12
    assert told["as_of"] == "2025-06-01"


def test_a_spec_comes_from_stdin(run: Run) -> None:
    assert json.loads(run("train", "-", "--json", stdin=SPEC).stdout)["name"] == "Small run"
    refused = run("train", "-", stdin=SPEC + "tokes: 1\n")
    assert refused.exit_code == 2
    assert "stdin:10: tokes" in refused.stderr


def test_what_does_not_fit_exits_1_and_says_what_would(run: Run, run_file: Path) -> None:
    done = run("train", run_file, "--set", "model=llama-3.1-70b", "--set", "recompute=none")
    assert done.exit_code == 1
    assert "Does not fit" in done.stdout
    assert "Does not fit" in done.stderr
    assert "The smallest change that fits" in done.stdout


def test_a_bad_spec_exits_2_with_file_and_line(run: Run, run_file: Path) -> None:
    run_file.write_text(SPEC.replace("data_parallel_size: 32", "data_parallel_size: 31"), encoding="utf-8")
    done = run("train", run_file)
    assert done.exit_code == 2
    assert f"{run_file}:5: parallelism.data_parallel_size" in done.stderr
    assert "did you mean '32'?" in done.stderr
    assert done.stdout == ""


def test_a_sweep_is_written_beside_its_cells(run: Run, run_file: Path, tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.csv", tmp_path / "out.csv"
    cases.write_text("_id,batch.micro_batch_size\nx,\ny,2\nz,3\n", encoding="utf-8")
    done = run("train", run_file, "--sweep", cases, "--out", out)
    assert done.exit_code == 0, done.output
    assert "3 cases; 1 case with an error" in done.stderr
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert [row["_id"] for row in rows] == ["x", "y", "z"]
    assert [row["batch.micro_batch_size"] for row in rows] == ["", "2", "3"]
    assert [bool(row["error"]) for row in rows] == [False, False, True]
    assert rows[0]["fits"] == "true"
    assert rows[2]["step_time_s"] == ""
    alone = json.loads(run("train", run_file, "--json", "--set", "batch.micro_batch_size=2").stdout)
    assert float(rows[1]["mfu"]) == pytest.approx(alone["mfu"], rel=1e-12)


def test_a_sweep_goes_to_parquet_or_stdout(run: Run, run_file: Path, tmp_path: Path) -> None:
    import duckdb

    cases, out = tmp_path / "cases.csv", tmp_path / "out.parquet"
    cases.write_text("_id,recompute\n1,none\n2,what\n", encoding="utf-8")
    assert run("train", run_file, "--sweep", cases, "--out", out).exit_code == 0
    answer = duckdb.sql(f"SELECT _id, recompute, fits, mfu, error FROM '{out}' ORDER BY _id").fetchall()
    assert answer[0][:3] == (1, "none", True)
    assert answer[0][3] > 0
    assert answer[0][4] is None
    assert answer[1][2:4] == (None, None)
    assert "what" in answer[1][4]
    stdout = run("train", run_file, "--sweep", cases).stdout
    assert stdout.startswith("_id,recompute,step_time_s,")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "which run?"),
        (["SPEC", "--out", "x.csv"], "--out takes the results of a --sweep"),
        (["SPEC", "--sweep", "CASES", "--out", "x.txt"], ".csv or .parquet"),
        (["SPEC", "--sweep", "CASES", "--json"], "a sweep is a table"),
        (["SPEC", "--as-of", "June"], "not a day"),
        (["SPEC", "--clusters", "h100", "--deadline", "soon"], "--deadline"),
        (["SPEC", "--clusters", "h1000"], "unknown accelerator"),
        (["nowhere.yaml"], "no such file"),
        (["SPEC", "--search", "--clusters", "h100"], "two questions"),
        (["SPEC", "--budget", "5M"], "name them with --clusters"),
        (["SPEC", "--sweep", "CASES", "--html", "x.html"], "--html draws one run"),
    ],
)
def test_what_cannot_be_done_is_refused(
    run: Run, run_file: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("tokens\n1e12\n", encoding="utf-8")
    named = {"SPEC": str(run_file), "CASES": str(cases)}
    done = run("train", *(named.get(word, word) for word in words))
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_search_names_the_fastest_layout_and_sets_the_stated_beside_it(run: Run, run_file: Path) -> None:
    done = run("train", run_file, "--search")
    assert done.exit_code == 0, done.output
    assert "legal layouts" in done.stdout
    assert "The stated layout (tensor 2, data 32, zero-1)" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    told = json.loads(run("train", run_file, "--search", "--json").stdout)
    assert told["layouts"][0]["step_time_s"] <= told["stated"]["step_time_s"]


def test_chips_are_compared_under_a_deadline_and_a_budget(run: Run, run_file: Path) -> None:
    words = ("train", run_file, "--clusters", "h100,b200", "--deadline", "60d", "--budget", "5M")
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "Cheapest within 60 days and" in done.stdout
    told = json.loads(run(*words, "--json").stdout)
    assert told["budget_usd"] == 5e6
    picked = next(one for one in told["clusters"] if one["accelerator"] == told["best"])
    assert picked["pick"]["days"] <= 60
    none = run("train", run_file, "--clusters", "h100", "--deadline", "1d", "--budget", "5")
    assert none.exit_code == 1


def test_a_record_is_read_from_the_command_line(run: Run, tmp_path: Path) -> None:
    runs, out = tmp_path / "runs.csv", tmp_path / "out.csv"
    runs.write_text(
        "run,model,parameters,tokens,accelerator,count,chip_hours\n"
        "A,llama-3.1-8b,,1e12,h100,64,1e5\nB,,176e9,366e9,a100-sxm-80,384,1.08e6\n",
        encoding="utf-8",
    )
    done = run("train", "--from-record", runs, "--as-of", "2026-11-22")
    assert done.exit_code == 0, done.output
    assert "2 runs: whole-run MFU" in done.stdout
    told = json.loads(run("train", "--from-record", runs, "--json").stdout)["runs"]
    assert told[0]["implied_mfu"] > 0
    assert "dense" in told[1]["assumed"][0]
    assert run("train", "--from-record", runs, "--out", out).exit_code == 0
    assert "implied_mfu" in out.read_text(encoding="utf-8").splitlines()[0]


def test_the_schema_of_a_run_is_printed(run: Run) -> None:
    schema = json.loads(run("schema", "train").stdout)
    assert set(schema["required"]) == {"model", "cluster"}
    assert "parallelism" in schema["properties"]


def test_the_documented_record_is_answered(run: Run) -> None:
    example = Path(__file__).parents[3] / "examples" / "recorded-runs.csv"
    words = ("train", "--from-record", example, "--as-of", "2026-11-22")
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "3 runs: whole-run MFU" in done.stdout
    told = json.loads(run(*words, "--json").stdout)["runs"]
    assert len(told) == 3
    for one in told:
        assert 0.1 < one["implied_mfu"] < 0.6
        assert 0.3 < one["recorded_over_predicted"] < 3
        assert one["error"] == ""


def test_refused_runs_of_a_record_exit_1_and_rows_come_from_stdin(run: Run) -> None:
    rows = "model,tokens,accelerator,chip_hours\nllama-3.1-8b,15e12,h100,1.46e6\nlama-3.1-8b,15e12,h100,1e6\n"
    done = run("train", "--from-record", "-", stdin=rows)
    assert done.exit_code == 1
    assert "1 run of 2 refused" in done.stderr
    assert "stdin:3: model: unknown model 'lama-3.1-8b'" in " ".join(done.stdout.split())
    assert "1 run: whole-run MFU 14" in done.stdout


def test_picks_have_ranges_and_say_how_surely_they_meet_the_goal(run: Run, run_file: Path) -> None:
    words = ("train", run_file, "--clusters", "h100, h100-sxm,rtx-4090", "--set", "price.basis=cloud")
    told = json.loads(run(*words, "--deadline", "60d", "--json").stdout)
    assert told["basis"] == "cloud"
    assert [one["accelerator"] for one in told["clusters"]] == ["h100-sxm", "rtx-4090"]
    for one in told["clusters"]:
        pick = one["pick"]
        assert pick["days_p5"] < pick["days"] < pick["days_p95"]
        assert pick["cost_usd_p5"] < pick["cost_usd"] < pick["cost_usd_p95"]
        is_sure = pick["days_p95"] <= 60
        assert one["verdict"].startswith("surely meets 60" if is_sure else "meets 60 days in the middle, not")
    assert "no fast link" in told["clusters"][1]["warning"]
    assert told["not_held"]["recompute"] == "selective"
    page = run(*words, "--deadline", "60d").stdout
    assert "Not held here" in page
    assert "recompute" in page.partition("Not held here")[2]
    best = next(one for one in told["clusters"] if one["accelerator"] == told["best"])["pick"]
    assert f"({best['days_p5']:.1f} – " in page.replace("\N{NO-BREAK SPACE}", " ")
    assert max(map(len, page.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--clusters", ""], "--clusters: name the chips"),
        (["--clusters", " , "], "--clusters: name the chips"),
        (["--clusters", "h100-smx,b20"], "'h100-smx'; did you mean 'h100-sxm'"),
        (["--clusters", "h100-smx,b20"], "'b20'; did you mean"),
        (["--clusters", "h100", "--deadline", "2026-12-31"], "from 2026-11-22 to"),
        (["--clusters", "h100", "--deadline", "2026-12-31"], "39d"),
        (["--clusters", "h100", "--deadline", "2020-01-01"], "not after"),
    ],
)
def test_what_chips_and_deadlines_cannot_be(run: Run, run_file: Path, words: list[str], said: str) -> None:
    done = run("train", run_file, *words)
    assert done.exit_code == 2
    assert said.replace("from 2026-11-22 to", "from 2026-11-22 that is") in " ".join(done.stderr.split())


def test_a_deadline_of_hours_is_said_in_hours(run: Run, run_file: Path) -> None:
    done = run("train", run_file, "--clusters", "h100", "--deadline", "1h", "--set", "tokens=1e14")
    assert done.exit_code == 1
    assert "within 1 hour" in done.stdout.replace("\N{NO-BREAK SPACE}", " ")


def test_a_sweep_without_an_answer_exits_1(run: Run, run_file: Path, tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.csv", tmp_path / "out.csv"
    cases.write_text("tokens\n", encoding="utf-8")
    empty = run("train", run_file, "--sweep", cases, "--out", out)
    assert (empty.exit_code, "has a header and no rows" in empty.stderr) == (1, True)
    cases.write_text("tokens\nmany\nmore\n", encoding="utf-8")
    failed = run("train", run_file, "--sweep", cases, "--out", out)
    assert (failed.exit_code, "2 cases with an error" in failed.stderr) == (1, True)
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3
    assert run("train", run_file, "--sweep", "-", stdin="tokens\n1e12\n").exit_code == 0


def test_messages_name_the_file_the_unit_and_what_is_left_out(
    run: Run, run_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "notes.md"
    other.write_text("# no constants\nhere\n", encoding="utf-8")
    refused = run("train", run_file, "--calibration", other)
    assert (refused.exit_code, f"--calibration {other}: " in refused.stderr) == (2, True)
    assert "GB/s" in run("train", run_file, "--set", "cluster.inter_node=50 GB").stderr
    chosen = json.loads(run("train", run_file, "--set", "parallelism=null", "--json").stdout)
    assert "legal layouts" in next(
        one["reason"] for one in chosen["assumptions"] if one["field"] == "parallelism"
    )


def test_a_limit_of_several_parts_names_them(run: Run, run_file: Path) -> None:
    said = " ".join(run("train", run_file).stdout.split())
    assert "matrix products, vocabulary head and loss)" in said.partition("Limited by")[2]
