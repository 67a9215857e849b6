"""A spec as a document: read, changed by `--set`, validated, with every value's place kept."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from truecost.spec.assign import assign
from truecost.spec.compose import compose
from truecost.spec.errors import Problem, SpecError, in_order
from truecost.spec.nodes import SET_LINE, Node, Position, from_python, place
from truecost.spec.translate import translated

M = TypeVar("M", bound=BaseModel)
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Document(Generic[M]):
    """A valid spec: the model, and where each of its fields was written.

    `name` is the file as the user named it, `text` what it held, `given` the dotted paths that the user
    wrote (in the file or with `--set`); everything else in `value` is a default.
    """

    value: M
    name: str
    text: str
    given: frozenset[str] = field(repr=False)
    source: Source = field(repr=False)

    def place(self, path: str) -> str:
        """Where a dotted path was written: "plan.yaml:12", "--set", or "" outside a file.

        For a path that was not written, the place of the nearest part above it. For a number that the
        writer took from elsewhere (`load(..., origins=)`), where it is from, unless `--set` changed it.
        """
        return self.source.origin(path) or self.source.place(path)

    def position(self, path: str) -> tuple[int, int]:
        """Line and column of a dotted path, for sorting."""
        return self.source.position(path)

    def written(self, path: str) -> str:
        """The text of a single value as the user wrote it; "" where there is none."""
        return self.source.written(path)


@dataclass(frozen=True, slots=True)
class Source:
    """What was written, before validation."""

    root: Node
    name: str = ""
    text: str = ""
    origins: Mapping[str, str] = field(default_factory=dict[str, str])

    def origin(self, path: str) -> str:
        """Where a number that the writer took from elsewhere is from; "" for all others."""
        return "" if self.position(path).line == SET_LINE else self.origins.get(path, "")

    def place(self, path: str) -> str:
        """See Document.place."""
        return place(self.name, self.position(path))

    def position(self, path: str) -> Position:
        """See Document.position."""
        return self.root.find(path)[1]

    def written(self, path: str) -> str:
        """See Document.written."""
        node = self.root.find(path)[0]
        return node.written if node is not None and node.kind == "scalar" else ""


def load(
    source: str | Path | Mapping[str, object],
    schema: type[M],
    *,
    sets: Sequence[str] = (),
    origins: Mapping[str, str] | None = None,
) -> Document[M]:
    """Read a spec from a YAML file or a mapping, apply `--set` assignments, validate it.

    `sets` are "dotted.path=value" texts. `origins` says of numbers in a mapping where they were taken from,
    by dotted path. Raises SpecError with every problem found.
    """
    if isinstance(source, Mapping):
        try:
            return _validated(Source(from_python(source), origins=origins or {}), schema, sets, [])
        except OverflowError as error:
            raise SpecError([Problem("", "", "", str(error))]) from None
    return load_text(read_text(source), str(source), schema, sets=sets)


def load_text(text: str, name: str, schema: type[M], *, sets: Sequence[str] = ()) -> Document[M]:
    """As `load`, from a YAML text; `name` is what its places are called."""
    root, problems = compose(text, name)
    return _validated(Source(root, name, text), schema, sets, problems)


def changed(document: Document[M], sets: Sequence[str]) -> Document[M]:
    """A document with further `--set` assignments made, validated anew; its places stay those of the file.

    Raises SpecError with every problem found.
    """
    return _validated(document.source, type(document.value), sets, [])


def read_text(path: str | Path) -> str:
    """The text of a spec file. Raises SpecError when it is missing, a directory, too large or not UTF-8."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file", _files_like(Path(path))) from None
    except IsADirectoryError:
        raise _unreadable(path, "this is a directory, not a YAML file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _unreadable(path, f"the file cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise _unreadable(path, f"the file is larger than {MOST_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"{path}:{line}", "the file is not UTF-8 text") from None


def _unreadable(path: str | Path, message: str, nearest: Sequence[str] = ()) -> SpecError:
    return SpecError([Problem(str(path), "", "", message, nearest=tuple(nearest))])


def _files_like(path: Path) -> list[str]:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return []
    return difflib.get_close_matches(path.name, names, n=1)


def _validated(
    source: Source, schema: type[M], sets: Sequence[str], problems: Sequence[Problem]
) -> Document[M]:
    root, misset = assign(source.root, schema, sets)
    source = replace(source, root=root)
    early = [*problems, *misset]
    try:
        value = schema.model_validate(root.plain())
    except ValidationError as error:
        known = {problem.field for problem in early if problem.field}
        late = [problem for problem in translated(error, schema, source) if problem.field not in known]
        raise SpecError(in_order([*early, *late])) from None
    if early:
        raise SpecError(in_order(early))
    return Document(value, source.name, source.text, frozenset(root.paths()), source)
