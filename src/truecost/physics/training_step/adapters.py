"""Adapters of low rank (LoRA, arXiv:2106.09685): what learns where the weights of a model stay frozen.

Each adapted matrix of `inner` x `outer` numbers gets two beside it, inner x rank and rank x outer, whose
product is added to its own. Only they have gradients and optimizer states.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from truecost.catalog.architectures import Architecture
from truecost.physics.training_step.model_work import Product, products_of

ATTENTION, ALL = "attention", "all"
TARGETS = (ATTENTION, ALL)
"""Which matrices are adapted: those of attention (or state layers), or the feed-forwards as well."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters of a model."""

    parameters: float
    elements: float
    """Numbers of a token into and out of the adapted matrices, over all layers; those of the experts it is
    sent to."""

    def share(self, architecture: Architecture) -> float:
        """Parameters that learn over those of the model."""
        return self.parameters / architecture.total_parameters


def adapters(architecture: Architecture, rank: int, targets: str) -> Adapters:
    """Adapters of a rank on the matrices of a model; fused ones (queries, keys, values) count as one.

    >>> from truecost.catalog.models import model
    >>> found = adapters(model("llama-2-70b"), 16, "attention")
    >>> round(found.parameters / 1e6, 1), round(1000 * found.share(model("llama-2-70b")), 2)
    (44.6, 0.65)
    """
    adapted = products_of(architecture, ("mixers",) if targets == ATTENTION else ("mixers", "feed_forwards"))
    stored = [replace(one, count=one.count * max(one.experts, 1.0)) for one in adapted]
    met = [replace(one, count=one.count * max(one.routed, 1.0)) for one in adapted]
    return Adapters(rank * _ends(stored), _ends(met))


def _ends(products: list[Product]) -> float:
    return sum(one.count * (one.inner + one.outer) for one in products)
