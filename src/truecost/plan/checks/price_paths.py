"""Price paths: one trend, of the price it is the path of, and fitted to enough that was known on the plan's
day.
"""

from __future__ import annotations

from truecost.plan.checks.findings import Checking
from truecost.plan.price_trends import API_TRENDS, CHIP_TRENDS, PREFIX, trend_fact
from truecost.plan.schema.serving import Api, SelfHosted


def check_price_path(spec: Api | SelfHosted, path: str, checking: Checking) -> None:
    """The path of an option's price, where it names a fitted trend."""
    given = spec.price_path
    if given is None or given.trend is None:
        return
    at, name = f"{path}.price_path", given.trend
    if given.trend_per_year is not None:
        checking.add(
            f"{at}.trend_per_year", f"the path has a trend already, {PREFIX}{name}: give one of the two"
        )
    fitting, of_what = (
        (API_TRENDS, "API prices") if isinstance(spec, Api) else (CHIP_TRENDS, "rents of chips")
    )
    if name not in fitting:
        checking.add(at, f"{PREFIX}{name} is no trend of {of_what}", [f"{PREFIX}{each}" for each in fitting])
        return
    checking.knows(at, lambda: trend_fact(name, checking.as_of, checking.plan.horizon_months))
