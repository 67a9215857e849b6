"""Data: licences, acquisition, curation, synthetic text."""

from __future__ import annotations

from truecost.lines import NOTHING_NAMED, Basis, Payee
from truecost.plan.book import Book, given_or
from truecost.plan.generations import Schedule
from truecost.plan.schema.programme import Curation, Data, Licence, Synthetic
from truecost.plan.serving.api import offer_of
from truecost.ranges import Value

GROUP = "Data"
LEAD_MONTHS = 6.0
PATH = "programme.data"


def data(spec: Data | None, schedule: Schedule, book: Book) -> None:
    """Enter the lines of data; names what the plan leaves out."""
    if spec is None:
        book.leave_out(PATH, "no data is paid for: licences, curation and synthetic text are missing")
        return
    for name, licence in spec.licences.items():
        _licence(name, licence, book)
    if spec.undisclosed_licences is not None:
        _undisclosed(spec.undisclosed_licences, book)
    if not spec.licences and spec.undisclosed_licences is None:
        book.leave_out(f"{PATH}.licences", "no data licence is paid")
    per_generation = schedule.spending(book.months, LEAD_MONTHS, 1.0)
    for part, why in (
        ("acquisition_usd", "acquiring data"),
        ("curation", "curation"),
        ("synthetic", "synthetic text"),
    ):
        if getattr(spec, part) is None:
            book.leave_out(f"{PATH}.{part}", f"{why} costs nothing in this result")
    if spec.acquisition_usd is not None:
        book.line(
            "data.acquisition",
            "Data acquisition",
            GROUP,
            Payee.DATA_OWNERS,
            spec.acquisition_usd * per_generation,
            formula="stated cost, each generation",
            inputs=(f"{PATH}.acquisition_usd",),
            basis=Basis.ASSUMPTION,
        )
    if spec.curation is not None:
        _curation(spec.curation, per_generation, book)
    if spec.synthetic is not None:
        _synthetic(spec.synthetic, per_generation, book)


def _licence(name: str, spec: Licence, book: Book) -> None:
    once = (book.month_index == 0) * given_or(spec.usd, 0.0)
    monthly = given_or(spec.usd_per_year, 0.0) / 12
    book.line(
        f"data.licences.{name}",
        f"Licence: {name}",
        GROUP,
        Payee.DATA_OWNERS,
        once + monthly,
        formula="paid once in the first month + a twelfth of the yearly fee each month",
        inputs=(f"{PATH}.licences.{name}.usd", f"{PATH}.licences.{name}.usd_per_year"),
        basis=Basis.ASSUMPTION,
    )


def _undisclosed(number: Value, book: Book) -> None:
    yearly = book.rate("data/licence_undisclosed_usd_per_year")
    book.line(
        "data.undisclosed_licences",
        "Licences of undisclosed price",
        GROUP,
        Payee.DATA_OWNERS,
        number * yearly / 12,
        formula="deals x a yearly fee drawn from the disclosed deals / 12",
        inputs=(f"{PATH}.undisclosed_licences", "data/licence_undisclosed_usd_per_year"),
        basis=Basis.ASSUMPTION,
    )


def _curation(spec: Curation, paid: Value, book: Book) -> None:
    price = book.number(f"{PATH}.curation.usd_per_btok", spec.usd_per_btok, "data/curation_usd_per_btoken")
    book.line(
        "data.curation",
        "Cleaning and curation",
        GROUP,
        Payee.STAFF,
        spec.tokens / 1e9 * price * paid,
        formula="raw tokens / 1e9 x USD a billion tokens, each generation",
        inputs=(f"{PATH}.curation.tokens", f"{PATH}.curation.usd_per_btok"),
        quantity=spec.tokens / 1e9 * paid,
        unit="Btok",
    )


def _synthetic(spec: Synthetic, paid: Value, book: Book) -> None:
    key = f"{PATH}.synthetic.usd_per_mtok"
    price, offer = spec.usd_per_mtok, NOTHING_NAMED
    if price is None and spec.api_model is not None:
        sold = book.catalog.prices(spec.api_model, book.as_of)
        price, offer = book.default(key, sold.fact("output")) * 1e6, offer_of(sold)
    kept = given_or(spec.kept_share, 1.0)
    if spec.kept_share is None:
        book.leave_out(f"{PATH}.synthetic.kept_share", "every generated token is taken as kept")
    book.line(
        "data.synthetic",
        "Synthetic text",
        GROUP,
        Payee.MODEL_VENDOR,
        spec.tokens / kept / 1e6 * given_or(price, 0.0) * paid,
        formula="tokens kept / kept share x USD a generated token, each generation",
        inputs=(f"{PATH}.synthetic.tokens", f"{PATH}.synthetic.kept_share", key),
        quantity=spec.tokens / kept / 1e6 * paid,
        unit="Mtok",
    )
    book.sold("data.synthetic", offer)
