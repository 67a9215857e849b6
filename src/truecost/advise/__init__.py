"""The advise room: what to do with a plan, from the verdict to every single lever.

The room is also the verb: `truecost.advise(spec)` is every lever of a plan and the best of them together.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A package that can be called: Python binds a subpackage over a function of the same name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from truecost.advise.verb import advise

        return advise(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
