"""Rules of verdicts: comparisons and arithmetic over cells of tables, as in ``lost.low > 25 and gain.p < 0.05``."""

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from prefclip.errors import PrefclipError

# What a rule may ask of a cell, beside its further facts: as tables show it, shares in percent.
ASKED = ("value", "low", "high", "n", "seeds")
LONGEST, DEEPEST, LARGEST = 1000, 20, 1e9  # characters, levels of nesting, and numbers of a rule
_ARITHMETIC = MappingProxyType(
    {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
)
_COMPARED: MappingProxyType[type, Callable] = MappingProxyType(
    {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
)
_FUNCTIONS = MappingProxyType({"abs": abs, "min": min, "max": max})
_ALLOWED = (
    "allowed are comparisons (< <= > >=) of cells (gain.low), numbers, + - * /, abs of one of them, min and max of "
    "several, joined by and, or, not"
)
Cell = Mapping[str, float | str | None]


class RuleError(PrefclipError, ValueError):
    """A rule is no such expression, or asks for what a cell does not have."""


def check_rule(rule: str, cells: tuple[str, ...]) -> None:
    """Raise RuleError unless ``rule`` is an expression over these cells, which can be computed."""
    for name, facts in asked(rule).items():
        if name not in cells:
            raise _error(rule, f"unknown cell in '{name}.{facts[0]}'; its cells are: {', '.join(cells)}")


def asked(rule: str) -> dict[str, list[str]]:
    """Return what a rule asks of each cell, by name. Raises RuleError for what is no rule."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(_parsed(rule)):
        if isinstance(node, ast.Attribute):
            found.setdefault(node.value.id, []).append(node.attr)
    return found


def holds(rule: str, cells: Mapping[str, Cell]) -> bool:
    """Say whether a rule holds for cells, by name. Raises RuleError, also where a cell lacks what is asked for."""

    def value(node: ast.AST) -> float | bool:
        match node:
            case ast.Constant():
                return float(node.value)
            case ast.Attribute():
                found = cells[node.value.id].get(node.attr)
                if found is None or isinstance(found, str):
                    raise _error(rule, f"the cell {node.value.id!r} has no number {node.attr!r}")
                return float(found)
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
        raise _error(rule, "divides by 0") from error


def _error(rule: str, said: str) -> RuleError:
    shown = rule if len(rule) <= 60 else f"{rule[:60]}…"
    return RuleError(f"rule {shown!r}: {said}.")


@lru_cache(maxsize=256)
def _parsed(rule: str) -> ast.Expression:
    """The expression, if it holds nothing but what `holds` can compute."""
    if len(rule) > LONGEST:
        raise _error(rule, f"has {len(rule)} characters, at most {LONGEST} are allowed")
    try:
        found = ast.parse(rule.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _error(rule, "no expression; write such as `gain.low > 0 and cost.high <= 3`") from error
    _check(rule, found.body, _is_truth, DEEPEST)
    return found


def _is_truth(node: ast.AST) -> bool:
    match node:
        case ast.UnaryOp():
            return isinstance(node.op, ast.Not)
        case ast.Compare():
            return all(type(sign) in _COMPARED for sign in node.ops)
    return isinstance(node, ast.BoolOp)


def _is_number(node: ast.AST) -> bool:
    match node:
        case ast.Constant():
            return type(node.value) in (int, float) and abs(node.value) <= LARGEST
        case ast.BinOp():
            return type(node.op) in _ARITHMETIC
        case ast.UnaryOp():
            return isinstance(node.op, ast.USub)
        case ast.Call():
            name, count = getattr(node.func, "id", ""), len(node.args)
            return name in _FUNCTIONS and not node.keywords and (count == 1 if name == "abs" else count > 1)
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def _check(rule: str, node: ast.AST, fits: Callable[[ast.AST], bool], levels: int) -> None:
    """Raise RuleError unless ``node`` fits, and all below it are truths or numbers as it needs them."""
    if levels == 0:
        raise _error(rule, f"is nested too deeply, at most {DEEPEST} levels are allowed")
    if isinstance(node, ast.Name):
        raise _error(rule, f"say what of {node.id!r} is meant: {', '.join(ASKED)}, or a further fact")
    if not fits(node):
        shown = (ast.get_source_segment(rule.strip(), node) or "")[:60]
        raise _error(rule, f"{shown!r} is not allowed here; {_ALLOWED}")
    if isinstance(node, ast.Attribute):
        return
    joins = isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
    below = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    for each in below:
        if isinstance(each, ast.expr):
            _check(rule, each, _is_truth if joins else _is_number, levels - 1)
