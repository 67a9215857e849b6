"""Many replays at once, and fleets compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load
from truecost.replay import replay
from truecost.replay.fleets import compared, read_fleets
from truecost.replay.reading import read
from truecost.replay.sweep import output_names, sweep
from truecost.spec import SpecError


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_case_is_the_replay_it_describes(tmp_path: Path) -> None:
    cases = write(tmp_path / "cases.csv", "fleet.replicas,engine.max_num_seqs,_note\n1,,a\n2,16,b\n")
    done = sweep(cases, spec())
    assert done.failed == 0
    alone = replay(spec(fleet__replicas=2, engine={"max_num_seqs": 16}))
    for name in ("ttft_p99_s", "tpot_mean_s_p95", "cost_usd", "served"):
        assert done.columns[name][1] == getattr(alone, name)
    assert list(done.columns) == output_names()


def test_what_is_wrong_with_a_case_is_in_its_error(tmp_path: Path) -> None:
    cases = write(
        tmp_path / "cases.csv", "fleet.accelerator,precision.weights\nh100,\nh1000,\nrtx-4090,bf16,1\n"
    )
    done = sweep(cases, spec())
    assert done.failed == 2
    assert done.columns["served"] == [200, None, None]
    assert "h100" in done.columns["error"][1]
    assert "3 cells for 2 columns" in done.columns["error"][2]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("fleet.replica", "did you mean 'fleet.replicas'"),
        ("ttft_p99_s", "_ttft_p99_s"),
        ("name,name", "twice"),
    ],
)
def test_a_header_that_is_not_understood(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        sweep(write(tmp_path / "cases.csv", f"{header}\n1\n"), spec())


def test_fleets_as_a_user_writes_them() -> None:
    assert [one.name for one in read_fleets("1xh100, 4 x l40s", load())] == ["1xh100-sxm", "4xl40s"]
    for text, said in (
        ("h100", "2xh100"),
        ("0xh100", "from 1"),
        ("1xh100,1xh100-sxm", "twice"),
        ("2xh1000", "h100"),
    ):
        with pytest.raises(ValueError, match=said):
            read_fleets(text, load())


def test_the_cheapest_fleet_that_keeps_the_slo_comes_first() -> None:
    facts = load()
    document = read(spec(model="llama-3.1-70b", precision={"weights": "fp8"}), facts)
    fleets = read_fleets("1xl40s,2xh100,4xh100,8xh100", facts)
    told = compared(document, facts, fleets, {"tpot_p99_s": 0.3})
    assert told["best"] == told["fleets"][0]["fleet"]
    assert told["fleets"][-1]["fleet"] == "1xl40s"
    assert "does not fit" in told["fleets"][-1]["reason"]
    costs = [row["cost_usd"] for row in told["fleets"] if row["possible"] and row["meets_slo"]]
    assert costs == sorted(costs)
    none = compared(document, facts, fleets, {"tpot_p99_s": 0.0001})
    assert none["best"] is None
    worst = [row["worst_over"] for row in none["fleets"] if row["possible"]]
    assert none["closest"] == none["fleets"][0]["fleet"]
    assert worst == sorted(worst)
