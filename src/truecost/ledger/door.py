"""The ledger from Python: a store and the questions one asks of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from truecost.ledger.allocation import Allocation
    from truecost.ledger.cache_use import CacheUse
    from truecost.ledger.contracts.report import ContractReport
    from truecost.ledger.focus.rows import FocusExport
    from truecost.ledger.importing import ImportResult
    from truecost.ledger.margin import MarginReport
    from truecost.ledger.over_time.anomalies import Anomalies
    from truecost.ledger.over_time.budget import BudgetReport
    from truecost.ledger.over_time.forecast import CostForecast
    from truecost.ledger.reconciling.reconcile import Reconciliation
    from truecost.ledger.reporting import UsageReport
    from truecost.ledger.unit_costs import UnitCosts
    from truecost.ledger.whatifs.whatif import WhatIf

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A store of usage in a folder. Further arguments are those of the functions each question is.

    Every question raises NoStore for a folder that is none, ValueError for what is not understood.

    >>> ledger = Ledger("usage")
    >>> ledger.import_logs("logs/october.jsonl")  # doctest: +SKIP
    >>> ledger.report(["feature"], month="2026-10").total_usd  # doctest: +SKIP
    >>> ledger.whatif(model="gpt-5-mini", where="feature = summary").to_dict()  # doctest: +SKIP
    """

    folder: PathLike

    def import_logs(self, *logs: PathLike, **how: Any) -> ImportResult:
        """Logs into the store, each request once (`truecost.ledger.importing.import_usage`)."""
        from truecost.ledger.importing import import_usage

        return import_usage(logs, self.folder, **how)

    def report(self, by: Sequence[str] = ("model",), **how: Any) -> UsageReport:
        """What usage cost, the dearest first (`truecost.ledger.reporting.usage_report`)."""
        from truecost.ledger.reporting import usage_report

        return usage_report(self.folder, by, **how)

    def under_contract(
        self, contract: PathLike, by: Sequence[str] = ("model",), **how: Any
    ) -> ContractReport:
        """What it really cost by what is agreed in a file (`truecost.ledger.contracts.report`)."""
        from truecost.ledger.contracts.contract import contract_of
        from truecost.ledger.contracts.report import contract_report

        return contract_report(self.folder, contract_of(contract), by, name=str(contract), **how)

    def whatif(self, by: Sequence[str] = ("model",), **asked: Any) -> WhatIf:
        """The same usage otherwise: `model`, `batch`, `tier`, ... (`truecost.ledger.whatifs.moves`)."""
        from truecost.ledger.whatifs.moves import Change
        from truecost.ledger.whatifs.whatif import whatif

        names = set(Change.__dataclass_fields__)
        change = Change(**{key: value for key, value in asked.items() if key in names})
        return whatif(self.folder, change, by, **{key: asked[key] for key in asked if key not in names})

    def reconcile(self, invoice: PathLike, **how: Any) -> Reconciliation:
        """An invoice against the store, the difference by cause (`truecost.ledger.reconciling.reconcile`)."""
        from truecost.ledger.reconciling.reconcile import reconcile

        return reconcile(self.folder, invoice, **how)

    def margin(self, revenue: PathLike, by: str = "customer", **how: Any) -> MarginReport:
        """What customers paid, less what their usage cost (`truecost.ledger.margin.margins`)."""
        from truecost.ledger.margin import margins

        return margins(self.folder, revenue, by, **how)

    def unit(
        self, per: str = "task", *, outcome: str | None = None, where: str | None = None, **how: Any
    ) -> UnitCosts:
        """What a task, a user or an outcome costs (`truecost.ledger.unit_costs`)."""
        from truecost.ledger.unit_costs import Units, unit_costs

        return unit_costs(self.folder, Units(per, outcome, where), **how)

    def allocate(
        self, cost: str, *, to: str | None = None, basis: str = "tokens", capacity: Any = None, **how: Any
    ) -> Allocation:
        """What some rows cost, by who used it (`truecost.ledger.allocation`)."""
        from decimal import Decimal

        from truecost.ledger.allocation import Shared, allocated

        stated = None if capacity is None else Decimal(str(capacity))
        return allocated(self.folder, Shared(cost, to, basis, stated), **how)

    def caches(self, by: Sequence[str] = ("model",), **how: Any) -> CacheUse:
        """What prompt caches saved, and missed at most (`truecost.ledger.cache_use`)."""
        from truecost.ledger.cache_use import cache_use

        return cache_use(self.folder, by, **how)

    def forecast(self, by: Sequence[str] = (), **how: Any) -> CostForecast:
        """What the month will have cost (`truecost.ledger.over_time.forecast.cost_forecast`)."""
        from truecost.ledger.over_time.forecast import cost_forecast

        return cost_forecast(self.folder, by, **how)

    def anomalies(self, by: Sequence[str] = (), **how: Any) -> Anomalies:
        """Days whose cost the days before do not explain (`truecost.ledger.over_time.anomalies`)."""
        from truecost.ledger.over_time.anomalies import cost_anomalies
        from truecost.ledger.over_time.daily import Asked

        names = set(Asked.__dataclass_fields__)
        asked = Asked(tuple(by), **{key: value for key, value in how.items() if key in names})
        rest = {key: value for key, value in how.items() if key not in names}
        return cost_anomalies(self.folder, asked, **rest)

    def budget(self, budgets: PathLike, **how: Any) -> BudgetReport:
        """How budgets stand, and the day each breaks (`truecost.ledger.over_time.budget`)."""
        from truecost.ledger.over_time.budget import budget_report

        return budget_report(self.folder, budgets, **how)

    def export_focus(self, out: PathLike, **how: Any) -> FocusExport:
        """Priced usage as FOCUS rows (`truecost.ledger.focus.rows`)."""
        from truecost.ledger.focus.rows import export_focus

        return export_focus(self.folder, out, **how)
