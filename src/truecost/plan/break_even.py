"""Break-evens: the API price a product survives, the price and the users at which it pays, the volume at
which chips of one's own beat the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from truecost.lines import Payee
from truecost.physics.replica import DoesNotFit
from truecost.plan.book import SECONDS_PER_MONTH, Book
from truecost.plan.schema import Plan, SelfHosted
from truecost.plan.serving import ClassServing, Work
from truecost.plan.serving.fleet import fleet_charges
from truecost.plan.serving.placement import Placement, law_point, placement, replica_seconds
from truecost.plan.serving.self_hosted import fleet_load
from truecost.plan.serving.work import Charge
from truecost.ranges import FloatArray, Value

STAND_IN = SelfHosted(model="meta-llama/Llama-3.1-70B", chip="h100-sxm", precision="fp8")
"""What stands in for an API model when the plan names no open model of its own. Whether its answers are
good enough is not known: the break-even says what it costs, not what it is worth."""


def shock_tolerance(book: Book, revenue: FloatArray, cost: FloatArray) -> FloatArray | None:
    """The multiple of today's API prices at which revenue covers `cost` no more, one a draw.

    `cost` (months, draws) is what is counted: the direct cost of revenue, or every line.
    Formula: (revenue - cost other than model vendors) / paid to model vendors; None where either is 0.
    """
    vendor = np.zeros(book.draws.count)
    for line in book.lines.values():
        if line.payee is Payee.MODEL_VENDOR and line.group == "Inference":
            vendor = vendor + line.amortized.sum(axis=0)
    earned = revenue.sum(axis=0)
    if not vendor.any() or not earned.any():
        return None
    others = cost.sum(axis=0) - vendor
    return np.maximum(earned - others, 0.0) / np.maximum(vendor, 1e-12)


def price_for_zero_margin(total: FloatArray, revenue: FloatArray, kept: Value) -> FloatArray:
    """The multiple of all prices at which revenue, fees off, covers every cost that is not a fee on it.

    `kept` is the share of revenue left after fees; elasticity is not applied.
    """
    earned = revenue.sum(axis=0)
    other = total.sum(axis=0) - earned * (1 - kept)
    return other / np.maximum(earned * kept, 1e-12)


def users_for_zero_margin(fixed: Value, unit_margin: Value) -> FloatArray:
    """User-months at which the margin of each covers the fixed cost; inf where each loses money."""
    top, bottom = np.broadcast_arrays(np.asarray(fixed, dtype=np.float64), np.asarray(unit_margin))
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.inf)


def self_hosting_volume(
    api_usd_per_token: Value, chip_usd_per_replica_month: Value, tokens_per_replica_month: Value, spare: Value
) -> FloatArray:
    """Tokens a month from which a fleet of one's own costs no more than the API; inf for never.

    Below one replica's capacity K the fleet is 1 + spare replicas at R a month: V = R (1 + spare) / a.
    Above it the fleet grows with the volume: V = R spare / (a - R / K), never when a <= R / K.
    """
    api, rent, capacity, idle = np.broadcast_arrays(
        *(
            np.asarray(v, dtype=np.float64)
            for v in (api_usd_per_token, chip_usd_per_replica_month, tokens_per_replica_month, spare)
        )
    )
    small = rent * (1 + idle) / np.maximum(api, 1e-300)
    gain = api - rent / capacity
    large = np.where(gain > 0, rent * idle / np.where(gain > 0, gain, 1.0), np.inf)
    return np.where(small <= capacity, small, np.maximum(large, np.where(gain > 0, capacity, np.inf)))


def self_hosting(plan: Plan, served: Mapping[str, ClassServing], book: Book) -> dict[str, dict[str, object]]:
    """For each class with an API price: the volume where self-hosting starts to pay, and against what."""
    result: dict[str, dict[str, object]] = {}
    for name, outcome in served.items():
        serving = plan.serving[name]
        if serving.api is None:
            continue
        host = serving.self_hosted or STAND_IN.model_copy(update={"region": plan.region})
        path = f"serving.{name}.self_hosted" if serving.self_hosted else f"break_even.{name}.stand_in"
        try:
            per_call = outcome.options["api"].details["usd_per_call"]
            volume = _volume(host, per_call, outcome.work, path, book)
        except (LookupError, DoesNotFit) as missing:
            book.leave_out(f"break_even.{name}.self_hosting", str(missing))
            continue
        key = f"break_even.{name}.self_host_tokens_per_month"
        book.outcome(key, volume)
        book.quantity(
            key,
            volume,
            "tokens a month",
            "volume at which a fleet (one replica and spares, at least) costs no more than the API",
            (
                f"serving.{name}.api.usd_per_call",
                f"{path}.replica_seconds_per_call",
                f"{path}.peak_to_mean",
                f"{path}.usd_per_chip_hour",
                f"{path}.spare_replicas",
            ),
        )
        result[name] = {
            "model": host.model if isinstance(host.model, str) else "own config.json",
            "chip": host.chip,
            "purchase": host.purchase,
            "stand_in": serving.self_hosted is None,
            "tokens_now": float(outcome.work.tokens[:1].mean()),
        }
    return result


def _volume(host: SelfHosted, usd_per_call: Value, work: Work, path: str, book: Book) -> FloatArray:
    load = fleet_load(host, work, path, book)
    one_chip = np.ones((book.months, 1))
    rent = _first_month(fleet_charges(host, one_chip, work, path, book))
    tokens = work.input_tokens + work.output_tokens
    api = usd_per_call / tokens

    def volume(layout: Placement, seconds: Value) -> FloatArray:
        capacity = SECONDS_PER_MONTH * load.utilization / load.level / seconds * tokens
        return self_hosting_volume(api, rent * layout.chips, capacity, load.spare)

    def price(layout: Placement) -> float:
        return float(np.median(volume(layout, law_point(host, work, layout).replica_seconds_per_request)))

    placed = placement(host, work, f"{path}.break_even", book, price)
    return volume(placed, replica_seconds(law_point(host, work, placed), work, path, book))


def _first_month(charges: Sequence[Charge]) -> Value:
    return sum((np.asarray(c.amortized, dtype=np.float64)[0] for c in charges), start=np.zeros(1))
