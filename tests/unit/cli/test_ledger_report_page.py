"""`truecost ledger report --html`: a file beside the report, refused where it would say something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.days import row, stored
from tests.unit.ledger.logs import EXAMPLES

KNOWN = ("--as-known", "2026-11-22")


def test_the_page_is_written_beside_the_report(run: Run, tmp_path: Path) -> None:
    store, page = stored(tmp_path, [row(0, 2.0, feature="chat"), row(1, 1.0)]), tmp_path / "page.html"
    asked = ("ledger", "report", store, "--by", "feature", *KNOWN)
    done = run(*asked, "--html", page)
    assert done.exit_code == 0, done.output
    assert done.stdout == run(*asked).stdout
    assert f"wrote {page}" in done.stderr
    assert "3 USD for 2 requests" in page.read_text(encoding="utf-8").replace("\xa0", " ")
    told = run(*asked, "--html", page, "--json")
    assert json.loads(told.stdout)["total"]["usd"] == "3.000000000000000"
    alone = run(*asked, "--html", "-", "--for", 'feature = "chat"')
    assert alone.stdout.startswith("<!doctype html>")
    assert "2 USD for 1 request" in alone.stdout.replace("\xa0", " ")
    assert alone.stdout.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--contract", EXAMPLES / "contract.yaml"), "it goes with neither --contract nor --engine"),
        (("--engine", "local[2]"), "it goes with neither --contract nor --engine"),
        (("--csv", "{page}"), "each its own file"),
        (("--month", "2026-13"), "is no month"),
    ],
)
def test_what_the_page_does_not_draw_is_refused(
    run: Run, tmp_path: Path, more: tuple[object, ...], said: str
) -> None:
    store, page = stored(tmp_path, [row(0, 2.0)]), tmp_path / "page.html"
    given = [str(one).format(page=page) for one in more]
    done = run("ledger", "report", store, "--html", page, *given)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert not page.exists()
