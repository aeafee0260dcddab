"""The steps of a version's life in the database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.kernel import program
from regulars.kernel.program import Pilot, Policy, content_hash, parse
from tests.program.story import BASE, HEAD, STARS, TIERS

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW = parse(HEAD + BASE), parse(HEAD + BASE + STARS)
OLD_HASH, NEW_HASH = content_hash(OLD), content_hash(NEW)


async def publish(
    database: Database, document: program.Document, live_from: datetime = AT, *, at: datetime = AT, text: str = ""
) -> bool:
    async with database.transaction() as tx:
        return (await program.publish(tx, document, live_from=live_from, by="ana", at=at, text=text)).is_new


async def state(database: Database, hash_: str = NEW_HASH, at: datetime = AT) -> str:
    async with database.snapshot() as read:
        return (await program.read_life(read, hash_, at=at)).state


@pytest.mark.smoke
async def test_a_version_goes_through_its_whole_life(database: Database) -> None:
    await publish(database, OLD)
    async with database.transaction() as tx:
        life = await program.draft(tx, NEW, by="ana", at=AT, text="# spring\n", note="more stars")
        assert (life.state, life.drafted.by, life.drafted.note) == ("draft", "ana", "more stars")
    async with database.transaction() as tx:
        assert (await program.mark_simulated(tx, NEW_HASH, report="0" * 64, by="ana", at=AT)).state == "simulated"
    async with database.transaction() as tx:
        life = await program.review(tx, NEW_HASH, by="bob", at=AT, note="fine")
        assert (life.state, life.reviewed and life.reviewed.by) == ("reviewed", "bob")
        assert (await program.review(tx, NEW_HASH, by="bob", at=AT)) == life, "twice is once"
    async with database.transaction() as tx:
        started = await program.start_pilot(tx, NEW_HASH, Pilot(permille=50), live_from=AT + DAY, by="ana", at=AT)
        assert started.is_new
    assert await state(database) == "scheduled"
    assert await state(database, at=AT + DAY) == "pilot"
    assert await state(database, OLD_HASH, at=AT + DAY) == "live"
    await publish(database, NEW, AT + 2 * DAY, at=AT + 2 * DAY)
    assert await state(database, at=AT + 2 * DAY) == "live"
    assert await state(database, OLD_HASH, at=AT + 2 * DAY) == "retired"
    async with database.transaction() as tx:
        release = await program.roll_back(tx, by="cy", at=AT + 3 * DAY, leave=NEW_HASH, note="too dear")
        assert (release.kind, release.hash, release.live_from) == ("back", OLD_HASH, AT + 3 * DAY)
    assert await state(database, OLD_HASH, at=AT + 3 * DAY) == "live"
    assert await state(database, at=AT + 3 * DAY) == "retired"


async def test_rolling_back_twice_by_name_is_refused_the_second_time(database: Database) -> None:
    await publish(database, OLD)
    await publish(database, NEW, AT + DAY)
    async with database.transaction() as tx:
        await program.roll_back(tx, by="cy", at=AT + 2 * DAY, leave=NEW_HASH)
        with pytest.raises(program.StepOutOfOrder):
            await program.roll_back(tx, by="cy", at=AT + 2 * DAY, leave=NEW_HASH)
        with pytest.raises(program.NothingToRollBack):
            await program.roll_back(tx, by="cy", at=AT + 2 * DAY)


async def test_rolling_back_ends_a_trial_first(database: Database) -> None:
    await publish(database, OLD)
    async with database.transaction() as tx:
        await program.draft(tx, NEW, by="ana", at=AT)
        await program.start_pilot(tx, NEW_HASH, Pilot(stores=("s1",)), live_from=AT, by="ana", at=AT)
        again = await program.start_pilot(tx, NEW_HASH, Pilot(stores=("s1",)), live_from=AT, by="ana", at=AT)
        assert not again.is_new
        wider = await program.start_pilot(tx, NEW_HASH, Pilot(stores=("s1", "s2")), live_from=AT, by="ana", at=AT)
        assert wider.is_new
    async with database.transaction() as tx:
        release = await program.roll_back(tx, by="ana", at=AT + DAY)
        assert (release.kind, release.hash) == ("end", NEW_HASH)
    assert await state(database, OLD_HASH, AT + DAY) == "live"
    assert await state(database, NEW_HASH, AT + DAY) == "draft"


async def test_retiring_takes_back_what_was_to_come(database: Database) -> None:
    await publish(database, OLD)
    await publish(database, NEW, AT + 5 * DAY)
    async with database.transaction() as tx:
        life, releases = await program.retire(tx, NEW_HASH, by="ana", at=AT)
        assert life.state == "retired"
        assert [(it.kind, it.hash, it.live_from) for it in releases] == [("back", OLD_HASH, AT + 5 * DAY)]
    assert await state(database, OLD_HASH, AT + 6 * DAY) == "live"
    async with database.transaction() as tx:
        with pytest.raises(program.VersionRetired):
            await program.publish(tx, NEW, live_from=AT + DAY, by="ana", at=AT)
        assert (await program.draft(tx, NEW, by="bob", at=AT + DAY)).drafted.by == "bob"
        assert (await program.publish(tx, NEW, live_from=AT + DAY, by="ana", at=AT + DAY)).is_new


async def test_the_first_that_will_be_live_cannot_be_taken_back(database: Database) -> None:
    await publish(database, OLD, AT + DAY)
    async with database.transaction() as tx:
        with pytest.raises(program.StepOutOfOrder):
            await program.retire(tx, OLD_HASH, by="ana", at=AT)


async def test_a_trial_begins_on_top_of_what_is_published_before_it(database: Database) -> None:
    await publish(database, OLD)
    other = parse(HEAD + BASE + TIERS.replace("counts: stars", "counts: stars"))
    async with database.transaction() as tx:
        await program.draft(tx, NEW, by="ana", at=AT)
        await program.start_pilot(tx, NEW_HASH, Pilot(permille=10), live_from=AT + 5 * DAY, by="ana", at=AT)
    await publish(database, other, AT + DAY)
    async with database.snapshot() as read:
        releases = await program.Versions().read(read)
    moment = releases.moment_at(AT + 6 * DAY)
    assert moment is not None
    assert moment.main is not None
    assert moment.pilot is not None
    assert (moment.main.hash, moment.pilot.hash) == (content_hash(other), NEW_HASH)


async def test_the_policy_of_a_house_holds_for_every_way_in(database: Database) -> None:
    await publish(database, OLD)
    async with database.transaction() as tx:
        await program.set_policy(tx, Policy(review=True), by="owner", at=AT)
    async with database.transaction() as tx:
        with pytest.raises(program.ReviewMissing):
            await program.publish(tx, NEW, live_from=AT, by="ana", at=AT)
        with pytest.raises(program.ReviewMissing):
            await program.start_pilot(tx, NEW_HASH, Pilot(permille=5), live_from=AT, by="ana", at=AT)
        with pytest.raises(program.ReviewerIsAuthor):
            await program.review(tx, NEW_HASH, by="Ana", at=AT)
        # What decides already needs nobody's word.
        assert not (await program.publish(tx, OLD, live_from=AT, by="ana", at=AT)).is_new
        await program.review(tx, NEW_HASH, by="bob", at=AT)
        assert (await program.publish(tx, NEW, live_from=AT, by="ana", at=AT)).is_new
        await program.set_policy(tx, Policy(), by="owner", at=AT)
        assert await program.read_policy(tx) == Policy()


async def test_the_text_of_the_author_is_kept_beside_the_version(database: Database) -> None:
    text = "# why: spring\n" + HEAD + BASE
    await publish(database, OLD, text=text)
    async with database.transaction() as tx:
        assert await program.read_source(tx, OLD_HASH) == text
        await program.draft(tx, OLD, by="bob", at=AT, text=text)
        await program.draft(tx, OLD, by="bob", at=AT, text=text + "# and more\n")
        assert await program.read_source(tx, OLD_HASH) == text + "# and more\n"
        assert await program.read_source(tx, NEW_HASH) is None
        assert await tx.value("SELECT count(*) FROM program.source") == 2


async def test_versions_are_found_by_their_first_letters(database: Database) -> None:
    async with database.snapshot() as read:
        with pytest.raises(program.NoProgram):
            await program.find_version(read, "live", at=AT)
    await publish(database, OLD)
    async with database.snapshot() as read:
        assert await program.find_version(read, "live", at=AT) == OLD_HASH
        assert await program.find_version(read, OLD_HASH[:6], at=AT) == OLD_HASH
        assert await program.read_document(read, OLD_HASH) == OLD
        for name in ("", OLD_HASH[:5], "0" * 64, "%" * 8, OLD_HASH + "0", "Live"):
            with pytest.raises(program.VersionUnknown):
                await program.find_version(read, name, at=AT)
        with pytest.raises(program.VersionUnknown):
            await program.read_document(read, NEW_HASH)
        with pytest.raises(program.VersionUnknown):
            await program.read_life(read, NEW_HASH, at=AT)
    twin = OLD_HASH[:63] + ("1" if OLD_HASH.endswith("0") else "0")
    async with database.transaction() as tx:
        await tx.run("INSERT INTO program.version (hash, document, created_at) VALUES ($1, '{}', $2)", twin, AT)
        with pytest.raises(program.VersionAmbiguous):
            await program.find_version(tx, OLD_HASH[:63], at=AT)


async def test_an_offer_id_that_was_only_drafted_is_free(database: Database) -> None:
    await publish(database, parse(HEAD + STARS + BASE))
    other = parse(HEAD + STARS + TIERS.replace("id: tiers", "id: spring"))
    async with database.transaction() as tx:
        await program.draft(tx, parse(HEAD + BASE.replace("id: base", "id: spring")), by="ana", at=AT)
        assert (await program.publish(tx, other, live_from=AT, by="ana", at=AT)).is_new
        with pytest.raises(program.ProgramInvalid, match="give this one another id"):
            await program.draft(tx, parse(HEAD + BASE.replace("id: base", "id: spring")), by="ana", at=AT)


async def test_steps_taken_at_once_are_told_in_the_order_in_which_they_were_taken(database: Database) -> None:
    await publish(database, OLD)

    async def review(by: str, at: datetime) -> str:
        async with database.transaction() as tx:
            try:
                return (await program.review(tx, NEW_HASH, by=by, at=at)).state
            except Refusal as refusal:
                return refusal.code

    async with database.transaction() as tx:
        await program.draft(tx, NEW, by="ana", at=AT)
    # Later transactions with earlier clocks: whoever waited does not write down an earlier time.
    await asyncio.gather(*(review(f"r{number}", AT - number * DAY) for number in range(4)))
    async with database.snapshot() as read:
        times = [row["at"] for row in await read.rows("SELECT at FROM program.mark ORDER BY number")]
    assert times == sorted(times)
    assert len(times) == 6
