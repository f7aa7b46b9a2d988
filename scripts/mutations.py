"""Small changes of a module's functions, each of which some test ought to notice.

Changed are arithmetic, comparisons, constants, conditions, the first two arguments of calls, and statements. Left
alone, by rule: prose (whatever stands in an f-string, is joined to text, or is raised), annotations, decorators and
defaults, ``__repr__``, functions that return an error or that numba compiles, and what only asserts (``assert``,
``zip(..., strict=True)``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from archsim import errors

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_EITHER_OR = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_PAIRS = (("min", "max"), ("any", "all"), ("ceil", "floor"), ("minimum", "maximum"))
_TWINS = {name: twin for pair in _PAIRS for name, twin in (pair, pair[::-1])}
_SYMMETRIC = (*_TWINS, "zip", "gcd", "lcm", "sqrt")
_PROSE = (ast.JoinedStr, ast.Raise, ast.Assert)
_TEXT = ("__repr__", "__str__")
CodeKey = tuple[str, str, int]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node hangs in its tree: a field of its parent, and the index if the field is a list."""

    parent: ast.AST
    field: str
    index: int | None

    def put(self, node: ast.AST) -> None:
        """Hang a node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True, slots=True)
class Function:
    """A function at the top of a module or of its classes, whose code can be exchanged as a whole."""

    file: Path
    name: str
    node: _Function


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one node of a function; ``first`` to ``last`` are the lines of its statement."""

    function: Function
    place: Place
    old: ast.AST
    new: ast.AST
    first: int
    last: int
    words: str

    def __str__(self) -> str:
        return f"{self.function.file}:{self.first} {self.function.name}: {self.words}"

    def codes(self, tree: ast.Module) -> dict[CodeKey, CodeType]:
        """Codes of the module with the change, from the tree that the function was found in."""
        with self._made():
            return codes(tree, self.function.file)

    @contextmanager
    def _made(self) -> Iterator[None]:
        self.place.put(self.new)
        try:
            yield
        finally:
            self.place.put(self.old)


def codes(tree: ast.Module, file: Path) -> dict[CodeKey, CodeType]:
    """All codes of a module, by what does not change with them."""
    return {key(code): code for code in _below(compile(tree, str(file.absolute()), "exec"))}


def key(code: CodeType) -> CodeKey:
    """File, qualified name and line of a code."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _below(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _below(constant)


def mutations(file: Path, tree: ast.Module) -> Iterator[Mutation]:
    """All changes of a module, in the order of its source."""
    for function in _functions(file, tree, ""):
        for number, statement in enumerate(function.node.body):
            yield from _in_statement(function, statement, Place(function.node, "body", number))


def _functions(file: Path, scope: ast.Module | ast.ClassDef, prefix: str) -> Iterator[Function]:
    for node in scope.body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(file, node, f"{prefix}{node.name}.")
        elif isinstance(node, _Function) and node.name not in _TEXT and not (_makes_error(node) or _compiled(node)):
            yield Function(file, f"{prefix}{node.name}", node)


def _compiled(function: _Function) -> bool:
    """Whether numba compiles a function: its code cannot be exchanged in place."""
    made = [decorator.func if isinstance(decorator, ast.Call) else decorator for decorator in function.decorator_list]
    return any(isinstance(name, ast.Name) and name.id == "jit" for name in made)


def _makes_error(function: _Function) -> bool:
    made = getattr(errors, function.returns.id, None) if isinstance(function.returns, ast.Name) else None
    return isinstance(made, type) and issubclass(made, Exception)


def _in_statement(function: Function, statement: ast.stmt, place: Place) -> Iterator[Mutation]:
    """Changes of a statement; those below it belong to the lines of theirs."""
    if isinstance(statement, _PROSE) or _is_docstring(statement):
        return
    last = _head_end(statement)
    for removed in _without(statement):
        words = f"removed {_short(statement)}"
        yield Mutation(function, place, statement, removed, statement.lineno, last, words)
    for inner, where in _children(statement):
        if isinstance(inner, ast.stmt):
            yield from _in_statement(function, inner, where)
        elif isinstance(inner, ast.ExceptHandler | ast.match_case):
            for number, below in enumerate(inner.body):
                yield from _in_statement(function, below, Place(inner, "body", number))
        else:
            yield from _in_expression(function, inner, where, (statement.lineno, last))
    for new in _changed_statement(statement):
        yield _mutation(function, place, statement, new, (statement.lineno, last))


def _in_expression(function: Function, node: ast.AST, place: Place, lines: tuple[int, int]) -> Iterator[Mutation]:
    if isinstance(node, _PROSE) or _joins_text(node):
        return
    for new in _changed(node):
        yield _mutation(function, place, node, new, lines)
    for inner, where in _children(node):
        yield from _in_expression(function, inner, where, lines)


def _mutation(function: Function, place: Place, old: ast.AST, new: ast.AST, lines: tuple[int, int]) -> Mutation:
    ast.fix_missing_locations(ast.copy_location(new, old))
    return Mutation(function, place, old, new, *lines, f"{_short(old)} -> {_short(new)}")


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:87]}..."


def _children(node: ast.AST) -> Iterator[tuple[ast.AST, Place]]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "args") and not isinstance(node, ast.Call):
            continue
        if isinstance(node, ast.keyword) and node.arg == "strict":
            continue
        if isinstance(value, ast.AST):
            yield value, Place(node, field, None)
        elif isinstance(value, list):
            yield from ((item, Place(node, field, i)) for i, item in enumerate(value) if isinstance(item, ast.AST))


def _head_end(statement: ast.stmt) -> int:
    """Last line of a statement without the statements in it."""
    inner = [node.lineno for node, _ in _children(statement) if isinstance(node, ast.stmt)]
    return min(inner) - 1 if inner and min(inner) > statement.lineno else (statement.end_lineno or statement.lineno)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _joins_text(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and any(_is_text(side) for side in (node.left, node.right))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _without(statement: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(statement, ast.Expr | ast.AugAssign | ast.Continue | ast.Break):
        yield ast.copy_location(ast.Pass(), statement)


def _changed_statement(statement: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(statement, ast.AugAssign) and type(statement.op) in _ARITHMETIC:
        yield _with(statement, op=_ARITHMETIC[type(statement.op)]())
    if isinstance(statement, ast.If | ast.While) and _can_be_negated(statement.test):
        yield _with(statement, test=_negated(statement.test))


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
            yield _with(node, op=_ARITHMETIC[type(op)]())
        case ast.BoolOp(op=op):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield deepcopy(operand)
        case ast.Compare(ops=ops):
            for number, op in enumerate(ops):
                yield _with(node, ops=[*ops[:number], _COMPARISON[type(op)](), *ops[number + 1 :]])
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=float(value)) if abs(value) > 1e3:
            yield from (ast.Constant(2 * value), ast.Constant(value / 2))
        case ast.Constant(value=int() | float() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Call():
            yield from _changed_call(node)
        case ast.IfExp(test=test) if _can_be_negated(test):
            yield _with(node, test=_negated(test))
        case ast.comprehension(ifs=ifs):
            for number, condition in enumerate(ifs):
                yield _with(node, ifs=ifs[:number] + ifs[number + 1 :])
                if _can_be_negated(condition):
                    yield _with(node, ifs=[*ifs[:number], _negated(condition), *ifs[number + 1 :]])


def _changed_call(call: ast.Call) -> Iterator[ast.AST]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _TWINS:
        twin = _TWINS[name]
        func = _with(call.func, attr=twin) if isinstance(call.func, ast.Attribute) else _with(call.func, id=twin)
        yield _with(call, func=func)
    first, *others = call.args or [None]
    if others and name not in _SYMMETRIC and not isinstance(first, ast.Starred):
        second, *rest = others
        told = isinstance(second, ast.Starred) or _is_text(first) or _is_text(second)
        if not told and ast.dump(first) != ast.dump(second):
            yield _with(call, args=[second, first, *rest])


def _can_be_negated(test: ast.expr) -> bool:
    """Whether the contrary is not among the changes of the condition itself."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return False
    return not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], _EITHER_OR))


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), deepcopy(test))


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """A copy of a node with other fields."""
    own = dict(ast.iter_fields(node))
    return type(node)(**deepcopy({**own, **fields}))
