"""The difference between an invoice and a ledger, taken apart by cause; the parts sum to it exactly.

For a cell (a model's tier and kind of token) with the billed amount I and count Q, the logged count L, of it
Lu without a price, the logged amount U and the price R that the ledger had for a token,

    I - U  =  (I - Q R)  +  (Q - L) R  +  Lu R

The first is how it was priced: a factor common to all lines is a discount, what is left is rounding, another
tier's price, or a price. The second is how much was billed: what moved from one tier to another, or between
plain and cached input, is counted once, at the difference of their prices; the rest is missing from the logs
or was not billed. The third has no price. All in fractions: nothing is rounded on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from truecost.ledger.invoices.line import OTHER, TOKENS
from truecost.ledger.reconciling.logged import Amount, Cell, Sold

_ZERO = Fraction(0)
_MOST_OF = Fraction(4, 5)
"""How much of the amounts a factor must hold for to be one of all lines."""
_INPUTS = TOKENS[:-1]
Prices = Callable[[Cell], Mapping[Sold, Fraction]]
"""List prices of a cell's model and kind, by how it is sold; its own under the cell's `sold`."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What an invoice bills of a cell; `quantity` None where it tells none, `tolerance` half a last digit."""

    usd: Fraction
    quantity: Fraction | None
    tolerance: Fraction
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A part of the drift: its cause, what it is about, and how much; `before` and `after` where it moved."""

    cause: str
    usd: Fraction
    key: str = ""
    kind: str = ""
    tokens: Fraction | None = None
    before: str = ""
    after: str = ""
    rate: Fraction | None = None
    billed_rate: Fraction | None = None


@dataclass(slots=True)
class Drift:
    """The cells of both sides, and what is found of them."""

    charges: Mapping[Cell, Charge]
    logged: Mapping[Cell, Amount]
    prices: Prices
    factor_name: str = "discount"
    findings: list[Finding] = field(default_factory=list[Finding])
    factor: Fraction = Fraction(1)
    _rates: dict[Cell, Fraction] = field(default_factory=dict[Cell, Fraction])
    _own: set[Cell] = field(default_factory=set[Cell])
    """Cells whose price is the invoice's own: the ledger has none."""
    _counts: dict[Cell, Fraction] = field(default_factory=dict[Cell, Fraction])

    def explained(self) -> list[Finding]:
        """Every part of the difference."""
        cells = [one for one in {**self.charges, **self.logged} if one.kind in TOKENS]
        for cell in cells:
            self._price(cell)
        self.factor = self._common_factor()
        for cell in cells:
            self._count(cell)
        self._quantities(cells)
        for cell in cells:
            self._pricing(cell)
        for cell in {**self.charges, **self.logged}:
            if cell.kind not in TOKENS:
                self._amounts(cell)
        return self.findings

    def _note(self, cause: str, usd: Fraction, cell: Cell, **more: object) -> None:
        if usd:
            self.findings.append(Finding(cause, usd, cell.key, cell.kind, **more))  # pyright: ignore[reportArgumentType]

    def _price(self, cell: Cell) -> None:
        """USD for a token of a cell: as the ledger had it, as listed, or as billed where neither is known."""
        logged = self.logged.get(cell, Amount())
        priced = logged.tokens - logged.unpriced_tokens
        listed = self.prices(cell)
        charge = self.charges.get(cell)
        if priced:
            self._rates[cell] = logged.usd / priced
        elif cell.sold in listed:
            self._rates[cell] = listed[cell.sold]
        else:
            self._own.add(cell)
            count = (charge.quantity or Fraction(logged.tokens)) if charge else _ZERO
            self._rates[cell] = charge.usd / count if charge and count else _ZERO

    def _common_factor(self) -> Fraction:
        """What nearly all amounts are, relative to list prices; 1 where no factor holds for most of them."""
        pairs: list[tuple[Fraction, Fraction, Fraction]] = []
        for cell, charge in self.charges.items():
            if charge.quantity is not None and cell not in self._own:
                listed = charge.quantity * self._rates.get(cell, _ZERO)
            else:
                listed = self.logged.get(cell, Amount()).usd
            if listed > 0 and charge.usd > 0 and cell not in self._own:
                pairs.append((charge.usd, listed, charge.tolerance))
        return common_factor(pairs)

    def _count(self, cell: Cell) -> None:
        """How many tokens of a cell were billed: as told, else as the amount says at list price."""
        charge, logged = self.charges.get(cell), Fraction(self.logged.get(cell, Amount()).tokens)
        if charge is None:
            self._counts[cell] = _ZERO
        elif charge.quantity is not None:
            self._counts[cell] = charge.quantity
        elif cell in self._own:
            self._counts[cell] = logged
        else:
            near = [self._rates[cell], *self.prices(cell).values()]
            same = any(abs(charge.usd - self.factor * logged * one) <= charge.tolerance for one in near)
            rate = self.factor * self._rates[cell]
            self._counts[cell] = logged if same or not rate else charge.usd / rate

    def _quantities(self, cells: Sequence[Cell]) -> None:
        """What was billed as something else, more often than it was logged, or not at all."""
        over = {cell: self._counts[cell] - self.logged.get(cell, Amount()).tokens for cell in cells}
        by_kind: dict[tuple[str, str], list[Cell]] = {}
        by_input: dict[tuple[str, Sold], list[Cell]] = {}
        for cell in cells:
            by_kind.setdefault((cell.key, cell.kind), []).append(cell)
            if cell.kind in _INPUTS:
                by_input.setdefault((cell.key, cell.sold), []).append(cell)
        for mine in by_kind.values():
            self._move("tier", mine, over)
        for mine in by_input.values():
            self._move("cache", mine, over)
        for cell in cells:
            self._left_over(cell, over[cell])

    def _move(self, cause: str, cells: Iterable[Cell], over: dict[Cell, Fraction]) -> None:
        """Tokens logged as one thing and billed as another, pair by pair, the dearest first."""
        ordered = sorted(cells, key=lambda cell: -self._rates[cell])
        for source in [one for one in ordered if over[one] < 0]:
            for target in [one for one in ordered if over[one] > 0]:
                moved = min(-over[source], over[target])
                if moved <= 0 or (cause == "tier" and source.sold == target.sold):
                    continue
                over[source] += moved
                over[target] -= moved
                before, after = (_said(one, cause) for one in (source, target))
                usd = moved * (self._rates[target] - self._rates[source])
                self._note(cause, usd, target, tokens=moved, before=before, after=after)

    def _left_over(self, cell: Cell, over: Fraction) -> None:
        rate = self._rates[cell]
        unpriced = Fraction(self.logged.get(cell, Amount()).unpriced_tokens)
        unbilled = max(-over, _ZERO)
        known = min(unpriced, unbilled)
        self._note("unpriced", (unpriced - known) * rate, cell, tokens=unpriced - known, billed_rate=rate)
        self._note("missing", max(over, _ZERO) * rate, cell, tokens=over, rate=rate)
        self._note("unbilled", -(unbilled - known) * rate, cell, tokens=unbilled - known, rate=rate)

    def _pricing(self, cell: Cell) -> None:
        """What is left of a cell's amount when it is counted as billed and priced as the ledger did."""
        charge = self.charges.get(cell)
        if charge is None:
            return
        count, rate = self._counts[cell], self._rates[cell]
        listed = count * rate
        if cell in self._own:
            self._note("missing", charge.usd - listed, cell)
            return
        self._note(self.factor_name, (self.factor - 1) * listed, cell, tokens=count)
        left = charge.usd - self.factor * listed
        if abs(left) <= charge.tolerance:
            self._note("rounding", left, cell)
            return
        billed = charge.usd / count if count else None
        for sold, other in self.prices(cell).items():
            if cell.sold is None and sold is not None and other != rate and count:
                off = charge.usd - self.factor * count * other
                if abs(off) <= charge.tolerance:
                    moved = self.factor * count * (other - rate)
                    self._note("tier", moved, cell, tokens=count, before="as logged", after=said(sold))
                    self._note("rounding", off, cell)
                    return
        self._note("price", left, cell, tokens=count, rate=rate, billed_rate=billed)

    def _amounts(self, cell: Cell) -> None:
        """A cell that is compared by its amount alone."""
        charge, logged = self.charges.get(cell), self.logged.get(cell, Amount())
        if charge is None:
            self._note("unbilled", -logged.usd, cell)
        elif not logged.usd:
            self._note("unpriced" if logged.unpriced_tokens else "missing", charge.usd, cell)
        else:
            left = charge.usd - self.factor * logged.usd
            near = abs(left) <= charge.tolerance
            if near or cell.kind != OTHER:
                self._note(self.factor_name, (self.factor - 1) * logged.usd, cell)
            else:
                left = charge.usd - logged.usd
            short = "missing" if left > 0 else "unbilled"
            self._note("rounding" if near else short if cell.kind == OTHER else "unexplained", left, cell)


def common_factor(pairs: Sequence[tuple[Fraction, Fraction, Fraction]]) -> Fraction:
    """The factor between billed and listed amounts that holds for most, within their tolerances; else 1.

    >>> tenth = Fraction(1, 10**6)
    >>> common_factor([(Fraction(9), Fraction(10), tenth), (Fraction(18), Fraction(20), tenth)])
    Fraction(9, 10)
    >>> common_factor([(Fraction(9), Fraction(10), tenth), (Fraction(20), Fraction(20), tenth)])
    Fraction(1, 1)
    """
    if len(pairs) < 2:
        return Fraction(1)
    whole = sum((listed for _, listed, _ in pairs), _ZERO)
    spans = [((usd - near) / listed, (usd + near) / listed, listed) for usd, listed, near in pairs]

    def held(factor: Fraction) -> list[tuple[Fraction, Fraction, Fraction]]:
        return [one for one in spans if one[0] <= factor <= one[1]]

    def share(factor: Fraction) -> Fraction:
        return sum((listed for _, _, listed in held(factor)), _ZERO) / whole

    best = max((low for low, _, _ in spans), key=share)
    if share(Fraction(1)) >= share(best) or share(best) < _MOST_OF or len(held(best)) < 2:
        return Fraction(1)
    low = max(one[0] for one in held(best))
    return _roundest(low, min(one[1] for one in held(best)))


def _roundest(low: Fraction, high: Fraction) -> Fraction:
    """The factor of the fewest decimals between two, else the middle.

    >>> _roundest(Fraction(94999, 100000), Fraction(95001, 100000))
    Fraction(19, 20)
    """
    for places in range(1, 7):
        near = Fraction(round((low + high) / 2 * 10**places), 10**places)
        if low <= near <= high:
            return near
    return (low + high) / 2


def _said(cell: Cell, cause: str) -> str:
    return said(cell.sold) if cause == "tier" else cell.kind


def said(sold: Sold) -> str:
    """How something is sold, in a word.

    >>> said(("standard", True)), said(("flex", False)), said(None)
    ('batch', 'flex', 'standard')
    """
    if sold is None:
        return "standard"
    tier, batch = sold
    return ("batch" if tier == "standard" else f"{tier} batch") if batch else tier
