"""`--set path=value`: a dotted path into the spec, a value as YAML would read it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from truecost.spec.compose import compose
from truecost.spec.errors import Problem, SpecError, nearest_names
from truecost.spec.nodes import SET_LINE, Node, Position, leaf
from truecost.spec.scalars import scalar
from truecost.spec.shape import Shape

_PLACE = "--set"


class _AssignmentError(Exception):
    """One assignment that cannot be made."""

    def __init__(
        self, path: str, message: str, allowed: Sequence[str] = (), nearest: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.problem = Problem(_PLACE, path, "", message, tuple(allowed), tuple(nearest))


def assign(root: Node, schema: type[BaseModel], sets: Sequence[str]) -> tuple[Node, list[Problem]]:
    """The spec with each assignment made in turn, and a problem for each that cannot be.

    Optional parts that a path goes through are created. A misspelt field is left for validation to
    refuse; an entry of a mapping with free names ("tiers.fre.price") and a list item must be there.
    """
    problems: list[Problem] = []
    for index, text in enumerate(sets):
        position = Position(SET_LINE, index)
        try:
            path, value = _split(text, position)
            root = _placed(root, path.split("."), value, Shape(model=schema), "")
        except _AssignmentError as error:
            problems.append(error.problem)
        except OverflowError as error:
            problems.append(Problem(_PLACE, "", text[:60], str(error)))
    return root, problems


def _split(text: str, position: Position) -> tuple[str, Node]:
    path, equals, written = (part.strip() for part in text.partition("="))
    if not equals or not path or not all(path.split(".")):
        raise _AssignmentError("", f"{text[:60]!r} is not an assignment", ["a.dotted.path=value"])
    if not written:
        raise _AssignmentError(path, "no value; write null to take a value away")
    return path, _value(path, written, position)


def _value(path: str, written: str, position: Position) -> Node:
    """A value as YAML reads it: a scalar, a quoted text, or a list or mapping in brackets."""
    if written[0] not in "[{\"'":
        return leaf(scalar(written), position, written)
    try:
        root, problems = compose(f"value: {written}", "")
    except SpecError as error:
        problems = list(error.problems)
        root = None
    if problems or root is None or set(root.children) != {"value"}:
        reason = problems[0].message if problems else "write one value"
        raise _AssignmentError(path, f"{written[:60]!r} cannot be read: {reason}")
    return _moved(root.children["value"], position)


def _moved(node: Node, position: Position) -> Node:
    """The node with everything in it placed at the assignment."""
    children = {key: _moved(child, position) for key, child in node.children.items()}
    positions = dict.fromkeys(children, position)
    return Node(node.kind, position, node.value, node.written, children, positions, node.size, node.depth)


def _placed(node: Node, segments: list[str], value: Node, shape: Shape, above: str) -> Node:
    """The node with the value put at a path below it."""
    if not segments:
        return value
    if node.kind == "scalar" and node.value is None:
        node = Node("mapping", value.position)
    taken = node.longest_key(segments) or (len(segments) if _holds_values(shape) else 1)
    key, rest = ".".join(segments[:taken]), segments[taken:]
    path = f"{above}.{key}" if above else key
    _check_reachable(node, key, path, shape)
    inner = shape.fields().get(key) or shape.below()
    is_mapping_to_be = Node("mapping", value.position)
    child = _placed(node.children.get(key, is_mapping_to_be), rest, value, inner, path)
    return node.with_child(key, child, node.positions.get(key, value.position) if rest else value.position)


def _holds_values(shape: Shape) -> bool:
    """Whether this is a mapping of free names to values, so that the rest of a path is one name."""
    return shape.is_mapping and not shape.below().fields()


def _check_reachable(node: Node, key: str, path: str, shape: Shape) -> None:
    above = path.rpartition(".")[0]
    if node.kind == "scalar":
        raise _AssignmentError(path, f"{above} is one value, {node.written!r}; it has no part {key!r}")
    if node.kind == "list" and key not in node.children:
        last = len(node.children) - 1
        allowed = [f"0 to {last}"] if last >= 0 else ["nothing: the list is empty"]
        raise _AssignmentError(path, f"{above} has no item {key!r}", allowed)
    if key in node.children or not shape.is_known:
        return
    parts = (shape, *shape.choices)
    if any(part.is_mapping for part in parts) and shape.below().fields():
        names = list(node.children)
        raise _AssignmentError(path, f"{above} has no entry {key!r}", names, nearest_names(key, names))
    if not any(part.is_mapping or part.model for part in parts):
        raise _AssignmentError(path, f"{above} has no part {key!r}; set it as a whole")
