"""What a document may not mean: names that nothing has, dates the wrong way round, limits that are passed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, cast

import msgspec

from regulars.kernel.program.days import check_regions
from regulars.kernel.program.envelope import SEGMENT
from regulars.kernel.program.envelope_checks import (
    check_calendars,
    check_envelope,
    check_money,
    check_names,
    check_repeats,
    check_stacking,
    check_zone,
)
from regulars.kernel.program.formulas import Formulas
from regulars.kernel.program.mechanics import Mechanic, References
from regulars.kernel.program.model import (
    CATALOG_MAX,
    Catalog,
    Currency,
    Document,
    FixedEnd,
    Offer,
    Rolling,
)
from regulars.kernel.program.reading import Found, Path
from regulars.kernel.program.shape import check_shape, suggest

__all__ = ["check_meaning", "collect_traits"]


def check_meaning(document: Document, mechanics: Mapping[str, Mechanic]) -> list[Found]:
    """Find everything that keeps a well-formed document from being run."""
    found = [
        *check_zone(document.time_zone, ("time_zone",)),
        *check_names(document.name, ("name",)),
        *_check_catalog(document.catalog),
        *check_calendars(document),
        *_check_kinds(document),
    ]
    for name, currency in document.currencies.items():
        found += _check_currency(currency, ("currencies", name))
    found += check_regions(document)
    found += _check_conversions(document)
    found += check_repeats((offer.id for offer in document.offers), ("offers",), "id")
    traits, clashes = collect_traits(document, mechanics)
    found += clashes
    found += check_stacking(document, _read_phases(document, mechanics))
    provided, doubled = _collect_provided(document, mechanics)
    found += doubled
    formulas = Formulas(document=document, traits=traits)
    for index, offer in enumerate(document.offers):
        path = ("offers", index)
        found += check_envelope(offer, document, traits, path)
        if offer.when is not None:
            found += formulas.check_when(offer.when, (*path, "when"))
        mechanic = mechanics.get(offer.mechanic)
        if mechanic is None:
            known = ", ".join(sorted(mechanics))
            message = f"there is no mechanic '{offer.mechanic}'; known: {known}"
            found.append(Found(path=(*path, "mechanic"), message=message))
            continue
        wrong = check_shape(offer.settings, mechanic.settings, (*path, "settings"))
        found += wrong
        if not wrong:
            settings = msgspec.convert(offer.settings, mechanic.settings)
            found += formulas.check(mechanic, settings, (*path, "settings"))
            references = mechanic.references(settings)
            found += check_money(offer, references.currencies, document, path)
            wrong_words = [
                *_check_references(references, document, traits),
                *_check_grants(references, provided),
                *_check_spent(references, document),
            ]
            for word, message in wrong_words:
                found.append(
                    Found(path=_find_word(offer.settings, word, (*path, "settings")), message=message, at_key=True)
                )
    return found


def _check_kinds(document: Document) -> Iterator[Found]:
    for kind, declared in document.activities.items():
        yield from check_names(declared.name, ("activities", kind, "name"))


def _check_catalog(catalog: Catalog) -> Iterator[Found]:
    lists = {
        "categories": catalog.categories,
        "brands": catalog.brands,
        "stores": catalog.stores or (),
        "channels": catalog.channels or (),
        "traits": catalog.traits,
        "segments": catalog.segments,
    }
    for name, listed in lists.items():
        if len(listed) > CATALOG_MAX:
            message = f"{len(listed)} names; at most {CATALOG_MAX} fit"
            yield Found(path=("catalog", name), message=message)
        yield from check_repeats(listed, ("catalog", name), None)


def _check_currency(currency: Currency, path: Path) -> Iterator[Found]:
    yield from check_names(currency.name, (*path, "name"))
    expiry, pending = currency.expiry, currency.pending
    if isinstance(expiry, Rolling) and (expiry.days is None) == (expiry.months is None):
        yield Found(path=(*path, "expiry"), message="a rolling end needs either 'days' or 'months'")
    if pending is not None and (pending.days is None) == (pending.until is None):
        yield Found(path=(*path, "pending"), message="this needs either 'days' or 'until'")
    waits = 0 if pending is None else pending.days or 0
    if isinstance(expiry, Rolling) and expiry.days is not None and waits > expiry.days:
        message = f"points that wait {waits} days would end after {expiry.days}, before anyone could use them"
        yield Found(path=(*path, "pending"), message=message)
    if isinstance(expiry, FixedEnd) and expiry.date >= date(9999, 1, 1):
        yield Found(path=(*path, "expiry", "date"), message="write {model: never} for points that do not end")
    if currency.kind == "qualifying" and currency.value is not None and currency.value.minor:
        message = "qualifying points are only counted: they are worth no money"
        yield Found(path=(*path, "value"), message=message)


def _check_conversions(document: Document) -> Iterator[Found]:
    seen: set[tuple[str, str]] = set()
    for index, conversion in enumerate(document.conversions):
        for key, currency in (("from", conversion.source), ("into", conversion.into)):
            path = ("conversions", index, key)
            settings = document.currencies.get(currency)
            if settings is None:
                meant = suggest(currency, document.currencies)
                yield Found(path=path, message=f"there is no currency '{currency}'{meant}")
            elif settings.kind != "spendable":
                yield Found(path=path, message=f"'{currency}' decide the level; only spendable points are changed")
        pair = (conversion.source, conversion.into)
        if conversion.source == conversion.into or pair in seen:
            message = f"a rate from '{pair[0]}' into '{pair[1]}' is one too many"
            yield Found(path=("conversions", index), message=message)
        seen.add(pair)


def collect_traits(
    document: Document, mechanics: Mapping[str, Mechanic]
) -> tuple[dict[str, set[str] | None], list[Found]]:
    """Every trait that rules may read, with the values it can take (None: any); and those that two offers set."""
    catalog = document.catalog
    traits: dict[str, set[str] | None] = dict.fromkeys((*catalog.traits, *(SEGMENT + it for it in catalog.segments)))
    found: list[Found] = []
    setters: dict[str, str] = {}
    for index, offer in enumerate(document.offers):
        mechanic = mechanics.get(offer.mechanic)
        if mechanic is None or check_shape(offer.settings, mechanic.settings):
            continue
        for trait, values in mechanic.sets(msgspec.convert(offer.settings, mechanic.settings)).items():
            if trait in setters:
                message = f"the trait '{trait}' is set by the offer '{setters[trait]}' already; choose another"
                found.append(Found(path=("offers", index, "settings"), message=message, at_key=True))
            setters.setdefault(trait, offer.id)
            known = traits.get(trait, set())
            traits[trait] = None if known is None or not values else known | set(values)
    return traits, found


def _list_readable(document: Document, mechanics: Mapping[str, Mechanic]) -> Iterator[tuple[int, Offer, Mechanic, Any]]:
    """List the offers whose settings can be read, with what they say."""
    for index, offer in enumerate(document.offers):
        mechanic = mechanics.get(offer.mechanic)
        if mechanic is not None and not check_shape(offer.settings, mechanic.settings):
            yield index, offer, mechanic, msgspec.convert(offer.settings, mechanic.settings)


def _read_phases(document: Document, mechanics: Mapping[str, Mechanic]) -> dict[str, str]:
    return {offer.id: mechanic.phase(settings) for _, offer, mechanic, settings in _list_readable(document, mechanics)}


def _collect_provided(
    document: Document, mechanics: Mapping[str, Mechanic]
) -> tuple[dict[tuple[str, str], str], list[Found]]:
    """What offers take in when others grant it, by (kind, what); and what two of them would."""
    provided: dict[tuple[str, str], str] = {}
    found: list[Found] = []
    for index, offer, mechanic, settings in _list_readable(document, mechanics):
        for name in mechanic.provides(settings):
            if name in provided:
                message = f"the {name[0]} '{name[1]}' is the offer '{provided[name]}' already; choose another name"
                found.append(Found(path=("offers", index, "settings"), message=message, at_key=True))
            provided.setdefault(name, offer.id)
    return provided, found


def _check_grants(references: References, provided: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    for kind, what in references.grants:
        if (kind, what) not in provided:
            known = [name for sort, name in provided if sort == kind]
            yield what, f"no offer of the programme gives out the {kind} '{what}'{suggest(what, known)}"


def _check_spent(references: References, document: Document) -> Iterator[tuple[str, str]]:
    for word in references.spent:
        settings = document.currencies.get(word)
        if settings is not None and settings.kind != "spendable":
            yield word, f"'{word}' decide the level; only spendable points pay for something"


def _check_references(
    references: References, document: Document, traits: Mapping[str, set[str] | None]
) -> Iterator[tuple[str, str]]:
    """Find the words that nothing has: (word, what is wrong with it)."""
    catalog = document.catalog
    lists: list[tuple[str, tuple[str, ...], Collection[str] | None, str]] = [
        ("currency", references.currencies, document.currencies, "the document's currencies"),
        ("category", references.categories, catalog.categories, "catalog.categories"),
        ("brand", references.brands, catalog.brands, "catalog.brands"),
        ("store", references.stores, catalog.stores, "catalog.stores"),
        ("trait", tuple(references.traits), traits, "what offers set and catalog.traits"),
    ]
    for kind, named, known, where in lists:
        for word in named:
            if known is not None and word not in known:
                yield word, f"the {kind} '{word}' is not among {where}{suggest(word, known)}"
    for trait, values in references.traits.items():
        allowed = traits.get(trait)
        for value in values:
            if allowed is not None and value not in allowed:
                yield value, f"the trait '{trait}' is never '{value}'{suggest(value, allowed)}"


def _find_word(value: object, word: str, path: Path) -> Path:
    """Where in some settings a word stands, as a key or as a value; the settings themselves where it is a default."""
    waiting: list[tuple[object, Path]] = [(value, path)]
    while waiting:
        part, place = waiting.pop(0)
        if part == word:
            return place
        if isinstance(part, Mapping):
            members = cast("Mapping[str, object]", part)
            if word in members:
                return (*place, word)
            waiting += [(member, (*place, key)) for key, member in members.items()]
        elif isinstance(part, list | tuple):
            waiting += [(item, (*place, index)) for index, item in enumerate(cast("Sequence[object]", part))]
    return path
