"""Codes that customers show: whatever way they are spelled, the journal names them, and no name is ever a code."""

from collections.abc import Sequence

import pytest

from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.kernel import limits, spine
from regulars.kernel.limits import Code
from regulars.kernel.nouns import Activity
from regulars.kernel.spine.codes import HELD, UNKNOWN, digest_code, name_codes
from tests.spine.conftest import START, Shop, buy

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))
KEYRING = Keyring.derive({1: FIRST}, current=1)
TEN, FIVE = Code(name="code:ten:1"), Code(name="code:five:1")


async def issue(
    database: Database, codes: dict[str, Code], keyring: Keyring = KEYRING, *, batch: str = "spring"
) -> None:
    async with database.transaction() as tx:
        digests = [digest_code(keyring, word) for word in codes]
        await limits.add_codes(tx, digests, list(codes.values()), batch=batch, at=START)


async def name(
    database: Database, *facts: Activity, keyring: Keyring = KEYRING
) -> tuple[list[tuple[str, ...]], set[str], int]:
    """Name what facts show; gives the names by fact, which of them are codes, and how many statements it took."""
    async with database.snapshot() as read:
        named, codes = await name_codes(read, keyring, facts)
        return [tuple(fact.coupons) for fact in named], {*codes}, read.statements


@pytest.mark.parametrize("spelled", ["SPRING-10", "spring-10", "Spring 10", "SPRING10", " sp-ri ng\t1--0 "])
async def test_spaces_dashes_and_small_letters_make_no_difference(database: Database, spelled: str) -> None:
    await issue(database, {"Spring 10": TEN})
    assert await name(database, buy("1", 100, coupons=(spelled,))) == ([(TEN.name,)], {TEN.name}, 1)


@pytest.mark.parametrize("shown", ["SPRING-11", "SPRING-1", "SPRING_10", "", "-", "coupon", "SPRING-10\n"])
async def test_another_code_is_unknown(database: Database, shown: str) -> None:
    await issue(database, {"SPRING-10": TEN})
    assert await name(database, buy("1", 100, coupons=(shown,))) == ([(UNKNOWN,)], set(), 1)


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        # The same code twice is one, however it is spelled, and so are two that nobody issued.
        (["TEN", "TEN"], [TEN.name]),
        (["TEN", "FIVE", "t-e-n", "five"], [TEN.name, FIVE.name]),
        (["GUESS-1", "TEN", "GUESS-2"], [UNKNOWN, TEN.name]),
        # They keep their order.
        (["FIVE", "TEN"], [FIVE.name, TEN.name]),
        # What members hold has no secret name, and passes as it is.
        (["held:ten:1"], ["held:ten:1"]),
        (["held:ten:1", "TEN", "held:Ten:1", "held:ten:1"], ["held:ten:1", TEN.name, "held:Ten:1"]),
        # But only as it is written: this is a code like any other.
        (["HELD:ten:1", "h-eld:ten:1"], [UNKNOWN]),
        # A code's name is in receipts. Whoever has read it there has no code.
        ([TEN.name], [UNKNOWN]),
        (["CODE:TEN:1", UNKNOWN], [UNKNOWN]),
    ],
)
async def test_what_is_shown_gets_its_name(database: Database, shown: Sequence[str], names: Sequence[str]) -> None:
    await issue(database, {"TEN": TEN, "FIVE": FIVE})
    named, codes, _ = await name(database, buy("1", 100, coupons=tuple(shown)))
    assert named == [tuple(names)]
    assert codes == {*names} & {TEN.name, FIVE.name}


async def test_all_facts_of_a_batch_are_named_by_one_statement_and_none_where_none_shows_a_code(
    database: Database,
) -> None:
    await issue(database, {"TEN": TEN, "FIVE": FIVE})
    plain, held = buy("1", 100), buy("2", 100, coupons=("held:ten:1",))
    assert await name(database, plain, held) == ([(), ("held:ten:1",)], set(), 0)
    facts = [plain, held, buy("3", 100, coupons=("ten",)), buy("4", 100, coupons=("five", "TEN", "no"))]
    names = [(), ("held:ten:1",), (TEN.name,), (FIVE.name, TEN.name, UNKNOWN)]
    assert await name(database, *facts) == (names, {TEN.name, FIVE.name}, 1)


async def test_naming_changes_nothing_else(database: Database) -> None:
    await issue(database, {"TEN": TEN})
    shown = buy("1", 100, 250, coupons=("ten",), store="7", channel="web")
    async with database.snapshot() as read:
        (named,), codes = await name_codes(read, KEYRING, [shown])
    assert named == buy("1", 100, 250, coupons=(TEN.name,), store="7", channel="web")
    assert codes == {TEN.name: TEN}


async def test_codes_are_found_after_the_master_key_was_changed(database: Database) -> None:
    await issue(database, {"OLD": TEN})
    both = Keyring.derive({1: FIRST, 2: SECOND}, current=2)
    await issue(database, {"NEW": FIVE}, both, batch="summer")
    fact = buy("1", 100, coupons=("OLD", "NEW"))
    assert await name(database, fact, keyring=both) == ([(TEN.name, FIVE.name)], {TEN.name, FIVE.name}, 1)
    # Without the key that it was kept under, a code is nobody's.
    assert (await name(database, fact, keyring=Keyring.derive({2: SECOND}, current=2)))[0] == [(UNKNOWN, FIVE.name)]
    assert (await name(database, fact))[0] == [(TEN.name, UNKNOWN)]


def test_digests_are_keyed_and_tell_nothing() -> None:
    other = Keyring.derive({1: SECOND}, current=1)
    assert digest_code(KEYRING, "ten") == digest_code(KEYRING, "T-E N")
    assert len({digest_code(KEYRING, "ten"), digest_code(KEYRING, "five"), digest_code(other, "ten")}) == 3
    # Nor is it what another secret of the same letters is kept as, nor what one can be looked up by.
    assert digest_code(KEYRING, "ten") not in {
        KEYRING.blind("coupon", "TEN"),
        KEYRING.digest_tokens("api-key", "TEN")[0].value,
    }


async def test_recording_journals_the_name_and_takes_the_code_spelled_otherwise_for_the_same_activity(
    shop: Shop,
) -> None:
    await issue(shop.database, {"TEN": TEN})
    first = await shop.receipt(buy("1", 100, coupons=("TEN", HELD + "x", "guess")))
    (again,) = await shop.send(buy("1", 100, coupons=("t e n", HELD + "x", "another guess")))
    assert (again.repeated, again.receipt) == (True, first)
    assert await shop.refusal(buy("1", 100, coupons=("TEN", HELD + "x"))) == "key_reused"
    async with shop.database.snapshot() as read:
        (row,) = await read.rows("SELECT body::jsonb -> 'coupons' AS shown FROM activity.journal")
        (ceiling,) = await limits.ceilings(read)
    assert row["shown"] == f'["{TEN.name}", "{HELD}x", "{UNKNOWN}"]'
    # No offer of this shop takes coupons: then none is used, and each says so.
    assert (ceiling.id, ceiling.left) == (TEN.name, 1)
    assert [reason.code for reason in first.reasons if not reason.offer] == ["coupon_refused"] * 3


async def test_preview_names_what_recording_names(shop: Shop) -> None:
    await issue(shop.database, {"TEN": TEN})
    fact = buy("1", 100, coupons=("ten", "guess", HELD + "x"))
    async with shop.database.snapshot() as read:
        (seen,) = await spine.preview(read, shop.house, [fact], shop.at)
    assert seen.outcome.receipt is not None
    assert seen.outcome.receipt.reasons == (await shop.receipt(fact)).reasons
