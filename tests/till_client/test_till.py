"""A till and a real server: sales go on whatever breaks, and each counts once."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from regulars_till import Basket, Drained, Level, Line, Member, Quoted, Sold, Till
from regulars_till.clock import read_moment
from tests.faults.wire import Wire, open_wire
from tests.till_client.engine import BASKET, CARD, POINTS, Engine

DAY = timedelta(days=1)


def clock_off(by: timedelta) -> Callable[[], datetime]:
    """A clock that runs, and is off."""
    return lambda: datetime.now(tz=UTC) + by


async def sell(till: Till, count: int = 1, basket: Basket = BASKET) -> list[Sold]:
    return await asyncio.to_thread(lambda: [till.commit(basket) for _ in range(count)])


async def drain(till: Till) -> Drained:
    return await asyncio.to_thread(till.drain)


class TestAway:
    """Nobody listens while the till sells."""

    async def test_sales_are_queued_and_sent_when_the_server_is_back(self, engine: Engine, folder: Path) -> None:
        with engine.open_till(folder) as till:
            sold = await sell(till, 3)
            assert [each.status for each in sold] == ["queued"] * 3
            assert [each.id for each in sold] == ["t17-1", "t17-2", "t17-3"]
            assert sold[0].due_minor == 1_250
            assert sold[0].tell("zh-CN") == "积分稍后到账。"
            assert till.level is Level.OFFLINE
            assert till.status().pending == 3
            assert await drain(till) == Drained(left=3, why="absent")
            await engine.start()
            assert await drain(till) == Drained(recorded=3)
            assert till.level is Level.NORMAL
            assert await drain(till) == Drained()
        assert await engine.count_points() == 3 * POINTS

    async def test_a_till_that_starts_again_goes_on_where_it_was(self, engine: Engine, folder: Path) -> None:
        with engine.open_till(folder) as till:
            await sell(till, 2)
        await engine.start()
        with engine.open_till(folder) as till:
            assert till.status().pending == 2
            assert (await drain(till)).recorded == 2
        with engine.open_till(folder) as till:
            assert (await sell(till))[0].id == "t17-3"
        assert till.status().pending == 0, "closed"

    async def test_five_failures_and_nobody_is_asked_any_more(
        self, engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("regulars_till.breaker.PROBE_SECONDS", 3_600.0)
        with engine.open_till(folder) as till:
            await sell(till, 6)
            await engine.start()
            # Up again, and the next probe is not due: not even this one waits.
            assert (await sell(till))[0].status == "queued"
            assert till.level is Level.OFFLINE
            assert await drain(till) == Drained(left=7, why="absent")

    async def test_an_anonymous_sale_collects_its_points_under_the_code_on_its_receipt(
        self, engine: Engine, folder: Path
    ) -> None:
        with engine.open_till(folder) as till:
            (sold,) = await sell(till, basket=Basket(lines=BASKET.lines))
            assert sold.receipt_code == "receipt:till/367:t17-1"
            await engine.start()
            assert (await drain(till)).recorded == 1
        kind, _, value = sold.receipt_code.partition(":")
        assert await engine.count_points(Member(kind=kind, value=value)) == POINTS

    async def test_what_was_sold_and_brought_back_offline_comes_to_nothing(self, engine: Engine, folder: Path) -> None:
        with engine.open_till(folder) as till:
            sold, kept = await sell(till, 2)
            back = await asyncio.to_thread(till.return_, sold.id)
            assert (back.status, back.id) == ("queued", "t17-3")
            await engine.start()
            assert (await drain(till)).recorded == 3
        assert kept.id == "t17-2"
        assert await engine.count_points() == POINTS

    async def test_records_of_thirty_days_are_sent_and_older_ones_are_put_aside(
        self, engine: Engine, folder: Path
    ) -> None:
        for age in (40 * DAY, 30 * DAY - timedelta(hours=1), DAY):
            with engine.open_till(folder, wall=clock_off(-age)) as till:
                await sell(till)
        await engine.start()
        with engine.open_till(folder) as till:
            assert await drain(till) == Drained(recorded=2, put_aside=1)
            assert till.status().aside == {"activity_too_late": 1}
            assert "records_aside" in till.status().notes
        assert await engine.count_points() == 2 * POINTS


class TestDeaths:
    """The server dies while the queue is sent."""

    @pytest.mark.slow
    @pytest.mark.parametrize(("place", "repeated"), [("before_commit", 0), ("before_answer", 4)])
    async def test_a_drain_that_is_cut_off_is_begun_again_and_each_sale_counts_once(
        self, engine: Engine, folder: Path, place: str, repeated: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("regulars_till.drain.TOGETHER_MAX", 4)
        # The server is up again sooner than a till would look.
        monkeypatch.setattr("regulars_till.breaker.PROBE_SECONDS", 0.0)
        with engine.open_till(folder) as till:
            await sell(till, 9)
            await engine.start_process(place=place, after=2)
            first = await drain(till)
            assert (first.recorded, first.left, first.why) == (4, 5, "absent")
            await engine.wait_for_death()
            await engine.start()
            assert await drain(till) == Drained(recorded=5 - repeated, repeated=repeated)
        assert await engine.count_points() == 9 * POINTS

    async def test_an_answer_that_is_lost_after_the_commit_is_asked_for_again(
        self, engine: Engine, folder: Path
    ) -> None:
        wire = Wire(port=engine.port, marks=(b"POST /v1/activities ",), cuts_left=1)
        with engine.open_till(folder) as offline:
            await sell(offline, 5)
        await engine.start()
        async with open_wire(wire) as port:
            with engine.open_till(folder, port=port) as till:
                assert await drain(till) == Drained(left=5, why="absent")
                assert wire.cut == 1
                assert await drain(till) == Drained(repeated=5)
        assert await engine.count_points() == 5 * POINTS


class SlowWire(Wire):
    """A wire on which answers take their time."""

    delay_seconds: float = 0.0

    async def _pass_back(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        doomed: asyncio.Event,  # noqa: ARG002 - none is
    ) -> None:
        while data := await reader.read(65_536):
            await asyncio.sleep(self.delay_seconds)
            writer.write(data)
            await writer.drain()


class TestSlow:
    """The server answers late, or not in time."""

    @pytest.mark.usefixtures("patient")
    async def test_late_answers_take_the_till_down_and_quick_ones_up_again(
        self, engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await engine.start()
        wire = SlowWire(port=engine.port)
        async with open_wire(wire) as port:
            with engine.open_till(folder, port=port) as till:
                await asyncio.to_thread(till.quote, BASKET)
                assert till.level is Level.NORMAL
                with monkeypatch.context() as strict:
                    for name in ("till.SOFT_SECONDS", "server.SOFT_SECONDS"):
                        strict.setattr(f"regulars_till.{name}", 0.3)
                    wire.delay_seconds = 0.6
                    await asyncio.to_thread(till.quote, BASKET)
                    await asyncio.to_thread(till.quote, BASKET)
                    assert till.level is Level.SLOW
                    # Now it waits only as long as the soft limit, and says the price itself.
                    quoted = await asyncio.to_thread(till.quote, BASKET)
                    assert (quoted.status, quoted.due_minor, quoted.level) == ("local", 1_250, Level.SLOW)
                wire.delay_seconds = 0.0
                # How quick they have to be is of no matter here: other programs run on this machine too.
                for _ in range(4):
                    await asyncio.to_thread(till.quote, BASKET)
                assert till.level is Level.NORMAL

    async def test_a_sale_does_not_wait_beyond_the_hard_limit(
        self, engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await engine.start()
        wire = SlowWire(port=engine.port)
        wire.delay_seconds = 3_600
        async with open_wire(wire) as port:
            with engine.open_till(folder, port=port) as till:
                began = time.monotonic()
                (sold,) = await sell(till)
                assert (sold.status, sold.level) == ("queued", Level.SLOW)
                # With some time for the disk, and for a machine that others use too.
                assert 1.4 < time.monotonic() - began < 30
                monkeypatch.setattr("regulars_till.till.HARD_SECONDS", 0.4)
                sold = (await sell(till, 4))[-1]
                assert (sold.status, sold.level) == ("queued", Level.READ_ONLY)
                assert till.status().tell() == (
                    "Points are noted and will follow; paying with points is not possible now."
                )
        with engine.open_till(folder) as till:
            # What was not answered may be known by now.
            drained = await drain(till)
            assert (drained.recorded + drained.repeated, drained.left) == (5, 0)
        assert await engine.count_points() == 5 * POINTS


@pytest.mark.usefixtures("patient")
class TestClock:
    """The till's clock is wrong."""

    async def test_a_clock_a_day_ahead_is_put_right_by_the_servers(self, engine: Engine, folder: Path) -> None:
        with engine.open_till(folder, wall=clock_off(DAY)) as till:
            (sold,) = await sell(till)
            assert read_moment(sold.activity["occurred_at"]) > datetime.now(tz=UTC) + DAY / 2
            assert till.status().clock_off_seconds == 0, "nobody knows yet"
            await engine.start()
            assert await drain(till) == Drained(recorded=1, corrected=1)
            assert abs(till.status().clock_off_seconds - 86_400) <= 60
            assert "clock_corrected" in till.status().notes
            (later,) = await sell(till)
            assert abs(read_moment(later.activity["occurred_at"]) - datetime.now(tz=UTC)) < timedelta(seconds=60)
            assert "clock_corrected" in later.notes
        assert await engine.count_points() >= POINTS

    async def test_a_clock_that_was_mended_meanwhile_leaves_no_sale_in_the_future(
        self, engine: Engine, folder: Path
    ) -> None:
        with engine.open_till(folder, wall=clock_off(DAY)) as till:
            await sell(till, 2)
        await engine.start()
        # Put right, sent, and the answer lost: said again in the same words, or the id would be used for two.
        wire = Wire(port=engine.port, marks=(b"POST /v1/activities ",), cuts_left=1, every=2)
        async with open_wire(wire) as port:
            with engine.open_till(folder, port=port) as till:
                assert await drain(till) == Drained(repeated=2, corrected=2)
        assert wire.cut == 1
        assert await engine.count_points() == 2 * POINTS

    async def test_a_clock_behind_is_known_after_the_first_answer(self, engine: Engine, folder: Path) -> None:
        await engine.start()
        with engine.open_till(folder, wall=clock_off(-DAY)) as till:
            await asyncio.to_thread(till.quote, BASKET)
            (sold,) = await sell(till)
            assert abs(read_moment(sold.activity["occurred_at"]) - datetime.now(tz=UTC)) < timedelta(seconds=60)


FULL = """
import resource, sys
from pathlib import Path
from regulars_till import Basket, Line, Till

till = Till("http://127.0.0.1:9", "key", till="t17", store="367", folder=Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, resource.RLIM_INFINITY))
basket = Basket(lines=(Line(sku="tea", amount_minor=1250),))
for _ in range(20):
    sold = till.commit(basket)
    if sold.status == "paper":
        break
print(sold.status, till.level.mark, sold.receipt_code, *till.status().notes)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(till.commit(basket).status, till.level.mark, till.drain().left, till.status().pending)
"""


class TestPaper:
    """The till cannot write."""

    def test_a_full_disk_leaves_the_receipt_and_is_over_when_there_is_room(self, folder: Path) -> None:
        path = str(Path(__file__).parents[2] / "clients" / "till" / "src")
        ran = subprocess.run(
            [sys.executable, "-c", FULL, folder], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
        )
        full, after = ran.stdout.splitlines()
        status, level, code, *notes = full.split()
        assert (status, level, notes) == ("paper", "D4", ["folder_not_writable"])
        assert code.startswith("receipt:till/367:t17-p")
        # All of them wait on the disk now, the one on paper too.
        assert after.startswith("queued D3 ")
        left, pending = after.split()[2:]
        assert left == pending
        assert int(pending) >= 3

    async def test_a_folder_that_cannot_be_made_is_no_reason_not_to_sell(
        self, engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("regulars_till.notebook.OPEN_AGAIN_SECONDS", 0.0)
        folder.write_text("a file is in the way")  # noqa: ASYNC240 - nobody waits
        with engine.open_till(folder) as till:
            (sold,) = await sell(till)
            assert (sold.status, sold.level) == ("paper", Level.PAPER)
            assert sold.tell() == "Keep this receipt: its code collects the points later."
            assert till.status().notes == ("folder_not_writable",)
            assert not till.take_voucher("RV1.x.y").is_taken
            await engine.start()
            folder.unlink()  # noqa: ASYNC240 - nobody waits
            assert await drain(till) == Drained(recorded=1)
        assert await engine.count_points() == POINTS

    async def test_a_second_program_with_this_tills_folder_sells_on_paper_and_says_why(
        self, engine: Engine, folder: Path
    ) -> None:
        with engine.open_till(folder) as first, engine.open_till(folder) as second:
            (sold,) = await sell(second)
            assert (sold.status, sold.level) == ("paper", Level.PAPER)
            assert second.status().notes == ("folder_in_use",)
            assert (await sell(first))[0].status == "queued"


@pytest.mark.usefixtures("patient")
class TestRefusals:
    """The server knows better."""

    async def test_two_tills_with_one_identity_are_found_out_and_neither_is_held_up(
        self, engine: Engine, folder: Path, tmp_path: Path
    ) -> None:
        with engine.open_till(folder) as one, engine.open_till(tmp_path / "copy") as other:
            await sell(one)
            (sold,) = await sell(other, basket=Basket(lines=(Line(sku="cake", amount_minor=9_900),), member=CARD))
            assert sold.id == "t17-1"
            await engine.start()
            assert (await drain(one)).recorded == 1
            assert await drain(other) == Drained(put_aside=1)
            assert other.status().aside == {"key_reused": 1}
        assert await engine.count_points() == POINTS

    async def test_one_record_that_nobody_can_take_does_not_hold_up_the_others(
        self, engine: Engine, folder: Path
    ) -> None:
        odd = Basket(lines=(Line(sku="x" * 65, amount_minor=100),), member=CARD)
        with engine.open_till(folder) as till:
            for basket in (BASKET, odd, BASKET):
                await sell(till, basket=basket)
            await engine.start()
            assert await drain(till) == Drained(recorded=2, put_aside=1)
            assert till.status().aside == {"body_invalid": 1}

    async def test_a_key_that_is_not_known_loses_nothing(self, engine: Engine, folder: Path) -> None:
        await engine.start()
        with Till(f"http://127.0.0.1:{engine.port}", "rk_wrong", till="t17", store="367", folder=folder) as till:
            assert (await sell(till))[0].status == "queued"
            assert await drain(till) == Drained(left=1, why="key_invalid")
            assert till.level is Level.READ_ONLY
            assert till.status().unable_code == "key_invalid"
        with engine.open_till(folder) as till:
            assert await drain(till) == Drained(recorded=1)

    async def test_a_key_that_may_only_record_is_no_trouble(self, engine: Engine, folder: Path) -> None:
        engine.key = await engine.issue("activities:write")
        await engine.start()
        with engine.open_till(folder) as till:
            assert (await asyncio.to_thread(till.quote, BASKET)).status == "local"
            assert not await asyncio.to_thread(till.refresh)
            assert till.level is Level.NORMAL
            assert (await sell(till))[0].status == "committed"


class TestBehind:
    """What goes on while nobody waits."""

    async def test_the_thread_sends_what_is_queued(
        self, engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("regulars_till.till.DRAIN_EVERY_SECONDS", 0.05)
        with engine.open_till(folder) as opened:
            await sell(opened, 2)
            await engine.start()
            opened.start()
            async with asyncio.timeout(60):
                while opened.status().pending:  # noqa: ASYNC110 - a till does not ring
                    await asyncio.sleep(0.02)
        assert await engine.count_points() == 2 * POINTS


@pytest.mark.parametrize(
    "wrong", [{"till": ""}, {"till": "a b"}, {"store": "3/6"}, {"keep_days": 29}, {"url": "ftp://x"}, {"url": "x"}]
)
def test_what_could_never_work_is_said_when_the_till_is_opened(folder: Path, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"url": "http://127.0.0.1:9", "key": "k", "till": "t17", "folder": folder, **wrong}
    with pytest.raises(ValueError, match=r".+"):
        Till(**given)
    assert not folder.exists()


def test_a_quote_without_a_server_says_what_it_leaves_out(folder: Path) -> None:
    with Till("http://127.0.0.1:9", "k", till="t17", folder=folder) as opened:
        quoted = opened.quote(Basket(lines=BASKET.lines, member=CARD, coupons=("TEA",), pay={"points": 100}))
        assert isinstance(quoted, Quoted)
        assert (quoted.status, quoted.due_minor) == ("local", 1_250)
        assert quoted.notes == ("points_not_taken", "coupons_not_taken")
        sold = opened.commit(Basket(lines=BASKET.lines, member=CARD, pay={"points": 100}), quoted)
        assert (sold.status, sold.due_minor, sold.notes) == ("queued", 1_250, ("points_not_taken",))
