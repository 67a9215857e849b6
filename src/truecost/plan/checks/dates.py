"""Dates that fit together: prices of the past, a start not far from them, months inside the horizon."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.plan.checks.findings import Checking
from truecost.plan.schema import Plan, Serving
from truecost.plan.schema.serving import PricePath

FAR_START_MONTHS = 24


def check_dates(checking: Checking) -> None:
    """Warns of a day whose prices nobody knows yet, a start far from it, and what comes too late."""
    if checking.as_of > checking.today:
        checking.warn(
            "as_of",
            f"is after today, {checking.today}: prices after it are unknown, the last known ones are used",
        )
    apart = (checking.start.year - checking.as_of.year) * 12 + checking.start.month - checking.as_of.month
    if abs(apart) > FAR_START_MONTHS:
        checking.warn(
            "start" if checking.plan.start is not None else "as_of",
            f"the plan starts {abs(apart)} months {'after' if apart > 0 else 'before'} the day whose prices "
            "it uses",
        )
    horizon = checking.plan.horizon_months
    for path, month in _dated(checking.plan):
        if month >= horizon:
            checking.warn(path, f"has no effect: month {month} is after the last month, {horizon - 1}")


def _dated(plan: Plan) -> Iterator[tuple[str, int]]:
    """Everything that happens in a month of the plan."""
    for name, serving in plan.serving.items():
        for option in ("api", "self_hosted"):
            path = _price_path(serving, option)
            for index, shock in enumerate(path.shocks if path else ()):
                yield f"serving.{name}.{option}.price_path.shocks.{index}.month", shock.month
        if serving.api is not None and serving.api.switch is not None:
            yield f"serving.{name}.api.switch.month", serving.api.switch.month
    for name, tier in plan.demand.tiers.items() if plan.demand else ():
        for index, change in enumerate(tier.price_changes):
            yield f"demand.tiers.{name}.price_changes.{index}.month", change.month
    for index, round_ in enumerate(plan.business.investment if plan.business else ()):
        yield f"business.investment.{index}.month", round_.month
    for index, change in enumerate(plan.what_if):
        yield f"what_if.{index}.from_month", change.from_month
    for name, tune in plan.programme.fine_tunes.items() if plan.programme else ():
        yield f"programme.fine_tunes.{name}.first_month", tune.first_month


def _price_path(serving: Serving, option: str) -> PricePath | None:
    given = getattr(serving, option)
    return given.price_path if given is not None else None


def within_horizon(plan: Plan) -> Plan:
    """The plan without the shocks of prices that come after its last month."""
    return plan.model_copy(
        update={"serving": {n: _shortened(s, plan.horizon_months) for n, s in plan.serving.items()}}
    )


def _shortened(serving: Serving, horizon: int) -> Serving:
    changed: dict[str, object] = {}
    for option in ("api", "self_hosted"):
        path = _price_path(serving, option)
        if path is None or all(shock.month < horizon for shock in path.shocks):
            continue
        left = tuple(shock for shock in path.shocks if shock.month < horizon)
        shorter = path.model_copy(update={"shocks": left})
        changed[option] = getattr(serving, option).model_copy(update={"price_path": shorter})
    return serving.model_copy(update=changed) if changed else serving
