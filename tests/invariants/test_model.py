"""The ledger against the model: facts, commands, retries and nonsense in any order, late sweepers, a running clock."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, currently_in_test_context, event, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test, precondition, rule
from msgspec.structs import replace

from regulars.base.ids import new_id
from regulars.kernel import ledger
from regulars.kernel.nouns import Activity, Identifier, Line, Returned, Scalar
from tests.invariants.conftest import World, buy, prove
from tests.invariants.history import choose_seed
from tests.invariants.model import EVENT, MAX, Done, Holding, Model, State
from tests.invariants.rules import COINS, PROGRAM, REFUSALS, SITUATIONS, VERBS
from tests.invariants.tour import tour

START: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)
LIVE_FROM: Final = START - timedelta(days=27)
ANN, BOB, CAT, DAN, EVE, ZED = "1", "2", "3", "4", "5", "6"
"""Ann, Bob and Cat are a household, Cat is frozen; Eve has too much of everything; Zed has left."""
CARDS: Final = (ANN, BOB, CAT, DAN, EVE, ZED)
SLIP: Final = "slip-1"
"""Names a guest, known by a receipt only."""
STEPS: Final = {"test": (140, 14), "soak": (5_000, 40)}
"""Sequences, and steps of each, which send one batch or several each."""

SENT_MAX: Final = 20
"""Batches after which no story of several begins, so that sequences are of one size."""
CHECK_EVERY: Final = 5
"""The rows prove themselves after each step; what else the product itself can prove is proved of some sequences."""
PHASES: Final = [Phase.reuse, Phase.generate, Phase.shrink]

reached: Counter[str] = Counter()

some = st.integers(0, 11)
"""A share in tenths, or more than there is; also the place of something in a list, counted round."""
card = st.sampled_from(CARDS[:4] + CARDS[:2] + CARDS)
coin = st.sampled_from(["points", "points", "miles", "parcels"])
amounts = st.lists(st.integers(0, 4_000), min_size=1, max_size=4)


def name_card(who: str) -> Identifier:
    return Identifier(kind="receipt" if who == SLIP else "card", value=who)


def has_room(machine: Any) -> bool:  # noqa: ANN401 - the class comes below
    return machine.sent < SENT_MAX


class Machine(RuleBasedStateMachine):
    """One sequence."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.number, self.sent = world, 0, 0
        ids = world.begin(CARDS, START)
        hello = world.send([replace(buy("hello guest", card=SLIP, at=START), member=name_card(SLIP))], START)[0].receipt
        assert hello is not None
        ids[SLIP] = hello.member
        joining = [
            Activity(id=f"home {who}", source="till", kind="household_join", occurred_at=START, member=name_card(who),
                     to=name_card(ANN)) for who in (BOB, CAT)
        ]  # fmt: skip
        assert all(outcome.receipt for outcome in world.send(joining, START))
        world.place([ids[CAT]], state="frozen")
        world.place([ids[ZED]], state="closed")
        self.ids = ids
        self.model = Model(
            verbs=VERBS,
            live_from=LIVE_FROM,
            ranks=ids,
            frozen=frozenset({CAT}),
            closed=frozenset({ZED}),
            guests=frozenset({SLIP}),
            now=START,
            state=State(home=dict.fromkeys((ANN, BOB, CAT), True)),
        )
        self.holds: list[UUID] = []
        self.swept = START
        soon = (START + timedelta(days=20)).isoformat()
        for who in (ANN, BOB, DAN):
            self.send(
                self.purchase(who, [2_500, 1_000, 0], days_ago=9),
                self.ask("opening", who, currency="points", points=200, expires_at=soon),
                self.fact("purchase", who, occurred_at=LIVE_FROM - timedelta(days=1)),
            )

    # -- facts ---------------------------------------------------------------------------------------------------

    def name(self) -> str:
        self.number += 1
        return f"{self.number}"

    def fact(self, kind: str, who: str, **fields: Any) -> Activity:  # noqa: ANN401 - any field of an activity
        fields.setdefault("occurred_at", self.model.now)
        fields.setdefault("id", self.name())
        fields.setdefault("source", "till")
        fields.setdefault("member", name_card(who))
        return Activity(kind=kind, **fields)

    def ask(self, kind: str, who: str, **settings: Scalar) -> Activity:
        return self.fact(kind, who, ask=settings)

    def purchase(self, who: str, minor: Sequence[int], *, days_ago: int = 0, **more: str) -> Activity:
        lines = tuple(Line(sku=f"sku-{n}", amount_minor=m, quantity_milli=1000) for n, m in enumerate(minor))
        return self.fact("purchase", who, lines=lines, occurred_at=self.model.now - timedelta(days=days_ago), **more)

    def share(self, who: str, currency: str, tenths: int) -> int:
        """So many tenths of what may be used, at least one."""
        return max(1, self.model.holding(self.model.today(who), currency).available * tenths // 10)

    def past(self, place: int, *kinds: str) -> Done | None:
        """An earlier activity of these kinds, the latest first."""
        found = [done for done in self.model.state.done.values() if done.fact.kind in kinds]
        return found[-1 - place % len(found)] if found else None

    # -- sending and comparing -----------------------------------------------------------------------------------

    def send(self, *facts: Activity, back: timedelta = timedelta()) -> None:
        """Send facts in one batch, and see that the ledger does what the model does with each."""
        rehearsal = self.rehearse(facts)
        if rehearsal and self.swept < self.model.now:
            # What the clock brings on the way is no trace of a refusal.
            self.sweep()
            self.dump, _ = self.world.look([], self.model.now)
        before = self.dump if rehearsal else None
        self.sent += 1
        outcomes = self.world.send(facts, self.model.now - back)
        for fact, outcome in zip(facts, outcomes, strict=True):
            expected = self.model.take(fact)
            actual = outcome.refusal.code if outcome.refusal else "again" if outcome.repeated else ""
            assert actual == expected, (fact, outcome)
            self.note(expected or f"did {fact.kind}")
            if outcome.receipt is not None and not outcome.repeated:
                self.model.learn(fact, outcome.receipt)
                self.holds += [p.hold for p in outcome.receipt.postings if p.kind == "hold" and p.hold]
        who = {ref.value for fact in facts for ref in (fact.member, fact.to) if isinstance(ref, Identifier)}
        if who & {*self.model.state.handed, *self.model.state.home} or self.model.state.handed:
            who = set(self.ids)
        self.compare(who & self.ids.keys())
        if before:
            assert before.rows == self.dump.rows, f"{rehearsal} left a trace: {before.rows ^ self.dump.rows}"

    def rehearse(self, facts: Sequence[Activity]) -> str:
        """Name a refusal (or a retry) when nothing else is expected of all of them, so that nothing may change."""
        if len(facts) > 1 and facts[0].kind == "purchase":
            return ""
        state, noted = self.model.state, len(self.model.noted)
        self.model.state = state.copy()
        codes = [self.model.take(fact) for fact in facts]
        self.model.state = state
        del self.model.noted[noted:]
        return min(codes)

    def sweep(self) -> int:
        self.swept = self.model.now
        return self.world.sweep(self.model.now)

    def note(self, *names: str) -> None:
        for name in names:
            reached[name] += 1
            if currently_in_test_context():
                event(name)

    def compare(self, who: Iterable[str] = (*CARDS, SLIP)) -> None:
        """See that they hold what the model says, and that all rows prove themselves."""
        model = self.model
        model.advance(model.now)
        self.note(*model.noted)
        model.noted.clear()
        self.dump, standings = self.world.look([self.ids[each] for each in who], model.now)
        model.learn_rows(self.dump.of("lot") if any(not lot.number for lot in model.state.lots.values()) else ())
        for each in who:
            found = {standing.currency: standing for standing in standings[self.ids[each]]}
            for currency in COINS:
                self.compare_one(each, currency, found.get(currency))
        at_home = {row["id"] for row in self.dump.of("member") if row["household_id"]}
        assert at_home == {str(self.ids[each]) for each in model.state.home}
        prove(self.dump)

    def compare_one(self, who: str, currency: str, found: ledger.Standing | None) -> None:
        expected = self.model.holding(who, currency)
        if found is None:
            assert not any(expected), (who, currency, expected)
        else:
            assert Holding(*(getattr(found, name) for name in Holding._fields)) == expected, (who, currency)

    # -- rules: the world ----------------------------------------------------------------------------------------

    @rule(who=card, minor=amounts, days_ago=st.sampled_from([0, 0, 0, 1, 14, 26, 27, 29]))
    def earn(self, who: str, minor: list[int], days_ago: int) -> None:
        self.send(self.purchase(who, minor, days_ago=days_ago))

    @rule(place=some, line=st.integers(0, 4), tenths=some, whole=st.booleans(), other=st.booleans())
    def give_back(self, place: int, line: int, tenths: int, whole: bool, other: bool) -> None:
        past = self.past(place, "purchase")
        if past is None or past.bought is None:
            return self.send(self.fact("return", ANN, origin="nowhere"))
        who = BOB if other and tenths == 0 else self.model.resolve(past.fact.member)
        parts: tuple[Returned, ...] = ()
        if not whole and line < len(past.bought.minor):
            minor, milli = past.bought.minor[line], 100 * tenths
            parts = (Returned(line=line + 1, amount_minor=minor * tenths // 10, quantity_milli=milli),)
        elif not whole:
            parts = (Returned(line=line + 1, amount_minor=1),)
        return self.send(self.fact("return", who, origin=past.fact.id, returned=parts))

    @rule(place=some, own=st.booleans())
    def deliver(self, place: int, own: bool) -> None:
        past = self.past(place, "purchase")
        origin = {} if past is None else {"origin": past.fact.id}
        self.send(
            self.fact("delivered", DAN if past is None or not own else self.model.resolve(past.fact.member), **origin)
        )

    # -- rules: commands -----------------------------------------------------------------------------------------

    @rule(who=card, currency=coin, tenths=some, pool=st.booleans())
    def redeem(self, who: str, currency: str, tenths: int, pool: bool) -> None:
        self.send(self.ask("redeem", who, currency=currency, points=self.share(who, currency, tenths), pool=pool))

    @rule(
        who=card,
        currency=coin,
        tenths=some,
        pool=st.booleans(),
        valid=st.sampled_from([60, 900, 86_400, 20 * 86_400]),
        settle=st.sampled_from([0, 0, 3_600, 15 * 86_400]),
    )
    def hold(self, who: str, currency: str, tenths: int, pool: bool, valid: int, settle: int) -> None:
        points = self.share(who, currency, tenths)
        ask = {"currency": currency, "points": points, "valid_seconds": valid, "settle_seconds": settle}
        self.send(self.ask("hold", who, pool=pool, **ask))

    @rule(place=some, tenths=some, whole=st.booleans(), final=st.booleans(), hours_ago=st.sampled_from([0, 0, 1, 300]))
    def capture(self, place: int, tenths: int, whole: bool, final: bool, hours_ago: int) -> None:
        who, id_, points = self.find_hold(place, tenths)
        ask = {"hold": str(id_), "final": final} | ({} if whole else {"points": points})
        self.send(self.fact("capture", who, ask=ask, occurred_at=self.model.now - timedelta(hours=hours_ago)))

    @rule(place=some)
    def release(self, place: int) -> None:
        who, id_, _ = self.find_hold(place, 0)
        self.send(self.ask("release", who, hold=str(id_)))

    def find_hold(self, place: int, tenths: int) -> tuple[str, UUID, int]:
        """A hold, mostly an open one, its owner (or not), and so many tenths of what it holds."""
        held = self.model.state.holds
        open_ = [id_ for id_ in self.holds if held[self.model.named[str(id_)]].state == "open"]
        if not open_ and place < 8:
            who = (ANN, BOB, DAN)[place % 3]
            points = self.share(who, "points", 1 + tenths % 9)
            self.send(self.ask("hold", who, currency="points", points=points, pool=True, settle_seconds=40_000))
            held = self.model.state.holds
            open_ = [id_ for id_ in self.holds[-1:] if held[self.model.named[str(id_)]].state == "open"]
        known = open_ or self.holds
        if not known or place == 11:
            return ANN, new_id(), 1
        id_ = known[-1 - place % len(known)]
        found = held[self.model.named[str(id_)]]
        return (DAN if place == 10 else found.by), id_, max(1, found.points * tenths // 10)

    @rule(
        place=some,
        tenths=some,
        whole=st.booleans(),
        policy=st.sampled_from(["forfeit", "grace", "reinstate"]),
        days=st.sampled_from([0, 1, 9]),
    )
    def reverse(self, place: int, tenths: int, whole: bool, policy: str, days: int) -> None:
        past = self.past(place, "redeem", "capture") if place < 10 else self.past(place, *VERBS)
        if past is None and place < 8:
            self.send(self.ask("redeem", ANN, currency="points", points=self.share(ANN, "points", 1 + tenths % 10)))
            past = self.past(0, "redeem")
        if past is None:
            return self.send(self.fact("reverse", ANN, origin="nowhere"))
        taken = sum(part.points for part in past.took)
        ask = {"when_expired": policy, "grace_days": days} | ({} if whole else {"points": max(1, taken * tenths // 10)})
        return self.send(self.fact("reverse", self.model.resolve(past.fact.member), origin=past.fact.id, ask=ask))

    @rule(who=card, to=card, currency=coin, tenths=some)
    def gift(self, who: str, to: str, currency: str, tenths: int) -> None:
        ask = {"currency": currency, "points": self.share(who, currency, tenths)}
        self.send(self.fact("gift", who, ask=ask, to=name_card(to)))

    @rule(who=card, currency=coin, tenths=some)
    def donate(self, who: str, currency: str, tenths: int) -> None:
        points = self.share(who, currency, tenths)
        self.send(self.ask("donate", who, currency=currency, points=points, charity="trees"))

    @rule(
        who=card, currency=st.sampled_from([*COINS]), into=st.sampled_from(["miles", "points", "rubles"]), tenths=some
    )
    def convert(self, who: str, currency: str, into: str, tenths: int) -> None:
        self.send(self.ask("convert", who, currency=currency, points=self.share(who, currency, tenths), into=into))

    @rule(who=st.sampled_from([ANN, BOB, CAT, DAN]), to=st.sampled_from([*CARDS[:4], ZED, SLIP]), claim=st.booleans())
    def merge(self, who: str, to: str, claim: bool) -> None:
        ask: dict[str, Scalar] = {} if claim else {"by": "ann", "reason": "same person"}
        self.send(self.fact("claim" if claim else "merge", who, to=name_card(to), ask=ask))

    @rule(place=st.integers(0, 3), other=some)
    def unmerge(self, place: int, other: int) -> None:
        past = self.past(place, "merge", "claim")
        if past is not None:
            who = EVE if other == 0 else past.by
            self.send(self.fact("unmerge", who, origin=past.fact.id, ask={"by": "ann", "reason": "two people"}))

    @rule(who=card, currency=st.sampled_from([*COINS]), points=st.integers(-1_500, 1_500), second=st.booleans(),
          life=st.sampled_from([None, 1, 30]))  # fmt: skip
    def adjust(self, who: str, currency: str, points: int, second: bool, life: int | None) -> None:
        ask = {"currency": currency, "points": points, "reason": "goodwill", "by": "ann"}
        ask |= {"approved_by": "bob"} if second else {}
        self.send(self.ask("adjust", who, **ask, **({} if life is None else {"life_days": life})))

    @rule(
        who=card,
        currency=st.sampled_from([*COINS]),
        points=st.integers(1, 2_000),
        days=st.sampled_from([None, 0, 3, 40]),
    )
    def opening(self, who: str, currency: str, points: int, days: int | None) -> None:
        ends = {} if days is None else {"expires_at": (self.model.now + timedelta(days=days)).isoformat()}
        self.send(self.ask("opening", who, currency=currency, points=points, **ends))

    # -- rules: several, again, and nonsense ---------------------------------------------------------------------

    @rule(
        who=st.sampled_from([ANN, DAN]),
        minor=amounts,
        tenths=st.lists(some, min_size=1, max_size=5),
        hold=st.booleans(),
    )
    def batch(self, who: str, minor: list[int], tenths: list[int], hold: bool) -> None:
        """Facts of one member and its gifts, all at one moment: each must see those before it."""
        facts = [self.purchase(who, minor)]
        friend = name_card(BOB)
        for place, tenth in enumerate(tenths):
            points = max(1, sum(minor) * tenth // 300)
            ask = {"currency": "points", "points": points}
            kinds = ["redeem", "hold" if hold else "donate", "gift", "return", "redeem"]
            kind = kinds[place % len(kinds)]
            if kind == "return":
                facts.append(self.fact("return", who, origin=facts[0].id))
            else:
                ask |= {"charity": "trees"} if kind == "donate" else {}
                facts.append(self.fact(kind, who, ask=ask, **({"to": friend} if kind == "gift" else {})))
        facts.append(facts[0])
        self.note("batch")
        self.send(*facts)

    @rule(place=st.integers(0, 60), change=st.sampled_from(["nothing", "nothing", "body", "member"]))
    def retry(self, place: int, change: str) -> None:
        """Send an old fact again: as it was, with another body, or for another member."""
        past = self.past(place, *VERBS)
        assert past
        changes: dict[str, Any] = {"body": {"data": {"another": True}}, "member": {"member": name_card(EVE)}}
        self.send(replace(past.fact, **changes.get(change, {})))

    @rule(who=card)
    def talk_nonsense(self, who: str) -> None:
        """All of it at once: nothing of it may leave a trace."""
        now, redeem = self.model.now, partial(self.ask, "redeem", who)
        self.send(
            redeem(currency="points", points=0),
            redeem(currency="points", points=-1),
            redeem(currency="points", points=MAX + 1),
            redeem(currency="points", points=True),
            redeem(currency="points", points=1, colour="red"),
            redeem(currency="rubles", points=1),
            redeem(currency="stars", points=1),
            redeem(currency="points", points=MAX - 1),
            self.ask("hold", who, currency="points", points=MAX - 1),
            self.ask("capture", who, hold="nothing"),
            self.ask("release", who, hold=str(new_id())),
            self.ask("reverse", who),
            self.ask("dance", who),
            self.fact("gift", who, ask={"currency": "points", "points": 1}),
            self.fact("gift", who, ask={"currency": "points", "points": 1}, to=name_card(ZED)),
            self.purchase(who, [100], source="clock"),
            self.purchase(who, [MAX, MAX]),
            self.purchase(who, [100], days_ago=31),
            self.fact("purchase", who, occurred_at=now + timedelta(minutes=16)),
            self.ask("adjust", who, currency="points", points=1_001, reason="test", by="ann"),
            self.fact("return", who, origin="nowhere"),
            self.fact("return", EVE, origin="1"),
            self.fact("unmerge", EVE, origin="1", ask={"by": "ann", "reason": "test"}),
            self.fact("claim", EVE, to=name_card(DAN)),
            self.ask("convert", DAN, currency="points", points=10, into="parcels"),
            self.fact("purchase", who, id="1", data={"another": True}),
            self.purchase(ZED, [100]),
            self.ask("donate", CAT, currency="points", points=1, charity="trees"),
            self.fact("purchase", who, member=Identifier(kind="phone", value="nine")),
            self.fact("purchase", who, member=new_id()),
        )

    @rule(which=st.integers(0, 2), currency=st.sampled_from([*COINS]))
    def have_too_much(self, which: int, currency: str) -> None:
        """Amounts at the edge of what can be counted, for a member who does nothing else."""
        for _ in range(2 if which == 0 else 0):
            self.send(self.ask("opening", EVE, currency=currency, points=MAX))
        points = MAX if which == 1 else -MAX
        ask = {"currency": currency, "points": points, "reason": "test", "by": "ann", "approved_by": "bob"}
        self.send(self.fact("adjust", EVE, ask=ask))

    # -- rules: stories that chance seldom tells -----------------------------------------------------------------

    @precondition(has_room)
    @rule(
        who=st.sampled_from([ANN, DAN]),
        tenths=st.integers(1, 10),
        policy=st.sampled_from(["forfeit", "grace", "reinstate"]),
        days=st.sampled_from([0, 1, 3, 5]),
        sweeps=st.sampled_from([0, 2]),
    )
    def regret_late(self, who: str, tenths: int, policy: str, days: int, sweeps: int) -> None:
        """Points are used, their lots end, and the use is taken back, twice in part."""
        ends = (self.model.now + timedelta(days=2)).isoformat()
        self.send(self.ask("opening", who, currency="points", points=50, expires_at=ends))
        self.send(use := self.ask("redeem", who, currency="points", points=60))
        self.pass_time(self.model.now + timedelta(days=days), sweeps, early=False)
        for points in (tenths, 60 - tenths, 1):
            ask = {"points": points, "when_expired": policy, "grace_days": days}
            self.send(self.fact("reverse", who, origin=use.id, ask=ask))

    @precondition(has_room)
    @rule(
        who=st.sampled_from([ANN, BOB, DAN]),
        minor=st.lists(st.integers(100, 4_000), min_size=2, max_size=3),
        spend=st.booleans(),
        days=st.sampled_from([0, 0, 11, 60, 110]),
        order=st.permutations([0, 1, 2, 3]),
    )
    def bring_back(self, who: str, minor: list[int], spend: bool, days: int, order: list[int]) -> None:
        """A purchase comes back in parts, in any order, after its points were spent, or had ended; then a part more."""
        self.send(bought := self.purchase(who, minor))
        if spend:
            self.send(self.ask("redeem", who, currency="points", points=self.share(who, "points", 10)))
        self.pass_time(self.model.now + timedelta(days=days), 0, early=False)
        parts = [
            Returned(line=1, amount_minor=minor[0] // 3),
            Returned(line=1, amount_minor=minor[0] - minor[0] // 3, quantity_milli=1000),
            Returned(line=2, amount_minor=minor[1], quantity_milli=500),
        ]
        self.send(self.purchase(who, minor[:1]))
        self.send(self.fact("delivered", who, origin=bought.id))
        for place in order[:3]:
            self.send(self.fact("return", who, origin=bought.id, returned=(*parts[place : place + 1],)))
        self.send(self.fact("return", who, origin=bought.id, returned=(parts[0], parts[0])))
        self.send(self.purchase(who, minor))

    @precondition(has_room)
    @rule(
        who=st.sampled_from([ANN, BOB, DAN]),
        tenths=some,
        hours=st.sampled_from([0, 10, 21, 30, 45, 60]),
        pool=st.booleans(),
    )
    def settle_late(self, who: str, tenths: int, hours: int, pool: bool) -> None:
        """A hold outlives its lots; its use is told in time, too late, or not."""
        ends = (self.model.now + timedelta(days=1)).isoformat()
        self.send(self.ask("opening", who, currency="points", points=50, expires_at=ends))
        ask = {"valid_seconds": 20 * 3_600, "settle_seconds": 30 * 3_600, "pool": pool}
        self.send(held := self.ask("hold", who, currency="points", points=50, **ask))
        at = self.model.now
        self.pass_time(at + timedelta(hours=hours), 0, early=hours > 0)
        names = [id_ for id_, name in self.model.named.items() if name == held.id]
        for id_ in names:
            self.send(self.ask("capture", who, hold=id_, points=51))
            use = {"hold": id_, "points": 5 * tenths + 1, "final": tenths > 5}
            self.send(self.fact("capture", who, ask=use, occurred_at=min(at + timedelta(hours=1), self.model.now)))

    @precondition(has_room)
    @rule(
        gone=st.sampled_from([BOB, DAN, SLIP]),
        by=st.sampled_from([ANN, BOB, CAT]),
        kept=st.sampled_from([ANN, ANN, DAN]),
        tenths=some,
        end=st.sampled_from(["capture", "release", "reverse", "return", "nothing"]),
        hours=st.sampled_from([0, 2, 24 * 31]),
    )
    def mistake_one_for_another(self, gone: str, by: str, kept: str, tenths: int, end: str, hours: int) -> None:
        """Points are set aside and used, two become one, what was begun is ended, and two are two again."""
        self.send(bought := self.fact("purchase", gone, lines=(Line(sku="s", amount_minor=900),)))
        self.send(used := self.ask("redeem", gone, currency="points", points=30))
        self.send(held := self.ask("hold", gone, currency="points", points=20 + tenths, valid_seconds=3_600, pool=True))
        self.send(self.ask("hold", by, currency="points", points=40, valid_seconds=1_800, pool=True))
        self.merge(who=kept, to=gone, claim=gone == SLIP)
        ids = [id_ for id_, name in self.model.named.items() if name == held.id]
        if end in {"capture", "release"} and ids:
            self.send(
                self.ask(end, kept, hold=ids[0]) if end == "release" else self.ask(end, gone, hold=ids[0], points=5)
            )
        elif end in {"reverse", "return"}:
            self.send(self.fact(end, gone, origin=(used if end == "reverse" else bought).id))
        self.pass_time(self.model.now + timedelta(hours=hours), 0, early=False)
        self.send(self.fact("reverse", kept, origin=used.id))
        self.send(self.ask("redeem", kept, currency="points", points=self.share(kept, "points", 11), pool=True))
        self.unmerge(place=0, other=1)
        self.send(self.fact("return", gone, origin=bought.id))

    # -- rules: time ---------------------------------------------------------------------------------------------

    @rule(
        hours=st.sampled_from([1, 5, 24, 24 * 6, 24 * 11, 24 * 16, 24 * 26, 24 * 60, 24 * 101]),
        sweeps=st.sampled_from([0, 0, 1, 2]),
        early=st.booleans(),
    )
    def wait(self, hours: int, sweeps: int, early: bool) -> None:
        """Let time pass. The sweeper comes too early, never, once, or twice."""
        self.pass_time(self.model.now + timedelta(hours=hours), sweeps, early=early)

    @rule(place=some, seconds=st.integers(-1, 1), sweeps=st.sampled_from([0, 0, 1, 2]))
    def wait_for_an_end(self, place: int, seconds: int, sweeps: int) -> None:
        """Let time pass until something begins or ends, to the second."""
        moments = {moment for held in self.model.state.holds.values() for moment in (held.valid, held.settle)}
        moments |= {moment for lot in self.model.state.lots.values() for moment in (lot.usable, lot.ends) if moment}
        coming = sorted(each for each in moments if self.model.now + timedelta(seconds=1) < each < EVENT)
        if coming:
            self.pass_time(coming[place % len(coming)] + timedelta(seconds=seconds), sweeps, early=False)

    def pass_time(self, now: datetime, sweeps: int, *, early: bool) -> None:
        if early:
            self.note("swept too early")
            self.sweep()
        self.model.advance(now)
        # What the clock hands on has no number until somebody comes by.
        for time in range(max(sweeps, any(not lot.number for lot in self.model.state.lots.values()))):
            self.note("swept twice" if time else "swept")
            done = self.sweep()
            assert not (time and done), "a second sweep found something to do"
        self.compare()

    @rule(who=card, minor=amounts, hours=st.sampled_from([1, 24 * 7]), tenths=some)
    def set_the_clock_back(self, who: str, minor: list[int], hours: int, tenths: int) -> None:
        """A server with a slow clock comes next: time on an account does not go back."""
        self.send(self.purchase(who, minor))
        if who not in {ZED, EVE} and sum(minor) >= 10:
            self.note("clock set back")
            points = self.share(who, "points", tenths)
            ask = {"currency": "points", "points": points, "charity": "trees"}
            at = self.model.now - timedelta(hours=hours)
            self.send(self.fact("donate", who, ask=ask, occurred_at=at), back=timedelta(hours=hours))

    def teardown(self) -> None:
        """At the end the product's own proof of everything finds nothing; once more when all is swept."""
        if not hasattr(self, "swept"):
            return
        if self.world.sequences % CHECK_EVERY == 1:
            assert self.world.check() == ()
        self.sweep()
        self.compare()


def run(world: World, profile: str, given: object) -> Mapping[str, int]:
    """Run the sequences of a profile. The seed is printed, and can be given again."""
    world.publish(PROGRAM, live_from=LIVE_FROM)
    reached.clear()
    sequences, steps = STEPS[profile]
    chosen = int(str(given)) if given is not None else choose_seed()
    print(f"\n--hypothesis-seed={chosen} replays these {sequences} sequences")  # noqa: T201 - what a failure needs
    test = get_state_machine_test(
        cast("type[RuleBasedStateMachine]", partial(Machine, world)),
        settings=settings(
            max_examples=sequences,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            phases=PHASES,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
    tour(lambda: Machine(world))
    seed(chosen)(test)()
    return reached


@pytest.mark.slow
def test_the_ledger_does_what_the_model_does(world: World, pytestconfig: pytest.Config) -> None:
    count = run(world, "test", pytestconfig.getoption("--hypothesis-seed"))
    rules = {f"did {kind}" for kind in VERBS}
    assert sorted((REFUSALS | SITUATIONS | rules) - count.keys()) == [], "never reached"


@pytest.mark.soak
def test_the_ledger_does_what_the_model_does_for_hours(world: World, pytestconfig: pytest.Config) -> None:
    run(world, "soak", pytestconfig.getoption("--hypothesis-seed"))
