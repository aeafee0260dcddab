"""Formulas in the settings of mechanics: whole numbers, worked out for a basket or for each of its lines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from regulars.kernel.nouns import Step
from regulars.kernel.program.conditions import (
    SCALAR,
    Condition,
    ConditionInvalid,
    Environment,
    Gives,
    Text,
    compile_condition,
    describe_loyalty,
    look,
    look_at_line,
    vet_conditions,
)
from regulars.kernel.program.days import Calendar
from regulars.kernel.program.mechanics import Mechanic, Written
from regulars.kernel.program.model import Document
from regulars.kernel.program.reading import Found, Path
from regulars.kernel.program.shape import check_shape

__all__ = ["Formula", "Formulas", "Noted", "list_texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """One formula, ready to work out."""

    condition: Condition[int]
    zone: ZoneInfo

    def reckon(self, step: Step) -> int:
        """Work it out for the basket. Raises ConditionFailed."""
        return self.condition.judge(look(self.condition.environment, step, self.zone))

    def reckon_lines(self, step: Step, numbers: Sequence[int]) -> list[int]:
        """Work it out for each of these lines. Raises ConditionFailed."""
        view = look(self.condition.environment, step, self.zone)
        lines = step.activity.lines
        return [self.condition.judge(look_at_line(view, lines[number - 1])) for number in numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A condition or a formula of a document, where it stands."""

    path: Path
    text: str
    gives: Gives
    by_line: bool = False

    @property
    def what(self) -> str:
        """What people call it."""
        return "condition" if self.gives == "bool" else "formula"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulas:
    """All formulas of one document. What they may speak of is described when the first is met: most have none."""

    document: Document
    traits: Mapping[str, set[str] | None]
    """Every trait that rules may read, with the values it can take (None: any)."""
    environments: dict[bool, Environment] = field(default_factory=dict[bool, Environment])

    def check(self, mechanic: Mechanic, settings: Struct, path: Path) -> Iterator[Found]:
        """Find everything that is wrong with the formulas of an offer whose settings stand at this path."""
        for name, written in _list_formulas(mechanic, settings).items():
            try:
                self._compile(written)
            except ConditionInvalid as invalid:
                for it in invalid.problems:
                    message = f"at line {it.line}, column {it.column} of the formula: {it.message}"
                    yield Found(path=(*path, name), message=message)

    def check_when(self, text: str, path: Path) -> Iterator[Found]:
        """Find everything that is wrong with the condition of an offer."""
        try:
            self.compile_when(text)
        except ConditionInvalid as invalid:
            for it in invalid.problems:
                yield Found(path=path, message=f"at line {it.line}, column {it.column} of the condition: {it.message}")

    def compile_when(self, text: str) -> Condition[bool]:
        """Prepare the condition of an offer. Raises ConditionInvalid."""
        return compile_condition(text, self._describe(by_line=False), gives="bool")

    def prepare(self, mechanic: Mechanic, settings: Struct, calendar: Calendar) -> Any:  # noqa: ANN401 - the mechanic's
        """Let a mechanic prepare its settings, with its formulas by the names of their settings."""
        if mechanic.formulas is None:
            return mechanic.prepare(settings, calendar)
        bound = {
            name: Formula(condition=self._compile(written), zone=calendar.zone)
            for name, written in _list_formulas(mechanic, settings).items()
        }
        return mechanic.prepare(settings, calendar, bound)

    def vet(self, texts: Sequence[Noted]) -> list[tuple[Noted, Found]]:
        """Find what is wrong with these texts, each tried in a child process of bounded memory and time.

        Nothing of them is compiled in this one. It blocks for seconds.
        """
        found: list[tuple[Noted, Found]] = []
        for by_line in (False, True):
            noted = [each for each in texts if each.by_line == by_line]
            if not noted:
                continue
            answers = vet_conditions(self._describe(by_line=by_line), [(each.text, each.gives) for each in noted])
            for each, problems in zip(noted, answers, strict=True):
                for it in problems:
                    message = f"at line {it.line}, column {it.column} of the {each.what}: {it.message}"
                    found.append((each, Found(path=each.path, message=message)))
        return found

    def _compile(self, written: Written) -> Condition[int]:
        return compile_condition(written.text, self._describe(by_line=written.by_line), gives="int")

    def _describe(self, *, by_line: bool) -> Environment:
        if by_line not in self.environments:
            catalog = self.document.catalog
            self.environments[by_line] = describe_loyalty(
                traits={
                    name: SCALAR if values is None else Text(values=tuple(sorted(values)))
                    for name, values in self.traits.items()
                },
                currencies=self.document.currencies,
                stores=catalog.stores,
                categories=catalog.categories,
                brands=catalog.brands,
                line=by_line,
            )
        return self.environments[by_line]


def list_texts(document: Document, mechanics: Mapping[str, Mechanic]) -> Iterator[Noted]:
    """List all conditions and formulas of a document, but those of offers whose settings cannot be read."""
    for index, offer in enumerate(document.offers):
        path: Path = ("offers", index)
        if offer.when is not None:
            yield Noted(path=(*path, "when"), text=offer.when, gives="bool")
        mechanic = mechanics.get(offer.mechanic)
        if mechanic is not None and not check_shape(offer.settings, mechanic.settings):
            settings = msgspec.convert(offer.settings, mechanic.settings)
            for name, written in _list_formulas(mechanic, settings).items():
                yield Noted(path=(*path, "settings", name), text=written.text, gives="int", by_line=written.by_line)


def _list_formulas(mechanic: Mechanic, settings: Struct) -> Mapping[str, Written]:
    return {} if mechanic.formulas is None else mechanic.formulas(settings)
