"""Mechanics, found by the name of their file: what a module must have to be one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Literal, cast, get_args

from msgspec import Struct

from regulars.base.plugs import find_plugs
from regulars.kernel.nouns import Earned, Given, Grant, Step
from regulars.kernel.program.days import Calendar
from regulars.kernel.program.words import Names

__all__ = ["GROUP", "Mechanic", "MechanicBroken", "Phase", "References", "Written", "find_mechanics", "read_mechanic"]

Phase = Literal["price", "pay", "base", "bonus", "state"]
"""When a mechanic is asked; each phase sees what those before it gave."""

Name = tuple[str, str]
"""What is granted: (kind, what)."""

FLOOR: Final = "regulars.features"
GROUP: Final = "regulars.mechanics"
"""The entry-point group in which packages outside offer their mechanics, by name."""


class MechanicBroken(TypeError):
    """A module is named like a mechanic and lacks a part of one: a bug in that module, found at start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """The names in an offer's settings that the document must know."""

    currencies: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    traits: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """By trait: the values that the settings speak of."""
    grants: tuple[Name, ...] = ()
    """What it grants and another offer must take: (kind, what), such as ("coupon", "welcome")."""
    spent: tuple[str, ...] = ()
    """Of the currencies: those in which members pay for what it gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A formula as it stands in an offer's settings."""

    text: str
    by_line: bool
    """It is worked out for each line, as `line`, instead of for the basket."""


Earn = Callable[[Any, Any, Step], Earned]
"""(prepared settings, memory, step): what the step earns. Pure: no clock, no chance, no I/O."""
Undo = Callable[[Any, Any, Step, tuple[Given, ...]], Earned]
"""As `Earn`, for a return, with what the offer gave for the purchase: what is taken back, as negative awards.

Without awards in its answer, the offer's `on_return` decides what is taken, as for mechanics that have no undo.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanic:
    """One way to earn, as a module defines it.

    `prepare`, where there is one, turns settings into what `earn`, `undo` and `merge` get in their place: it runs
    once per version, so the look-ups that a basket needs are built there. Where there is `formulas`, its third argument
    holds them, ready to work out, by the names of their settings.
    """

    name: str
    phase: Callable[[Any], Phase]
    """By its settings: most mechanics have one phase."""
    usual_phase: Phase
    """Where its settings choose no other."""
    settings: type[Struct]
    memory: type[Struct] | None
    kinds: tuple[str, ...]
    """Kinds of activity that it wants besides those that the offer names."""
    asks: tuple[str, ...]
    """Of its kinds, those that ask for something: where no offer answers, they are refused."""
    follows: tuple[str, ...]
    """Of its kinds, those that go on with what was given before: an offer hears of them when it has ended, too, and
    neither who it is for nor what bounds it keeps them away."""
    owes: tuple[str, ...]
    """Of its kinds, those that bring what was earned before: neither a schedule that has ended nor whom an offer is for
    keeps them away, but its limits and budgets hold."""
    earn: Earn
    prepare: Callable[..., Any]
    undo: Undo | None
    merge: Callable[[Any, Any, Any], Struct] | None
    references: Callable[[Any], References]
    sets: Callable[[Any], Mapping[str, tuple[str, ...]]]
    """The traits that it sets, each with the values it may take (none: any)."""
    provides: Callable[[Any], tuple[Name, ...]]
    """What others may grant and this takes in."""
    receive: Callable[[Any, Any, Step, tuple[Grant, ...]], Earned] | None
    """(prepared settings, memory, step, grants): takes in what was granted of what it `provides`."""
    ceilings: Callable[[Any], Mapping[str, int | None]]
    """Ceilings that it may claim, and how much there is of each; None: as much as somebody has put there."""
    formulas: Callable[[Any], Mapping[str, Written]] | None
    """The formulas in its settings, by the name of the setting."""
    heeds: Callable[[Any, Step], bool] | None = None
    """(prepared settings, step): whether `earn` may have anything to say. Asked before a memory is read, so that what
    most steps do not concern costs them little; where it says no, `earn` would give nothing, whatever is remembered."""
    tells_returns: bool = False
    """Its terms say what becomes of it when goods come back."""
    terms: Callable[..., Any] | None = None
    """(settings, speech, trial): what members are told of its settings, as clauses of `program.terms`."""
    names: Callable[[Any], Mapping[str, Mapping[str, Names]]] | None = None
    """By trait and value: what people call the values that it sets."""


@cache
def find_mechanics() -> Mapping[str, Mechanic]:
    """Find every mechanic, by name: the feature's folder, or the entry point of a package outside.

    Raises MechanicBroken for a module that lacks a part, and for two mechanics of one name.
    """
    plugs = find_plugs(import_module(FLOOR), "mechanic")
    found = {folder: read_mechanic(folder, plug) for folder, plug in plugs.items()}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        if entry.name in found:
            raise MechanicBroken(f"There are two mechanics named {entry.name!r}; {entry.value} needs another name.")
        module: object = entry.load()
        if not isinstance(module, ModuleType):
            raise MechanicBroken(f"The entry point {entry.name!r} must name a module, not {module!r}.")
        found[entry.name] = read_mechanic(entry.name, module)
    return found


def read_mechanic(name: str, module: ModuleType) -> Mechanic:
    """Read the parts of a mechanic's module. Raises MechanicBroken when one is missing or is not what it should be."""
    phase: object = getattr(module, "PHASE", None)
    if phase not in get_args(Phase):
        raise MechanicBroken(f"{module.__name__}.PHASE must be one of {', '.join(get_args(Phase))}, not {phase!r}.")
    kinds, asks = _read_kinds(module, "KINDS"), _read_kinds(module, "ASKS")
    follows = _read_kinds(module, "FOLLOWS")
    if strange := [kind for kind in follows if kind not in (*kinds, *asks)]:
        raise MechanicBroken(f"{module.__name__}.FOLLOWS names {strange[0]!r}, which is none of its kinds.")
    owes = _read_kinds(module, "OWES")
    if strange := [kind for kind in owes if kind not in kinds or kind in follows]:
        raise MechanicBroken(f"{module.__name__}.OWES names {strange[0]!r}, which is none of its KINDS, or follows.")
    settings = _read_struct(module, "Settings")
    if settings is None:
        raise MechanicBroken(f"{module.__name__} needs a Settings struct.")
    memory = _read_struct(module, "Memory")
    if memory is not None:
        try:
            memory()
        except TypeError as problem:
            raise MechanicBroken(f"{module.__name__}.Memory must have a default for each field.") from problem
    merge = _read_verb(module, "merge")
    if (merge is None) != (memory is None):
        raise MechanicBroken(f"{module.__name__} needs both Memory and merge, or neither.")
    earn = _read_verb(module, "earn")
    if earn is None:
        raise MechanicBroken(f"{module.__name__} needs earn(settings, memory, step).")
    provides, receive = _read_verb(module, "provides"), _read_verb(module, "receive")
    if (provides is None) != (receive is None):
        raise MechanicBroken(f"{module.__name__} needs both provides and receive, or neither.")
    words = _find_words(module)
    return Mechanic(
        name=name,
        phase=_read_verb(module, "phase") or partial(_always, cast("Phase", phase)),
        usual_phase=cast("Phase", phase),
        settings=settings,
        memory=memory,
        kinds=(*kinds, *(kind for kind in asks if kind not in kinds)),
        asks=asks,
        follows=follows,
        owes=owes,
        earn=earn,
        prepare=_read_verb(module, "prepare") or _keep,
        undo=_read_verb(module, "undo"),
        merge=merge,
        references=_read_verb(module, "references") or _refer_to_nothing,
        sets=_read_verb(module, "sets") or _set_nothing,
        provides=provides or _provide_nothing,
        receive=receive,
        ceilings=_read_verb(module, "ceilings") or _claim_nothing,
        formulas=_read_verb(module, "formulas"),
        heeds=_read_verb(module, "heeds"),
        tells_returns=getattr(words, "TELLS_RETURNS", False) is True,
        terms=_read_verb(words, "terms"),
        names=_read_verb(words, "names"),
    )


def _find_words(module: ModuleType) -> ModuleType:
    """The module beside a mechanic that tells members what its settings mean: `terms`; the mechanic's own, if none."""
    name = f"{module.__package__}.terms"
    return import_module(name) if module.__package__ and find_spec(name) is not None else module


def _read_kinds(module: ModuleType, name: str) -> tuple[str, ...]:
    part: Any = getattr(module, name, ())
    if not isinstance(part, tuple):
        raise MechanicBroken(f"{module.__name__}.{name} must be a tuple of kinds of activity, not {part!r}.")
    kinds = cast("tuple[object, ...]", part)
    for kind in kinds:
        if not isinstance(kind, str):
            raise MechanicBroken(f"{module.__name__}.{name} must hold kinds of activity, not {kind!r}.")
    return cast("tuple[str, ...]", kinds)


def _read_struct(module: ModuleType, name: str) -> type[Struct] | None:
    part: object = getattr(module, name, None)
    if part is None:
        return None
    if not (isinstance(part, type) and issubclass(part, Struct)):
        raise MechanicBroken(f"{module.__name__}.{name} must be a msgspec Struct, not {part!r}.")
    if not part.__struct_config__.frozen:
        raise MechanicBroken(f"{module.__name__}.{name} must be frozen.")
    return part


def _read_verb(module: ModuleType, name: str) -> Callable[..., Any] | None:
    part: object = getattr(module, name, None)
    if part is None:
        return None
    if not callable(part):
        raise MechanicBroken(f"{module.__name__}.{name} must be a function, not {part!r}.")
    return part


def _keep(settings: object, _calendar: Calendar) -> object:
    return settings


def _always(phase: Phase, _settings: object) -> Phase:
    return phase


def _refer_to_nothing(_settings: object) -> References:
    return References()


def _set_nothing(_settings: object) -> Mapping[str, tuple[str, ...]]:
    return {}


def _provide_nothing(_settings: object) -> tuple[Name, ...]:
    return ()


def _claim_nothing(_settings: object) -> Mapping[str, int | None]:
    return {}
