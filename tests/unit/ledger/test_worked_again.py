"""The questions worked again row by row in plain Python, from single prices: equal to the last digit."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.logs import take, write
from tests.unit.ledger.test_reporting import single

from truecost.ledger.allocation import Shared, allocated
from truecost.ledger.cache_use import cache_use
from truecost.ledger.exact import quotient
from truecost.ledger.focus.rows import export_focus
from truecost.ledger.margin import margins
from truecost.ledger.over_time.budget import budget_report
from truecost.ledger.unit_costs import Units, unit_costs
from truecost.ledger.whatifs.moves import Change
from truecost.ledger.whatifs.whatif import whatif

KNOWN = date(2026, 11, 22)
MODELS = (
    ("gpt-4.1-mini", "openai"), ("o3", "openai"), ("claude-sonnet-4-5", "anthropic"),
    ("gemini-2.5-pro", "google"), ("house-7b", "openai"),
)  # fmt: skip
Row = dict[str, Any]


def made(seed: int, count: int) -> list[Row]:
    """Requests of October, some long, cached, batched, at a tier, without a name or a price."""
    draws = random.Random(seed)
    found: list[Row] = []
    for number in range(count):
        model, provider = draws.choice(MODELS)
        whole = draws.choice([draws.randrange(50_000), draws.randrange(190_000, 260_000)])
        read = draws.randrange(whole + 1) * draws.randrange(2)
        written = draws.randrange(whole - read + 1) if provider == "anthropic" else 0
        batch = draws.random() < 0.2
        found.append({
            "ts": (datetime(2026, 10, 1) + timedelta(seconds=draws.randrange(31 * 86_400))).isoformat() + "Z",
            "request_id": f"r{number:03d}", "provider": provider, "model": model, "batch": batch,
            "service_tier": "standard" if batch else draws.choice(["standard", "standard", "priority"]),
            "input_tokens": whole, "cache_read_tokens": read, "cache_write_5m_tokens": written,
            "output_tokens": draws.randrange(1, 4000), "customer": draws.choice(["", "acme", "=globex"]),
            "feature": draws.choice(["", "chat", "agent"]), "task": draws.choice(["", "a", "b", "c"]),
            "status": draws.choice(["ok", "ok", "error"]),
        })  # fmt: skip
    return found


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    """A store, and its rows with what each costs by itself (None without a price)."""
    folder, rows = tmp_path_factory.mktemp("again"), made(1, 150)
    take(folder, *rows)
    priced = [{**row, "usd": single(row, KNOWN) if row["model"] != "house-7b" else None} for row in rows]
    assert {True, False} == {row["usd"] is None for row in priced}
    return folder / "usage", priced


def by(rows: Iterable[Row], column: str) -> Mapping[str | None, list[Row]]:
    """Rows by the value of a column; None for none."""
    found: dict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column] or None].append(row)
    return found


def usd(rows: Iterable[Row]) -> Decimal:
    """What the rows cost that have a price."""
    return sum((row["usd"] for row in rows if row["usd"] is not None), Decimal(0))


def test_a_batch_of_everything(used: tuple[Path, list[Row]]) -> None:
    store, rows = used
    found = whatif(store, Change(batch=True), ("feature",), as_known=KNOWN)
    sums: dict[str | None, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in (one for one in rows if one["usd"] is not None):
        after = single({**row, "batch": True, "service_tier": "standard"}, KNOWN)
        if after is not None:
            mine = sums[row["feature"] or None]
            mine[0], mine[1] = mine[0] + row["usd"], mine[1] + after
    told = {one["feature"]: [one["before_usd"], one["after_low_usd"]] for one in found.groups}
    assert told == dict(sums)
    assert found.saving_usd == (sum(one - other for one, other in sums.values()),) * 2


def test_units_and_outcomes(used: tuple[Path, list[Row]]) -> None:
    store, rows = used
    units = Units("task", "status = ok and customer = acme")
    found = {one["feature"]: one for one in unit_costs(store, units, ("feature",), as_known=KNOWN).groups}
    for feature, mine in by(rows, "feature").items():
        tasks = [each for task, each in by(mine, "task").items() if task]
        reached = sum(any(r["status"] == "ok" and r["customer"] == "acme" for r in each) for each in tasks)
        whole, told = sum(map(usd, tasks), Decimal(0)), found[feature]
        assert (told["units"], told["usd"], told["reached_units"]) == (len(tasks), whole, reached)
        assert (told["most_usd"], told["no_unit_usd"]) == (max(map(usd, tasks)), usd(by(mine, "task")[None]))
        assert (told["usd_per_unit"], told["usd_per_outcome"]) == (
            quotient(whole, len(tasks)), quotient(whole, reached),
        )  # fmt: skip


def test_margins_shares_and_budgets(used: tuple[Path, list[Row]], tmp_path: Path) -> None:
    store, rows = used
    paid = write(tmp_path / "paid.csv", ["customer,month,usd", "acme,2026-10,7.25", "=globex,2026-10,0.01"])
    found = margins(store, paid, as_known=KNOWN)
    costs = {name: usd(mine) for name, mine in by(rows, "customer").items()}
    assert {one.name: one.margin_usd for one in found.customers} == {
        "acme": Decimal("7.25") - costs["acme"], "=globex": Decimal("0.01") - costs["=globex"],
    }  # fmt: skip
    assert (found.unattributed.cost_usd, found.total.cost_usd) == (costs[None], usd(rows))
    shared = allocated(store, Shared("feature = chat", basis="requests"), ("customer",), as_known=KNOWN)
    rest = [row for row in rows if row["feature"] != "chat"]
    assert {one.group["customer"]: (one.basis, one.direct_usd) for one in shared.shares} == {
        name: (len(mine), usd(mine)) for name, mine in by(rest, "customer").items()
    }
    assert sum(one.total_usd for one in shared.shares) == usd(rows)
    match = "{feature: [chat, agent], customer: ''}"
    spec = write(tmp_path / "b.yaml", [f"budgets: [{{name: b, usd: 9, match: {match}}}]"])
    (standing,) = budget_report(store, spec, on=date(2026, 10, 20), as_known=KNOWN).budgets
    mine = [row for row in rows if row["feature"] and not row["customer"] and row["ts"] < "2026-10-21"]
    assert standing.end.spent_usd == usd(mine)


def test_what_caches_saved_and_rows_for_bill_tools(used: tuple[Path, list[Row]], tmp_path: Path) -> None:
    store, rows = used
    found = cache_use(store, ("model",), as_known=KNOWN)
    plain = {"cache_read_tokens": 0, "cache_write_5m_tokens": 0}
    net: dict[str, Decimal] = defaultdict(Decimal)
    for row in (one for one in rows if one["usd"] is not None):
        uncached = single({**row, **plain}, KNOWN)
        assert uncached is not None
        net[row["model"]] += uncached - row["usd"]
    assert {one["model"]: one["saved_usd"] - one["writing_usd"] for one in found.groups} == net
    assert found.unpriced_entries == sum(row["usd"] is None for row in rows)
    for by_request in (False, True):
        assert export_focus(
            store, tmp_path / "rows.csv", as_known=KNOWN, by_request=by_request
        ).billed_usd == usd(rows)
