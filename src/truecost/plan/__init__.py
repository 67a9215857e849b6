"""The plan room: from a spec to a statement of all an AI product costs and earns.

The room is also the verb: `truecost.plan(spec)` is `truecost.plan.result.plan(spec)`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A package that can be called: Python binds a subpackage over a function of the same name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from truecost.plan.result import plan

        return plan(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
