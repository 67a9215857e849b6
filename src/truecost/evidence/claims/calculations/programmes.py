"""What surrounds a final run: experiments, people, data; and each one's share of the whole."""

from __future__ import annotations

from truecost.evidence.claims.working import Needed, Working, calculation_of
from truecost.ranges import Value

PARTS = {
    "final_run_usd": Needed("the final run", "USD"),
    "experiments": Needed(
        "all research compute over the final run's", "x", {"rate": "experiments/epoch_prior"}
    ),
    "staff_share": Needed("staff's share of compute and staff", "share", {"rate": "staff/share_gpt4"}),
    "licences": Needed(
        "data licences", "deals", {"assumed": "1 .. 5", "why": "deals a frontier developer had announced"}
    ),
    "usd_per_licence": Needed("price of a licence", "USD", {"rate": "data/licence_undisclosed_usd_per_year"}),
    "annotation_hours": Needed("hours of annotation", "hours", {"rate": "claims/annotation_hours"}),
    "usd_per_annotation_hour": Needed(
        "price of an annotation hour", "USD/hour", {"rate": "annotation/usd_per_hour_buyer"}
    ),
}


def _compute(at: Working) -> Value:
    return at.step(
        "research compute",
        "final run × experiments and failed runs",
        at["final_run_usd"] * at["experiments"],
        "USD",
    )


def _staff(at: Working, compute: Value) -> Value:
    share = at["staff_share"]
    return at.step("staff", "compute × share / (1 - share)", compute * share / (1 - share), "USD")


def _data(at: Working) -> Value:
    bought = at["licences"] * at["usd_per_licence"]
    labelled = at["annotation_hours"] * at["usd_per_annotation_hour"]
    return at.step("data", "licences × price + annotation hours × price", bought + labelled, "USD")


def _parts(at: Working) -> tuple[Value, Value, Value, Value]:
    compute = _compute(at)
    staff, data = _staff(at, compute), _data(at)
    total = at.step("the programme", "compute + staff + data", compute + staff + data, "USD")
    return compute, staff, data, total


@calculation_of("programme_total", "A frontier programme, all in", "USD", PARTS)
def programme_total(at: Working) -> Value:
    """Compute with experiments, staff and data."""
    return _parts(at)[3]


@calculation_of("compute_share", "Compute's share of a programme", "share", PARTS)
def compute_share(at: Working) -> Value:
    """Compute over everything."""
    compute, _, _, total = _parts(at)
    return at.step("compute's share", "compute / programme", compute / total, "share")


@calculation_of("data_share", "Data's share of a programme", "share", PARTS)
def data_share(at: Working) -> Value:
    """Data over everything."""
    _, _, data, total = _parts(at)
    return at.step("data's share", "data / programme", data / total, "share")


@calculation_of("staff_share", "Staff's share of a programme", "share", PARTS)
def staff_share(at: Working) -> Value:
    """Staff over everything."""
    _, staff, _, total = _parts(at)
    return at.step("staff's share", "staff / programme", staff / total, "share")


@calculation_of(
    "data_spending",
    "Data of one model: licences and annotation",
    "USD",
    {
        name: PARTS[name]
        for name in ("licences", "usd_per_licence", "annotation_hours", "usd_per_annotation_hour")
    },
)
def data_spending(at: Working) -> Value:
    """Licences x price + annotation hours x price."""
    return _data(at)
