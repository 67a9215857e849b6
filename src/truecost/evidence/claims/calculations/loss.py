"""The size of a model that costs least over its life at a given loss, as the tokens it serves grow.

The loss law is Hoffmann et al.'s form, L = E + A / N^a + B / D^b (arXiv:2203.15556), with the constants of
the replication by Besiroglu et al. (arXiv:2404.10102); lifetime compute is 6 N D + 2 N T for T tokens served.
"""

from __future__ import annotations

import numpy as np

from truecost.evidence.claims.working import Curve, Line, Needed, Working, calculation_of, floats, mid, spaced
from truecost.physics.loss_law import LossLaw, lifetime_optimum
from truecost.ranges import Value

CONSTANTS = {
    "irreducible": Needed("loss that nothing removes, E", "nats", {"rate": "loss_law/irreducible"}),
    "of_parameters": Needed("A", "nats", {"rate": "loss_law/parameters"}),
    "of_tokens": Needed("B", "nats", {"rate": "loss_law/tokens"}),
    "parameters_exponent": Needed(
        "exponent of the parameters, a", "exponent", {"rate": "loss_law/parameters_exponent"}
    ),
    "tokens_exponent": Needed("exponent of the tokens, b", "exponent", {"rate": "loss_law/tokens_exponent"}),
}


def optimum(at: Working, flops: Value, served: Value) -> tuple[Value, Value]:
    """Parameters and training tokens that cost least over the life, at the loss of the run of `flops`."""
    law = LossLaw(
        at["irreducible"],
        at["of_parameters"],
        at["of_tokens"],
        at["parameters_exponent"],
        at["tokens_exponent"],
    )
    best = lifetime_optimum(law, law.loss(*law.compute_optimal(flops)), served)
    return best.active_parameters, best.tokens


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
    at.step("best size for training alone", "least 6 N D at the loss", alone, "parameters")
    at.step("its training tokens", "those that reach the loss", data, "tokens")
    whole, more = optimum(at, flops, served)
    at.step("best size over the life", "least 6 N D + 2 N T at the same loss", whole, "parameters")
    at.step("its training tokens", "those that reach the loss", more, "tokens")
    at.curve(lambda: _by_served(at))
    return at.step("one over the other", "size over the life / for training alone", whole / alone, "ratio")


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
