"""What a plan must make sense of beyond its fields: small checks that add problems, all reported at once."""

from __future__ import annotations

from datetime import date

from truecost.catalog.catalog import Catalog
from truecost.lines import add_months
from truecost.plan.checks.amounts import check_amounts
from truecost.plan.checks.business import check_business
from truecost.plan.checks.dates import check_dates, within_horizon
from truecost.plan.checks.findings import Checking
from truecost.plan.checks.programme import check_programme
from truecost.plan.checks.requests import check_requests
from truecost.plan.checks.serving import check_serving
from truecost.plan.checks.tiers import check_tiers
from truecost.plan.checks.what_if import check_what_if
from truecost.plan.schema import Plan
from truecost.plan.serving.fallback import with_fallbacks
from truecost.spec import Document, Problems

__all__ = ["check"]


def check(document: Document[Plan], catalog: Catalog, today: date) -> tuple[Plan, tuple[str, ...]]:
    """The plan with its date and first month filled in, and warnings; raises SpecError with every problem.

    What lies after the last month (a shock of a price) is left out of it, with a warning.
    """
    plan = document.value
    as_of = plan.as_of or today
    start = plan.start or add_months(as_of.replace(day=1), 1)
    dated = plan.model_copy(update={"as_of": as_of, "start": start, "scenarios": {}})
    checking = Checking(dated, as_of, start, today, catalog, Problems())
    if plan.demand is None and plan.programme is None and plan.business is None:
        checking.add(
            "", "the plan is empty: give it at least one of demand (with serving), programme, business"
        )
    checking.knows("region", lambda: catalog.rate(f"electricity/{plan.region}", as_of))
    check_dates(checking)
    if plan.demand is not None:
        check_tiers(plan.demand, checking)
        check_requests(plan.demand, checking)
    check_serving(checking)
    check_programme(checking)
    check_business(checking)
    check_what_if(checking)
    check_amounts(checking)
    checking.problems.raise_if_any(document)
    checked = with_fallbacks(within_horizon(dated), catalog)
    return checked, tuple(str(w) for w in checking.problems.warnings(document))
