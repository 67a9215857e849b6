"""Lines of which one payment goes to several: rented chips, chips of one's own, people behind a firm.

A rent pays first for the power that the chips draw, then for their wear, both by the law of own cost of the
same chip at the plan's date; what is left is the cloud's: buildings, staff, its margin. Where a rent is
below that law, the wear is what is not recovered. So every part is at least 0 and all of them are the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from truecost.finance.cluster import Energy, OwnCluster, run_cost_by_method
from truecost.lines import Payee
from truecost.plan.book import Book, Line
from truecost.plan.programme.compute import own_hardware
from truecost.plan.schema import Plan, SelfHosted
from truecost.plan.schema.programme import Chips
from truecost.ranges import FloatArray, Value

PARTS = "flows.parts"
ROUNDING = 1e-12
"""A part of a line smaller than this is what rounding leaves of nothing."""
INTERMEDIARY = "labelling firms"
QUOTED = "whoever serves at the quote"
RENT_USD, OWN_USD = "flows.cloud_rent.usd", "flows.cloud_rent.own_cost_usd"


@dataclass(frozen=True, slots=True)
class OwnCost:
    """What a chip-hour costs whoever owns the chip: its wear and its power, in USD, and the facts behind."""

    wear_usd: Value
    power_usd: Value
    inputs: tuple[str, ...]

    @classmethod
    def of(cls, chip: str, book: Book) -> OwnCost:
        """By the law of own hardware; raises LookupError where the chip has no price or power on record."""
        own, energy, inputs = own_hardware(chip, 1.0, book)
        power = energy.kwh * energy.usd_per_kwh
        return cls(_wear(own, energy) - power, power, inputs)


def _wear(own: OwnCluster, energy: Energy) -> Value:
    return run_cost_by_method(1.0, own, energy)["amortized"]


def payee_of(component: str, line: Line) -> str:
    """Who gets a line that is not split, as the flows call it."""
    if component.startswith("annotation.") and component.endswith(".intermediary"):
        return INTERMEDIARY
    if component.startswith("inference.") and component.endswith(".quoted"):
        return QUOTED
    return line.payee.value


def parts_of(told: Mapping[str, FloatArray]) -> dict[str, dict[str, str]]:
    """The lines that are told in parts: for each the payees, with the key of what they get.

    >>> parts_of({"flows.parts.training.final_run.power": np.zeros(1), "flows.payers.investors": np.zeros(1)})
    {'training.final_run': {'power': 'flows.parts.training.final_run.power'}}
    """
    found: dict[str, dict[str, str]] = {}
    for key in told:
        if key.startswith(f"{PARTS}."):
            component, _, payee = key.removeprefix(f"{PARTS}.").rpartition(".")
            found.setdefault(component, {})[payee] = key
    return found


def split_lines(plan: Plan, book: Book) -> None:
    """Enter the parts of every line that is paid on to several."""
    laws: dict[str, OwnCost | None] = {}
    rents: dict[str, tuple[Value, Value]] = {}
    for component, chips in _compute(plan):
        line = book.lines.get(component)
        if line is None or line.payee not in (Payee.CHIPS, Payee.CLOUD):
            continue
        if chips.chip not in laws:
            laws[chips.chip] = _law(chips.chip, book)
        law = laws[chips.chip]
        if law is None:
            book.leave_out(f"flows.{component}", _UNKNOWN.format(chips.chip))
        elif line.payee is Payee.CHIPS:
            _own(component, law, book)
        else:
            rents[component] = _rented(component, line, law, book)
    if rents:
        rent, own = (np.asarray(sum(parts)) for parts in zip(*rents.values(), strict=True))
        lines = [f"lines.{component}" for component in rents]
        book.result(RENT_USD, rent, "USD", "sum of the lines of rented chips", lines)
        parts = [f"{PARTS}.{c}.{p}" for c in rents for p in (Payee.CHIPS.value, Payee.POWER.value)]
        formula = "chip-hours x (wear + power of the same chip by the law of own cost)"
        book.result(OWN_USD, own, "USD", formula, parts)
    _judgement(plan, book)


_UNKNOWN = "who gets what of it is not told apart: no purchase price or power of {} is on record"


def _law(chip: str, book: Book) -> OwnCost | None:
    try:
        return OwnCost.of(chip, book)
    except LookupError:
        return None


def _compute(plan: Plan) -> Iterator[tuple[str, Chips | SelfHosted]]:
    """The lines that pay for chips by the hour, and on which terms the plan has them."""
    for name, serving in plan.serving.items():
        if serving.self_hosted is not None:
            yield f"inference.{name}.rent", serving.self_hosted
    programme = plan.programme
    if programme is None:
        return
    if programme.training is not None:
        for component in (
            "training.final_run",
            "training.later_runs",
            "training.experiments",
            "training.restarts",
            "rlhf.compute",
            "safety.red_team_compute",
        ):
            yield component, programme.training
    for name, tune in programme.fine_tunes.items():
        yield f"fine_tune.{name}.compute", tune


def _own(component: str, law: OwnCost, book: Book) -> None:
    """Wear goes to who made the chips, energy to the power company."""
    line = _Divided.of(component, book)
    share = law.power_usd / (law.power_usd + law.wear_usd)
    line.part(Payee.POWER.value, share, "the line x power / (wear + power) of a chip-hour", law.inputs)
    line.rest(Payee.CHIPS.value)


def _rented(component: str, line: Line, law: OwnCost, book: Book) -> tuple[Value, Value]:
    """Power, wear, and what is left to the cloud; the rent and the law's own cost over the plan."""
    price = _usd_per_chip_hour(component, line, book)
    power = np.minimum(_over(law.power_usd, price), 1.0)
    wear = np.minimum(_over(law.wear_usd, price), 1.0 - power)
    divided = _Divided.of(component, book)
    formula = "the rent up to the power of the chip-hours, by the law of own cost"
    divided.part(Payee.POWER.value, power, formula, law.inputs)
    formula = "the rent, less power, up to the wear of the chip-hours, by the law of own cost"
    divided.part(Payee.CHIPS.value, wear, formula, law.inputs)
    divided.rest(Payee.CLOUD.value)
    own = divided.summed(_over(law.power_usd + law.wear_usd, price))
    return divided.whole[0], own[0]


def _usd_per_chip_hour(component: str, line: Line, book: Book) -> Value:
    """What the line pays for a chip-hour: by month for a fleet, whose price moves, else one number a draw."""
    if component.startswith("inference."):
        return _over(line.amortized, np.asarray(line.quantity, dtype=np.float64))
    if component.startswith("fine_tune."):
        hours = np.broadcast_to(np.asarray(line.quantity, dtype=np.float64), line.amortized.shape)
        return _over(line.amortized.sum(axis=0), hours.sum(axis=0))
    run, hours = (book.quantities[f"programme.final_run_{unit}"].value for unit in ("usd", "chip_hours"))
    return _over(run, hours)


def _judgement(plan: Plan, book: Book) -> None:
    """What people take home of comparisons and red-teaming, and what a firm between keeps."""
    programme = plan.programme
    if programme is None:
        return
    if programme.rlhf is not None:
        path = "programme.rlhf.intermediary_share"
        kept = book.number(path, programme.rlhf.intermediary_share, "annotation/intermediary_share")
        _behind_a_firm("rlhf.preferences", Payee.LABELLERS, (kept, path), book)
    red_team = programme.safety.red_team if programme.safety is not None else None
    if red_team is not None and red_team.intermediary_share is not None:
        path = "programme.safety.red_team.intermediary_share"
        _behind_a_firm("safety.red_team", Payee.STAFF, (red_team.intermediary_share, path), book)


def _behind_a_firm(component: str, payee: Payee, firm: tuple[Value, str], book: Book) -> None:
    if component not in book.lines:
        return
    kept, path = firm
    line = _Divided.of(component, book)
    line.part(INTERMEDIARY, kept, "the line x the firm's share", (path,))
    line.rest(payee.value)


Sums = tuple[FloatArray, FloatArray]
"""Over the months, one number a draw, and over the draws, one a month."""


@dataclass(slots=True)
class _Divided:
    """A line being divided: what it comes to, and what is not given to anybody yet."""

    component: str
    book: Book
    amount: FloatArray
    whole: Sums
    left: Sums

    @classmethod
    def of(cls, component: str, book: Book) -> _Divided:
        """All of a line, in nobody's hands."""
        amount = book.lines[component].amortized
        whole = (amount.sum(axis=0), amount.sum(axis=1))
        return cls(component, book, amount, whole, whole)

    def summed(self, share: Value) -> Sums:
        """The sums of the line times a share: one number, one a draw, or by month."""
        part = np.asarray(share, dtype=np.float64)
        if part.ndim == 0:
            return self.whole[0] * part, self.whole[1] * part
        if part.ndim == 1:
            return self.whole[0] * part, self.amount @ part
        product = self.amount * part
        return product.sum(axis=0), product.sum(axis=1)

    def part(self, payee: str, share: Value, formula: str, inputs: tuple[str, ...]) -> None:
        """Give a share of the line to one."""
        sums = self.summed(share)
        self.left = (self.left[0] - sums[0], self.left[1] - sums[1])
        self._keep(payee, sums, formula, inputs)

    def rest(self, payee: str) -> None:
        """Give what is left to the last."""
        draws, months = (
            np.where(left > ROUNDING * whole, left, 0.0)
            for left, whole in zip(self.left, self.whole, strict=True)
        )
        self._keep(payee, (draws, months), "the line less its other parts", ())

    def _keep(self, payee: str, sums: Sums, formula: str, inputs: tuple[str, ...]) -> None:
        key = f"{PARTS}.{self.component}.{payee}"
        self.book.result(key, sums[0], "USD", formula, (f"lines.{self.component}", *inputs))
        self.book.by_month[key] = sums[1]


def _over(part: Value, whole: Value) -> FloatArray:
    """part / whole; 0 where there is nothing to divide by."""
    top, bottom = np.broadcast_arrays(np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64))
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0)
