"""Facts about a member that are told from outside: a birthday, a segment, a language. The receipt dates each."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from regulars.kernel import program
from regulars.kernel.nouns import AMOUNT_MAX, Posted, Scalar, TraitChange
from regulars.kernel.spine.model import AskInvalid, TraitOfOffers, TraitUnknown
from regulars.kernel.spine.scene import Scene

__all__ = ["TRAITS", "TRAITS_MAX", "Traits", "tell_traits"]

TRAITS: Final = "traits"
TRAITS_MAX: Final = 50
"""Traits in one activity."""
NAMED_MAX: Final = 20

Name = Annotated[str, Meta(min_length=1, max_length=72, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
Text = Annotated[str, Meta(max_length=200)]
Whole = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
Asked = Annotated[dict[Name, Text | Whole | bool | None], Meta(min_length=1, max_length=TRAITS_MAX)]


class Traits(Struct, frozen=True, kw_only=True):
    """Tell traits of a member by their names, all of them or none; null forgets one.

    The programme says which there are: those of `catalog.traits`, and `segment.` with a segment of `catalog.segments`.
    """


def tell_traits(scene: Scene, _ask: Traits) -> list[Posted]:
    """Date what is new about the member from when it happened on. Moves no points.

    What is so already is not told again: whoever sends all segments each night adds what changed.
    """
    asked = _read(scene.fact.ask)
    known = program.describe_outside(scene.plan.document)
    own = program.list_set_traits(scene.plan.document)
    for name, value in asked.items():
        if name in own:
            message = f"The trait {name!r} is set by offers of the programme; nobody tells it from outside."
            raise TraitOfOffers(message, trait=name)
        if name not in known and not (value is None and scene.traits.get(name) is not None):
            message = f"The programme knows no trait {name!r}. It has {_list_names(known)}."
            raise TraitUnknown(message, trait=name)
        if name in known and (expected := known[name].find_fault(value)):
            message = f"The trait {name!r} cannot be this: expected {expected}."
            raise AskInvalid(message, trait=name)
    scene.told.extend(_list_news(scene, asked))
    return []


def _read(ask: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    try:
        return msgspec.convert(dict(ask), Asked)
    except msgspec.ValidationError as error:
        message = f"The traits cannot be read: {error}."
        raise AskInvalid(message) from error


def _list_news(scene: Scene, asked: Mapping[str, Scalar]) -> Iterator[TraitChange]:
    for name, value in asked.items():
        before = scene.traits.get(name)
        # true is not 1.
        if (type(value), value) != (type(before), before):
            yield TraitChange(name=name, value=value, since=scene.fact.occurred_at)


def _list_names(known: Mapping[str, program.Outside]) -> str:
    names = sorted(known)
    listed = ", ".join(names[:NAMED_MAX]) + (", …" if len(names) > NAMED_MAX else "")
    return listed or "none that is told from outside (see `catalog.traits`)"
