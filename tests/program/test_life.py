"""A version's life, told out of what was written down; and which version decides for whom. No database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from regulars.base.errors import Refusal
from regulars.kernel.nouns import Scalar
from regulars.kernel.program import (
    Life,
    Mark,
    NoProgram,
    Pilot,
    Policy,
    Release,
    Releases,
    add_budgets,
    parse,
)
from regulars.kernel.program.audience import number_of
from regulars.kernel.program.life import (
    MarkKind,
    check_pilot,
    check_ready,
    check_retirable,
    check_reviewable,
    check_stranded,
    find_previous,
    tell_life,
)
from regulars.kernel.program.releases import ReleaseKind
from tests.program.story import BASE, HEAD, MEMBER, STARS, plan

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANA = UUID(int=11)


def at(day: int) -> datetime:
    return AT + day * DAY


def mark(number: int, kind: MarkKind, *, by: str = "ana", day: int = 0, hash: str = "a") -> Mark:  # noqa: A002
    return Mark(number=number, hash=hash, kind=kind, by=by, at=at(day))


def release(number: int, day: int, hash: str, kind: ReleaseKind = "publish", pilot: Pilot | None = None) -> Release:  # noqa: A002
    return Release(number=number, hash=hash, live_from=at(day), by="ana", at=at(day), kind=kind, pilot=pilot)


STORE = Pilot(stores=("s1",))
TRIED = release(2, 6, "a", "pilot", STORE)

# What was written down, and what the version "a" is on day 10.
LIVES: list[tuple[list[Mark], list[Release], str]] = [
    ([mark(1, "drafted")], [], "draft"),
    ([mark(1, "drafted"), mark(2, "simulated")], [], "simulated"),
    ([mark(1, "drafted"), mark(2, "simulated"), mark(3, "reviewed", by="bob")], [], "reviewed"),
    ([mark(1, "drafted"), mark(2, "reviewed", by="bob"), mark(3, "simulated")], [], "reviewed"),
    ([mark(1, "drafted")], [release(1, 10, "a")], "live"),  # a release counts from its very start
    ([mark(1, "drafted")], [release(1, 11, "a")], "scheduled"),
    ([mark(1, "drafted")], [release(1, 5, "a"), release(2, 6, "b")], "retired"),
    ([mark(1, "drafted")], [release(1, 5, "a"), release(2, 6, "b"), release(3, 7, "a", "back")], "live"),
    ([mark(1, "drafted")], [release(1, 5, "b"), release(2, 6, "a", "pilot", STORE)], "pilot"),
    ([mark(1, "drafted")], [release(1, 5, "b"), release(2, 12, "a", "pilot", STORE)], "scheduled"),
    # Anything else that is released ends a trial, which leaves the version where it was.
    (
        [mark(1, "drafted")],
        [release(1, 5, "b"), release(2, 6, "a", "pilot", STORE), release(3, 7, "a", "end")],
        "draft",
    ),
    ([mark(1, "drafted")], [release(1, 5, "b"), release(2, 6, "a", "pilot", STORE), release(3, 7, "c")], "draft"),
    # While another is tried, the live one stays so.
    ([mark(1, "drafted")], [release(1, 5, "a"), release(2, 6, "b", "pilot", STORE)], "live"),
    # Of two that start together, the one made later counts.
    ([mark(1, "drafted")], [release(1, 12, "a"), release(2, 12, "b")], "draft"),
    ([mark(1, "drafted"), mark(2, "retired")], [], "retired"),
    ([mark(1, "drafted"), mark(2, "reviewed", by="bob"), mark(3, "retired"), mark(4, "drafted")], [], "draft"),
    # Drafted again while it lives: nothing begins anew.
    ([mark(1, "drafted"), mark(2, "reviewed", by="bob"), mark(3, "drafted", by="cy")], [], "reviewed"),
]


@pytest.mark.parametrize(("marks", "releases", "state"), LIVES)
def test_where_a_version_stands(marks: list[Mark], releases: list[Release], state: str) -> None:
    life = tell_life("a", marks, releases, at(10))
    assert life.state == state
    assert life.drafted.by == "ana"
    assert life.released is any(it.hash == "a" for it in releases)


def tell(*marks: Mark, releases: tuple[Release, ...] = ()) -> Life:
    return tell_life("a", marks, releases, at(10))


DRAFT = tell(mark(1, "drafted"))
SIMULATED = tell(mark(1, "drafted"), mark(2, "simulated"))
REVIEWED = tell(mark(1, "drafted"), mark(2, "reviewed", by="bob"))
RETIRED = tell(mark(1, "drafted"), mark(2, "retired"))
LIVE = tell(mark(1, "drafted"), releases=(release(1, 1, "a"),))
NOTHING, STRICT, ALL = Policy(), Policy(review=True), Policy(review=True, simulation=True)


def refused(step: object, *given: object, **more: object) -> str:
    try:
        step(*given, **more)  # pyright: ignore[reportCallIssue]
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(
    ("life", "policy", "code"),
    [
        (DRAFT, NOTHING, ""),
        (DRAFT, STRICT, "review_missing"),
        (DRAFT, ALL, "simulation_missing"),
        (SIMULATED, ALL, "review_missing"),
        (REVIEWED, STRICT, ""),
        (REVIEWED, ALL, "simulation_missing"),
        (RETIRED, NOTHING, "version_retired"),
    ],
)
def test_what_a_version_needs_before_it_decides(life: Life, policy: Policy, code: str) -> None:
    assert refused(check_ready, life, policy) == code


@pytest.mark.parametrize(
    ("life", "policy", "by", "code"),
    [
        (DRAFT, NOTHING, "bob", ""),
        (DRAFT, NOTHING, "ana", "reviewer_is_author"),
        (DRAFT, NOTHING, " ANA ", "reviewer_is_author"),
        (DRAFT, ALL, "bob", "simulation_missing"),
        (LIVE, NOTHING, "bob", "step_out_of_order"),
        (RETIRED, NOTHING, "bob", "version_retired"),
    ],
)
def test_who_reviews_and_when(life: Life, policy: Policy, by: str, code: str) -> None:
    assert refused(check_reviewable, life, policy, by=by) == code


def test_what_is_live_is_not_retired() -> None:
    assert refused(check_retirable, DRAFT) == ""
    assert refused(check_retirable, LIVE) == "step_out_of_order"
    assert refused(check_retirable, RETIRED) == "version_retired"


# What was released, as (hash, kind) day by day, and what decided before the last of it.
PATHS: list[tuple[list[tuple[str, ReleaseKind]], str | None]] = [
    ([], None),
    ([("a", "publish")], None),
    ([("a", "publish"), ("b", "publish")], "a"),
    ([("a", "publish"), ("b", "publish"), ("c", "publish"), ("b", "back")], "a"),  # not c: it was left
    ([("a", "publish"), ("b", "publish"), ("a", "back")], None),
    ([("a", "publish"), ("b", "publish"), ("a", "publish")], "b"),
    ([("a", "publish"), ("a", "publish")], None),
    ([("a", "publish"), ("p", "pilot"), ("p", "end"), ("b", "publish")], "a"),  # a trial was never for everybody
    ([("a", "publish"), ("x", "publish"), ("b", "publish")], "a"),  # x was retired by hand
]


@pytest.mark.parametrize(("path", "before"), PATHS)
def test_what_decided_before(path: list[tuple[str, ReleaseKind]], before: str | None) -> None:
    releases = [
        release(number, number, hash_, kind, STORE if kind == "pilot" else None)
        for number, (hash_, kind) in enumerate(path, start=1)
    ]
    if before is None:
        assert refused(find_previous, releases, at(10), retired={"x"}) == "nothing_to_roll_back"
    else:
        assert find_previous(releases, at(10), retired={"x"}) == before


# --- for whom --------------------------------------------------------------------------------------------------------

TRAITS: dict[str, Scalar] = {"tier": "gold", "vip": True, "visits": 1}
# The pilot; whether it is for the member of the story, in the store s1.
PILOTS: list[tuple[Pilot, bool]] = [
    (Pilot(stores=("s1", "s2")), True),
    (Pilot(stores=("s2",)), False),
    (Pilot(trait="tier", values=("silver", "gold")), True),
    (Pilot(trait="tier", values=("silver",)), False),
    (Pilot(trait="vip", values=(True,)), True),
    (Pilot(trait="vip", values=(1,)), False),  # true is not 1
    (Pilot(trait="visits", values=(True,)), False),
    (Pilot(trait="mood", values=("good",)), False),
    (Pilot(permille=1000), True),
    (Pilot(permille=number_of(MEMBER, "x") + 1, salt="x"), True),
    (Pilot(permille=max(1, number_of(MEMBER, "x")), salt="x"), False),
    (Pilot(stores=("s1",), trait="tier", values=("silver",)), False),  # all of it must fit
]


@pytest.mark.parametrize(("pilot", "tried"), PILOTS)
def test_on_whom_a_version_is_tried(pilot: Pilot, *, tried: bool) -> None:
    old, new = plan(BASE), plan(BASE, STARS)
    releases = Releases(
        all=(release(1, 0, old.hash), release(2, 5, new.hash, "pilot", pilot)),
        plans={old.hash: old, new.hash: new},
    )

    def ask(day: int) -> str:
        return releases.plan_for(MEMBER, "s1", lambda _: TRAITS, at(day)).hash

    assert ask(4) == old.hash
    assert ask(5) == (new.hash if tried else old.hash)
    assert releases.plan_at(at(5)).hash == old.hash
    assert [it.hash for it in releases.plans_at(at(5))] == [old.hash, new.hash]
    assert releases.plans_at(at(-1)) == ()
    with pytest.raises(NoProgram):
        ask(-1)


def test_a_share_is_even_stays_and_grows() -> None:
    members = [UUID(int=number) for number in range(4000)]
    few = {member for member in members if number_of(member, "spring") < 100}
    more = {member for member in members if number_of(member, "spring") < 200}
    assert few < more
    assert 320 < len(few) < 480
    assert few != {member for member in members if number_of(member, "summer") < 100}
    assert number_of(UUID(int=7), "spring") == 12  # for ever: another number would choose others


DOCUMENT = parse(HEAD.replace("catalog:", "catalog:\n  stores: [s1, s2]") + BASE)


@pytest.mark.parametrize(
    ("pilot", "said"),
    [
        (Pilot(), "Say on whom"),
        (Pilot(stores=("s9",)), "The store 's9'"),
        (Pilot(trait="mood", values=("good",)), "knows no trait 'mood'. Known: vip"),
        (Pilot(trait="vip"), "given together"),
        (Pilot(stores=("s1",), values=("good",)), "given together"),
        (Pilot(stores=("s1",), salt="x"), "how many of a thousand"),
    ],
)
def test_a_pilot_that_nobody_would_be_in(pilot: Pilot, said: str) -> None:
    with pytest.raises(Refusal, match=said) as refusal:
        check_pilot(pilot, DOCUMENT, ["vip"])
    assert refusal.value.code == "pilot_invalid"
    check_pilot(Pilot(stores=("s2",), trait="vip", values=(True,), permille=3, salt="x"), DOCUMENT, ["vip"])


# --- what members hold, and budgets ----------------------------------------------------------------------------------

BEFORE = parse(HEAD + BASE)


@pytest.mark.parametrize(
    ("old", "new", "held", "path"),
    [
        ("", "", ["points", "stars"], None),
        ("  stars:\n    kind: qualifying\n    name: {en: Stars, zh-CN: 星星}\n", "", ["points", "stars"], None),
        ("  points:", "  coins:", ["points"], "currencies"),
        ("  points:", "  coins:", [], None),
        ("kind: spendable", "kind: qualifying", ["points"], "currencies.points.kind"),
        ("kind: spendable", "kind: spendable\n    scale: 2", ["points"], "currencies.points.scale"),
    ],
)
def test_points_are_not_stranded(old: str, new: str, held: list[str], path: str | None) -> None:
    text = HEAD.replace(old, new, 1) if old else HEAD
    if "qualifying" in new:
        text = text.replace("    value: {minor: 1, per_points: 2}\n", "")
    after = parse(text + (BASE.replace("currency: points", "currency: coins") if "coins" in new else BASE))
    if path is None:
        check_stranded(after, [BEFORE], held)
        return
    with pytest.raises(Refusal) as refusal:
        check_stranded(after, [BEFORE], held)
    assert refusal.value.code == "lots_stranded"
    assert [it["path"] for it in refusal.value.context["problems"]] == [path]  # pyright: ignore[reportGeneralTypeIssues]


def test_what_a_budget_may_be_after_each_release() -> None:
    known = add_budgets({}, release(1, 0, "a"), {"x": 10}, {"x": 10})
    assert known == {"x": {10}}
    tried = add_budgets(known, release(2, 1, "b", "pilot", STORE), {"x": 10}, {"x": 5, "y": 7})
    assert tried == {"x": {10}, "y": {7}}, "a trial never lessens what the others have"
    ended = add_budgets(tried, release(3, 2, "b", "end"), {"x": 10}, {"x": 5, "y": 7})
    assert ended == {"x": {10}, "y": {7}}
    more = add_budgets(ended, release(4, 3, "c"), {"x": 90}, {"x": 90})
    assert more["x"] == {90}
    back = add_budgets(more, release(5, 4, "a", "back"), {"x": 10}, {"x": 10})
    assert back["x"] == {10, 90}, "where more than 10 is spent already, 90 stays"
