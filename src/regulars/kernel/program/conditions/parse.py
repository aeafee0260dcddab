"""Words become a tree, by the grammar of CEL without what nobody needs here: messages, bytes, fractions, maps."""

from typing import Final, NoReturn

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
from regulars.kernel.program.conditions.words import Misread, Word, split_words

__all__ = ["DEPTH_MAX", "LOOPS", "parse"]

DEPTH_MAX: Final = 12
"""Parts within parts. Engines stop at 32 of their own levels; a level of ours is up to two of theirs."""
LOOPS: Final = ("all", "exists", "exists_one", "filter", "map")
LEVELS: Final = (("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
"""From loose to tight."""
RESERVED: Final = {
    *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop"),
    *("package", "namespace", "return", "var", "void", "while", "true", "false", "null"),
}
MEANT: Final = {
    "and": "write && for 'and'",
    "or": "write || for 'or'",
    "not": "write ! for 'not'",
    "is": "write == to compare",
}


def parse(text: str) -> Node:
    """Read an expression. Raises Misread at the first place that cannot be read."""
    reader = _Reader(text)
    node = reader.read_choice()
    reader.expect_end()
    return node


class _Reader:
    """Goes through the words once. Not a value: it is used up by one text."""

    __slots__ = ("depth", "next", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = split_words(text)
        self.next = 0
        self.depth = 0

    @property
    def word(self) -> Word:
        return self.words[self.next]

    def take(self) -> Word:
        word = self.word
        self.next += 1
        return word

    def sees(self, *marks: str) -> bool:
        word = self.word
        return word.value in marks and (word.kind == "mark" or (word.kind == "name" and word.value == "in"))

    def end_before(self) -> int:
        return self.words[self.next - 1].end

    def expect(self, mark: str, why: str) -> Word:
        if not self.sees(mark):
            self.refuse(f"'{mark}' {why}")
        return self.take()

    def refuse(self, expected: str) -> NoReturn:
        word = self.word
        meant = MEANT.get(word.value)
        if word.kind == "name" and meant is not None:
            raise Misread(f"'{word.value}' means nothing here: {meant}", word.start)
        seen = "the text ends" if word.kind == "end" else f"'{self.text[word.start : word.end][:24]}' stands"
        raise Misread(f"{seen} here, where {expected} is expected", word.start)

    def expect_end(self) -> None:
        if self.word.kind != "end":
            self.refuse("an operator such as && or the end")

    def read_choice(self) -> Node:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise Misread(f"this is nested more than {DEPTH_MAX} deep", self.word.start)
        start = self.word.start
        node = self.read_chain("||")
        if self.sees("?"):
            self.take()
            yes = self.read_chain("||")
            self.expect(":", "and what holds otherwise")
            no = self.read_choice()
            node = Choice(start=start, end=self.end_before(), test=node, yes=yes, no=no)
        self.depth -= 1
        return node

    def read_chain(self, operator: str) -> Node:
        start = self.word.start
        parts = [self.read_link(operator)]
        while self.sees(operator):
            self.take()
            parts.append(self.read_link(operator))
        if len(parts) == 1:
            return parts[0]
        return Chain(start=start, end=self.end_before(), operator=operator, parts=tuple(parts))

    def read_link(self, operator: str) -> Node:
        return self.read_chain("&&") if operator == "||" else self.read_level(0)

    def read_level(self, level: int) -> Node:
        if level == len(LEVELS):
            return self.read_unary()
        start, steps = self.word.start, 0
        node = self.read_level(level + 1)
        while self.sees(*LEVELS[level]):
            operator = self.take()
            right = self.read_level(level + 1)
            node = Binary(
                start=start,
                end=self.end_before(),
                operator=operator.value,
                at=operator.start,
                left=node,
                right=right,
            )
            steps += 1
            if steps > DEPTH_MAX:
                raise Misread(f"more than {DEPTH_MAX} of these in a row; use sum([...]) or brackets", operator.start)
        return node

    def read_unary(self) -> Node:
        if not self.sees("!", "-"):
            return self.read_member()
        operator = self.take()
        if self.sees("!", "-"):
            raise Misread("one sign is enough", self.word.start)
        of = self.read_member()
        return Unary(start=operator.start, end=self.end_before(), operator=operator.value, of=of)

    def read_member(self) -> Node:
        start = self.word.start
        node = self.read_primary()
        steps = 0
        while self.sees(".", "["):
            steps += 1
            if steps > DEPTH_MAX:
                raise Misread(f"more than {DEPTH_MAX} of these in a row", self.word.start)
            if self.take().value == "[":
                index = self.read_choice()
                self.expect("]", "that closes [")
                node = Index(start=start, end=self.end_before(), of=node, index=index)
                continue
            name = self.take() if self.word.kind == "name" else self.refuse("the name of a field")
            if self.sees("("):
                arguments = self.read_arguments()
                node = self.make_call(start, name, node, arguments)
            else:
                node = Select(start=start, end=name.end, of=node, name=name.value, at=name.start)
        return node

    def read_arguments(self) -> tuple[Node, ...]:
        self.expect("(", "and the arguments")
        found: list[Node] = []
        while not self.sees(")"):
            found.append(self.read_choice())
            if not self.sees(","):
                break
            self.take()
        self.expect(")", "that closes (")
        return tuple(found)

    def make_call(self, start: int, name: Word, target: Node | None, arguments: tuple[Node, ...]) -> Node:
        end = self.end_before()
        if target is None and name.value == "has" and len(arguments) == 1:
            return Has(start=start, end=end, of=arguments[0])
        if target is not None and name.value in LOOPS:
            return self.make_loop(start, name, target, arguments)
        return Call(start=start, end=end, name=name.value, at=name.start, target=target, arguments=arguments)

    def make_loop(self, start: int, name: Word, over: Node, arguments: tuple[Node, ...]) -> Loop:
        if len(arguments) not in ((2, 3) if name.value == "map" else (2,)):
            raise Misread(f"write {name.value}(x, …) with a word of your own for x", name.start)
        variable, *middle, body = arguments
        if not isinstance(variable, Name) or variable.name in RESERVED:
            raise Misread(f"{name.value}(…) starts with a word of your own, such as l", variable.start)
        return Loop(
            start=start,
            end=self.end_before(),
            kind=name.value,
            over=over,
            name=variable.name,
            at=variable.start,
            body=body,
            keep=middle[0] if middle else None,
        )

    def read_primary(self) -> Node:
        word = self.word
        if word.kind == "int":
            self.take()
            return Literal(start=word.start, end=word.end, value=int(word.value))
        if word.kind in {"string", "fraction"}:
            self.take()
            return Literal(start=word.start, end=word.end, value=word.value, fraction=word.kind == "fraction")
        if word.kind == "name":
            return self.read_name()
        if self.sees("("):
            self.take()
            node = self.read_choice()
            self.expect(")", "that closes (")
            return node
        if self.sees("["):
            return self.read_list()
        if self.sees("{"):
            raise Misread("maps cannot be written out here", word.start)
        return self.refuse("a field, a number or text")

    def read_name(self) -> Node:
        word = self.word
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        if word.value in words:
            self.take()
            return Literal(start=word.start, end=word.end, value=words[word.value])
        if word.value in RESERVED or word.value in MEANT:
            self.refuse("a field, a number or text")
        self.take()
        if self.sees("("):
            return self.make_call(word.start, word, None, self.read_arguments())
        return Name(start=word.start, end=word.end, name=word.value)

    def read_list(self) -> Node:
        start = self.take().start
        items: list[Node] = []
        while not self.sees("]"):
            items.append(self.read_choice())
            if not self.sees(","):
                break
            self.take()
        self.expect("]", "that closes [")
        return Listing(start=start, end=self.end_before(), items=tuple(items))
