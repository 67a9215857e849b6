"""Names that a spec takes from the catalog, looked up while it is read, so that a misspelt chip is reported
together with every other problem."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import AfterValidator

from truecost.catalog.names import UnknownName
from truecost.spec import refuse


class Known(Protocol):
    """What names are looked up in: a catalog, or one that remembers what it was asked."""

    def accelerator(self, name: str, /) -> object:
        """A chip by its name; UnknownName with the nearest."""
        ...

    def model(self, given: str | Mapping[str, Any], /) -> object:
        """An architecture by its name, file or keys."""
        ...

    def rate(self, key: str, /) -> object:
        """A rate by its key."""
        ...


_KNOWN: ContextVar[Any] = ContextVar("known_names", default=None)


@contextmanager
def names_from(known: Known) -> Generator[None]:
    """Within it, names are looked up here (with the user's overlay), not in the shipped catalog."""
    token = _KNOWN.set(known)
    try:
        yield
    finally:
        _KNOWN.reset(token)


def known_names() -> Any:
    """What names are looked up in now."""
    from truecost.catalog.catalog import load

    return _KNOWN.get() or load()


def checked(look_up: Callable[[], object]) -> None:
    """Refuse a name that the look-up does not know, with the nearest."""
    try:
        look_up()
    except UnknownName as unknown:
        raise refuse(str(unknown).split(";", maxsplit=1)[0], nearest=unknown.nearest) from None
    except ValueError as error:
        raise refuse(str(error)) from None
    except LookupError:
        pass  # the name is known; what is missing at the spec's date is checked with the date


def _chip(name: str) -> str:
    checked(lambda: known_names().accelerator(name))
    return name


def _architecture(given: str | Mapping[str, Any]) -> str | Mapping[str, Any]:
    checked(lambda: known_names().model(given))
    return given


def _api_model(name: str) -> str:
    checked(lambda: known_names().prices(name, date.max))
    return name


def _carbon_region(name: str) -> str:
    checked(lambda: known_names().rate(f"carbon/{name}"))
    return name


ChipName: TypeAlias = Annotated[str, AfterValidator(_chip)]
"""An accelerator of the catalog."""
ModelName: TypeAlias = Annotated[str | dict[str, Any], AfterValidator(_architecture)]
"""An architecture of the catalog, or a Hugging Face config.json (its path, or its keys)."""
ApiModelName: TypeAlias = Annotated[str, AfterValidator(_api_model)]
"""A vendor's model id with a price on record."""
CarbonRegionName: TypeAlias = Annotated[str, AfterValidator(_carbon_region)]
"""A region with the carbon of its grid on record."""
