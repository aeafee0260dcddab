"""The check when an expression is saved: every name is known, every type fits, every bound is kept.

The same walk writes the expression anew for the engines, so that they see nothing that was not understood here. The
check is ours because the second engine has none, and because what it says must be the same with either.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from regulars.kernel.program.conditions.calls import NAMES, Scope, read_call
from regulars.kernel.program.conditions.engine import Dialect
from regulars.kernel.program.conditions.shapes import (
    NOTHING,
    SPAN,
    TEXT,
    TIME,
    TRUTH,
    WHOLE,
    Field,
    ListOf,
    MapOf,
    Nothing,
    Record,
    Scalar,
    Shape,
    Span,
    Text,
    Time,
    Truth,
    Whole,
    call_shape,
)
from regulars.kernel.program.conditions.tree import (
    Binary,
    Call,
    Chain,
    Choice,
    Has,
    Index,
    Listing,
    Literal,
    Loop,
    Name,
    Node,
    Select,
    Unary,
)
from regulars.kernel.program.conditions.typed import (
    RANKS,
    SIGN,
    Typed,
    can_compare,
    can_order,
    is_single,
    list_words,
    write_text,
)
from regulars.kernel.program.conditions.words import Misread
from regulars.kernel.program.shape import suggest

__all__ = ["HEIGHT_MAX", "LOOPS_MAX", "Check"]

HEIGHT_MAX: Final = 14
"""Parts within parts. Engines stop at 32 of their own levels; one of ours is up to two of theirs."""
LOOPS_MAX: Final = 3
"""Loops within loops."""

BROKEN: Final = Typed(shape=None)


class Check:
    """One walk over one expression. Not a value: it gathers problems, fields and what each part means."""

    __slots__ = ("dialect", "fields", "loops", "patterns", "problems", "roots", "typed", "used")

    def __init__(self, roots: Mapping[str, Shape], fields: Mapping[str, Field], dialect: Dialect) -> None:
        self.roots = roots
        self.fields = fields
        self.dialect = dialect
        self.problems: list[Misread] = []
        self.used: dict[str, Field] = {}
        # By where a part starts and ends. Of two parts with the same place the outer one is kept, and it is the whole.
        self.typed: dict[tuple[int, int], Typed] = {}
        self.loops = 0
        self.patterns: list[tuple[str, int]] = []

    def refuse(self, message: str, at: int) -> Typed:
        """Note what is wrong and where."""
        self.problems.append(Misread(message, at))
        return BROKEN

    def note_pattern(self, code: str, at: int) -> None:
        """Note a pattern, for the engine to say whether it can be read."""
        self.patterns.append((code, at))

    def read(self, node: Node, scope: Scope) -> Typed:
        """Check one part and everything within it."""
        typed = self._read(node, scope)
        if typed.height == HEIGHT_MAX + 1:
            self.refuse(f"this is nested more than {HEIGHT_MAX} deep", node.start)
        self.typed[node.start, node.end] = typed
        return typed

    def expect(self, node: Node, scope: Scope, wanted: Shape) -> Typed:
        """Check a part that must be of one shape."""
        typed = self.read(node, scope)
        shape = typed.shape
        if shape is None or type(shape) is type(wanted):
            return typed
        hint = ""
        if isinstance(shape, Scalar) and isinstance(wanted, Truth):
            hint = "; compare it: … == true"
        return self.refuse(f"{call_shape(wanted)} is expected here, and this is {call_shape(shape)}{hint}", node.start)

    def _read(self, node: Node, scope: Scope) -> Typed:  # noqa: C901, PLR0911 - one line for each kind of part
        match node:
            case Literal():
                return self._read_literal(node)
            case Name():
                return self._read_name(node, scope)
            case Select():
                return self._read_select(node, scope)
            case Index():
                return self._read_index(node, scope)
            case Has():
                return self._read_has(node, scope)
            case Call():
                return read_call(self, node, scope)
            case Loop():
                return self._read_loop(node, scope)
            case Unary():
                return self._read_unary(node, scope)
            case Binary():
                return self._read_binary(node, scope)
            case Chain():
                return self._read_chain(node, scope)
            case Choice():
                return self._read_choice(node, scope)
            case Listing():
                return self._read_list(node, scope)

    def _read_literal(self, node: Literal) -> Typed:
        value = node.value
        if node.fraction:
            return self.refuse(
                f"{value} is a fraction; amounts are whole numbers of the smallest unit (cents, fen)", node.start
            )
        if value is None:
            return Typed(shape=NOTHING, code="null")
        if isinstance(value, bool):
            return Typed(shape=TRUTH, code="true" if value else "false")
        if isinstance(value, int):
            return Typed(shape=WHOLE, code=str(value))
        return Typed(shape=TEXT, code=write_text(value), word=value)

    def _use(self, field: Field) -> Typed:
        self.used[field.path] = field
        return Typed(shape=field.shape, code=field.name, path=field.path)

    def _read_name(self, node: Name, scope: Scope) -> Typed:
        if node.name in scope:
            code, shape = scope[node.name]
            return Typed(shape=shape, code=code)
        root = self.roots.get(node.name)
        if root is None:
            known = {*self.roots, *scope}
            return self.refuse(f"there is no '{node.name}' here{suggest(node.name, known)}", node.start)
        if isinstance(root, Record):
            some = ", ".join(f"{node.name}.{field}" for field in list(root.fields)[:3])
            return self.refuse(f"'{node.name}' has fields, such as {some}; name one", node.start)
        return self._use(self.fields[node.name])

    def _is_root(self, node: Node, scope: Scope) -> str | None:
        if isinstance(node, Name) and node.name not in scope and isinstance(self.roots.get(node.name), Record):
            return node.name
        return None

    def _read_member(self, root: str, name: str, at: int) -> Typed:
        field = self.fields.get(f"{root}.{name}")
        if field is not None:
            return self._use(field)
        record = self.roots[root]
        assert isinstance(record, Record), "only a record has members"
        return self._miss(root, name, record, at)

    def _miss(self, owner: str, name: str, record: Record, at: int) -> Typed:
        return self.refuse(f"'{owner}' has no '{name}'{suggest(name, record.fields)}", at)

    def _read_select(self, node: Select, scope: Scope) -> Typed:
        root = self._is_root(node.of, scope)
        if root is not None:
            return self._read_member(root, node.name, node.at)
        of = self.read(node.of, scope)
        match of.shape:
            case None:
                return BROKEN
            case Record():
                if node.name not in of.shape.fields:
                    return self._miss(of.shape.what, node.name, of.shape, node.at)
                shape = of.shape.fields[node.name]
            case MapOf():
                shape = of.shape.of
            case _:
                return self.refuse(f"{call_shape(of.shape)} has no fields", node.at)
        path = f"{of.path}.{node.name}" if of.path else ""
        return Typed(shape=shape, code=f"{of.code}[{write_text(node.name)}]", height=of.height + 1, path=path)

    def _read_index(self, node: Index, scope: Scope) -> Typed:  # noqa: PLR0911 - each mistake its own sentence
        root = self._is_root(node.of, scope)
        index = self.read(node.index, scope)
        if root is not None:
            if index.word is None:
                return self.refuse("the name of a field is expected here, in quotes", node.index.start)
            return self._read_member(root, index.word, node.index.start)
        of = self.read(node.of, scope)
        if of.shape is None or index.shape is None:
            return BROKEN
        match of.shape, index.shape:
            case (ListOf(of=inner), Whole()) | (MapOf(of=inner), Text()):
                shape = inner
            case (ListOf(), _):
                return self.refuse("the number of an entry is expected here; the first is 0", node.index.start)
            case (MapOf(), _):
                return self.refuse("the name of an entry is expected here, in quotes", node.index.start)
            case _:
                return self.refuse(f"{call_shape(of.shape)} has no entries", node.of.end)
        height = max(of.height, index.height) + 1
        path = f"{of.path}.{index.word}" if of.path and index.word else ""
        return Typed(shape=shape, code=f"{of.within(8)}[{index.code}]", height=height, path=path)

    def _read_has(self, node: Has, scope: Scope) -> Typed:
        of = node.of
        root = self._is_root(of.of, scope) if isinstance(of, Select | Index) else None
        typed = self.read(of, scope)
        if typed.shape is None:
            return BROKEN
        if root is not None:
            field = self.fields[typed.path]
            if not field.optional:
                return self.refuse(f"{typed.path} always has a value: has(…) is not needed", node.start)
            return Typed(shape=TRUTH, code=field.asked)
        if isinstance(of, Select) and isinstance(self.typed[of.of.start, of.of.end].shape, MapOf):
            owner = self.typed[of.of.start, of.of.end]
            return Typed(
                shape=TRUTH, code=f"{write_text(of.name)} in {owner.within(5)}", rank=4, height=owner.height + 1
            )
        return self.refuse("has(…) is for a field that may be missing, such as has(activity.data.device)", of.start)

    def _read_loop(self, node: Loop, scope: Scope) -> Typed:  # noqa: C901, PLR0911 - each mistake its own sentence
        over = self.read(node.over, scope)
        if over.shape is None:
            return BROKEN
        if not isinstance(over.shape, ListOf):
            return self.refuse(
                f"{node.kind}(…) goes over a list, and this is {call_shape(over.shape)}", node.over.start
            )
        if node.name in self.roots or node.name in scope or node.name in NAMES:
            return self.refuse(f"'{node.name}' means something else here; choose another word", node.at)
        if len(scope) == LOOPS_MAX:
            return self.refuse(f"at most {LOOPS_MAX} loops stand within each other", node.start)
        self.loops += 1
        own = f"x{self.loops}_"
        inner = {**scope, node.name: (own, over.shape.of)}
        kept = None if node.keep is None else self.expect(node.keep, inner, TRUTH)
        body = self.read(node.body, inner) if node.kind == "map" else self.expect(node.body, inner, TRUTH)
        if body.shape is None or (kept is not None and kept.shape is None):
            return BROKEN
        most = over.most or f"size({over.code})"
        range_ = over.within(8)
        height = max(over.height, body.height, 0 if kept is None else kept.height) + 1
        shape: Shape = TRUTH
        if node.kind == "filter":
            shape = over.shape
        elif node.kind == "map":
            if not is_single(body.shape):
                return self.refuse(f"map(…) gives single values, and this is {call_shape(body.shape)}", node.body.start)
            shape = ListOf(of=body.shape)
        if kept is not None:
            # Said in two steps, as one of the engines does not know it in one.
            range_ = f"{range_}.filter({own}, {kept.code})"
        code = f"{range_}.{node.kind}({own}, {body.code})"
        if self.dialect.counts_turns:
            # The list itself is not handed to `tick`: copying it would cost more than the loop.
            code = f"(tick({most}) ? {code} : null)"
        return Typed(shape=shape, code=code, height=height, most=most)

    def _read_unary(self, node: Unary, scope: Scope) -> Typed:
        of = self.expect(node.of, scope, TRUTH if node.operator == "!" else WHOLE)
        if of.shape is None:
            return BROKEN
        return Typed(shape=of.shape, code=f"{node.operator}{of.within(8)}", rank=SIGN, height=of.height + 1)

    def _read_binary(self, node: Binary, scope: Scope) -> Typed:
        left, right = self.read(node.left, scope), self.read(node.right, scope)
        if left.shape is None or right.shape is None:
            return BROKEN
        if node.operator in {"+", "-", "*", "/", "%"}:
            shape = self._reckon(node, left.shape, right.shape)
        elif self._relate(node, left, right, left.shape, right.shape):
            shape = TRUTH
        else:
            shape = None
        if shape is None:
            return BROKEN
        rank = RANKS[node.operator]
        code = f"{left.within(rank)} {node.operator} {right.within(rank + 1)}"
        return Typed(shape=shape, code=code, rank=rank, height=max(left.height, right.height) + 1)

    def _reckon(self, node: Binary, left: Shape, right: Shape) -> Shape | None:
        match left, node.operator, right:
            case (Whole(), _, Whole() | Scalar()) | (Scalar(), _, Whole()):
                if node.operator in {"/", "%"} and isinstance(node.right, Literal) and node.right.value == 0:
                    self.refuse("this divides by zero", node.at)
                    return None
                return WHOLE
            case (Time(), "-", Time()) | (Span(), "+" | "-", Span()):
                return SPAN
            case (Time(), "+" | "-", Span()) | (Span(), "+", Time()):
                return TIME
            case (Text(), "+", _) | (_, "+", Text()):
                self.refuse("text cannot be joined", node.at)
            case (ListOf(), "+", _) | (_, "+", ListOf()):
                self.refuse("lists cannot be joined", node.at)
            case (Scalar(), _, Scalar()):
                message = "one side must be known to be a whole number beforehand; write 0 + … for it"
                self.refuse(message, node.at)
            case _:
                said = f"'{node.operator}' needs whole numbers; here are {call_shape(left)} and {call_shape(right)}"
                self.refuse(said, node.at)
        return None

    def _relate(self, node: Binary, left: Typed, right: Typed, one: Shape, other: Shape) -> bool:
        operator = node.operator
        if operator == "in":
            match other:
                case ListOf(of=inner) if can_compare(one, inner):
                    return self._check_words(node, left, right, one, inner)
                case MapOf() if isinstance(one, Text):
                    return True
                case ListOf(of=inner):
                    said = f"this list never holds {call_shape(one)}: it holds {call_shape(inner)}"
                case _:
                    said = f"a list is expected after 'in', and this is {call_shape(other)}"
            self.refuse(said, node.at)
            return False
        fits = can_compare(one, other) if operator in {"==", "!="} else can_order(one, other)
        if not fits:
            hint = "; use 'in' or exists(…)" if isinstance(one, ListOf) or isinstance(other, ListOf) else ""
            self.refuse(f"'{operator}' cannot compare {call_shape(one)} with {call_shape(other)}{hint}", node.at)
            return False
        return operator not in {"==", "!="} or self._check_words(node, left, right, one, other)

    def _check_words(self, node: Binary, left: Typed, right: Typed, one: Shape, other: Shape) -> bool:
        """Refuse a word that a field never is: a typing error that would silently never pay."""
        checks: Sequence[tuple[Node, Typed, Collection[str]]] = (
            (node.right, right, list_words(one)),
            (node.left, left, list_words(other)),
        )
        fits = True
        for side, typed, known in checks:
            items = side.items if isinstance(side, Listing) else (side,)
            for item in items if known else ():
                word = typed.word if item is side else self.typed[item.start, item.end].word
                # Empty text is what a field without a value reads as.
                if word and word not in known:
                    self.refuse(f"it is never '{word}'{suggest(word, known)}", item.start)
                    fits = False
        return fits

    def _read_chain(self, node: Chain, scope: Scope) -> Typed:
        parts = [self.expect(part, scope, TRUTH) for part in node.parts]
        if any(part.shape is None for part in parts):
            return BROKEN
        rank = RANKS[node.operator]
        code = f" {node.operator} ".join(part.within(rank + 1) for part in parts)
        return Typed(shape=TRUTH, code=code, rank=rank, height=max(part.height for part in parts) + 1)

    def _read_choice(self, node: Choice, scope: Scope) -> Typed:
        test = self.expect(node.test, scope, TRUTH)
        yes, no = self.read(node.yes, scope), self.read(node.no, scope)
        if test.shape is None or yes.shape is None or no.shape is None:
            return BROKEN
        if type(yes.shape) is not type(no.shape) or not is_single(yes.shape):
            said = f"both results must be of one kind; here are {call_shape(yes.shape)} and {call_shape(no.shape)}"
            return self.refuse(said, node.no.start)
        rank = RANKS["?"]
        code = f"{test.within(rank + 1)} ? {yes.within(rank + 1)} : {no.within(rank)}"
        shape = TEXT if isinstance(yes.shape, Text) else yes.shape
        return Typed(shape=shape, code=code, rank=rank, height=max(test.height, yes.height, no.height) + 1)

    def _read_list(self, node: Listing, scope: Scope) -> Typed:
        items = [self.read(item, scope) for item in node.items]
        shapes = [item.shape for item in items if item.shape is not None]
        if len(shapes) < len(items):
            return BROKEN
        if not shapes:
            return self.refuse("an empty list holds nothing", node.start)
        for item, shape in zip(node.items, shapes, strict=True):
            if not is_single(shape) or isinstance(shape, Nothing):
                return self.refuse(f"a list holds single values, and this is {call_shape(shape)}", item.start)
            if type(shape) is not type(shapes[0]):
                said = f"a list holds values of one kind; here are {call_shape(shapes[0])} and {call_shape(shape)}"
                return self.refuse(said, item.start)
        first: Shape = TEXT if isinstance(shapes[0], Text) else shapes[0]
        code = "[" + ", ".join(item.code for item in items) + "]"
        height = max(item.height for item in items) + 1
        return Typed(shape=ListOf(of=first), code=code, height=height, most=str(len(items)))
