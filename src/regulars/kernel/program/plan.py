"""A document made ready to run: mechanics bound, names checked, everything that a basket needs looked up once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from regulars.kernel.program.bind import bind_gates
from regulars.kernel.program.caps import LIMITS, MICRO, Cap, Used, bind_caps, join_used
from regulars.kernel.program.checks import check_meaning, collect_traits
from regulars.kernel.program.days import Calendar, Dates, date_currency, settle_region
from regulars.kernel.program.document import content_hash
from regulars.kernel.program.formulas import Formulas
from regulars.kernel.program.gates import Gate
from regulars.kernel.program.mechanics import Mechanic, Phase, find_mechanics
from regulars.kernel.program.model import Currency, Document, Inactivity, Offer, ProgramInvalid

__all__ = ["BoundCurrency", "BoundOffer", "MemoryUnreadable", "Plan", "compile_plan"]

PHASES: Final = {"price": 0, "pay": 1, "base": 2, "bonus": 3, "state": 4}
encoder = msgspec.json.Encoder(order="sorted")
used_decoder = msgspec.json.Decoder(Used)


class MemoryUnreadable(ValueError):
    """A stored memory is not what its mechanic wrote: a bug or a damaged row, never the member's doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCurrency:
    """A currency with its dates and its worth worked out."""

    id: str
    settings: Currency
    dates: Dates
    """From the local day of an activity: (usable from, expires at)."""
    value_micro: int
    """Fair value of one point in millionths of a minor unit of money, rounded down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundOffer:
    """An offer with its mechanic."""

    id: str
    offer: Offer
    mechanic: Mechanic
    settings: Any
    """What the mechanic prepared."""
    empty: Struct | None
    """The memory of a member who has none yet; None where the mechanic keeps none."""
    decoder: msgspec.json.Decoder[Any] | None
    first_day: int
    last_day: int
    """Ordinals of the schedule's days; every day where the offer has a time zone of its own, and so a gate for them."""
    gates: tuple[Gate, ...]
    """What else a step must pass, in the order in which it is asked."""
    caps: tuple[Cap, ...]
    """What bounds it: limits and budgets."""
    counts: bool
    """Whether some limit is by member, so that the envelope keeps a memory."""
    kinds: frozenset[str]
    ordinary: frozenset[str]
    """Kinds that the offer names itself, and that neither go on with what was given nor bring what is owed."""
    always: bool
    """Whether no schedule and no gate ever keeps a step away."""
    open: bool
    """Whether nothing of its envelope may keep a step of its own kinds away, or bound what it gives."""
    phase: Phase
    stock: Mapping[str, int | None]
    """Ceilings that its mechanic claims by itself: how much there is of each, or None for what is there."""
    group: str
    """The group of which only one offer gives; empty for an offer whose gain excludes no other."""
    best: bool
    """The group's most valuable gives, not the first."""

    def read_memory(self, memories: Mapping[str, bytes]) -> object:
        """Decode this offer's memory out of a member's; an empty one where there is none."""
        if self.decoder is None:
            return None
        stored = memories.get(self.id)
        if stored is None:
            return self.empty
        try:
            return self.decoder.decode(stored)
        except (msgspec.DecodeError, ValueError) as problem:
            raise MemoryUnreadable(f"The memory of offer {self.id!r} cannot be read: {problem}") from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One version of the programme, ready to rule."""

    hash: str
    """Content hash of the document."""
    document: Document
    calendar: Calendar
    currencies: Mapping[str, BoundCurrency]
    offers: Mapping[str, BoundOffer]
    """In the order in which they are asked: by phase, priority, id."""
    by_kind: Mapping[str, tuple[BoundOffer, ...]]
    ceilings: tuple[tuple[str, int], ...]
    """Every budget: (ceiling id, amount). Of money in millionths of a minor unit."""
    drawing: Mapping[str, tuple[BoundOffer, ...]]
    """By kind of activity: the offers that answer to it and have a budget or a limit, or claim something scarce."""
    remembers: frozenset[str]
    """Offers that keep a memory."""
    asks: frozenset[str] = frozenset()
    """Kinds that ask for something: where no offer answers, they are refused."""
    takers: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """The offer that takes in what is granted, by kind and name."""
    lingering: tuple[str, ...] = ()
    """Currencies whose points end by inactivity."""
    lively: frozenset[str] = frozenset()
    """Kinds of facts that let them live on; empty where there are none."""
    regional: Mapping[str, "Plan"] = field(default_factory=dict[str, "Plan"], repr=False)
    """By store: the plan with the ends that its region gives to points."""

    def in_store(self, store: str) -> "Plan":
        """The plan as it is in one store. What names no store, or one of no region, has the plan itself."""
        return self.regional.get(store, self)

    def day_of(self, at: datetime) -> int:
        """The ordinal of the local date at an instant."""
        return self.calendar.day_of(at)

    def earns(self, kind: str) -> bool:
        """Say whether any offer answers to this kind of activity."""
        return kind in self.by_kind

    def scarce(self, kind: str, day: int, owner: UUID, store: str) -> tuple[set[str], dict[str, int]]:
        """List the ceilings that an activity may draw on: budgets; and limits, with how much there is under each.

        A limit's ceiling need not be there yet. `owner` is the member's household, or the member.
        """
        budgets: set[str] = set()
        limits: dict[str, int] = {}
        for bound in self.drawing.get(kind, ()):
            if bound.caps and (kind in bound.mechanic.owes or bound.first_day <= day <= bound.last_day):
                for cap in bound.caps:
                    if cap.is_budget:
                        budgets.add(cap.name)
                    elif cap.per != "member":
                        limits[cap.id_of(day, owner, store)] = cap.most
            for name, amount in bound.stock.items():
                if amount is None:
                    budgets.add(name)
                else:
                    limits[name] = amount
        return budgets, limits

    def merge(self, offer: str, kept: bytes, joined: bytes) -> bytes:
        """Join two members' memories of one offer, as canonical JSON. An offer that is gone keeps the first.

        `offer` is the name of the memory: the offer's id, or with LIMITS what its envelope remembers.
        """
        if offer.endswith(LIMITS):
            return encoder.encode(join_used(used_decoder.decode(kept), used_decoder.decode(joined)))
        bound = self.offers.get(offer)
        if bound is None or bound.mechanic.merge is None:
            return kept
        memories = [bound.read_memory({offer: memory}) for memory in (kept, joined)]
        return encoder.encode(bound.mechanic.merge(bound.settings, memories[0], memories[1]))


def compile_plan(document: Document) -> Plan:
    """Bind a document's offers to their mechanics. Raises ProgramInvalid when it speaks of what is not there."""
    mechanics = find_mechanics()
    problems = check_meaning(document, mechanics)
    if problems:
        raise ProgramInvalid([found.locate({}) for found in problems])
    calendar = Calendar(zone=ZoneInfo(document.time_zone))
    formulas = Formulas(document=document, traits=collect_traits(document, mechanics)[0])
    bound = sorted(
        (_bind(offer, mechanics[offer.mechanic], formulas, calendar) for offer in document.offers),
        key=lambda it: (PHASES[it.phase], it.offer.priority, it.id),
    )
    kinds = {kind for it in bound for kind in it.kinds}
    drawing = [it for it in bound if it.caps or it.stock]
    plan = Plan(
        hash=content_hash(document),
        document=document,
        calendar=calendar,
        currencies={name: _date(name, it, calendar) for name, it in document.currencies.items()},
        offers={it.id: it for it in bound},
        by_kind={kind: tuple(it for it in bound if kind in it.kinds) for kind in kinds},
        drawing={kind: found for kind in kinds if (found := tuple(it for it in drawing if kind in it.kinds))},
        ceilings=tuple((cap.name, cap.most) for it in bound for cap in it.caps if cap.is_budget),
        remembers=frozenset(it.id for it in bound if it.decoder is not None),
        asks=frozenset(kind for it in bound for kind in it.mechanic.asks),
        takers={
            name: offer.id for offer in document.offers for name in _read_provided(offer, mechanics[offer.mechanic])
        },
    )
    lingering = tuple(name for name, it in document.currencies.items() if isinstance(it.expiry, Inactivity))
    if lingering:
        heard = {kind for offer in document.offers for kind in offer.on}
        plan = replace(plan, lingering=lingering, lively=frozenset({"purchase", *heard}))
    return replace(plan, regional=_settle_regions(plan))


def _read_provided(offer: Offer, mechanic: Mechanic) -> tuple[tuple[str, str], ...]:
    return mechanic.provides(msgspec.convert(offer.settings, mechanic.settings))


def _settle_regions(plan: Plan) -> dict[str, Plan]:
    """The plan in each store of a region in which a currency has another end."""
    regional: dict[str, Plan] = {}
    for region, stores in plan.document.catalog.regions.items():
        if any(region in bound.settings.regions for bound in plan.currencies.values()):
            coins = {
                name: _date(name, settle_region(bound.settings, region), plan.calendar)
                for name, bound in plan.currencies.items()
            }
            regional |= dict.fromkeys(stores, replace(plan, currencies=coins))
    return regional


def _date(currency: str, settings: Currency, calendar: Calendar) -> BoundCurrency:
    value = settings.value
    return BoundCurrency(
        id=currency,
        settings=settings,
        dates=date_currency(settings, calendar),
        value_micro=0 if value is None else value.minor * MICRO // value.per_points,
    )


def _find_group(offer: Offer) -> str:
    return "" if offer.stacking is None or offer.stacking.mode == "all" else offer.stacking.group


def _bind(offer: Offer, mechanic: Mechanic, formulas: Formulas, calendar: Calendar) -> BoundOffer:
    caps, group = bind_caps(offer), _find_group(offer)
    schedule = None if offer.time_zone is not None else offer.schedule
    first = None if schedule is None else schedule.first
    last = None if schedule is None else schedule.last
    settings = msgspec.convert(offer.settings, mechanic.settings)
    gates = bind_gates(offer, formulas.document, formulas)
    always = first is None and last is None and not gates
    return BoundOffer(
        id=offer.id,
        offer=offer,
        mechanic=mechanic,
        settings=formulas.prepare(mechanic, settings, calendar),
        empty=None if mechanic.memory is None else mechanic.memory(),
        decoder=None if mechanic.memory is None else msgspec.json.Decoder(mechanic.memory),
        first_day=(first or date.min).toordinal(),
        last_day=(last or date.max).toordinal(),
        gates=gates,
        caps=caps,
        counts=any(cap.per == "member" for cap in caps),
        group=group,
        best=offer.stacking is not None and offer.stacking.mode == "best",
        kinds=frozenset((*offer.on, *mechanic.kinds)),
        ordinary=frozenset(offer.on).difference(mechanic.follows, mechanic.owes),
        always=always,
        open=always and not caps and not group,
        phase=mechanic.phase(settings),
        stock=mechanic.ceilings(settings),
    )
