"""An overlay: own facts win, name their file, and a mistake names file, line, field and the nearest name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from truecost.catalog import load
from truecost.catalog.catalog import Catalog
from truecost.catalog.facts import Confidence
from truecost.ranges import Range
from truecost.spec import SpecError

TODAY = date(2026, 11, 22)

WHOLE = """\
checked: 2026-11-01
source: contract with Acme Cloud, 2026
rates:
  electricity: {us: 0.065, our-hall: 0.05}
  pue: {hyperscaler: 1.05 .. 1.12}
  power:
    average_load_gpu:
      {value: 61 %, source: own meters, confidence: measured, checked: 2026-10-20, note: one year}
  business:
    payment_fee_share:
      values: {2026-01-01: 2.7 %, 2026-07-01: 0.025}
rentals:
  H100: {on_demand: 1.95, reserved_1y: 1.60 .. 1.80}
purchases:
  h100-sxm: 24k USD
accelerators:
  h100-sxm: {tdp_w: 600, peak_flops: {fp8: 1.8e15}}
  our-asic:
    name: Our ASIC
    vendor: Ours
    kind: ASIC
    chips_per_server: 4
    memory_bytes: 96 GB
    memory_bandwidth_bytes_per_s: 2.4 TB/s
    tdp_w: 350
    peak_flops: {bf16: 4e14, fp8: 8e14}
prices:
  gpt-4.1-mini: {input: 0.30, output: 1.20 USD/Mtok, batch: {input: 0.0001 USD/ktok}}
  ours/tiny: {input: 0.05, output: 0.1}
models:
  our-7b:
    model_type: llama
    hidden_size: 4096
    num_hidden_layers: 32
    num_attention_heads: 32
    num_key_value_heads: 8
    intermediate_size: 11008
    vocab_size: 32000
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    path = tmp_path / "own.yaml"
    path.write_text(WHOLE)
    return load(path)


def refused(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as error:
        load(path)
    return [str(problem).replace(str(tmp_path) + "/", "") for problem in error.value.problems]


def test_the_overlay_is_named_and_the_shipped_catalog_stays(catalog: Catalog) -> None:
    assert catalog.overlay == "own.yaml"
    assert load().overlay is None
    assert load() is load()
    assert load().rate("electricity/us").value == 0.0826


def test_a_rate_is_replaced_and_says_where_it_comes_from(catalog: Catalog) -> None:
    fact = catalog.rate("electricity/us", date(2020, 1, 1))
    assert (fact.value, fact.unit, fact.checked) == (0.065, "USD/kWh", date(2026, 11, 1))
    assert fact.source == "own.yaml: contract with Acme Cloud, 2026"
    assert fact.confidence is Confidence.QUOTED
    assert catalog.rate("pue/hyperscaler").value == Range(1.05, 1.12)
    assert catalog.rate("pue/other") == load().rate("pue/other")


def test_a_fact_may_bring_its_own_parts(catalog: Catalog) -> None:
    fact = catalog.rate("power/average_load_gpu")
    assert fact.value == pytest.approx(0.61)
    assert (fact.source, fact.checked, fact.note) == ("own.yaml: own meters", date(2026, 10, 20), "one year")
    assert fact.confidence is Confidence.MEASURED


def test_a_new_place_may_have_a_price_of_electricity(catalog: Catalog) -> None:
    fact = catalog.rate("electricity/our-hall")
    assert (fact.key, fact.value, fact.unit) == ("electricity/our-hall", 0.05, "USD/kWh")


def test_a_rate_may_be_a_dated_series(catalog: Catalog) -> None:
    assert catalog.rate("business/payment_fee_share", date(2026, 3, 1)).value == pytest.approx(0.027)
    assert catalog.rate("business/payment_fee_share", date(2026, 11, 1)).value == pytest.approx(0.025)


def test_rentals_and_purchases_are_replaced_by_chip_and_term(catalog: Catalog) -> None:
    rental = catalog.rental("NVIDIA H100 SXM5 80GB", TODAY, "on_demand")
    assert (rental.value, rental.unit, rental.key) == (1.95, "USD/chip-hour", "rental/h100-sxm/on_demand")
    assert catalog.rental("h100", TODAY, "reserved_1y").value == Range(1.6, 1.8)
    assert "own.yaml" not in catalog.rental("h100", TODAY, "spot").source
    assert catalog.purchase("h100", TODAY).value == 24_000


def test_a_chip_is_changed_where_the_file_says_so(catalog: Catalog) -> None:
    ours, shipped = catalog.accelerator("h100"), load().accelerator("h100")
    assert ours.tdp_w is not None
    assert shipped.tdp_w is not None
    assert (ours.tdp_w.value, shipped.tdp_w.value) == (600, 700)
    assert "own.yaml" in ours.tdp_w.source
    assert ours.dense_peak("fp8") == 1.8e15
    assert ours.dense_peak("bf16") == shipped.dense_peak("bf16")


def test_a_new_chip_is_a_chip(catalog: Catalog) -> None:
    chip = catalog.accelerator("Our ASIC")
    assert (chip.key, chip.memory_bytes.value, chip.memory_bandwidth_bytes_per_s.value) == (
        "our-asic",
        96e9,
        2.4e12,
    )
    with pytest.raises(LookupError, match=r"chip of own\.yaml.*add rentals: {our-asic: {on_demand: …}}"):
        catalog.rental("our-asic", TODAY)
    assert "our-asic" in {row["key"] for row in catalog.list("accelerators", TODAY)}


def test_api_prices_are_replaced_by_kind_and_tier(catalog: Catalog) -> None:
    ours, listed = catalog.prices("gpt-4.1-mini", TODAY), load().prices("gpt-4.1-mini", TODAY)
    assert ours.fact("input").value == pytest.approx(0.30e-6)
    assert ours.fact("input").source.startswith("own.yaml")
    assert ours.fact("output").value == pytest.approx(1.20e-6)
    assert ours.fact("input", "batch").value == pytest.approx(0.1e-6)
    assert ours.fact("cache_read") == listed.fact("cache_read")
    assert ours.has("cache_read")
    assert len([row for row in ours.rows if row.condition == ours.own[0].condition]) == 1  # type: ignore[attr-defined]
    assert catalog.prices("gpt-4.1", TODAY) == load().prices("gpt-4.1", TODAY)


def test_a_model_nobody_lists_may_be_priced(catalog: Catalog) -> None:
    assert catalog.prices("tiny", TODAY).fact("output").value == pytest.approx(0.1e-6)
    assert catalog.prices("ours/tiny", TODAY).provider == "ours"
    with pytest.raises(ValueError, match="tinny"):
        catalog.prices("tinny", TODAY)


def test_a_model_of_ones_own_has_an_architecture(catalog: Catalog) -> None:
    arch = catalog.model("Our-7B")
    assert arch.hidden_size == 4096
    assert "own.yaml" in arch.source
    assert catalog.model("llama-3.1-8b") == load().model("llama-3.1-8b")
    assert "our-7b" in catalog.models()


def test_a_config_may_be_a_file_beside_the_overlay(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        '{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,'
        ' "intermediate_size": 256, "vocab_size": 1000}'
    )
    (tmp_path / "own.yaml").write_text("checked: 2026-11-01\nmodels: {mini: config.json}\n")
    assert load(tmp_path / "own.yaml").model("mini").num_hidden_layers == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("rates: {pue: {hyperscalr: 1.1}}", "bad.yaml:2: rates.pue.hyperscalr: 1.1: the catalog has no rate"),
        ("rates: {pue: {hyperscalr: 1.1}}", "did you mean 'pue/hyperscaler'"),
        (
            "rates: {power: {average_load_gpu: 1.4}}",
            "bad.yaml:2: rates.power.average_load_gpu: 1.4 is above 1",
        ),
        ("rates: {pue: {other: 0.9}}", "bad.yaml:2: rates.pue.other: 0.9 is below 1"),
        ("rates: {capital: {cost_per_year: 8 USD}}", "rates.capital.cost_per_year"),
        ("accelerators: {h100-sxm: {tdp_w: 0}}", "bad.yaml:2: accelerators.h100-sxm.tdp_w: 0 is not above 0"),
        ("rates: {electricity: {us: cheap}}", "bad.yaml:2: rates.electricity.us: 'cheap'"),
        ("rates: {electricity: {us: 8 USD/chip-hour}}", "bad.yaml:2: rates.electricity.us"),
        (
            "rates: {pue: {other: {value: 1.2, sorce: me}}}",
            "'sorce' is no part of a fact; did you mean 'source'?",
        ),
        (
            "rates: {pue: {other: {value: 1.2, checked: soon}}}",
            "rates.pue.other.checked: 'soon' is not a date",
        ),
        ("rates: {pue: {other: {value: 1.2, confidence: sure}}}", "'sure' is no confidence"),
        ("rates: {pue: {other: {values: {}}}}", "rates.pue.other.values"),
        ("rentals: {h100-smx: {on_demand: 2}}", "did you mean 'h100-sxm'"),
        ("rentals: {h100-sxm: {on_demnd: 2}}", "'on_demnd' is no rental term; did you mean 'on_demand'?"),
        ("purchases: {h100-sxm: -5}", "bad.yaml:2: purchases.h100-sxm: -5 is below 0"),
        ("accelerators: {h100-sxm: {tdp: 5}}", "'tdp' is no attribute of a chip; did you mean 'tdp_w'?"),
        ("accelerators: {h100-sxm: {peak_flops: {bf17: 5}}}", "'bf17' is no precision"),
        ("accelerators: {my-chip: {name: Mine}}", "vendor"),
        (
            "prices: {gpt-4.1-mini: {inptu: 1}}",
            "'inptu' is no token kind or service tier; did you mean 'input'?",
        ),
        ("prices: {gpt-4.1-mini: {input: 1 .. 2}}", "a price here is one number"),
        ("prices: {qqqq: {input: 1}}", "nobody lists a model 'qqqq'"),
        ("models: {mine: {hidden_size: 4}}", "models.mine"),
        ("models: {mine: nowhere.json}", "cannot be read as a config.json"),
        ("rate: {}", "did you mean 'rates'"),
    ],
)
def test_a_mistake_names_its_place_and_the_nearest_name(tmp_path: Path, body: str, expected: str) -> None:
    problems = refused(tmp_path, f"checked: 2026-11-01\n{body}\n")
    print("\n".join(problems))
    assert any(expected in problem for problem in problems)


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "checked: 2026-11-01\npurchases:\n  b9000: 5\nrates:\n  pue: {other: -1}\n  no: {such: 2}\n"
    problems = refused(tmp_path, text)
    assert [problem.split(": ")[0] for problem in problems] == ["bad.yaml:3", "bad.yaml:5", "bad.yaml:6"]


def test_the_day_is_needed_since_every_fact_has_one(tmp_path: Path) -> None:
    assert any("checked" in problem for problem in refused(tmp_path, "rates: {pue: {other: 1.2}}\n"))


def test_a_missing_file_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file"):
        load(tmp_path / "none.yaml")
