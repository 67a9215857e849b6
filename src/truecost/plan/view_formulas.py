"""The formulas of figures that the deeper views work out of their parts: path, unit, formula and inputs.

{0} is the first group of the path; the form is that of `truecost.plan.formulas`.
"""

from __future__ import annotations

_RETURN = r"flows\.returns\.(generations\.\d+|investor)\."
_AT = "flows.returns.{0}."
_MADE = ("total_usd", "revenue_usd", "business.cash_usd")
VIEW_FORMULAS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        r"flows\.cloud_rent\.own_cost_share",
        "share",
        "own cost by the law / rent; above 1 the rent does not pay for the chip",
        ("flows.cloud_rent.own_cost_usd", "flows.cloud_rent.usd"),
    ),
    (
        _RETURN + "put_in_usd",
        "USD",
        "a generation: its run, experiments, data, judgement and safety, amortized; an investor: cash at the "
        "start and rounds (first 512 draws)",
        _MADE,
    ),
    (
        _RETURN + "got_back_usd",
        "USD",
        "a generation: revenue less every other cost in the months it serves; an investor: cash earned and "
        "never missed again, and what is left in the last month (first 512 draws)",
        _MADE,
    ),
    (
        _RETURN + "net_present_value_usd",
        "USD",
        "what is got back less what is put in, each month x (1 + rate)^(-months / 12)",
        (_AT + "got_back_usd", _AT + "put_in_usd", "flows.returns.discount_rate_per_year"),
    ),
    (
        _RETURN + "payback_month",
        "month",
        "the month of the plan from which what is got back stays at or above what was put in",
        (_AT + "got_back_usd", _AT + "put_in_usd"),
    ),
    (
        _RETURN + "return_per_year",
        "share a year",
        "the yearly rate at which what is got back is worth what was put in",
        (_AT + "got_back_usd", _AT + "put_in_usd"),
    ),
)
