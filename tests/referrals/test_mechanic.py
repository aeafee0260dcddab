"""What a referral programme remembers: the same in any order, the same from both sides of a merge, and bounded."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.referrals.mechanic import (
    ACTS_MAX,
    CHAIN_MAX,
    DUE,
    KINDS,
    MONTHS_MAX,
    PAID,
    REFERRED,
    SENT,
    TRAIT,
    Prepared,
    earn,
    merge,
    prepare,
    references,
)
from regulars.features.referrals.model import Act, Memory, ReferralLate, ReferralRing, Settings
from regulars.kernel import program
from regulars.kernel.nouns import Activity, Earned, Line, Other, Step
from regulars.kernel.program import Calendar, ProgramInvalid
from regulars.kernel.program.terms import Language
from tests.program.telling import tell
from tests.referrals.conftest import REFERRALS
from tests.spine.conftest import PROGRAM

START = datetime(2026, 3, 1, tzinfo=UTC)
NEWCOMER, REFERRER, OTHER = (UUID(int=number) for number in (1, 2, 3))
CALENDAR = Calendar(zone=ZoneInfo("UTC"))
PLAIN = {
    "newcomer": {"currency": "points", "points": 200},
    "referrer": {"currency": "points", "points": 300},
    "lines": {"minimum_minor": 100},
    "within_days": 3,
    "days": 10,
    "hold_days": 7,
}
Fact = tuple[str, int, int]
"""(kind, hours since the start, money or number)."""


def make(**settings: object) -> Prepared:
    return prepare(msgspec.convert(PLAIN | settings, Settings), CALENDAR)


def view(fact: Fact, *, member: UUID = NEWCOMER, chain: str = "", joined: int | None = 0) -> Step:
    kind, hours, amount = fact
    at = START + timedelta(hours=hours)
    activity = Activity(
        id=f"{kind} {hours} {amount}",
        source="till",
        kind=kind,
        occurred_at=at,
        member=member,
        lines=(Line(sku="a", amount_minor=amount),) if kind == "purchase" else (),
        data={"newcomer": "x"} if kind in KINDS else {},
    )
    return Step(
        member=member,
        activity=activity,
        at=at,
        day=CALENDAR.day_of(at),
        traits={},
        balances={},
        left={},
        joined_at=None if joined is None else START + timedelta(hours=joined),
        other=Other(member=REFERRER, traits={TRAIT: chain} if chain else {}) if kind == REFERRED else None,
    )


def live(prepared: Prepared, facts: list[Fact], memory: Memory | None = None) -> tuple[Memory, list[Earned]]:
    known, answers = memory or Memory(), list[Earned]()
    for fact in facts:
        answer = earn(prepared, known, view(fact))
        known = known if answer.memory is None else answer.memory
        answers.append(answer)
    return known, answers


acts = st.lists(
    st.tuples(st.just("purchase"), st.integers(2, 24 * 20), st.integers(50, 150)),
    max_size=8,
    unique_by=lambda it: it[1],
)
heard = st.lists(st.tuples(st.sampled_from([SENT, PAID]), st.integers(24 * 5, 24 * 35), st.just(0)), max_size=5)


@given(bought=acts, more=heard, data=st.data())
def test_order_does_not_matter(bought: list[Fact], more: list[Fact], data: st.DataObject) -> None:
    prepared = make()
    facts: list[Fact] = [(REFERRED, 1, 0), *bought]
    shuffled = data.draw(st.permutations(facts))
    one, other = live(prepared, facts + more)[0], live(prepared, shuffled + more[::-1])[0]
    # What is too late for a referral is forgotten sooner where that was told first.
    assert pay(prepared, one) == pay(prepared, other)
    assert (one.acted, one.referral, one.sent, one.months) == (other.acted, other.referral, other.sent, other.months)


def pay(prepared: Prepared, memory: Memory) -> list[tuple[int, int]]:
    """The days on which the newcomer is paid, if the clock comes every day."""
    days: list[tuple[int, int]] = []
    for day in range(40):
        answer = earn(prepared, memory, view((DUE, 24 * day, 0)))
        memory = memory if answer.memory is None else answer.memory
        if answer.awards:
            days.append((day, answer.awards[0].points))
    return days


@given(bought=acts)
def test_paid_once_for_the_first_that_is_large_enough(bought: list[Fact]) -> None:
    prepared = make()
    memory, _ = live(prepared, [(REFERRED, 1, 0), *bought])
    fitting = [hours // 24 for _, hours, amount in bought if amount >= 100 and hours < 24 * 11]
    assert pay(prepared, memory) == ([(min(fitting) + 8, 200)] if fitting else [])


def test_clock_is_asked_to_come_when_the_hold_is_over() -> None:
    _, (_, first, _, earlier) = live(
        make(), [(REFERRED, 1, 0), ("purchase", 60, 100), ("purchase", 80, 100), ("purchase", 10, 100)]
    )
    times = [[(due.kind, due.at, due.replaces) for due in answer.later] for answer in (first, earlier)]
    assert times == [[(DUE, START + timedelta(days=days), "payout")] for days in (10, 8)]


def test_purchase_before_the_referral_makes_it_late_whenever_it_is_told() -> None:
    prepared = make()
    memory, answers = live(prepared, [(REFERRED, 5, 0), ("purchase", 6, 100), ("purchase", 4, 1)])
    assert answers[-1].later == ()
    assert pay(prepared, memory) == []
    with pytest.raises(ReferralLate):
        live(prepared, [("purchase", 4, 1), (REFERRED, 5, 0)])


@pytest.mark.parametrize(("hours", "joined", "late"), [(95, 0, False), (96, 0, True), (96, 24, False), (0, None, True)])
def test_newcomer_is_new_for_some_days(hours: int, joined: int | None, late: bool) -> None:
    step = view((REFERRED, hours, 0), joined=joined)
    if late:
        with pytest.raises(ReferralLate):
            earn(make(), Memory(), step)
    else:
        assert earn(make(), Memory(), step).traits


def test_chain_is_no_longer_than_it_need_be() -> None:
    before = " ".join(str(UUID(int=number)) for number in range(10, 10 + CHAIN_MAX))
    (change,) = earn(make(), Memory(), view((REFERRED, 1, 0), chain=before)).traits
    assert isinstance(change.value, str)
    assert change.value.split() == [str(REFERRER), *before.split()[:-1]]


def test_who_became_part_of_a_member_is_in_the_ring_too() -> None:
    with pytest.raises(ReferralRing):
        earn(make(), Memory(ids=(str(OTHER),)), view((REFERRED, 1, 0), chain=f"{REFERRER} {OTHER}"))


def test_month_has_its_most_and_the_next_begins_anew() -> None:
    prepared = make(most_per_month=2)
    days = [1, 2, 3, 30, 32, 33, 34]
    memory, answers = live(prepared, [(PAID, 24 * day, 0) for day in days])
    assert [sum(award.points for award in answer.awards) for answer in answers] == [300, 300, 0, 0, 300, 300, 0]
    assert {reason.code for reason in answers[2].reasons} == {"referral_month_full"}
    assert memory.months == {"2026-03": 2, "2026-04": 2}


def test_side_that_gets_nothing_hears_nothing() -> None:
    prepared = make(referrer={})
    memory, _ = live(prepared, [(REFERRED, 1, 0), ("purchase", 2, 100)])
    answer = earn(prepared, memory, view((DUE, 24 * 8, 0)))
    assert (len(answer.awards), answer.later) == (1, ())
    assert references(prepared.settings).currencies == ("points",)


memories = st.builds(
    Memory,
    acted=st.integers(0, 5),
    referral=st.none(),
    acts=st.lists(
        st.builds(Act, moment=st.integers(1, 9), day=st.just(5), name=st.sampled_from("abc")), max_size=3
    ).map(lambda found: tuple(sorted(set(found)))),
    sent=st.integers(0, 3),
    ids=st.sets(st.sampled_from("xyz")).map(lambda found: tuple(sorted(found))),
    months=st.dictionaries(st.sampled_from(["2026-01", "2026-02", "2026-03"]), st.integers(1, 5)),
    paid=st.just(0),
    void=st.booleans(),
)


@given(one=memories, other=memories)
def test_merging_is_the_same_from_both_sides(one: Memory, other: Memory) -> None:
    assert merge(make(), one, other) == merge(make(), other, one)
    assert merge(make(), one, Memory()) == msgspec.structs.replace(one, months=dict(sorted(one.months.items())))


@given(first=acts, second=acts)
def test_two_newcomers_who_are_one_are_paid_for_once(first: list[Fact], second: list[Fact]) -> None:
    prepared = make()
    one, other = (live(prepared, [(REFERRED, 1, 0), *facts])[0] for facts in (first, second))
    joined = merge(prepared, one, other)
    days = [day for memory in (one, other) for day in pay(prepared, memory)]
    assert pay(prepared, joined) == ([min(days)] if days else [])
    paid = msgspec.structs.replace(one, paid=1, acts=())
    assert pay(prepared, merge(prepared, paid, other)) == []


def test_not_more_is_remembered_than_fits() -> None:
    bought: list[Fact] = [("purchase", hours, 100) for hours in range(2, 200)]
    memory, _ = live(make(), [(REFERRED, 1, 0), *bought[::-1]])
    assert len(memory.acts) == ACTS_MAX
    assert memory.acts[0].moment == round((START + timedelta(hours=2)).timestamp()) * 1_000_000
    months, _ = live(make(), [(PAID, 24 * 31 * month, 0) for month in range(12)])
    assert len(months.months) == MONTHS_MAX


def test_old_customers_leave_the_day_they_were_first_heard_of_and_no_more() -> None:
    prepared = make()
    memory, answers = Memory(), list[Earned]()
    for hours in (24 * 400, 24 * 401):
        answers.append(earn(prepared, memory, view(("purchase", hours, 500))))
        memory = answers[-1].memory or memory
    assert memory == Memory(acted=round((START + timedelta(days=400)).timestamp()) * 1_000_000)
    assert answers[1] == Earned()


SECOND = """  - id: more-friends
    mechanic: referrals
    on: [referred, purchase]
    settings: {referrer: {currency: points, points: 1}}
  - id: five
"""


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (("points: 200, ", ""), "'currency' and 'points' belong together"),
        (("what: five}", "what: six}"), "no offer of the programme gives out the coupon 'six'"),
        (("{currency: points, points: 300}", "{currency: pints, points: 300}"), "pints"),
        (("  - id: five\n", SECOND), "the trait 'referrers' is set by the offer 'friends' already"),
    ],
)
def test_what_cannot_be_is_refused(changed: tuple[str, str], says: str) -> None:
    with pytest.raises(ProgramInvalid, match=says):
        program.compile_plan(program.parse((PROGRAM + REFERRALS).replace(*changed)))


def test_programme_that_gives_nothing_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="gives something"):
        msgspec.convert({}, Settings)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("points: 200", "points: 250"),
        ("points: 300", "points: 350"),
        ("what: five}]", "what: five, count: 2}]"),
        ("minimum_minor: 2000", "minimum_minor: 3000"),
        ("within_days: 3", "within_days: 0"),
        ("within_days: 3", "within_days: 4"),
        ("\n      days: 10", "\n      days: 0"),
        ("\n      days: 10", "\n      days: 11"),
        ("hold_days: 7", "hold_days: 0"),
        ("hold_days: 7", "hold_days: 8"),
        ("hold_days: 7", "hold_days: 7\n      within_household: true"),
        ("most_per_month: 5", "most_per_month: 6"),
        ("      most_per_month: 5\n", ""),
        ("lines: {minimum_minor: 2000}", "lines: {minimum_minor: 2000, categories: [DAIRY]}"),
        ("on: [referred, purchase]", "on: [referred, purchase]\n    on_return: keep"),
        ("on: [referred, purchase]", "on: [referred, check_in]"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_setting_shows_in_the_terms(before: str, after: str, lang: Language) -> None:
    text = PROGRAM + REFERRALS
    assert before in text
    assert tell(text, lang) != tell(text.replace(before, after), lang)
