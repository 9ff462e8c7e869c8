"""Rules of verdicts: comparisons and arithmetic over cells of tables, as in ``lost.low > 25 and gain.p < 0.05``."""

import ast
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType

from prefclip.errors import PrefclipError

# What a rule may ask of a cell, beside its further facts: as tables show it, shares in percent.
ASKED = ("value", "low", "high", "n", "seeds")
_ARITHMETIC = MappingProxyType(
    {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
)
_COMPARED: MappingProxyType[type, Callable] = MappingProxyType(
    {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
)
_FUNCTIONS = MappingProxyType({"abs": abs, "min": min, "max": max})
Cell = Mapping[str, float | str | None]


class RuleError(PrefclipError, ValueError):
    """A rule is no such expression, or asks for what a cell does not have."""


def check_rule(rule: str, cells: tuple[str, ...]) -> None:
    """Raise RuleError unless ``rule`` is an expression over these cells."""
    for node in ast.walk(_parsed(rule)):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) not in cells:
            raise RuleError(f"rule {rule!r}: unknown cell in {ast.unparse(node)!r}; its cells are: {', '.join(cells)}.")


def holds(rule: str, cells: Mapping[str, Cell]) -> bool:
    """Say whether a rule holds for cells, by name. Raises RuleError, also where a cell lacks what is asked for."""

    def value(node: ast.AST) -> float | bool:
        match node:
            case ast.Constant():
                return node.value
            case ast.Attribute():
                found = cells[node.value.id].get(node.attr)
                if found is None or isinstance(found, str):
                    raise RuleError(f"rule {rule!r}: the cell {node.value.id!r} has no number {node.attr!r}.")
                return found
            case ast.BinOp():
                return _ARITHMETIC[type(node.op)](value(node.left), value(node.right))
            case ast.UnaryOp():
                return not value(node.operand) if isinstance(node.op, ast.Not) else -value(node.operand)
            case ast.BoolOp():
                return (all if isinstance(node.op, ast.And) else any)([value(each) for each in node.values])
            case ast.Call():
                return _FUNCTIONS[node.func.id](*map(value, node.args))
            case ast.Compare():
                terms = [value(each) for each in (node.left, *node.comparators)]
                pairs = zip(node.ops, terms, terms[1:], strict=False)
                return all(_COMPARED[type(sign)](left, right) for sign, left, right in pairs)

    try:
        return bool(value(_parsed(rule).body))
    except ZeroDivisionError as error:
        raise RuleError(f"rule {rule!r}: divides by 0.") from error


def _parsed(rule: str) -> ast.Expression:
    """The expression, if it holds nothing but what `holds` knows."""
    try:
        found = ast.parse(rule.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RuleError(f"rule {rule!r}: no expression; write such as `gain.low > 0 and cost.high <= 3`.") from error
    for node in ast.walk(found):
        known = isinstance(node, ast.Expression | ast.BoolOp | ast.And | ast.Or | ast.Not | ast.USub | ast.Load)
        known |= isinstance(node, ast.BinOp | ast.Compare | ast.Name | ast.UnaryOp)
        known |= type(node) in _ARITHMETIC or type(node) in _COMPARED
        known |= isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        known |= isinstance(node, ast.Constant) and type(node.value) in (int, float)
        known |= isinstance(node, ast.Call) and getattr(node.func, "id", "") in _FUNCTIONS and not node.keywords
        if not known:
            raise RuleError(
                f"rule {rule!r}: {ast.unparse(node) or type(node).__name__!r} is not allowed; allowed are cells "
                "(gain.low), numbers, + - * /, < <= > >=, and, or, not, abs, min, max."
            )
    bare = {id(node.value) for node in ast.walk(found) if isinstance(node, ast.Attribute)}
    bare |= {id(node.func) for node in ast.walk(found) if isinstance(node, ast.Call)}
    for node in ast.walk(found):
        if isinstance(node, ast.Name) and id(node) not in bare:
            raise RuleError(f"rule {rule!r}: say what of {node.id!r} is meant: {', '.join(ASKED)}, or a further fact.")
    return found
