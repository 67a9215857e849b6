"""Whether a model and one of its longest requests fit on chips at all."""

from __future__ import annotations

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.physics.replica import DoesNotFit
from truecost.plan.checks.findings import Checking, high, longest
from truecost.plan.schema import RequestClass
from truecost.plan.serving.placement import check_fit, layout, layouts

LONGEST_OF_DRAWS = 0.999


def context_tokens(request: RequestClass) -> float:
    """Tokens of a call at the high ends of its input and output."""
    return high(request.input_tokens) + high(request.output_tokens)


def check_fits(
    placed: tuple[Architecture, Accelerator, int | None],
    precision: str | None,
    request: RequestClass,
    path: str,
    checking: Checking,
) -> None:
    """An error at the path where no replica (or not the one of the size named) holds model and request."""
    arch, chip, size = placed
    tokens = sum(longest(v, LONGEST_OF_DRAWS) for v in (request.input_tokens, request.output_tokens))
    try:
        if size is not None:
            check_fit(layout(arch, chip, size), precision, tokens)
        else:
            next(layouts(arch, chip, precision, tokens))
    except DoesNotFit as error:
        checking.add(path, str(error))
    except StopIteration:
        checking.add(path, f"{arch.name} cannot be spread over any number of {chip.name} chips")
    except (LookupError, ValueError) as error:
        checking.add(f"{path.rpartition('.')[0]}.chip" if path.endswith("model") else path, str(error))
