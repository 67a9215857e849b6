"""The catalog's door: every section by name and date, rows to print, everything under a name."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

import truecost.catalog as door
from truecost.catalog import UnknownName, load
from truecost.ranges import Range

TODAY = date(2026, 11, 22)
CATALOG = load()


def test_the_door_opens_on_every_public_name() -> None:
    for name in door.__all__:
        assert getattr(door, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing_here"):
        door.nothing_here  # noqa: B018


def test_importing_the_door_is_light() -> None:
    code = (
        "import sys, truecost.catalog; print([m for m in ('numpy', 'pydantic', 'yaml') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_loading_without_overlay_does_not_read_the_spec_machinery() -> None:
    code = (
        "import sys\nfrom truecost.catalog import load\nload().rate('pue/other')\n"
        "print('pydantic' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"


def test_each_section_answers() -> None:
    assert CATALOG.accelerator("NVIDIA H100 SXM5 80GB").key == "h100-sxm"
    assert CATALOG.model("meta-llama/Llama-3.1-70B").name == "llama-3.1-70b"
    assert isinstance(CATALOG.rental("h100-sxm", TODAY, "on_demand").value, Range)
    assert CATALOG.purchase("h100-sxm", TODAY).unit == "USD/chip"
    assert CATALOG.prices("gpt-4.1-mini", TODAY).provider == "openai"
    assert CATALOG.rate("electricity/us", date(2024, 5, 1)).value == 0.0771


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda: CATALOG.accelerator("h100-smx"), "accelerator"),
        (lambda: CATALOG.rental("h100-smx", TODAY), "accelerator"),
        (lambda: CATALOG.purchase("h100-smx", TODAY), "accelerator"),
        (lambda: CATALOG.model("lama-3.1-70b"), "model"),
        (lambda: CATALOG.rate("pue/hyperscalr"), "rate"),
        (lambda: CATALOG.list("acelerators"), "section of the catalog"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(ask, kind: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnknownName) as error:
        ask()
    assert error.value.kind == kind
    assert error.value.nearest


def test_an_unknown_rental_term_names_the_known() -> None:
    with pytest.raises(ValueError, match="on_demand, reserved_1y, reserved_3y, spot"):
        CATALOG.rental("h100", TODAY, "weekly")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("section", "least", "columns"),
    [
        ("accelerators", 40, {"key", "name", "dense_bf16_flops_per_s", "memory_bytes", "tdp_w"}),
        ("models", 40, {"name", "total_parameters", "active_parameters"}),
        ("prices", 500, {"provider", "model", "input_usd_per_mtok", "output_usd_per_mtok"}),
        ("rentals", 40, {"chip", "term", "usd_per_chip_hour", "source"}),
        ("purchases", 20, {"chip", "usd_per_chip", "source"}),
        ("rates", 300, {"key", "value", "unit", "source", "checked", "confidence", "note"}),
    ],
)
def test_every_section_lists_as_rows(section: str, least: int, columns: set[str]) -> None:
    rows = CATALOG.list(section, TODAY)
    print(f"{section}: {len(rows)} rows")
    assert len(rows) >= least
    assert columns <= set(rows[0])
    for row in rows:
        assert set(row) == set(rows[0])
        assert all(isinstance(cell, str | int | float | None) for cell in row.values()), row


def test_a_listing_is_as_of_its_day() -> None:
    then = {row["key"]: row["value"] for row in CATALOG.list("rates", date(2024, 6, 1))}
    now = {row["key"]: row["value"] for row in CATALOG.list("rates", TODAY)}
    assert (then["electricity/us"], now["electricity/us"]) == (0.0771, 0.0826)


@pytest.mark.parametrize(
    ("name", "sections"),
    [
        ("h100-sxm", {"accelerator"}),
        ("gpt-4.1-mini", {"price"}),
        ("llama-3.1-70b", {"model", "price"}),
        ("carbon/france", {"rate"}),
        ("licences", {"rates"}),
        ("electricity/us", {"rate"}),
    ],
)
def test_show_finds_a_name_in_every_section_that_has_it(name: str, sections: set[str]) -> None:
    shown = CATALOG.show(name, TODAY)
    assert sections <= {entry["section"] for entry in shown}
    for entry in shown:
        for fact in entry["facts"]:
            assert fact["source"]
            assert fact["checked"] <= TODAY.isoformat()


def test_show_gives_a_chip_with_its_prices_and_what_others_say() -> None:
    (entry,) = CATALOG.show("h100", TODAY)
    keys = {fact["key"] for fact in entry["facts"]}
    assert {"accelerator/h100-sxm/peak_flops/bf16", "rental/h100-sxm/on_demand", "purchase/h100-sxm"} <= keys


def test_show_keeps_both_sources_of_a_disagreement() -> None:
    (entry,) = CATALOG.show("carbon/us", TODAY)
    assert "codecarbon" in entry["facts"][0]["source"]
    assert "ecologits" in entry["disagrees"][0]["source"]


def test_show_gives_a_series_whole() -> None:
    (entry,) = CATALOG.show("electricity/us", TODAY)
    assert [row["start"] for row in entry["series"]][:2] == ["2015-01-01", "2016-01-01"]


def test_show_of_nothing_names_the_nearest() -> None:
    with pytest.raises(UnknownName) as error:
        CATALOG.show("h100-smx", TODAY)
    assert "h100-sxm" in error.value.nearest
