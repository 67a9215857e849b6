"""The size of a model that costs least over its life at a given loss, as the tokens it serves grow.

The loss law is Hoffmann et al.'s form, L = E + A / N^a + B / D^b (arXiv:2203.15556), with the constants of
the replication by Besiroglu et al. (arXiv:2404.10102); lifetime compute is 6 N D + 2 N T for T tokens served.
"""

from __future__ import annotations

import numpy as np

from truecost.evidence.claims.working import Curve, Line, Needed, Working, calculation_of, floats, mid, spaced
from truecost.physics.flops import training_flops_from_parameters
from truecost.ranges import FloatArray, Value

SIZES = np.geomspace(1e9, 3e12, 1601)
CONSTANTS = {
    "irreducible": Needed("loss that nothing removes, E", "nats", {"rate": "loss_law/irreducible"}),
    "of_parameters": Needed("A", "nats", {"rate": "loss_law/parameters"}),
    "of_tokens": Needed("B", "nats", {"rate": "loss_law/tokens"}),
    "alpha": Needed("exponent of the parameters", "exponent", {"rate": "loss_law/parameters_exponent"}),
    "beta": Needed("exponent of the tokens", "exponent", {"rate": "loss_law/tokens_exponent"}),
}


def _tokens_at_loss(at: Working, loss: FloatArray) -> FloatArray:
    """Training tokens that bring each size to the loss, (cases, sizes); inf where none do."""
    left = loss[:, np.newaxis] - mid(at["irreducible"]) - mid(at["of_parameters"]) / SIZES ** mid(at["alpha"])
    reached = left > 0
    return np.where(
        reached, (mid(at["of_tokens"]) / np.where(reached, left, 1.0)) ** (1 / mid(at["beta"])), np.inf
    )


def _loss_of(at: Working, flops: FloatArray) -> FloatArray:
    """The least loss that the compute of a training run reaches."""
    tokens = flops[:, np.newaxis] / training_flops_from_parameters(1.0, SIZES)
    loss = (
        mid(at["irreducible"])
        + mid(at["of_parameters"]) / SIZES ** mid(at["alpha"])
        + mid(at["of_tokens"]) / tokens ** mid(at["beta"])
    )
    return loss.min(axis=1)


def optimum(at: Working, flops: Value, served: Value) -> tuple[FloatArray, FloatArray]:
    """Parameters and training tokens that cost least over the life, at the loss of the run of `flops`."""
    run, tokens_served = np.broadcast_arrays(np.atleast_1d(flops), np.atleast_1d(served))
    tokens = _tokens_at_loss(at, _loss_of(at, run))
    cost = (
        training_flops_from_parameters(1.0, 1.0) * SIZES * np.minimum(tokens, 1e30)
        + 2 * SIZES * tokens_served[:, np.newaxis]
    )
    best = cost.argmin(axis=1)
    return SIZES[best], tokens[np.arange(len(best)), best]


@calculation_of(
    "lifetime_optimal_size",
    "The lifetime-optimal size of a model over the training-optimal one, at equal loss",
    "ratio",
    {
        "flops": Needed("compute of the run whose loss is kept", "FLOP"),
        "served_tokens": Needed("tokens served over the life", "tokens"),
        **CONSTANTS,
    },
)
def lifetime_optimal_size(at: Working) -> Value:
    """Least 6 N D + 2 N T at equal loss, with and without served tokens; against served tokens as a curve."""
    flops, served = at["flops"], at["served_tokens"]
    alone, data = optimum(at, flops, 0.0)
    at.step("best size for training alone", "least 6 N D at the loss", _plain(alone, flops), "parameters")
    at.step("its training tokens", "those that reach the loss", _plain(data, flops), "tokens")
    whole, more = optimum(at, flops, served)
    at.step(
        "best size over the life", "least 6 N D + 2 N T at the same loss", _plain(whole, served), "parameters"
    )
    at.step("its training tokens", "those that reach the loss", _plain(more, served), "tokens")
    at.curve(lambda: _by_served(at))
    return at.step(
        "one over the other",
        "size over the life / for training alone",
        _plain(whole / alone, served),
        "ratio",
    )


def _plain(values: FloatArray, like: Value) -> Value:
    return values if len(values) > 1 or np.ndim(like) else float(values[0])


def _by_served(at: Working) -> Curve:
    served = spaced(1e12, 1e15, 31)
    sizes, tokens = optimum(at, mid(at.values["flops"]), np.array(served))
    return Curve(
        "Best size and training tokens over the life, at equal loss",
        "tokens served over the life",
        "tokens",
        "parameters, training tokens",
        "",
        served,
        (Line("parameters", floats(sizes)), Line("training tokens", floats(tokens))),
    )
