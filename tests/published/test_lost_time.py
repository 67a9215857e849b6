"""The law of failures against what runs lost: the record does not bear it out, and the docs say so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from truecost.evidence.lost_time import FACTOR, lost_time, off_by, recorded_share

LAWS = (Path(__file__).parents[2] / "docs" / "laws.md").read_text(encoding="utf-8")


def test_one_share_is_closer_than_the_law_from_the_chips_alone() -> None:
    runs = lost_time()
    law = sum(off_by(run.by_law[1], run.recorded) <= FACTOR for run in runs)
    share = sum(off_by(recorded_share(), run.recorded) <= FACTOR for run in runs)
    print(f"within {FACTOR:g}x: the law {law}, one share {share} of {len(runs)}")
    assert law < share
    quoted = re.search(
        rf"within {FACTOR:g}x of the recorded\s+loss for (\d) of (\d) runs, one constant share for (\d)", LAWS
    )
    assert quoted is not None
    assert tuple(map(int, quoted.groups())) == (law, len(runs), share)


def test_with_its_own_interruptions_a_run_is_predicted_within_a_factor() -> None:
    worst = max(
        off_by(run.by_own_interruptions, run.recorded)
        for run in lost_time()
        if run.by_own_interruptions is not None
    )
    quoted = re.search(r"own interruptions counted, it is within ([\d.]+)x", LAWS)
    assert quoted is not None
    assert worst == pytest.approx(float(quoted[1]), abs=0.05)


def test_the_law_says_that_more_chips_lose_more_and_the_record_does_not() -> None:
    runs = lost_time()
    predicted = [run.by_law[1] for run in runs]
    assert predicted == sorted(predicted)
    assert runs[0].recorded[1] > runs[1].recorded[1]
