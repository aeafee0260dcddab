"""Why an expression holds or does not: its parts, what they came to, and what would have to change."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol, cast

from msgspec import Struct

from regulars.kernel.nouns import Scalar as Plain
from regulars.kernel.program.conditions.engine import ConditionFailed, Failure
from regulars.kernel.program.conditions.shapes import ListOf, MapOf
from regulars.kernel.program.conditions.tree import Binary, Chain, Has, Listing, Literal, Name, Node, Select, Unary
from regulars.kernel.program.conditions.typed import Typed, is_single
from regulars.kernel.program.conditions.view import View

__all__ = ["Explained", "Need", "explain"]

LISTED_MAX: Final = 10
"""Entries of a list that are shown."""
FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Need(Struct, frozen=True, kw_only=True):
    """What would have to change for a part to hold: `what` is `value`, and would have to be `operator` `than`."""

    what: str
    value: Plain
    operator: str
    than: Plain | tuple[Plain, ...]


class Explained(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one part came to."""

    text: str
    """As the author wrote it."""
    value: bool | int | None
    """None: it could not be judged."""
    failed: Failure | None = None
    decides: bool = False
    """Were it otherwise, the whole could be otherwise."""
    values: Mapping[str, Plain] = {}
    """What the fields that it names hold. A list of lines is shown as `size(…)`."""
    needs: Need | None = None
    """For a comparison that decides and does not hold."""
    operator: str = ""
    """`&&` or `||` between its parts; empty where it is not divided."""
    parts: tuple["Explained", ...] = ()


class Judged(Protocol):
    """The part of a condition that is needed to explain it."""

    @property
    def text(self) -> str:
        """As the author wrote it."""
        ...

    @property
    def tree(self) -> Node:
        """The whole of it."""
        ...

    @property
    def typed(self) -> Mapping[tuple[int, int], Typed]:
        """What is known of each part, by where it starts and ends."""
        ...

    def judge(self, view: View) -> bool | int:
        """Say what it comes to."""
        ...

    def run_part(self, start: int, end: int, view: View) -> object:
        """Work out a part."""
        ...


def explain(condition: Judged, view: View) -> Explained:
    """Explain what a condition comes to for one basket. It asks the same engine as `judge`, part by part."""
    return _explain(condition, condition.tree, view, decides=True)


def _explain(condition: Judged, node: Node, view: View, *, decides: bool) -> Explained:
    text = condition.text[node.start : node.end]
    value, failed = _work_out(condition, node, view)
    if isinstance(node, Chain):
        results = [_work_out(condition, part, view)[0] for part in node.parts]
        deciding = _pick_deciding(node.operator, whole=value, results=results)
        parts = tuple(
            _explain(condition, part, view, decides=decides and one)
            for part, one in zip(node.parts, deciding, strict=True)
        )
        return Explained(text=text, value=value, failed=failed, decides=decides, operator=node.operator, parts=parts)
    return Explained(
        text=text,
        value=value,
        failed=failed,
        decides=decides,
        values=_list_values(condition, node, view),
        needs=_find_need(condition, node, view) if decides and value is False else None,
    )


def _work_out(condition: Judged, node: Node, view: View) -> tuple[bool | int | None, Failure | None]:
    try:
        if node is condition.tree:
            return condition.judge(view), None
        value = condition.run_part(node.start, node.end, view)
    except ConditionFailed as problem:
        return None, problem.why
    assert isinstance(value, bool | int), "the parts of a chain are true or false"
    return value, None


def _pick_deciding(operator: str, *, whole: bool | int | None, results: list[bool | int | None]) -> list[bool]:
    """A false part decides a false `&&`, each part decides a true one; the other way round for `||`."""
    if whole is None:
        return [result is None for result in results]
    return [whole is (operator == "&&") or result is whole for result in results]


def _list_values(condition: Judged, node: Node, view: View) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for (start, end), typed in condition.typed.items():
        if not (node.start <= start and end <= node.end and typed.path) or isinstance(typed.shape, MapOf):
            continue
        if isinstance(typed.shape, ListOf):
            items = cast("list[object]", view.read(typed.path))
            if is_single(typed.shape.of):
                found[typed.path] = ", ".join(str(item) for item in items[:LISTED_MAX])
            else:
                found[f"size({typed.path})"] = len(items)
            continue
        try:
            found[typed.path] = _show(condition.run_part(start, end, view))
        except ConditionFailed:
            found[typed.path] = None
    return found


def _find_need(condition: Judged, node: Node, view: View) -> Need | None:
    """What would make a false part true, where it is plain enough to say."""
    try:
        match node:
            case Binary():
                return _need_of_comparison(condition, node, view)
            case Unary(operator="!", of=Select() | Name() | Has() as of):
                return Need(what=_cut(condition, of), value=True, operator="==", than=False)
            case Select() | Name() | Has():
                return Need(what=_cut(condition, node), value=False, operator="==", than=True)
            case _:
                return None
    except ConditionFailed:
        return None


def _need_of_comparison(condition: Judged, node: Binary, view: View) -> Need | None:
    left, right, operator = node.left, node.right, node.operator
    if operator == "in":
        listed = condition.typed[right.start, right.end]
        if isinstance(right, Listing):
            than = tuple(_show(_work_side(condition, item, view)) for item in right.items)
            return Need(
                what=_cut(condition, left), value=_show(_work_side(condition, left, view)), operator="in", than=than
            )
        if not listed.path or not isinstance(listed.shape, ListOf):
            return None
        held = _list_values(condition, right, view)[listed.path]
        than = _show(_work_side(condition, left, view))
        return Need(what=_cut(condition, right), value=held, operator="contains", than=than)
    if isinstance(left, Literal):
        left, right, operator = right, left, FLIPPED[operator]
    return Need(
        what=_cut(condition, left),
        value=_show(_work_side(condition, left, view)),
        operator=operator,
        than=_show(_work_side(condition, right, view)),
    )


def _work_side(condition: Judged, node: Node, view: View) -> object:
    return node.value if isinstance(node, Literal) else condition.run_part(node.start, node.end, view)


def _cut(condition: Judged, node: Node) -> str:
    return condition.text[node.start : node.end]


def _show(value: object) -> Plain:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return f"{value // timedelta(seconds=1)}s"
        case bool() | int() | str() | None:
            return value
        case _:
            raise AssertionError("only single values are shown")
