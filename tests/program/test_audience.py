"""For whom an offer runs, and that a share of the members is always the same, and even."""

from collections.abc import Mapping
from uuid import UUID, uuid5

import msgspec
import pytest

from regulars.kernel.nouns import Scalar
from regulars.kernel.program import Plan, compile_plan, parse, rule
from regulars.kernel.program.audience import number_of
from tests.program.story import BASE, HEAD, STARS, TIERS, buy, line, problems, step

CATALOG = HEAD.replace(
    "  traits: [vip]\n",
    "  traits: [vip, visits, staff]\n  stores: [north, south]\n  channels: [app, till]\n  segments: [lapsed, keen]\n",
)
MEMBERS = [uuid5(UUID(int=0), str(number)) for number in range(20_000)]


def offer(audience: str) -> Plan:
    """A programme with levels, and one offer for this audience."""
    return compile_plan(parse(write(audience)))


def write(audience: str) -> str:
    return CATALOG + STARS + TIERS + BASE.replace("id: base,", f"id: base, audience: {{{audience}}},")


def runs(
    deal: Plan,
    traits: Mapping[str, Scalar] | None = None,
    *,
    store: str = "",
    channel: str = "",
    member: UUID | None = None,
) -> bool:
    """Whether a purchase earns points."""
    bought = msgspec.structs.replace(buy(line(500), store=store), channel=channel)
    seen = step(deal, bought, traits=traits)
    if member is not None:
        seen = msgspec.structs.replace(seen, member=member)
    return any(posting.offer == "base" for posting in rule(deal, {}, seen).postings)


@pytest.mark.parametrize(
    ("audience", "traits", "expected"),
    [
        ("traits: {tier: [gold]}", {"tier": "gold"}, True),
        ("traits: {tier: [gold]}", {"tier": "green"}, False),
        ("traits: {tier: [gold]}", {}, False),
        ("traits: {tier: [gold, green]}", {"tier": "green"}, True),
        ("traits: {tier: [gold], vip: ['yes']}", {"tier": "gold"}, False),
        ("traits: {tier: [gold], vip: ['yes']}", {"tier": "gold", "vip": "yes"}, True),
        ("traits: {visits: [1, 2]}", {"visits": 2}, True),
        ("traits: {visits: [1]}", {"visits": True}, False),
        ("traits: {visits: [1]}", {"visits": "1"}, False),
        ("traits: {staff: [true]}", {"staff": True}, True),
        ("traits: {staff: [true]}", {"staff": 1}, False),
        ("segments: [lapsed, keen]", {"segment.keen": True}, True),
        ("segments: [lapsed, keen]", {"segment.keen": False}, False),
        ("segments: [lapsed, keen]", {"segment.keen": "yes"}, False),
        ("segments: [lapsed]", {"segment.keen": True}, False),
    ],
)
def test_traits_and_segments_decide(audience: str, traits: Mapping[str, Scalar], *, expected: bool) -> None:
    assert runs(offer(audience), traits) == expected


@pytest.mark.parametrize(
    ("audience", "store", "channel", "expected"),
    [
        ("stores: [north, south]", "south", "", True),
        ("stores: [north]", "south", "", False),
        ("stores: [north]", "", "", False),
        ("channels: [app]", "", "app", True),
        ("channels: [app]", "", "till", False),
        ("stores: [north], channels: [app]", "north", "till", False),
        ("stores: [north], channels: [app]", "north", "app", True),
    ],
)
def test_stores_and_channels_decide(audience: str, store: str, channel: str, *, expected: bool) -> None:
    assert runs(offer(audience), store=store, channel=channel) == expected


def test_the_formula_of_a_share_never_changes() -> None:
    # Worked out with `printf 'spring:00000000-0000-0000-0000-000000000007' | sha256sum`: it begins e95086975a4979dc.
    assert number_of(UUID(int=7), "spring") == int("e95086975a4979dc", 16) % 1000


def test_shares_of_one_salt_part_the_members_evenly() -> None:
    first, second = (
        offer("share: {permille: 500, salt: spring}"),
        offer("share: {permille: 500, salt: spring, start: 500}"),
    )
    halves = [(runs(first, member=member), runs(second, member=member)) for member in MEMBERS[:2_000]]
    assert set(halves) == {(True, False), (False, True)}
    numbers = [number_of(member, "spring") for member in MEMBERS]
    # Twenty to a number are expected; of 20 boxes of 50 numbers each, none is more than five deviations (31) off 1,000.
    boxes = [sum(1 for number in numbers if number // 50 == box) for box in range(20)]
    assert sum(boxes) == len(MEMBERS)
    assert all(abs(box - 1_000) < 5 * 31 for box in boxes), boxes


def test_another_salt_shuffles_the_members_anew() -> None:
    both = sum(1 for member in MEMBERS if number_of(member, "spring") < 500 and number_of(member, "autumn") < 500)
    # A quarter of them, within five deviations (61).
    assert abs(both - 5_000) < 5 * 61


@pytest.mark.parametrize(("permille", "start"), [(1, 0), (1, 999), (1000, 0)])
def test_the_ends_of_a_share_are_whole_numbers_of_members(permille: int, start: int) -> None:
    deal = offer(f"share: {{permille: {permille}, salt: spring, start: {start}}}")
    for member in MEMBERS[:500]:
        assert runs(deal, member=member) == (start <= number_of(member, "spring") < start + permille)


@pytest.mark.parametrize(
    ("audience", "path", "said"),
    [
        ("", "", "this says nothing"),
        ("traits: {teir: [gold]}", "traits.teir", "did you mean 'tier'?"),
        ("traits: {tier: [glod]}", "traits.tier[0]", "did you mean 'gold'?"),
        ("traits: {tier: [gold, gold]}", "traits.tier[1]", "a second time"),
        ("traits: {tier: []}", "traits.tier", "at least 1"),
        ("traits: {visits: [1.5]}", "traits.visits[0]", "not a whole number"),
        (
            "segments: [lapsd]",
            "segments[0]",
            "not among catalog.segments; did you mean 'lapsed'?",
        ),
        ("stores: [west]", "stores[0]", "the store 'west' is not among catalog.stores"),
        ("channels: [fax]", "channels[0]", "the channel 'fax' is not among catalog.channels"),
        ("share: {permille: 0, salt: a}", "share.permille", "the least is 1"),
        ("share: {permille: 1001, salt: a}", "share.permille", "the most is 1000"),
        ("share: {permille: 600, salt: a, start: 500}", "share", "numbers go up to 1000"),
        ("share: {permille: 600}", "share", "'salt' is missing"),
    ],
)
def test_an_audience_that_nobody_is_in_is_refused_with_its_place(audience: str, path: str, said: str) -> None:
    found = problems(write(audience))
    where = f"offers[2].audience.{path}".rstrip(".")
    assert [at for at, place, message in found if place == where and said in message] == [write("").count("\n")], found
