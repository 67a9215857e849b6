"""A spec as a tree of nodes that know where they were written, before any schema looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, cast

from truecost.spec.scalars import Scalar

MOST_NODES = 100_000
DEEPEST = 40


class Position(NamedTuple):
    """A line and a column, both from 1; line 0 is outside any file, SET_LINE is a `--set`."""

    line: int
    column: int


NOWHERE = Position(0, 0)
SET_LINE = 10**9


def place(name: str, position: Position) -> str:
    """A position as a message names it: "plan.yaml:12", "--set", or "" outside a file."""
    if position.line == SET_LINE:
        return "--set"
    return f"{name or 'line'}:{position.line}" if position.line else ""


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a mapping or a list; the items of a list are children named "0", "1", ….

    `positions` says where each child's key (or item) stands; `written` is a scalar's text. `size`
    counts the nodes below with aliases expanded, `depth` the longest way down.
    """

    kind: Literal["scalar", "mapping", "list"]
    position: Position = NOWHERE
    value: object = None
    written: str = ""
    children: Mapping[str, Node] = field(default_factory=dict[str, "Node"])
    positions: Mapping[str, Position] = field(default_factory=dict[str, Position])
    size: int = 1
    depth: int = 1

    def plain(self) -> object:
        """The Python value: scalars, dicts and lists."""
        if self.kind == "scalar":
            return self.value
        if self.kind == "list":
            return [child.plain() for child in self.children.values()]
        return {key: child.plain() for key, child in self.children.items()}

    def paths(self, prefix: str = "") -> Iterator[str]:
        """The dotted path of everything below this node."""
        for key, child in self.children.items():
            yield prefix + key
            yield from child.paths(f"{prefix}{key}.")

    def find(self, path: str) -> tuple[Node | None, Position]:
        """The node at a dotted path, or None with the position of the nearest part that is there."""
        node, position, segments = self, self.position, path.split(".") if path else []
        while segments:
            taken = node.longest_key(segments)
            if not taken:
                return None, position
            key = ".".join(segments[:taken])
            node, position, segments = node.children[key], node.positions[key], segments[taken:]
        return node, position

    def longest_key(self, segments: Sequence[str]) -> int:
        """How many leading segments make a key of this node (a key may hold dots: "gpt-4.1"); 0 for none."""
        counts = range(len(segments), 0, -1)
        return next((count for count in counts if ".".join(segments[:count]) in self.children), 0)

    def with_child(self, key: str, child: Node, position: Position) -> Node:
        """This mapping or list with one child put in place."""
        return branch(
            replace(self, children={**self.children, key: child}, positions={**self.positions, key: position})
        )


def leaf(value: Scalar | object, position: Position = NOWHERE, written: str = "") -> Node:
    """A scalar node."""
    return Node("scalar", position, value, written)


def branch(node: Node) -> Node:
    """A mapping or list with its size and depth counted.

    Raises OverflowError when it is too deep, or too large once aliases are expanded.
    """
    size = 1 + sum(child.size for child in node.children.values())
    depth = 1 + max((child.depth for child in node.children.values()), default=0)
    if size > MOST_NODES:
        raise OverflowError(f"more than {MOST_NODES:,} values, aliases expanded")
    if depth > DEEPEST:
        raise OverflowError(f"nested more than {DEEPEST} levels deep")
    return replace(node, size=size, depth=depth)


def from_python(value: object, levels: int = DEEPEST) -> Node:
    """The node of a Python value: mappings, lists and tuples as branches, anything else as a scalar.

    Raises OverflowError when it is too deep (or contains itself) or too large.
    """
    if levels < 0:
        raise OverflowError(f"nested more than {DEEPEST} levels deep")
    if isinstance(value, Mapping):
        items = {str(key): item for key, item in cast("Mapping[object, object]", value).items()}
        kind: Literal["mapping", "list"] = "mapping"
    elif isinstance(value, list | tuple):
        items = {str(index): item for index, item in enumerate(cast("Sequence[object]", value))}
        kind = "list"
    else:
        return leaf(value, written="" if value is None else str(value)[:200])
    children = {key: from_python(item, levels - 1) for key, item in items.items()}
    return branch(Node(kind, children=children, positions=dict.fromkeys(children, NOWHERE)))
