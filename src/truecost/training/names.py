"""Names a training spec takes from the catalog, looked up while it is read, so that a misspelt chip is
reported together with every other problem."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator

from truecost.catalog.names import UnknownName
from truecost.spec import refuse
from truecost.training.lookups import Lookups

_LOOKUPS: ContextVar[Lookups | None] = ContextVar("training_lookups", default=None)


@contextmanager
def names_from(lookups: Lookups) -> Generator[None]:
    """Within it, names are looked up here (with the user's overlay), not in the shipped catalog."""
    token = _LOOKUPS.set(lookups)
    try:
        yield
    finally:
        _LOOKUPS.reset(token)


def _lookups() -> Lookups:
    from truecost.catalog.catalog import load

    return _LOOKUPS.get() or Lookups(load())


def _known(look_up: Callable[[], object]) -> None:
    try:
        look_up()
    except UnknownName as unknown:
        raise refuse(str(unknown).split(";", maxsplit=1)[0], nearest=unknown.nearest) from None
    except ValueError as error:
        raise refuse(str(error)) from None


def _chip(name: str) -> str:
    _known(lambda: _lookups().accelerator(name))
    return name


def _architecture(given: str | Mapping[str, Any]) -> str | Mapping[str, Any]:
    _known(lambda: _lookups().model(given))
    return given


def _region(name: str) -> str:
    _known(lambda: _lookups().rate(f"carbon/{name}"))
    return name


ChipName: TypeAlias = Annotated[str, AfterValidator(_chip)]
"""An accelerator of the catalog."""
ModelName: TypeAlias = Annotated[str | dict[str, Any], AfterValidator(_architecture)]
"""An architecture of the catalog, or a Hugging Face config.json (its path, or its keys)."""
RegionName: TypeAlias = Annotated[str, AfterValidator(_region)]
"""A region with the carbon of its grid on record; own chips need its electricity price as well."""
