"""Break-evens: the API price a product survives, the price at which it pays, the volume from which chips of
one's own beat the API. The users and the price of one tier are in `zero_margin`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from truecost.finance.volume import self_hosting_volume
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

FLEET_FIELDS = (
    "peak_to_mean",
    "utilization_at_peak",
    "spare_replicas",
    "usd_per_chip_hour",
    "operations_people",
)
"""What a fleet's size and cost hang on, stated in the plan or not."""


def shock_tolerance(book: Book, revenue: FloatArray, cost: FloatArray) -> FloatArray | None:
    """The multiple of the plan's API prices at which revenue covers `cost` no more, one a draw.

    It multiplies the price of every month, the plan's own price path included; without a path that is a
    multiple of today's prices. `cost` (months, draws) is what is counted: the direct cost of revenue, or
    every line.
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


def price_multiple_for_zero_margin(total: FloatArray, revenue: FloatArray, kept: Value) -> FloatArray:
    """The multiple of all prices at which revenue, fees off, covers every cost that is not a fee on it.

    `kept` is the share of revenue left after fees; elasticity is not applied.
    """
    earned = revenue.sum(axis=0)
    other = total.sum(axis=0) - earned * (1 - kept)
    return other / np.maximum(earned * kept, 1e-12)


def self_hosting(plan: Plan, served: Mapping[str, ClassServing], book: Book) -> dict[str, dict[str, object]]:
    """For each class with an API price: the volume from which self-hosting pays, and against what."""
    result: dict[str, dict[str, object]] = {}
    for name, outcome in served.items():
        serving = plan.serving[name]
        if serving.api is None:
            continue
        host = serving.self_hosted or STAND_IN.model_copy(update={"region": plan.region})
        path = f"break_even.self_hosting.{name}.{'self_hosted' if serving.self_hosted else 'stand_in'}"
        try:
            per_call = outcome.options["api"].details["usd_per_call"]
            volume = _volume(host, per_call, outcome.work, path, book)
        except (LookupError, DoesNotFit) as missing:
            book.leave_out(f"break_even.self_hosting.{name}", str(missing))
            continue
        stated = f"serving.{name}.self_hosted" if serving.self_hosted else path
        book.result(
            f"break_even.self_hosting.{name}.self_host_tokens_per_month",
            volume,
            "tokens a month",
            "volume from which a fleet (whole replicas, spares, staff) costs no more than the API",
            (
                f"serving.{name}.api.usd_per_call",
                f"{path}.replica_seconds_per_call",
                *(f"{path if getattr(host, f) is None else stated}.{f}" for f in FLEET_FIELDS),
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
    """Tokens a month at the first month's prices; what porting costs once is not in it."""
    load = fleet_load(host, work, path, book)
    fixed, a_chip = _usd_per_month(host, work, path, book)
    tokens = work.input_tokens + work.output_tokens
    api = usd_per_call / tokens

    def volume(layout: Placement, seconds: Value) -> FloatArray:
        capacity = SECONDS_PER_MONTH * load.utilization / load.level / seconds * tokens
        return self_hosting_volume(api, a_chip * layout.chips, capacity, load.spare, fixed)

    def price(layout: Placement) -> float:
        return float(np.median(volume(layout, law_point(host, work, layout).replica_seconds_per_request)))

    placed = placement(host, work, path, book, price)
    return volume(placed, replica_seconds(placed, host, work, path, book))


def _usd_per_month(host: SelfHosted, work: Work, path: str, book: Book) -> tuple[Value, Value]:
    """What a fleet costs in the first month whatever its size (stated staff), and a chip of it."""
    chips = np.ones((book.months, 1))
    fixed = _first_month(fleet_charges(host, 0 * chips, work, path, book))
    return fixed, _first_month(fleet_charges(host, chips, work, path, book)) - fixed


def _first_month(charges: Sequence[Charge]) -> FloatArray:
    months = (np.asarray(c.amortized, dtype=np.float64) for c in charges)
    return sum((m[0] if m.ndim == 2 else m for m in months), start=np.zeros(1))
