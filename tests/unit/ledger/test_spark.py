"""Spark and DuckDB give the same sums to the last digit, on the same files."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from tests.unit.ledger.logs import EXAMPLES, NOW, take
from tests.unit.ledger.test_folding import BILL, FULL, HOURS

from truecost.ledger import import_usage, usage_report
from truecost.ledger.spark import NoSpark, check_engine

KNOWN = date(2026, 11, 22)


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_spark_gives_every_sum_that_duckdb_gives(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    take(tmp_path, FULL, BILL, HOURS)
    import_usage(sorted(EXAMPLES.glob("*.jsonl")), tmp_path / "usage", now=NOW)
    asked = {"by": ("user", "feature", "day", "tag:team"), "as_known": KNOWN}
    here = usage_report(tmp_path / "usage", **asked)  # pyright: ignore[reportArgumentType]
    there = usage_report(tmp_path / "usage", engine="local[2]", **asked)  # pyright: ignore[reportArgumentType]
    assert here.total["entries"] > 100
    assert there.to_dict() == here.to_dict()


def test_an_engine_that_is_none_is_refused() -> None:
    with pytest.raises(NoSpark, match="--engine sprak: there is duckdb, and Spark by its master"):
        check_engine("sprak")
