"""Arithmetic as a claim writes it: names, numbers, + - * / **, min and max. Nothing else is understood."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from truecost.ranges import Value

_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_FUNCTIONS: Mapping[str, Callable[[Any, Any], Any]] = {"min": np.minimum, "max": np.maximum}
LONGEST = 400
_MOST_PARTS = 100
_DEEPEST = 20


class FormulaError(ValueError):
    """A formula that is not arithmetic, or names what is not there."""


def names_in(formula: str) -> set[str]:
    """The names a formula uses. Raises FormulaError where it is none.

    >>> sorted(names_in("chips * days * 24"))
    ['chips', 'days']
    """
    return {
        node.id
        for node in ast.walk(_parsed(formula))
        if isinstance(node, ast.Name) and node.id not in _FUNCTIONS
    }


def evaluate(formula: str, values: Mapping[str, Value]) -> Value:
    """The value of a formula. Raises FormulaError for a name without a value.

    >>> evaluate("a * (b - 1) ** 2", {"a": 2.0, "b": 4.0})
    18.0
    """
    with np.errstate(all="ignore"):
        found = _value(_parsed(formula), values)
    return found if np.ndim(found) else float(found)


def _parsed(formula: str) -> ast.expr:
    if len(formula) > LONGEST:
        raise FormulaError(f"a formula of more than {LONGEST} characters")
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{formula!r} is not arithmetic: names, numbers, + - * / **, min, max") from None
    if sum(1 for _ in ast.walk(tree)) > _MOST_PARTS or _depth(tree) > _DEEPEST:
        raise FormulaError("a formula of too many parts")
    _check(tree)
    return tree


def _depth(node: ast.AST) -> int:
    return 1 + max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)


def _check(node: ast.expr) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _check(node.left)
        _check(node.right)
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand)
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        if len(node.args) != 2 or node.keywords:
            raise FormulaError(f"{node.func.id} takes two values")
        for argument in node.args:
            _check(argument)
        return
    if isinstance(node, ast.Name):
        return
    is_number = isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    if is_number and not isinstance(getattr(node, "value", None), bool):
        return
    raise FormulaError("a formula has names, numbers, + - * / **, min and max, nothing else")


def _value(node: ast.expr, values: Mapping[str, Value]) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, values), _value(node.right, values)
        return _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, values)
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return _FUNCTIONS[node.func.id](*(_value(argument, values) for argument in node.args))
    if isinstance(node, ast.Name):
        if node.id not in values:
            raise FormulaError(f"{node.id!r} has no value")
        return values[node.id]
    assert isinstance(node, ast.Constant)
    return float(node.value)  # type: ignore[arg-type]
