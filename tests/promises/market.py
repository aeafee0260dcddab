"""Random shops: the programmes that are shipped and shown, with random envelopes, and whatever customers do there."""

import json
import random
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Identifier, Line, Receipt, Returned, Scalar
from regulars.kernel.program import Document, Plan, ProgramInvalid, compile_plan
from tests.conftest import make_database
from tests.spine.conftest import Shop

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```yaml file=\S+\n(.*?)^```", re.MULTILINE | re.DOTALL)
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CARDS = 24
OPENS = datetime.fromisoformat("2026-05-03T08:00:00+00:00")
ENVELOPES: tuple[Mapping[str, Any], ...] = (
    {"on_return": "requalify"},
    {"on_return": "keep"},
    {"priority": 3},
    {"priority": -2},
    {"limits": [{"times": 2, "per": "member", "period": "day"}]},
    {"limits": [{"points": 90, "per": "household", "period": "week"}]},
    {"limits": [{"times": 9, "per": "store", "period": "day"}]},
    {"budget": {"points": 700}},
    {"stacking": {"group": "one", "mode": "exclusive"}},
    {"stacking": {"group": "best", "mode": "best"}},
    {"stacking": {"group": "all", "mode": "all"}},
    {"when": "basket.total >= 2000"},
    {"audience": {"share": {"permille": 600, "salt": "x"}}},
)


@cache
def list_deals() -> Mapping[str, Document]:
    """Every programme that is shipped, and those of pages, by file; of one page the first."""
    found: dict[str, Document] = {}
    for path in sorted([*ROOT.glob("programs/*.yaml"), *ROOT.glob("docs/how-to/*.md")]):
        text = path.read_text(encoding="utf-8")
        for part in BLOCK.findall(text) if path.suffix == ".md" else [text]:
            try:
                found.setdefault(path.name, program.parse(part))
            except ProgramInvalid:
                # Pages show parts of programmes, too, and what is refused.
                continue
    return found


def choose_deals() -> dict[str, Document]:
    """Those that are shipped, and as many pages as show what these do not."""
    found = {name: deal for name, deal in list_deals().items() if name.endswith(".yaml")}
    seen = {offer.mechanic for deal in found.values() for offer in deal.offers}
    for name, deal in list_deals().items():
        used = {offer.mechanic for offer in deal.offers}
        if used - seen or any(it.settings.get("team") for it in deal.offers):
            found[name], seen = deal, seen | used
    return found


def vary(deal: Document, chance: random.Random, *, shared: bool = True) -> Document:
    """Let most offers run at any time, and give some of them more of an envelope. Not `shared`: nothing for all."""
    plain = json.loads(program.encode(deal))
    envelopes = [json.loads(json.dumps(it)) for it in ENVELOPES]
    for place, offer in enumerate(plain["offers"]):
        if chance.random() < 0.8:
            offer.pop("schedule", None)
        more = chance.choice(envelopes) if chance.random() < 0.5 else {}
        changed = {**offer, **more}
        if not shared:
            changed.pop("budget", None)
            changed.get("audience", {}).pop("share", None)
            changed["limits"] = [it for it in changed.get("limits", ()) if it.get("per", "member") == "member"]
        plain["offers"][place] = changed
        try:
            compile_plan(program.decode(json.dumps(plain)))
        except ProgramInvalid:
            plain["offers"][place] = offer
    return program.decode(json.dumps(plain))


def shuffle(deal: Document, chance: random.Random) -> Document:
    """The same programme, written in another order."""
    offers = list(deal.offers)
    chance.shuffle(offers)
    return msgspec.structs.replace(deal, offers=tuple(offers))


@asynccontextmanager
async def open_market(server_url: str, template: str, deal: Document) -> AsyncGenerator[Shop]:
    """A shop on a database of its own. Ids are counted, so that two shops in which the same happens are the same."""
    async for url in make_database(server_url, template):
        database = await Database.open(url)
        keyring = Keyring.derive({1: bytes(range(32))}, current=1)
        house = spine.House(keyring=keyring, versions=program.Versions(), new_id=count_ids())
        shop = Shop(database=database, house=house, at=OPENS)
        try:
            async with database.transaction() as tx:
                await spine.publish(tx, deal, live_from=OPENS, by="test", at=OPENS)
            # Everybody is known: the ids of newcomers, which a preview makes up, decide who has a share of an offer.
            await shop.send(*(tell_first(str(card)) for card in range(CARDS)))
            yield shop
        finally:
            await database.close()


def count_ids() -> Callable[[], UUID]:
    """Ids in the order of their numbers."""
    numbers = count(1)
    return lambda: UUID(int=next(numbers))


def tell_first(card: str) -> Activity:
    """A first purchase, of nothing."""
    member = Identifier(kind="card", value=card)
    return Activity(id=f"first-{card}", source="till", kind="purchase", occurred_at=OPENS, member=member)


class Crowd:
    """Customers of one shop, what they may do by its programme, and what they bought."""

    def __init__(self, deal: Document, chance: random.Random) -> None:
        self.chance = chance
        self.plan: Plan = compile_plan(deal)
        self.deal = deal
        self.number = 0
        self.sold: list[Activity] = []
        named = [word for offer in deal.offers for word in _find_words(offer.settings)]
        self.categories = [*deal.catalog.categories, *(w for w in named if w in deal.catalog.categories)] or ["X"]
        self.brands = [*deal.catalog.brands, ""]
        self.stores = [*(deal.catalog.stores or ()), ""]
        self.kinds = [kind for offer in deal.offers for kind in offer.on if kind not in {"purchase", "badge"}]
        self.spendable = [name for name, coin in deal.currencies.items() if coin.kind == "spendable"]
        self.held: dict[str, list[str]] = {}

    def act(self, at: datetime) -> Activity:
        """Something that a customer does."""
        draw = self.chance.random()
        if draw < 0.12 and self.sold:
            return self._bring_back(at)
        if draw < 0.18:
            points = {"currency": self.chance.choice(self.spendable), "points": self.chance.randrange(1, 300)}
            return self._tell("redeem", at, ask=points)
        if draw < 0.4 and self.kinds:
            return self._tell_other(self.chance.choice(self.kinds), at)
        return self.buy(at)

    def buy(self, at: datetime, card: str | None = None) -> Activity:
        """A basket."""
        lines = tuple(
            Line(
                sku=f"s{number}",
                amount_minor=self.chance.choice([0, 150, 999, 2_500, 8_000, 30_000]),
                quantity_milli=self.chance.choice([1000, 1000, 3000, 450, 6_764_000]),
                categories=tuple(self.chance.sample(self.categories, k=min(2, len(self.categories)))),
                brand=self.chance.choice(self.brands),
            )
            for number in range(self.chance.randrange(1, 7))
        )
        bought = self._tell("purchase", at, card, lines=lines)
        if self.chance.random() < 0.4:
            assert isinstance(bought.member, Identifier)
            mine = self.held.get(bought.member.value, [])
            shown = [f"held:{it.settings.get('coupon')}:all" for it in self.deal.offers if it.settings.get("everybody")]
            shown += self.chance.sample(mine, k=min(3, len(mine)))
            bought = msgspec.structs.replace(bought, coupons=tuple(dict.fromkeys(shown)))
        return bought

    def _tell(self, kind: str, at: datetime, card: str | None = None, **more: Any) -> Activity:  # noqa: ANN401
        self.number += 1
        card = card or str(self.chance.randrange(CARDS))
        at -= timedelta(hours=self.chance.choice([0, 0, 0, 1, 50]))
        store = self.chance.choice(self.stores)
        return Activity(
            id=f"{kind}-{self.number}",
            source="till",
            kind=kind,
            occurred_at=at,
            member=Identifier(kind="card", value=card),
            store=store,
            **more,
        )

    def _tell_other(self, kind: str, at: datetime) -> Activity:
        """An activity of another kind: with what its declaration wants, or with what it asks for."""
        data: dict[str, Scalar] = {}
        if (declared := self.deal.activities.get(kind)) is not None:
            for name, fact in declared.data.items():
                if fact.one_of:
                    data[name] = self.chance.choice(fact.one_of)
                elif fact.type == "number":
                    data[name] = self.chance.randint(fact.min or 0, fact.max or 9)
                else:
                    data[name] = True if fact.type == "flag" else "word"
        offers = [it for it in self.deal.offers if kind in it.on]
        names = [(key, it.settings[key]) for it in offers for key in ("reward", "challenge") if key in it.settings]
        ask: dict[str, Scalar] = dict([self.chance.choice(names)]) if names and kind in self.plan.asks else {}
        to = None
        if kind in self.plan.asks and self.chance.random() < 0.6:
            to = Identifier(kind="card", value=str(self.chance.randrange(CARDS)))
        lines = self.buy(at).lines if self.chance.random() < 0.5 and not ask else ()
        return self._tell(kind, at, data=data, ask=ask, to=to, lines=lines)

    def _bring_back(self, at: datetime) -> Activity:
        sold = self.chance.choice(self.sold)
        number = self.chance.randrange(len(sold.lines)) + 1
        line = sold.lines[number - 1]
        part = self.chance.choice([1, 2])
        returned = (
            Returned(line=number, amount_minor=line.amount_minor // part, quantity_milli=line.quantity_milli // part),
        )
        assert isinstance(sold.member, Identifier)
        back = self._tell("return", at, sold.member.value)
        returned = returned if self.chance.random() < 0.7 else ()
        return msgspec.structs.replace(back, origin=sold.id, store=sold.store, returned=returned)

    async def learn(self, shop: Shop, receipts: Mapping[str, Receipt]) -> None:
        """Remember who holds which coupons."""
        members = {receipt.member: card for card, receipt in receipts.items()}
        async with shop.database.snapshot() as read:
            known = await program.memories(read, sorted(members))
        for (member, _), data in known.items():
            self.held.setdefault(members[member], [])
            found = msgspec.json.decode(data)
            if isinstance(found, dict) and isinstance(held := found.get("held"), dict):
                self.held[members[member]] += list(held)


def strip(receipt: Receipt, names: dict[UUID, str]) -> dict[str, Any]:
    """What a receipt says, with ids that differ from run to run named by their order."""
    text = msgspec.json.encode(receipt, order="deterministic").decode()
    for known in (receipt.activity, receipt.member):
        names.setdefault(known, f"id{len(names)}")
    return json.loads(UUIDS.sub(lambda found: names.get(UUID(found[0]), found[0]), text))


def sort_lists(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A receipt whose lists come in one order, so that only their order may differ."""
    if isinstance(value, dict):
        return {key: sort_lists(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((sort_lists(each) for each in value), key=lambda it: json.dumps(it, sort_keys=True))
    return value


def _find_words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _find_words(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _find_words(each)
