"""What applies to making a model: how chips are paid, which chip, and in which precision it is trained."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.levers.lever import Lever, Outcome, WhyNot, dated, highest, lowest, middle
from truecost.catalog.accelerators import Accelerator
from truecost.catalog.catalog import Catalog
from truecost.plan.programme.run_share import takes_the_law
from truecost.plan.schema import Plan
from truecost.plan.schema.programme import Chips, FineTune, TrainingRun
from truecost.plan.serving.fleet import TERM_MONTHS

RUN = "training"
WORDS = {
    "on_demand": "Rent the chips on demand",
    "reserved_1y": "Rent the chips for a year",
    "reserved_3y": "Rent the chips for three years",
    "spot": "Rent spare chips (spot)",
    "amortized": "Train on chips of one's own",
}
UNFILLED = "months of the commitment in which nothing runs are not counted"
INTERRUPTED = "how often the run is interrupted, and the work lost each time, is not counted"
SLOWER = "the run takes as long as its chips take"


def training(plan: Plan, catalog: Catalog) -> Iterator[Outcome]:
    """Levers of the final run and of every fine-tune; nothing for a plan that makes no model."""
    programme = plan.programme
    if programme is None:
        return
    if programme.training is not None:
        run = programme.training
        yield from _terms(plan, run, (RUN, "programme.training"))
        yield from _other_chip(plan, catalog, run, (RUN, "programme.training"))
        yield from _eight_bits(plan, catalog, run)
    for name, tune in programme.fine_tunes.items():
        where = (f"fine_tune.{name}", f"programme.fine_tunes.{name}")
        yield from _terms(plan, tune, where)
        yield from _other_chip(plan, catalog, tune, where)


def _terms(plan: Plan, spec: Chips, where: tuple[str, str]) -> Iterator[Outcome]:
    """Every other way of paying for the chip-hours."""
    name, at = where
    present = "amortized" if spec.pay == "amortized" else spec.term
    stated = (f"{at}.usd_per_chip_hour=null",) if spec.usd_per_chip_hour is not None else ()
    note = "; the stated rent gives way to the catalog's" if stated else ""
    for term, label in WORDS.items():
        key = f"term.{name}.{term}"
        if term == present:
            continue
        if TERM_MONTHS.get(term, 0) > plan.horizon_months:
            why = f"a commitment of {TERM_MONTHS[term]} months outlasts the plan's {plan.horizon_months}"
            yield WhyNot(key, label, name, why)
            continue
        pay = (f"{at}.pay=amortized",) if term == "amortized" else (f"{at}.pay=rented", f"{at}.term={term}")
        risk = {"spot": INTERRUPTED, "amortized": "whether the chips are used before and after the run"}
        yield Lever(
            key,
            label,
            name,
            (*pay, *stated),
            quality=risk.get(term, UNFILLED if TERM_MONTHS.get(term) else "whether they can be had") + note,
            latency=SLOWER,
            group=f"term.{name}",
            apart=UNFILLED if TERM_MONTHS.get(term) else "",
        )


def _other_chip(plan: Plan, catalog: Catalog, spec: Chips, where: tuple[str, str]) -> Iterator[Outcome]:
    """The chip of the same maker, with no less memory and links, that computes the run for least."""
    name, at = where
    label = "Train on another chip"
    if isinstance(spec, TrainingRun) and spec.chip_hours is not None:
        yield WhyNot(
            f"chip.{name}", label, name, "the plan states chip-hours of this chip, not the work in them"
        )
        return
    present = catalog.accelerator(spec.chip)
    now = _usd_per_flop(plan, catalog, spec, present)
    found = {
        chip.key: usd
        for chip in catalog.accelerators().values()
        if chip.key != present.key
        and (chip.vendor, chip.kind) == (present.vendor, present.kind)
        and _keeps_up(chip, present)
        and chip.release is not None
        and chip.release <= dated(plan)
        and (usd := _usd_per_flop(plan, catalog, spec, chip)) is not None
    }
    best = min(found, key=lambda key: (found[key], key), default=None)
    if best is None or (now is not None and found[best] >= now):
        why = (
            f"none of {present.vendor}'s with its memory and links and a price on record computes it for less"
        )
        yield WhyNot(f"chip.{name}", label, name, why)
        return
    cleared = (f"{at}.usd_per_chip_hour=null",) if spec.usd_per_chip_hour is not None else ()
    yield Lever(
        f"chip.{name}.{best}",
        f"{label} ({best})",
        name,
        (f"{at}.chip={best}", *cleared),
        quality="each has its share of the peak by the law of a training step; the software has to be ported"
        if isinstance(spec, TrainingRun | FineTune) and takes_the_law(spec)
        else "the same share of the peak is assumed on both; memory and network may allow less",
        latency=SLOWER,
        group=f"chip.{name}",
    )


def _keeps_up(chip: Accelerator, present: Accelerator) -> bool:
    """Whether it has at least the memory and the links of the present chip, so that it is kept as busy."""
    links = [
        0.0 if c.scale_up_bytes_per_s is None else middle(c.scale_up_bytes_per_s.value)
        for c in (chip, present)
    ]
    return links[0] >= links[1] and middle(chip.memory_bytes.value) >= middle(present.memory_bytes.value)


def _usd_per_flop(
    plan: Plan, catalog: Catalog, spec: TrainingRun | FineTune | Chips, chip: Accelerator
) -> float | None:
    """Price of a FLOP at full use: rent under the present term, or purchase price; None without a record."""
    assert isinstance(spec, TrainingRun | FineTune)
    try:
        peak = chip.dense_peak(spec.precision)
        if spec.pay == "amortized":
            return middle(catalog.purchase(chip.key, dated(plan)).value) / peak
        return middle(catalog.rental(chip.key, dated(plan), spec.term).value) / peak
    except (LookupError, ValueError):
        return None


def _eight_bits(plan: Plan, catalog: Catalog, run: TrainingRun) -> Iterator[Outcome]:
    """FP8 where the chip has units for it, at a lower share of a higher peak."""
    key, label = f"precision.{RUN}", "Train in FP8"
    chip = catalog.accelerator(run.chip)
    if run.precision not in {"bf16", "fp16"}:
        yield WhyNot(key, label, RUN, f"already in the plan ({run.precision})")
    elif run.chip_hours is not None:
        yield WhyNot(key, label, RUN, "the plan states chip-hours, not the work in them")
    elif "fp8" not in chip.peak_flops:
        yield WhyNot(key, label, RUN, f"{chip.name} has no FP8 units")
    elif takes_the_law(run):
        yield Lever(
            key,
            label,
            RUN,
            ("programme.training.precision=fp8",),
            quality="whether the run converges as well: it has to be shown on a smaller one",
            latency=SLOWER,
        )
    else:
        kept = catalog.rate("levers/fp8_utilization_over_bf16", dated(plan))
        used = run.utilization
        if used is None:
            used = catalog.rate("utilization/whole_run", dated(plan)).value
        low, high = (end(used) * end(kept.value) for end in (lowest, highest))
        yield Lever(
            key,
            label,
            RUN,
            ("programme.training.precision=fp8", f"programme.training.utilization={low:.4g} .. {high:.4g}"),
            quality="whether the run converges as well: it has to be shown on a smaller one",
            latency=SLOWER,
            assumed=(kept,),
        )
