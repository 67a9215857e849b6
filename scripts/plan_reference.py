"""Writes docs/plan-fields.md from the plan's schema: `python scripts/plan_reference.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from truecost.plan.schema import Plan
from truecost.spec.numbers import Number

TARGET = Path(__file__).parent.parent / "docs" / "plan-fields.md"
HEAD = """# Every field of a plan

Written by `python scripts/plan_reference.py` from the schema; a test fails when it is out of date.
`<name>` is a name of your choosing. A number may be a range, `low .. high`.
"""


def models(annotation: Any) -> Iterator[tuple[type[BaseModel], bool]]:
    """The models inside an annotation, and whether they stand in a mapping by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, False
    named = str(annotation).startswith("dict")
    for inner in get_args(annotation):
        for model, below in models(inner):
            yield model, below or named


def number(field: FieldInfo) -> Number | None:
    """What a number of this field may be."""
    found = [m for m in field.metadata if isinstance(m, Number)]
    nested = [
        m for a in get_args(field.annotation) for m in getattr(a, "__metadata__", ()) if isinstance(m, Number)
    ]
    return next(iter(found + nested), None)


def kind(field: FieldInfo) -> str:
    """What may be written, in a few words."""
    found = number(field)
    if found is not None:
        return found.asked_unit or "number"
    text = str(field.annotation)
    if "Literal" in text:
        values = [
            v
            for a in (field.annotation, *get_args(field.annotation))
            for v in get_args(a)
            if isinstance(v, str)
        ]
        return ", ".join(dict.fromkeys(values))
    for name, shown in (
        ("int", "whole number"),
        ("bool", "true or false"),
        ("date", "date"),
        ("str", "text"),
    ):
        if name in text:
            return shown
    return "number"


def rows(model: type[BaseModel], path: str) -> Iterator[str]:
    """One table row a field, depth first."""
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        inner = list(models(field.annotation))
        needed = "needed" if field.is_required() else ""
        if inner:
            for child, named in inner:
                below = f"{here}.<name>" if named else here
                if field.description:
                    yield f"| `{below}` | section | {needed} | {field.description} |"
                yield from rows(child, below)
        else:
            yield f"| `{here}` | {kind(field)} | {needed} | {field.description or ''} |"


def reference() -> str:
    """The whole page."""
    table = "\n".join(rows(Plan, ""))
    return f"{HEAD}\n| field | unit or values | | meaning |\n|---|---|---|---|\n{table}\n"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
    print(f"wrote {TARGET.name}")
