"""Epoch AI's published training costs, reproduced by our laws under its own assumptions.

Epoch AI (Cottier et al. 2024, arXiv:2405.21015, and its repository training-cost-trends@263c40a) counts a
training run three ways. Its choices, each applied to every run alike:

* chip-hours: recorded, else chips x hours, else FLOP / (peak x utilization); cloud cost: chips x hours only.
* purchase price: the earliest DGX server of the chip's family, else its earliest price; a bare chip is
  raised by a server overhead; bought no sooner than 90 days after release; TPUs, which Google does not
  sell, at an estimated price (arXiv:2405.21015, table 3) on their release date.
* start of training: as dated, else publication less 60 days less the run's length.
* amortized: price x progress of hardware to the start, worn at 0.14 ln 10 a year, plus energy.
* cloud: the 3-year commitment price nearest before renting (60 days ahead of the start), else nearest after,
  at the developer's usual cloud, else at others; a price under another term is scaled by usual discounts.
* dollars of 2024-12, by the producer price index of data processing and hosting, from the publication month.

All numbers are data (`data/epoch_*.csv`), with source and date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import groupby

from truecost.evidence.epoch_tables import (
    METHODS,
    TERMS,
    Chip,
    Listing,
    Purchase,
    Run,
    chips,
    constants,
    listings,
    price_index,
    published,
    purchases,
    runs,
)
from truecost.finance.cluster import Energy, OwnCluster, cloud_cost, run_cost_by_method
from truecost.physics.energy import energy_kwh
from truecost.physics.training import chip_hours as chip_hours_of_flops

DOLLARS_OF = "2024-12"
CLOUDS = ("Amazon Web Services", "Microsoft Azure", "Google Cloud", "Lambda Labs")
USUAL_CLOUD = {
    "google": "Google Cloud",
    "deepmind": "Google Cloud",
    "microsoft": "Microsoft Azure",
    "openai": "Microsoft Azure",
}
HYPERSCALERS = ("google", "deepmind", "microsoft", "amazon", "meta", "facebook")
BANDS = (0.01, 0.05, 0.20)


@dataclass(frozen=True, slots=True)
class Score:
    """One published figure beside ours, both in USD; `reproduced_usd` is None where inputs are missing."""

    model: str
    method: str
    published_usd: float
    reproduced_usd: float | None
    why: str

    @property
    def difference(self) -> float | None:
        """Ours over the published, less 1."""
        return None if self.reproduced_usd is None else self.reproduced_usd / self.published_usd - 1


def inflation(published_on: date) -> float:
    """Dollars of 2024-12 for one of the publication month, by the index as it stands after revision."""
    return price_index()[DOLLARS_OF] / price_index()[published_on.strftime("%Y-%m")]


@cache
def usual_chip(year: int) -> str:
    """The GPU most runs of a publication year used, for those whose hardware is not known; "" for none.

    Counted over the runs carried here; the first by name on a tie.
    """
    named = (name for run in runs().values() if run.published.year == year for name in run.chip.split(";"))
    counted = Counter(name for name in named if name and chips()[name].kind == "GPU")
    return min(counted, key=lambda name: (-counted[name], name), default="")


def chip_of(run: Run) -> Chip | None:
    """The chip a run used, or its year's usual one; None for a mix of chips or no record at all."""
    return chips().get(run.chip or usual_chip(run.published.year))


def training_start(run: Run) -> date:
    """As dated, else the end of training (or publication less 60 days) less the run's whole hours."""
    if run.training_started:
        return run.training_started
    length = timedelta(hours=constants()["training_hours"] if run.hours is None else int(run.hours))
    end = run.training_ended or run.published - timedelta(days=constants()["publication_lag"])
    whole_days, rest = divmod(length, timedelta(days=1))
    return end - timedelta(days=whole_days + (1 if rest else 0))


def chip_hours(run: Run, chip: Chip) -> float | None:
    """Recorded, else chips x hours, else from FLOP at the recorded utilization or 37.5 %."""
    if run.chip_hours is not None:
        return run.chip_hours
    if run.chips is not None and run.hours is not None:
        return run.chips * run.hours
    if run.training_flops is None:
        return None
    utilization = constants()["utilization"] if run.utilization is None else run.utilization
    return float(chip_hours_of_flops(run.training_flops, chip.peak_flops, utilization))


def chosen_purchase(chip: Chip) -> Purchase | None:
    """The earliest DGX server price of the chip's family, else its earliest price."""
    family = [purchase for purchase in purchases() if purchase.family == chip.purchase_family]
    servers = (purchase for purchase in family if purchase.bundle == "DGX server")
    return next(servers, family[0] if family else None)


def own_cluster(run: Run, chip: Chip) -> OwnCluster | None:
    """The hardware of a run bought at its public price; None where no price of the chip is known."""
    purchase = chosen_purchase(chip)
    if purchase is None:
        return None
    known, start = constants(), training_start(run)
    bought = chip.released
    if chip.kind == "GPU":
        bought = max(purchase.on, chip.released + timedelta(days=known["release_lag"]))
        start = max(start, bought)
    overhead = known.get(f"server_overhead/{chip.purchase_family}", known["server_overhead/other"])
    return OwnCluster(
        chip_usd=purchase.usd_per_chip,
        server_overhead=overhead if purchase.bundle == "single unit" else 1.0,
        interconnect_share=known["interconnect_share"],
        years_since_purchase=(start - bought).days / 365.25,
        decline_ooms_per_year=known["price_decline"],
        chips=run.chips,
    )


def energy(run: Run, chip: Chip, hours: float) -> Energy:
    """Electricity of `hours` chip-hours at the US industrial price of the publication year."""
    known = constants()
    large = any(name in run.organization.lower() for name in HYPERSCALERS)
    pue = known["pue/hyperscaler" if large else "pue/other"]
    load = known[f"average_load/{chip.kind}"]
    kwh = energy_kwh(hours, chip.power_w, chip.server_power_ratio, load, pue)
    return Energy(kwh, known[f"electricity/{run.published.year}"])


def _listed(chip: Chip, vendor: str) -> list[Listing]:
    """A cloud's prices of the very chip, else of its generic name, else of the first variant it lists."""
    variants = [name for name, other in chips().items() if other.generic == chip.generic]
    for name in (chip.name, chip.generic, *variants):
        found = [listing for listing in listings() if listing.chip == name and listing.vendor == vendor]
        if found:
            return found
    return []


def _listing_at(chip: Chip, vendor: str, on: date) -> Listing | None:
    """The last listing at or before a day, else the first after it."""
    found = _listed(chip, vendor)
    earlier = [listing for listing in found if listing.on <= on]
    return min(earlier or found, key=lambda listing: abs(listing.on - on), default=None)


def _three_year_share(vendor: str, term: str) -> float:
    """Price under a 3-year commitment over that under `term`, by the cloud's usual discounts."""
    known = constants()
    paid = 1 - known[f"discount_{term[-2:]}/{vendor}"] if term != "on_demand" else 1.0
    return (1 - known[f"discount_3y/{vendor}"]) / paid


def rental_usd_per_chip_hour(run: Run, chip: Chip) -> float | None:
    """The price under a 3-year commitment, USD a chip-hour; None where no cloud listed the chip."""
    on = training_start(run) - timedelta(days=constants()["purchase_lead"])
    usual = [cloud for name, cloud in USUAL_CLOUD.items() if name in run.organization.lower()]
    first = usual[0] if usual else CLOUDS[0]
    clouds = ("Google Cloud",) if chip.kind == "TPU" else (first, *(c for c in CLOUDS if c != first))
    for term in TERMS:
        for vendor in clouds:
            listing = _listing_at(chip, vendor, on)
            if listing and term in listing.usd_per_chip_hour:
                return listing.usd_per_chip_hour[term] * _three_year_share(vendor, term)
    return None


def estimate(run: Run) -> dict[str, float]:
    """A run's cost by method (`METHODS`), USD of 2024-12; a method whose inputs are not known is left out.

    A fine-tune of another model has no estimate: its record may carry the base model's compute.
    """
    chip = chip_of(run)
    if chip is None or run.base_model:
        return {}
    hours, own = chip_hours(run, chip), own_cluster(run, chip)
    costs = run_cost_by_method(hours, own, energy(run, chip, hours)) if hours is not None else {}
    rent = rental_usd_per_chip_hour(run, chip)
    if rent is not None and run.chips is not None and run.hours is not None:
        costs["cloud"] = cloud_cost(run.chips * run.hours, rent)
    return {method: float(costs[method]) * inflation(run.published) for method in METHODS if method in costs}


def _why(run: Run | None, difference: float | None) -> str:
    if run is None or difference is None:
        return "no inputs"
    if abs(difference) <= BANDS[0]:
        return ""
    if run.published.strftime("%Y-%m") > DOLLARS_OF:
        return "index"
    return "chip" if not run.chip else "unexplained"


REASONS = {
    "chip": "not recorded; Epoch AI takes its year's usual chip over far more models",
    "index": "published after 2024-12, where the price index has been revised since",
    "no inputs": "the run, its chip-hours or its chip's price is not in the snapshot",
    "unexplained": "we do not know",
}
"""What the words in `Score.why` mean."""


def _score(model: str, method: str, published_usd: float) -> Score:
    run = runs().get(model)
    ours = estimate(run).get(method) if run else None
    difference = None if ours is None else ours / published_usd - 1
    return Score(model, method, published_usd, ours, _why(run, difference))


def scorecard() -> list[Score]:
    """Every published figure beside ours, in the order of `published()` and `METHODS`."""
    return [
        _score(model, method, costs[method])
        for model, costs in published().items()
        for method in METHODS
        if method in costs
    ]


def within(scores: Iterable[Score], tolerance: float) -> int:
    """How many of the figures we reproduce to a relative tolerance."""
    return sum(score.difference is not None and abs(score.difference) <= tolerance for score in scores)


def summary(scores: Sequence[Score]) -> list[str]:
    """One line a method: published figures, and how many agree within 1, 5 and 20 %."""
    lines = [f"{'method':<12}{'figures':>9}{'within 1 %':>12}{'5 %':>6}{'20 %':>6}{'no inputs':>11}"]
    for method in METHODS:
        of = [score for score in scores if score.method == method]
        counts = [within(of, band) for band in BANDS]
        missing = sum(score.difference is None for score in of)
        lines.append(f"{method:<12}{len(of):>9}{counts[0]:>12}{counts[1]:>6}{counts[2]:>6}{missing:>11}")
    return lines


def _cell(score: Score | None) -> str:
    if score is None:
        return " " * 16
    off = "-" if score.difference is None else f"{round(score.difference, 3) + 0.0:+.1%}"
    millions = score.published_usd / 1e6
    return f"{f'{millions:,.0f}' if millions >= 1000 else f'{millions:.3g}':>9}{off:>7}"


def _line(model: str, scores: Iterable[Score]) -> str:
    by_method = {score.method: score for score in scores}
    name = model if len(model) <= 20 else model[:19] + "…"
    why = next((score.why for score in by_method.values() if score.why), "")
    return f"{name:<20}{''.join(_cell(by_method.get(m)) for m in METHODS)} {why}".rstrip()


def report(scores: Sequence[Score]) -> list[str]:
    """The scorecard in lines of at most 80 columns: a model a line, by method figure and difference."""
    lines = [
        f"Epoch AI's published training costs, USD M of {DOLLARS_OF}, and how far off ours are",
        f"{'':<20}{''.join(f'{m:>9}{str():>7}' for m in METHODS)}".rstrip(),
    ]
    for model, of in groupby(scores, key=lambda score: score.model):
        lines.append(_line(model, of))
    given = {score.why for score in scores}
    lines += ["", *(f"{why}: {meaning}" for why, meaning in REASONS.items() if why in given)]
    return [*lines, "", *summary(scores)]


def main() -> None:
    """Print every published figure and how far off ours is, in 80 columns of plain text."""
    print("\n".join(report(scorecard())))


if __name__ == "__main__":
    main()
