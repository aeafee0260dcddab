"""Two documents compared by what they mean: offers, currencies and the rest, setting by setting. Pure.

What is written out though it is the default is no difference, nor is the order of offers or the layout of the text.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeGuard, cast

import msgspec
from msgspec import Struct

from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document, Offer

__all__ = ["Change", "ChangeKind", "compare"]

ChangeKind = Literal["added", "removed", "changed"]
KEYED: Final = ("id", "name", "code")
"""What tells the items of a list apart, where they have it."""
PAIRED: Final = ("from", "into")
"""What tells conversions apart."""


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference between two documents."""

    kind: ChangeKind
    what: str
    """What part it is of: `program`, `offer`, `currency`, `budget`, or the group (`catalog`, `conversions`, …)."""
    id: str = ""
    """Of the offer or currency."""
    path: str = ""
    """The setting, below what is named by `what` and `id`. Empty: the whole of it."""
    before: Any = None
    after: Any = None


def compare(before: Document, after: Document) -> tuple[Change, ...]:
    """List what changes from one document to another: the programme's own settings, currencies, offers, the rest."""
    old, new = _lay_open(before), _lay_open(after)
    offers = old.pop("offers"), new.pop("offers")
    currencies = old.pop("currencies"), new.pop("currencies")
    changes = [
        *_compare_named("currency", *currencies),
        *_compare_named("offer", *offers),
    ]
    own: list[Change] = []
    rest: list[Change] = []
    for name in dict.fromkeys((*old, *new)):
        for kind, path, left, right in _compare(old.get(name), new.get(name), ""):
            is_plain = not path and not any(isinstance(each, list | dict) for each in (left, right))
            change = Change(
                kind=kind,
                what="program" if is_plain else name,
                path=name if is_plain else path,
                before=left,
                after=right,
            )
            (own if is_plain else rest).append(change)
    return (*own, *changes, *rest)


def _lay_open(document: Document) -> dict[str, Any]:
    """Write a document out as plain data with every default, offers by their ids."""
    laid = _builtins(document)
    laid["offers"] = {offer.id: _lay_offer_open(offer) for offer in document.offers}
    return laid


def _lay_offer_open(offer: Offer) -> dict[str, Any]:
    laid = _builtins(offer)
    mechanic = find_mechanics().get(offer.mechanic)
    if mechanic is not None:
        laid["settings"] = _builtins(msgspec.convert(offer.settings, mechanic.settings))
    del laid["id"]
    return laid


def _builtins(value: object) -> Any:  # noqa: ANN401 - plain data
    """Turn structs into plain data, defaults included."""
    if isinstance(value, Struct):
        config = value.__struct_config__
        laid = {
            encoded: _builtins(getattr(value, name))
            for name, encoded in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
        }
        return {str(config.tag_field): config.tag, **laid} if config.tag is not None else laid
    if isinstance(value, Mapping):
        return {str(key): _builtins(each) for key, each in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_builtins(each) for each in cast("Sequence[object]", value)]
    return msgspec.to_builtins(value)


def _compare_named(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for id_ in dict.fromkeys((*old, *new)):
        if id_ not in new:
            yield Change(kind="removed", what=what, id=id_, before=_drop_empty(old[id_]))
        elif id_ not in old:
            yield Change(kind="added", what=what, id=id_, after=_drop_empty(new[id_]))
        else:
            for kind, path, left, right in _compare(old[id_], new[id_], ""):
                is_budget = what == "offer" and (path == "budget" or path.startswith("budget."))
                yield Change(
                    kind=kind,
                    what="budget" if is_budget else what,
                    id=id_,
                    path=path.removeprefix("budget").removeprefix(".") if is_budget else path,
                    before=left,
                    after=right,
                )


Difference = tuple[ChangeKind, str, Any, Any]


def _compare(old: object, new: object, path: str) -> Iterator[Difference]:
    if (old == new and type(old) is type(new)) or (_is_empty(old) and _is_empty(new)):
        return
    if _is_group(old) and _is_group(new):
        yield from _compare_groups(old, new, path)
    elif _is_list(old) and _is_list(new):
        yield from _compare_lists(old, new, path)
    elif _is_empty(old):
        yield "added", path, None, _drop_empty(new)
    elif _is_empty(new):
        yield "removed", path, _drop_empty(old), None
    else:
        yield "changed", path, _drop_empty(old), _drop_empty(new)


def _compare_groups(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        yield from _compare(old.get(name), new.get(name), f"{path}.{name}".removeprefix("."))


def _compare_lists(old: Sequence[Any], new: Sequence[Any], path: str) -> Iterator[Difference]:
    """Compare item by item where items have names, else what came and what went."""
    names = _name_items(old), _name_items(new)
    if None not in names:
        left, right = cast("tuple[dict[str, Any], dict[str, Any]]", names)
        changes = [
            difference
            for name in dict.fromkeys((*left, *right))
            for difference in _compare(left.get(name), right.get(name), f"{path}[{name}]")
        ]
        kept = [name for name in left if name in right]
        if not changes and kept != [name for name in right if name in left]:
            # The same things in another order.
            yield "changed", path, list(left), list(right)
        yield from changes
        return
    gone = [each for each in old if each not in new]
    come = [each for each in new if each not in old]
    if not gone and not come:
        yield "changed", path, list(old), list(new)
    elif len(gone) == len(come) == 1 and _is_group(gone[0]) and _is_group(come[0]):
        yield from _compare(gone[0], come[0], f"{path}[{old.index(gone[0])}]")
    else:
        for each in gone:
            yield "removed", path, _drop_empty(each), None
        for each in come:
            yield "added", path, None, _drop_empty(each)


def _name_items(items: Sequence[Any]) -> dict[str, Any] | None:
    """Name the items of a list by what tells them apart; None where nothing does."""
    named: dict[str, Any] = {}
    for item in items:
        if not _is_group(item):
            return None
        key = next((item[key] for key in KEYED if isinstance(item.get(key), str)), None)
        if key is None and all(word in item for word in PAIRED):
            key = " → ".join(str(item[word]) for word in PAIRED)
        if key is None or key in named:
            return None
        named[key] = item
    return named


def _is_group(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def _drop_empty(value: Any) -> Any:  # noqa: ANN401 - plain data
    """Leave out what says nothing."""
    if _is_group(value):
        return {name: _drop_empty(each) for name, each in value.items() if not _is_empty(each)}
    return value
