"""What a plan leaves out that no single law would notice, named so that it never passes for 0."""

from __future__ import annotations

from truecost.plan.book import Book
from truecost.plan.schema import Plan, Serving

NEVER_MODELLED = {
    "taxes": "no tax on revenue or profit",
    "data transfer and storage": "no network egress, no storage of weights, logs or caches",
}


def name_gaps(plan: Plan, book: Book) -> None:
    """Enter the gaps of demand and serving, and what no plan can hold yet."""
    for name, tier in plan.demand.tiers.items() if plan.demand else ():
        path = f"demand.tiers.{name}"
        if tier.users_by_month is not None:
            continue
        if tier.growth_per_month is None and tier.new_users_per_month is None and tier.converts_from is None:
            book.leave_out(f"{path}.growth_per_month", "no new users come")
        if tier.churn_per_month is None:
            book.leave_out(f"{path}.churn_per_month", "no user ever leaves")
    for name, serving in plan.serving.items():
        _serving(name, serving, plan, book)
    for part, consequence in NEVER_MODELLED.items():
        book.leave_out(part, consequence)


def _serving(name: str, serving: Serving, plan: Plan, book: Book) -> None:
    path = f"serving.{name}"
    request = plan.demand.requests.get(name) if plan.demand else None
    if request is not None and request.regions and serving.api is not None:
        book.leave_out(f"demand.requests.{name}.regions", "the API's price is that of its default region")
    host = serving.self_hosted
    if host is None or serving.options[0] not in {"self_hosted", "hybrid"}:
        return
    if host.purchase == "spot":
        book.leave_out(f"{path}.self_hosted.purchase", "work lost when spot chips are taken away")
    if plan.programme is not None and plan.programme.generations is not None and not host.own_model:
        book.leave_out(
            f"{path}.self_hosted.own_model",
            "the plan's generations do not change what it costs to serve",
        )
