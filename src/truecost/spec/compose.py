"""YAML text to nodes with places: duplicate keys, tabs, tags, cycles and bombs become problems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from truecost.spec.errors import Problem, SpecError, shortened
from truecost.spec.nodes import DEEPEST, MOST_NODES, Node, Position, branch, leaf, place
from truecost.spec.scalars import scalar

_MERGE = "<<"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_YAML: Any = yaml
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAB = "a tab in the indentation; YAML is indented with spaces"
_KNOWN_TAGS = (None, "!", *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq")))
_MEANINGS = (
    ("mapping values are not allowed", "a second ':' in one line; quote the value, or check the indentation"),
    ("could not find expected ':'", "a line without ':'; write 'name: value'"),
    ("did not find expected key", "the indentation does not match the lines above"),
    ("did not find expected '-' indicator", "the list items are not indented alike"),
    (
        "block sequence entries are not allowed",
        "a list item ('- …') cannot begin here; put it on its own line",
    ),
    ("expected ',' or ']'", "a '[' that is not closed, or a comma missing in the list"),
    ("expected ',' or '}'", "a '{' that is not closed, or a comma missing in the mapping"),
    ("found unexpected end of stream", "a quote that is not closed"),
    ("did not find expected <document start>", "text before the first 'name: value', or wrong indentation"),
    ("expected node content", "a value is missing"),
    ("expected the node content", "a value is missing"),
    ("expected <block end>", "the indentation does not match the lines above"),
    (
        "did not find expected alphabetic or numeric character",
        "'&' or '*' with no name; put the value in quotes",
    ),
)

Parts = tuple[dict[str, Node], dict[str, Position]]


def compose(text: str, name: str) -> tuple[Node, list[Problem]]:
    """The root node of a YAML text, and the problems that did not keep it from being read.

    Raises SpecError when there is no mapping to go on with: bad syntax, several documents, an empty text.
    """
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        line = text.count("\n", 0, unprintable.start()) + 1
        raise _fatal(name, line, f"the character U+{ord(unprintable[0]):04X} cannot be in a YAML text")
    try:
        composer = _Composer(name, cast("Iterator[yaml.Event]", _YAML.parse(text, Loader=_PARSER)))
        return composer.document(), composer.problems
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 1
        raise _fatal(name, line, _meaning(error, text)) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _fatal(name, 1, f"this is not YAML: {error}") from None


def _fatal(name: str, line: int, message: str) -> SpecError:
    return SpecError([Problem(place(name, Position(line, 1)), "", "", message)])


def _meaning(error: yaml.MarkedYAMLError, text: str) -> str:
    """What a syntax error means to someone who does not know YAML's grammar."""
    problem, mark = error.problem or "unreadable", error.problem_mark
    lines = text.split("\n")
    if "tab character" in problem:
        return _TAB
    if "cannot start any token" in problem and mark and mark.line < len(lines):
        character = lines[mark.line][mark.column : mark.column + 1]
        if character == "\t" or "\t" in lines[mark.line][: mark.column + 1]:
            return _TAB
        return f"a value cannot begin with {character!r} in YAML; put it in quotes"
    meaning = next((meaning for start, meaning in _MEANINGS if start in problem), problem)
    begun = error.context_mark
    is_earlier = begun is not None and mark is not None and begun.line < mark.line
    return f"{meaning} (begun on line {begun.line + 1})" if begun and is_earlier else meaning


@dataclass
class _Composer:
    """Builds nodes from the parser's events; recursion is bounded by DEEPEST."""

    name: str
    events: Iterator[yaml.Event]
    problems: list[Problem] = field(default_factory=list[Problem])
    anchors: dict[str, Node | None] = field(default_factory=dict[str, "Node | None"])
    composed: int = 0

    def document(self) -> Node:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise _fatal(self.name, 1, "the file is empty; a spec is a mapping of fields, 'name: value'")
        root = self.node(next(self.events), "", 1)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            line = _position(after).line
            raise _fatal(self.name, line, "a second document begins here ('---'); a spec is one document")
        return self.mapping_only(root)

    def mapping_only(self, root: Node) -> Node:
        if root.kind == "mapping" or self.problems:
            return root if root.kind == "mapping" else self.stop()
        what = "a list" if root.kind == "list" else f"one value, {shortened(root.value)}"
        raise _fatal(
            self.name, root.position.line, f"a spec is a mapping of fields, 'name: value'; this is {what}"
        )

    def stop(self) -> Node:
        raise SpecError(self.problems)

    def refuse(self, position: Position, message: str, path: str = "") -> Node:
        self.problems.append(Problem(place(self.name, position), path, "", message))
        return leaf(None, position)

    def node(self, event: yaml.Event, path: str, depth: int) -> Node:
        position = _position(event)
        self.composed += 1
        if self.composed > 2 * MOST_NODES:
            self.refuse(position, f"more than {MOST_NODES:,} values")
            self.stop()
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, position, path)
        anchor = cast("str | None", getattr(event, "anchor", None))
        if anchor is not None:
            self.anchors[anchor] = None
        node = self.tagged(event, path, depth)
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def tagged(self, event: yaml.Event, path: str, depth: int) -> Node:
        position, tag = _position(event), cast("str | None", getattr(event, "tag", None))
        if tag not in _KNOWN_TAGS:
            self.refuse(position, f"the tag {shortened(tag)} is not used in a spec; remove it", path)
        if isinstance(event, yaml.ScalarEvent):
            is_plain = bool(event.implicit[0]) and tag is None
            return leaf(scalar(event.value) if is_plain else event.value, position, event.value)
        if depth > DEEPEST:
            self.refuse(position, f"nested more than {DEEPEST} levels deep")
            self.stop()
        try:
            children, positions = (
                self.fields(path, depth)
                if isinstance(event, yaml.MappingStartEvent)
                else self.items(path, depth)
            )
            kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
            return branch(Node(kind, position, children=children, positions=positions))
        except OverflowError as error:
            self.refuse(position, str(error), path)
            return self.stop()

    def alias(self, event: yaml.AliasEvent, position: Position, path: str) -> Node:
        if event.anchor not in self.anchors:
            return self.refuse(
                position, f"the alias *{event.anchor} has no anchor &{event.anchor} above it", path
            )
        node = self.anchors[event.anchor]
        return node or self.refuse(position, f"the alias *{event.anchor} contains itself", path)

    def items(self, path: str, depth: int) -> Parts:
        children: dict[str, Node] = {}
        positions: dict[str, Position] = {}
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            key = str(len(children))
            children[key] = self.node(event, _joined(path, key), depth + 1)
            positions[key] = _position(event)
        return children, positions

    def fields(self, path: str, depth: int) -> Parts:
        children: dict[str, Node] = {}
        positions: dict[str, Position] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, at = self.key(event, path, depth), _position(event)
            below = _joined(path, key or "")
            value = self.node(next(self.events), below, depth + 1)
            if key == _MERGE:
                merged += self.to_merge(value, at, path)
            elif key in children:
                first = positions[key].line
                self.refuse(at, f"this field is written twice, here and on line {first}", below)
            elif key is not None:
                children[key], positions[key] = value, at
        for source in merged:
            for key in [key for key in source.children if key not in children]:
                children[key], positions[key] = source.children[key], source.positions[key]
        return children, positions

    def key(self, event: yaml.Event, path: str, depth: int) -> str | None:
        """A field's name, whatever YAML would make of it as a value; None where it cannot be one."""
        node = self.node(event, path, depth + 1)
        if isinstance(event, yaml.ScalarEvent):
            return node.written
        self.refuse(_position(event), "a field's name is plain text, not a list, a mapping or an alias", path)
        return None

    def to_merge(self, value: Node, position: Position, path: str) -> list[Node]:
        sources = list(value.children.values()) if value.kind == "list" else [value]
        if all(source.kind == "mapping" for source in sources):
            return sources
        self.refuse(position, "'<<' takes in a mapping: write '<<: *name', with &name at the mapping", path)
        return []


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _position(event: yaml.Event) -> Position:
    mark = cast("yaml.Mark | None", event.start_mark)
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
