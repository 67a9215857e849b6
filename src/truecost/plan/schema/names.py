"""Names a plan takes from the catalog, looked up while the plan is read, so that a misspelt chip is
reported together with every other problem."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator

from truecost.catalog.names import UnknownName
from truecost.spec import refuse

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

_CATALOG: ContextVar[Catalog | None] = ContextVar("catalog", default=None)


@contextmanager
def names_from(catalog: Catalog) -> Generator[None]:
    """Within it, names are looked up in this catalog (with the user's overlay), not the shipped one."""
    token = _CATALOG.set(catalog)
    try:
        yield
    finally:
        _CATALOG.reset(token)


def _catalog() -> Catalog:
    from truecost.catalog.catalog import load

    return _CATALOG.get() or load()


def _known(look_up: Callable[[], object]) -> None:
    try:
        look_up()
    except UnknownName as unknown:
        raise refuse(str(unknown).split(";", maxsplit=1)[0], nearest=unknown.nearest) from None
    except ValueError as error:
        raise refuse(str(error)) from None
    except LookupError:
        pass  # the name is known; what is missing at the plan's date is checked with the date


def _chip(name: str) -> str:
    _known(lambda: _catalog().accelerator(name))
    return name


def _api_model(name: str) -> str:
    _known(lambda: _catalog().prices(name, date.max))
    return name


def _architecture(given: str | Mapping[str, Any]) -> str | Mapping[str, Any]:
    _known(lambda: _catalog().model(given))
    return given


def _region(name: str) -> str:
    _known(lambda: _catalog().rate(f"electricity/{name}"))
    return name


RegionName: TypeAlias = Annotated[str, AfterValidator(_region)]
"""A region with an electricity price on record."""
ChipName: TypeAlias = Annotated[str, AfterValidator(_chip)]
"""An accelerator of the catalog."""
ApiModelName: TypeAlias = Annotated[str, AfterValidator(_api_model)]
"""A vendor's model id with a price on record."""
ModelName: TypeAlias = Annotated[str | dict[str, Any], AfterValidator(_architecture)]
"""An architecture of the catalog, or a Hugging Face config.json (its path, or its keys)."""
