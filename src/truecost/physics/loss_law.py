"""A loss law, and the size of a model that costs least over its whole life at a given loss.

The law is Hoffmann et al.'s parametric form (arXiv:2203.15556, approach 3): after training on D tokens a
dense model of N parameters reaches the loss L = E + A / N^a + B / D^b, in nats a token. Training takes
6 N D FLOPs and serving T tokens 2 N T. What costs least to train at a loss is not what costs least to train
and serve: a smaller model, trained on more tokens than it would need, reaches the same loss and is cheaper
with every token served (arXiv:2401.00448 puts the question so).

The law was fitted on dense models of 0.07 to 16B parameters: what it says of larger or far over-trained
ones is an extrapolation. It knows neither benchmarks nor what data there is to train on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from truecost.physics.flops import FORWARD_AND_BACKWARD
from truecost.ranges import FloatArray, Range, Value

FORWARD = 2.0
"""FLOPs of a token through one parameter."""
TRAINING = FORWARD * FORWARD_AND_BACKWARD
CLOSE = 1e-7
"""The last step of Newton's method, which leaves an error of its square."""
MOST_STEPS = 60
DEFAULT_LAW = "besiroglu-2024"
LAWS = {DEFAULT_LAW: "loss_law", "hoffmann-2022": "loss_law_hoffmann"}
"""The groups of facts that hold the published constants."""


class UnreachableLossError(ValueError):
    """A loss that no model reaches: at or below what the law says nothing removes."""


@dataclass(frozen=True, slots=True)
class LossLaw:
    """L = irreducible + of_parameters / N^parameters_exponent + of_tokens / D^tokens_exponent."""

    irreducible: Value
    of_parameters: Value
    of_tokens: Value
    parameters_exponent: Value
    tokens_exponent: Value
    name: str = ""
    source: str = ""

    def loss(self, parameters: Value, tokens: Value) -> Value:
        """The loss, nats a token.

        >>> round(published_law().loss(70e9, 1.4e12), 3)
        1.974
        """
        by_size = self.of_parameters / parameters**self.parameters_exponent
        return self.irreducible + by_size + self.of_tokens / tokens**self.tokens_exponent

    def compute_optimal(self, training_flops: Value) -> tuple[Value, Value]:
        """Parameters and tokens that reach the least loss with a training compute.

        N = G (C / 6)^(b / (a + b)) with G = (a A / (b B))^(1 / (a + b)); D = C / (6 N).

        >>> n, d = published_law().compute_optimal(2.1e25)
        >>> f"{n / 1e9:.0f}B {d / 1e12:.1f}T"
        '456B 7.7T'
        """
        a, b = self.parameters_exponent, self.tokens_exponent
        products = training_flops / TRAINING
        scale = (a * self.of_parameters / (b * self.of_tokens)) ** (1 / (a + b))
        parameters = scale * products ** (b / (a + b))
        return parameters, products / parameters

    def tokens_for(self, loss: Value, parameters: Value) -> Value:
        """Training tokens that bring a size to a loss; inf where it is too small ever to reach it.

        >>> law = published_law()
        >>> round(law.tokens_for(law.loss(70e9, 1.4e12), 70e9) / 1e12, 6), law.tokens_for(1.9, 1e9)
        (1.4, inf)
        """
        left = np.subtract(loss - self.irreducible, self.of_parameters / parameters**self.parameters_exponent)
        within = left > 0
        tokens = (self.of_tokens / np.where(within, left, 1.0)) ** (1 / self.tokens_exponent)
        found = np.where(within, tokens, np.inf)
        return found if np.ndim(found) else float(found)

    def with_fewer_tokens(self, factor: Value) -> LossLaw:
        """The law of a training that gets the same out of 1 / `factor` of the tokens."""
        return replace(self, of_tokens=self.of_tokens / factor**self.tokens_exponent)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a FLOP of serving costs, and what changes how many there are.

    `serving_price`: a FLOP of serving over a FLOP of training (1: lifetime compute, 6 N D + 2 N T).
    `dense_per_active`: parameters of the dense model that a sparse one equals, over its active ones
    (`dense_per_active`); 1 for a dense model.
    `teacher_parameters`: a finished model of so many (dense-equivalent) parameters teaches, reading every
    token (2 FLOPs a parameter and token); `teacher_flops`: what training it took, counted as training.
    `fewer_tokens`: how many times fewer tokens the student needs for it.
    """

    serving_price: Value = 1.0
    dense_per_active: Value = 1.0
    teacher_parameters: Value = 0.0
    teacher_flops: Value = 0.0
    fewer_tokens: Value = 1.0


@dataclass(frozen=True, slots=True)
class Optimum:
    """A model sized for its life: `active_parameters` that a token meets, the tokens it is trained on.

    FLOPs of training (the teacher's too) and of serving; `cost` is their sum at the prices of the setting,
    in FLOPs of training.
    """

    active_parameters: Value
    tokens: Value
    training_flops: Value
    serving_flops: Value
    cost: Value


def dense_per_active(total_over_active: Value, exponent: Value) -> Value:
    """Dense parameters that a mixture of experts equals, over its active ones: (total / active)^exponent.

    An exponent of 0.5 is the geometric mean of active and total parameters.

    >>> round(dense_per_active(17.5 / 0.85, 0.65), 1)    # arXiv:2507.17702: 0.85B of 17.5B equal a dense 6.1B
    7.1
    """
    return total_over_active**exponent


@cache
def published_law(name: str = DEFAULT_LAW) -> LossLaw:
    """A published law by name, "besiroglu-2024" (arXiv:2404.10102) or "hoffmann-2022" (arXiv:2203.15556).

    The former is a refit of the latter's data: the constants as published in 2022 do not reproduce the other
    two approaches of their own paper. Raises ValueError for another name.

    >>> published_law("hoffmann-2022").irreducible
    1.69
    """
    from truecost.catalog.rates import load_rates

    if name not in LAWS:
        raise ValueError(f"no loss law is called {name!r}; there are {', '.join(LAWS)}")
    facts = {fact.key.partition("/")[2]: fact for fact in load_rates().group(LAWS[name])}

    def constant(part: str) -> float:
        value = facts[part].value
        return value.median if isinstance(value, Range) else value

    return LossLaw(
        constant("irreducible"),
        constant("parameters"),
        constant("tokens"),
        constant("parameters_exponent"),
        constant("tokens_exponent"),
        name,
        facts["irreducible"].source,
    )


def lifetime_optimum(
    law: LossLaw, loss: Value, served_tokens: Value, setting: Setting | None = None
) -> Optimum:
    """The size that costs least over the life at a loss: least 6 N D + p 2 N T (with a teacher: + 2 M D).

    With s = (A / N^a) / (L - E), the share of the reducible loss that the size leaves, N and D follow from
    z = ln(s / (1 - s)), and the gradient is zero where

        z = ln(b / a) + ln(1 + p T / (3 D)) - ln(1 + M / (3 N)),

    whose sides differ by a function of z with a slope of at least 1: one root, found by Newton's method
    inside brackets. The loss is met by construction. Raises UnreachableLossError where the law never gets
    there, ValueError for fewer served tokens than none.

    >>> law = published_law()
    >>> loss = law.loss(*law.compute_optimal(2.1e25))
    >>> for served in (0.0, 60e12, 300e12):
    ...     best = lifetime_optimum(law, loss, served)
    ...     print(f"{best.active_parameters / 1e9:.0f}B {best.tokens / 1e12:.1f}T")
    456B 7.7T
    213B 21.9T
    149B 51.2T
    """
    at = setting or Setting()
    taught = law.with_fewer_tokens(at.fewer_tokens)
    curve = _Curve.of(taught, loss)
    ratio = np.asarray(at.serving_price * served_tokens / FORWARD_AND_BACKWARD, dtype=np.float64)
    if np.any(ratio < 0):
        raise ValueError("served tokens must be at least 0")
    reading = np.asarray(at.teacher_parameters, dtype=np.float64) / FORWARD_AND_BACKWARD
    return _optimum(curve, _root(curve, ratio, reading), served_tokens, at)


def wall(law: LossLaw, loss: Value, setting: Setting | None = None) -> Value:
    """Served tokens beyond which serving costs more than the training, the model sized for that volume.

    Without a teacher the gradient is then zero at s / (1 - s) = 2 b / a, and the volume is 3 D / p; of a
    model that is sized for its training alone it is 3 D / p too, at its smaller D.

    >>> law = published_law()
    >>> loss = law.loss(*law.compute_optimal(2.1e25))
    >>> round(wall(law, loss) / 1e12, 1)
    71.3
    """
    at = setting or Setting()
    curve = _Curve.of(law.with_fewer_tokens(at.fewer_tokens), loss)
    reading = np.asarray(at.teacher_parameters, dtype=np.float64) / FORWARD_AND_BACKWARD
    before = np.asarray(np.multiply(at.teacher_flops, at.dense_per_active), dtype=np.float64) / TRAINING
    z = np.asarray(curve.balance + np.log(2.0))
    if np.any(reading) or np.any(before):
        z = _root_at_wall(curve, reading, before)
    served = curve.tokens(z) * ((1 + reading / curve.parameters(z)) * np.exp(z - curve.balance) - 1)
    return _plain(FORWARD_AND_BACKWARD * served / at.serving_price)


def _root_at_wall(curve: _Curve, reading: FloatArray, before: FloatArray) -> FloatArray:
    """z at which serving costs what the training does, a teacher's reading and training counted.

    The zero gradient and the equal bills make it z = ln(b / a) + ln(1 + (6 N + K / D) / (6 N + 2 M)), K the
    FLOPs of the teacher's training: again one root, found by Newton's method.
    """
    z = np.asarray(curve.balance + np.log(3.0))
    for _ in range(MOST_STEPS):
        size, tokens = curve.parameters(z), curve.tokens(z)
        own = size / (size + reading)
        paid = before / ((size + reading) * tokens)
        share = 1 / (1 + np.exp(-z))
        shrinks = (1 - share) / curve.a
        falls = own * (1 - own) * shrinks + paid * (share / curve.b - own * shrinks)
        step = (z - curve.balance - np.log(1 + own + paid)) / (1 + falls / (1 + own + paid))
        z = z - step
        if np.all(np.abs(step) <= CLOSE):
            break
    return z


@dataclass(frozen=True, slots=True)
class _Curve:
    """All sizes that reach a loss, by z = ln(s / (1 - s)): from z down the model grows, its tokens shrink."""

    a: Value
    b: Value
    smallest: FloatArray
    """Parameters at which the size alone leaves the loss, with unlimited tokens."""
    fewest: FloatArray
    """Tokens with which the data alone leave it, with an unlimited size."""

    @classmethod
    def of(cls, law: LossLaw, loss: Value) -> _Curve:
        left = np.asarray(loss - law.irreducible, dtype=np.float64)
        if np.any(~(left > 0)):
            lowest = float(np.max(law.irreducible))
            raise UnreachableLossError(
                f"no model reaches a loss at or below {lowest:g} nats, what nothing removes"
            )
        a, b = law.parameters_exponent, law.tokens_exponent
        return cls(a, b, (law.of_parameters / left) ** (1 / a), (law.of_tokens / left) ** (1 / b))

    @property
    def balance(self) -> FloatArray:
        """z of the size that costs least to train: ln(b / a)."""
        return np.log(np.divide(self.b, self.a))

    def parameters(self, z: FloatArray) -> FloatArray:
        return self.smallest * np.exp(np.log1p(np.exp(-z)) / self.a)

    def tokens(self, z: FloatArray) -> FloatArray:
        return self.fewest * np.exp((z + np.log1p(np.exp(-z))) / self.b)


def _root(curve: _Curve, ratio: FloatArray, reading: FloatArray) -> FloatArray:
    """z of zero gradient: Newton's method, halving the bracket where a step would leave it."""
    low = curve.balance - np.log1p(reading / curve.smallest)
    high = curve.balance + np.log1p(ratio / curve.fewest)
    low, high = (np.array(end) for end in np.broadcast_arrays(low, high))
    teaches = bool(np.any(reading))
    z = (low + high) / 2 if teaches else high
    for _ in range(MOST_STEPS):
        share = 1 / (1 + np.exp(-z))
        served = ratio / (curve.fewest * np.exp((z - np.log(share)) / curve.b))
        off = z - curve.balance - np.log1p(served)
        slope = 1 + served / (1 + served) * share / curve.b
        if teaches:
            read = reading / curve.parameters(z)
            off = off + np.log1p(read)
            slope = slope + read / (1 + read) * (1 - share) / curve.a
        low, high = np.where(off < 0, z, low), np.where(off > 0, z, high)
        step = z - off / slope
        step = np.where((step < low) | (step > high), (low + high) / 2, step)
        done = np.all(np.abs(step - z) <= CLOSE)
        z = step
        if done:
            break
    return z


def _optimum(curve: _Curve, z: FloatArray, served_tokens: Value, at: Setting) -> Optimum:
    dense, tokens = curve.parameters(z), curve.tokens(z)
    active = dense / at.dense_per_active
    teacher = FORWARD * np.divide(at.teacher_parameters, at.dense_per_active)
    training = (TRAINING * active + teacher) * tokens + at.teacher_flops
    serving = FORWARD * active * served_tokens
    cost = training + at.serving_price * serving
    return Optimum(_plain(active), _plain(tokens), _plain(training), _plain(serving), _plain(cost))


def _plain(value: Value) -> Value:
    return value if np.ndim(value) else float(value)
