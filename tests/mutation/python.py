"""Mistakes in Python: wrong comparisons, signs, constants and arguments, statements and conditions left out."""

import ast
import copy
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

from tests.mutation.mutants import Mutant, name_apart

__all__ = ["compile_mutant", "list_mutants", "put_into_place"]

ROOT: Final = Path(__file__).parents[2]
CHANGE_LENGTH_MAX: Final = 150
Way = tuple[tuple[str, int | None], ...]
"""How to get to a node from the root of the tree: fields, and places in those that are lists."""
Mistake = tuple[str, ast.AST | None]
"""Its kind, and what stands there instead; None leaves out an item of a list."""

COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
}
SILENT: Final[dict[type[ast.AST], tuple[str, ...]]] = {
    ast.FunctionDef: ("returns",),
    ast.AsyncFunctionDef: ("returns",),
    ast.arg: ("annotation",),
    ast.AnnAssign: ("annotation",),
    # Frozen, by keyword, without a collector: for readers, for the type checker, for speed.
    ast.ClassDef: ("bases", "keywords"),
}
"""What only speaks to readers and to tools."""
CALLS: Final = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "reversed": "list"}


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A node, and where it stands."""

    node: ast.AST
    parent: ast.AST
    way: Way
    function: str
    """Dotted name of the function, or class, around it; "" at the top."""
    at_import: bool


def list_mutants(path: str) -> list[Mutant]:
    """List every mutant of one file, always in the same order."""
    spots = _spots(path)
    found: list[Mutant] = []
    for place, spot in enumerate(spots):
        for nth, (kind, instead) in enumerate(_mistakes(spot)):
            line = int(getattr(spot.node, "lineno", 0)) or int(getattr(spot.parent, "lineno", 1))
            found.append(
                Mutant(
                    path=path,
                    where=spot.function or "module",
                    mistake=kind,
                    change=_tell(spot, instead),
                    lines=(line, int(getattr(spot.node, "end_lineno", 0)) or line),
                    place=(place, nth),
                    at_import=spot.at_import,
                )
            )
    return name_apart(found)


def compile_mutant(mutant: Mutant) -> CodeType:
    """Compile the module with the mistake in it."""
    spot = _spots(mutant.path)[mutant.place[0]]
    instead = list(_mistakes(spot))[mutant.place[1]][1]
    tree = copy.deepcopy(_parse(mutant.path))
    node: Any = tree
    for field, index in spot.way[:-1]:
        node = getattr(node, field) if index is None else getattr(node, field)[index]
    field, index = spot.way[-1]
    if index is None:
        setattr(node, field, copy.deepcopy(instead))
    elif instead is None:
        del getattr(node, field)[index]
    else:
        getattr(node, field)[index] = copy.deepcopy(instead)
    ast.fix_missing_locations(tree)
    return compile(tree, str(ROOT / mutant.path), "exec")


def put_into_place(mutant: Mutant) -> None:
    """Give the living function the mutant's code: whoever imported the function before has the mistake, too."""
    assert not mutant.at_import
    code = next(each for each in _codes(compile_mutant(mutant)) if each.co_qualname == mutant.where)
    module: Any = importlib.import_module(mutant.path.removeprefix("src/").removesuffix(".py").replace("/", "."))
    *owners, name = mutant.where.split(".")
    for owner in owners:
        module = getattr(module, owner)
    found = vars(module)[name]
    function: FunctionType = found.fget if isinstance(found, property) else found  # type: ignore[assignment]
    assert function.__code__.co_qualname == mutant.where
    function.__code__ = code


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


@cache
def _parse(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@cache
def _spots(path: str) -> list[Spot]:
    return list(_walk(_parse(path), (), "", at_import=True))


def _walk(node: ast.AST, way: Way, function: str, *, at_import: bool) -> Iterator[Spot]:
    """Visit every node but those that only speak to readers and to tools: annotations, docstrings, imports."""
    for field, value in ast.iter_fields(node):
        if field in SILENT.get(type(node), ()) or _only_names(node, field):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_silent(child):
                continue
            inside, at_once = function, at_import
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                # Defaults and decorators are worked out once.
                at_once = at_import and field != "body"
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and at_import:
                inside = f"{function}.{child.name}".removeprefix(".")
            here = (*way, (field, index))
            yield Spot(node=child, parent=node, way=here, function=inside, at_import=at_once)
            yield from _walk(child, here, inside, at_import=at_once)


def _is_silent(node: ast.AST) -> bool:
    said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return said or isinstance(node, ast.Import | ast.ImportFrom)


def _only_names(node: ast.AST, field: str) -> bool:
    """The list of what a module shows, and names of types, decide nothing."""
    if not isinstance(node, ast.Assign) or field != "value" or not isinstance(node.targets[0], ast.Name):
        return False
    name = node.targets[0].id
    return name == "__all__" or (name[0].isupper() and not name.isupper())


def _mistakes(spot: Spot) -> Iterator[Mistake]:
    """Everything that can be got wrong at one node."""
    for make in (_wrong_operator, _wrong_constant, _wrong_condition, _wrong_call, _left_out):
        yield from make(spot)


def _change(node: ast.AST, **fields: object) -> Any:  # noqa: ANN401 - of the node's own type
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _wrong_operator(spot: Spot) -> Iterator[Mistake]:
    node = spot.node
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                yield "comparison", _change(node, ops=ops)
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OPERATORS:
        yield "arithmetic", _change(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield ("sign" if isinstance(node.op, ast.USub) else "condition"), node.operand


def _wrong_constant(spot: Spot) -> Iterator[Mistake]:
    node, parent = spot.node, spot.parent
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield "constant", ast.Constant(value=not node.value)
    elif isinstance(node.value, int):
        yield "constant", ast.Constant(value=node.value + 1)
        yield "constant", ast.Constant(value=node.value - 1)
    elif isinstance(node.value, str) and isinstance(parent, ast.Compare | ast.keyword | ast.IfExp | ast.Set):
        yield "constant", ast.Constant(value=f"{node.value}?")


def _wrong_condition(spot: Spot) -> Iterator[Mistake]:
    node, parent = spot.node, spot.parent
    if isinstance(node, ast.BoolOp):
        yield "and/or", _change(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for index in range(len(node.values)):
            rest = [*node.values[:index], *node.values[index + 1 :]]
            yield "condition", rest[0] if len(rest) == 1 else _change(node, values=rest)
    tested = isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert) and node is parent.test
    # A comparison and a `not` are turned round above.
    plain = not isinstance(node, ast.UnaryOp) and not (isinstance(node, ast.Compare) and len(node.ops) == 1)
    if tested and plain and isinstance(node, ast.expr):
        yield "condition", ast.UnaryOp(op=ast.Not(), operand=node)
    if isinstance(parent, ast.comprehension) and any(node is each for each in parent.ifs):
        yield "condition", ast.Constant(value=True)


def _wrong_call(spot: Spot) -> Iterator[Mistake]:
    node = spot.node
    if not isinstance(node, ast.Call):
        return
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in CALLS:
        yield "call", _change(node, func=ast.Name(id=CALLS[name], ctx=ast.Load()), keywords=_kept(node, CALLS[name]))
    if name in {"min", "max", "isinstance", "getattr", "cast"}:
        return
    for index in range(len(node.args) - 1):
        first, second = node.args[index : index + 2]
        if not isinstance(first, ast.Starred) and not isinstance(second, ast.Starred):
            yield "arguments", _change(node, args=[*node.args[:index], second, first, *node.args[index + 2 :]])
    # What a value is built from must all be said, and `SQL` refuses a missing name; of a verb it may have a default.
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if not name[:1].isupper() and not (isinstance(owner, ast.Name) and owner.id.isupper()):
        for index, word in enumerate(node.keywords):
            if word.arg is not None:
                rest = [*node.keywords[:index], *node.keywords[index + 1 :]]
                yield "arguments", _change(node, keywords=rest)


def _kept(node: ast.Call, name: str) -> list[ast.keyword]:
    return [] if name == "list" else node.keywords


def _left_out(spot: Spot) -> Iterator[Mistake]:
    node, parent = spot.node, spot.parent
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield "answer", _change(node, value=ast.Constant(value=None))
    effects = ast.Expr | ast.AugAssign | ast.Raise | ast.Assert | ast.Delete | ast.Continue | ast.Break
    lasting = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    if isinstance(node, effects) or (lasting and not spot.function.endswith("__init__")):
        yield "statement", ast.Pass()
    if isinstance(node, ast.Tuple) and isinstance(parent, ast.Lambda | ast.Return) and len(node.elts) > 1:
        for index in range(len(node.elts)):
            yield "term", _change(node, elts=[*node.elts[:index], *node.elts[index + 1 :]])


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _tell(spot: Spot, instead: ast.AST | None) -> str:
    old = ast.unparse(spot.node)
    if isinstance(spot.node, ast.Constant) and isinstance(spot.parent, ast.keyword):
        old = f"{spot.parent.arg}={old}"
    new = "(left out)" if instead is None or isinstance(instead, ast.Pass) else ast.unparse(instead)
    return f"{_shorten(old)} → {_shorten(new)}"


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    half = CHANGE_LENGTH_MAX // 2
    return line if len(line) <= CHANGE_LENGTH_MAX else f"{line[:half]} … {line[-half:]}"
