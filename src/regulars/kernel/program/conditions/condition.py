"""An expression that was checked: judged for a basket, or explained."""

from collections.abc import Mapping
from typing import Final, Generic, Literal, TypeVar, cast, overload

from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.program.conditions.check import Check
from regulars.kernel.program.conditions.engine import ConditionFailed, Program
from regulars.kernel.program.conditions.explain import Explained, explain
from regulars.kernel.program.conditions.parse import parse
from regulars.kernel.program.conditions.shapes import TRUTH, WHOLE, Field
from regulars.kernel.program.conditions.tree import Node
from regulars.kernel.program.conditions.typed import Typed
from regulars.kernel.program.conditions.view import Environment, View
from regulars.kernel.program.conditions.words import ConditionInvalid, Misread, place

__all__ = ["Condition", "Gives", "compile_condition"]

Gives = Literal["bool", "int"]
Result = TypeVar("Result", bool, int)


class Condition(Generic[Result]):
    """One expression, ready to be judged any number of times. It belongs to the environment that it was made for."""

    __slots__ = ("_names", "_parts", "_program", "_used", "environment", "fields", "gives", "text", "tree", "typed")

    def __init__(self, text: str, environment: Environment, gives: Gives, tree: Node, check: Check) -> None:
        self.text: Final = text
        self.environment: Final = environment
        self.gives: Final = gives
        self.tree: Final = tree
        self.typed: Final[Mapping[tuple[int, int], Typed]] = check.typed
        self._used: tuple[Field, ...] = tuple(check.used.values())
        self._names = frozenset(field.name for field in self._used)
        self.fields: Final = frozenset(check.used)
        """The paths of everything that it names."""
        self._program = environment.engine.compile(check.typed[tree.start, tree.end].code)
        self._parts: dict[tuple[int, int], Program] = {}

    def judge(self, view: View) -> Result:
        """Say what it comes to for one basket: true or false, or a whole number within 2**53.

        Raises ConditionFailed.
        """
        assert view.environment is self.environment, "a view and its conditions share one environment"
        value = self._program.run(view.bind(self._used, self._names))
        if self.gives == "bool":
            if value is not True and value is not False:
                raise ConditionFailed("wrong_type")
        elif not isinstance(value, int) or isinstance(value, bool):
            raise ConditionFailed("wrong_type")
        elif abs(value) > AMOUNT_MAX:
            raise ConditionFailed("out_of_range")
        return cast("Result", value)

    def explain(self, view: View) -> Explained:
        """Say why it comes to that: part by part, with values, and what would have to change."""
        return explain(self, view)

    def run_part(self, start: int, end: int, view: View) -> object:
        """Work out a part that stands in no loop. It is compiled when it is first asked for. Raises ConditionFailed."""
        program = self._parts.get((start, end))
        if program is None:
            program = self._parts[start, end] = self.environment.engine.compile(self.typed[start, end].code)
        return program.run(view.bind(self._used, self._names))


@overload
def compile_condition(text: str, environment: Environment, *, gives: Literal["bool"]) -> Condition[bool]: ...
@overload
def compile_condition(text: str, environment: Environment, *, gives: Literal["int"]) -> Condition[int]: ...
def compile_condition(text: str, environment: Environment, *, gives: Gives) -> Condition[bool] | Condition[int]:
    """Check an expression and prepare it. Raises ConditionInvalid with everything that is wrong with it."""
    try:
        tree = parse(text)
    except Misread as problem:
        raise ConditionInvalid([place(problem.message, text, problem.at)]) from problem
    check = Check(environment.roots, environment.fields, environment.engine.dialect)
    check.expect(tree, {}, TRUTH if gives == "bool" else WHOLE)
    for code, at in check.patterns:
        if not _is_readable(code, environment):
            check.refuse("this pattern cannot be read", at)
    if not check.problems:
        try:
            return cast("Condition[bool]", Condition(text, environment, gives, tree, check))
        except ValueError:
            # What the engine says is about its own text, not about the author's.
            check.refuse("this is too deeply nested or too large for the engine", 0)
    raise ConditionInvalid([place(it.message, text, it.at) for it in check.problems])


def _is_readable(pattern: str, environment: Environment) -> bool:
    engine = environment.engine
    try:
        engine.compile(f'"".matches({pattern})').run(engine.bind({}))
    except (ConditionFailed, ValueError):
        return False
    return True
