"""An update of the prices from a newer list: rows are added, and what was known before stays as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from truecost.catalog import check, genai_update, load, price_updates
from truecost.catalog.genai_update import Update, update
from truecost.cli import main
from truecost.pricing import price
from truecost.pricing.book import book

DAY = date(2026, 12, 1)
LIST = """
providers: list[Provider] = [
    Provider(id='openai', pricing_urls=['https://example.org'], models=[
        ModelInfo(
            id='gpt-4.1-mini',
            match=ClauseOr(or_=[ClauseEquals(equals='gpt-4.1-mini')]),
            prices=ModelPrice(
                input_mtok=Decimal('{usd}'), cache_read_mtok=Decimal('0.1'), output_mtok=Decimal('1.6'),
                web_searches_kcount=Decimal('10'),
            ),
        ),
        ModelInfo(
            id='gpt-9',
            match=ClauseOr(or_=[ClauseEquals(equals='gpt-9'), ClauseStartsWith(starts_with='gpt-9-20')]),
            prices=[
                ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('7'), output_mtok=Decimal('21'))),
                ConditionalPrice(
                    constraint=StartDateConstraint(start_date=datetime.date(2027, 2, 1)),
                    prices=ModelPrice(input_mtok=Decimal('5'), output_mtok=Decimal('15')),
                ),
            ],
        ),
    ]),
]
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of updates of the test's own, forgotten behind it."""
    monkeypatch.setenv("TRUECOST_CATALOG_DIR", str(tmp_path / "kept"))
    _anew()
    yield tmp_path / "kept"
    monkeypatch.undo()
    _anew()


def _anew() -> None:
    price_updates.forget()
    book.cache_clear()


def updated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, usd: str, on: date = DAY
) -> Update:
    """An update by a list of a version in which gpt-4.1-mini costs so much."""
    file = tmp_path / "data.py"
    file.write_text(LIST.replace("{usd}", usd), encoding="utf-8")
    monkeypatch.setattr(genai_update, "installed", lambda: (version, file))
    found = update(on)
    book.cache_clear()
    return found


def usd(on: date, as_known: date | None = None, model: str = "gpt-4.1-mini") -> Decimal | None:
    return price(model, input_tokens=1_000_000, on=on, as_known=as_known).total_usd


def test_a_change_is_a_later_row_and_the_past_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shipped = (tmp_path, usd(DAY))[1]
    found = updated(monkeypatch, tmp_path, "0.9.0", "0.3")
    (change,) = [one for one in found.changes if one.model == "gpt-4.1-mini"]
    assert (change.kind, change.before_usd, change.after_usd, change.valid_from) == (
        "input", Decimal("4e-7"), Decimal("3e-7"), DAY,
    )  # fmt: skip
    assert shipped == Decimal("0.4")
    assert usd(DAY) == usd(date(2027, 1, 1)) == Decimal("0.3")
    assert usd(DAY, as_known=date(2026, 11, 30)) == Decimal("0.4"), "as it was known the day before"
    assert usd(date(2026, 11, 30)) == usd(date(2026, 11, 30), as_known=DAY) == Decimal("0.4")


def test_updates_add_up_and_never_rewrite(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_folder: Path
) -> None:
    updated(monkeypatch, tmp_path, "0.9.0", "0.3")
    before = (own_folder / price_updates.PRICES).read_text(encoding="utf-8")
    second = updated(monkeypatch, tmp_path, "0.10.0", "0.2", date(2027, 1, 1))
    assert second.known == "0.9.0"
    assert [one.model for one in second.changes] == ["gpt-4.1-mini"]
    assert (own_folder / price_updates.PRICES).read_text(encoding="utf-8").startswith(before)
    days = [date(2026, 11, 30), DAY, date(2027, 1, 1)]
    assert [usd(day) for day in days] == [Decimal("0.4"), Decimal("0.3"), Decimal("0.2")]
    assert usd(date(2027, 3, 1), as_known=date(2026, 12, 31)) == Decimal("0.3")


def test_a_new_model_has_its_names_and_its_announced_price(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = updated(monkeypatch, tmp_path, "0.9.0", "0.4")
    assert found.models_added == ("openai/gpt-9",)
    assert not [one for one in found.changes if one.model == "gpt-4.1-mini"], "nothing of it changed"
    assert usd(DAY, model="gpt-9-2026-11-30") == 7
    assert usd(date(2027, 2, 1), model="openai/gpt-9") == 5
    assert usd(date(2027, 2, 1), as_known=DAY, model="gpt-9") == 5, "announced"


def test_check_says_which_prices_come_from_an_update(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    updated(monkeypatch, tmp_path, "0.9.0", "0.3")
    found = [one for one in check(load(), DAY) if one.kind == "updated"]
    keys = [one.key for one in found]
    assert "price/openai/gpt-4.1-mini/input" in keys
    assert "genai-prices 0.9.0" in found[0].message
    assert not [one for one in check(load(), date(2026, 11, 22)) if one.kind == "updated"]


@pytest.mark.parametrize(("have", "says"), [
    (None, "genai-prices is not installed"),
    (("0.2.3", Path("nowhere")), "says nothing new"),
    (("0.1.9", Path("nowhere")), "says nothing new"),
])  # fmt: skip
def test_without_a_newer_one_it_is_said_and_nothing_written(
    monkeypatch: pytest.MonkeyPatch, own_folder: Path, have: object, says: str
) -> None:
    monkeypatch.setattr(genai_update, "installed", lambda: have)
    done = CliRunner().invoke(main, ["catalog", "update"])
    assert done.exit_code == 0
    assert says in done.stdout
    assert "genai-prices 0.2.3, read on 2026-11-22" in " ".join(done.stdout.split())
    assert not own_folder.exists()


def test_the_command_shows_and_a_dry_run_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_folder: Path
) -> None:
    file = tmp_path / "data.py"
    file.write_text(LIST.replace("{usd}", "0.3"), encoding="utf-8")
    monkeypatch.setattr(genai_update, "installed", lambda: ("0.9.0", file))
    tried = json.loads(CliRunner().invoke(main, ["catalog", "update", "--dry-run", "--json"]).stdout)
    assert (tried["installed"], tried["written"], own_folder.exists()) == ("0.9.0", None, False)
    done = CliRunner().invoke(main, ["catalog", "update"])
    assert done.exit_code == 0, done.output
    assert "openai/gpt-9" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert (own_folder / price_updates.PRICES).is_file()


@pytest.mark.parametrize("text", ["import os", "providers: list[P] = [Provider(id=f())]", "x: int = 3", "("])
def test_a_list_that_is_written_otherwise_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_folder: Path, text: str
) -> None:
    file = tmp_path / "data.py"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(genai_update, "installed", lambda: ("9.0", file))
    done = CliRunner().invoke(main, ["catalog", "update"])
    assert (done.exit_code, own_folder.exists()) == (2, False)
    assert "the catalog stays as it is" in done.stderr


def test_a_broken_file_of_updates_is_named(own_folder: Path) -> None:
    own_folder.mkdir()
    (own_folder / price_updates.PRICES).write_text("a,b\n1,2\n", encoding="utf-8")
    _anew()
    with pytest.raises(ValueError, match=r"api_prices_updates.csv: not a table that truecost catalog update"):
        price("gpt-4.1-mini", input_tokens=1, on=DAY)
