"""What the stories of the ready programmes share: the programmes as they are shipped, and short words to tell them."""

from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.features.coupons.wallet import read_wallet
from regulars.features.tiers.standing import TierSet, read_standing
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Identifier, Line, Receipt, Returned, Scalar, Wish
from regulars.kernel.program import Verdict
from regulars.kernel.spine import bring_due, check
from tests.spine.conftest import Shop

FOLDER = Path(__file__).parents[2] / "programs"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_text(name: str) -> str:
    return (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


async def open_shop(database: Database, text: str, opens: datetime) -> Shop:
    """A shop on a programme as it is shipped, live from the moment it opens."""
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    shop = Shop(database=database, house=house, at=opens)
    await shop.publish(text, live_from=opens)
    return shop


def clock(zone: str, text: str) -> datetime:
    """The instant at which the clock on the wall of a zone shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def item(amount_minor: int, *categories: str, brand: str = "", milli: int = 1000) -> Line:
    """One line of a basket."""
    return Line(
        sku="-".join(categories) or "other",
        amount_minor=amount_minor,
        categories=categories,
        brand=brand,
        quantity_milli=milli,
    )


def tell(kind: str, at: datetime, *lines: Line, card: str = "7", store: str = "", **data: Scalar) -> Activity:
    """Something that happened, named by its kind, card and time."""
    return Activity(
        id=f"{kind}-{card}-{at.isoformat()}",
        source="till",
        kind=kind,
        occurred_at=at,
        member=Identifier(kind="card", value=card),
        store=store,
        lines=lines,
        data=data,
    )


def show(bought: Activity, *coupons: str, pay: tuple[str, int] | None = None) -> Activity:
    """The purchase at a till where coupons are shown, and where the member wishes to pay with (currency, points)."""
    wish = None if pay is None else Wish(currency=pay[0], points=pay[1])
    return replace(bought, coupons=coupons, pay=wish, to_price=True)


def order(reward: str, at: datetime, *, card: str = "7", way: int = 0) -> Activity:
    """A member wants a reward, and pays for it in one of its ways."""
    return replace(tell("reward", at, card=card), id=f"{reward}-{at.isoformat()}", ask={"reward": reward, "way": way})


def refer(at: datetime, by: UUID, *, card: str) -> Activity:
    """A newcomer says who sent them."""
    return replace(tell("referred", at, card=card), to=by)


def bring_back(sold: Activity, at: datetime, *numbers: int) -> Activity:
    """Some lines of a purchase, whole; all that is left of it without numbers."""
    returned = tuple(
        Returned(
            line=number,
            amount_minor=sold.lines[number - 1].amount_minor,
            quantity_milli=sold.lines[number - 1].quantity_milli,
        )
        for number in numbers
    )
    return Activity(
        id=f"return-{at.isoformat()}",
        source=sold.source,
        kind="return",
        occurred_at=at,
        member=sold.member,
        store=sold.store,
        origin=sold.id,
        returned=returned,
    )


async def take(shop: Shop, fact: Activity) -> Receipt:
    """Record something when it happens."""
    shop.at = max(shop.at, fact.occurred_at)
    return await shop.receipt(fact)


async def give(shop: Shop, fact: Activity) -> dict[str, int]:
    """Record something when it happens, and answer points by offer."""
    return count(await take(shop, fact))


def count(receipt: Receipt) -> dict[str, int]:
    """Points by offer; what an offer gives in several currencies together."""
    points: dict[str, int] = {}
    for posted in receipt.postings:
        if posted.points:
            points[posted.offer] = points.get(posted.offer, 0) + posted.points
    return points


def off(receipt: Receipt) -> dict[str, int]:
    """Money taken off, by offer."""
    minor: dict[str, int] = {}
    for offer, discount in receipt.discounts:
        minor[offer] = minor.get(offer, 0) + discount.amount_minor
    return minor


def gifts(receipt: Receipt) -> list[str]:
    """What is granted."""
    return [grant.what for grant in receipt.grants for _ in range(grant.count)]


def codes(receipt: Receipt, offer: str) -> list[str]:
    """Why an offer gave, or gave nothing."""
    return [reason.code for reason in receipt.reasons if reason.offer == offer]


async def preview(shop: Shop, fact: Activity) -> tuple[Receipt, dict[str, Verdict]]:
    """What would come of it, and what decided, by offer. It is the same as when it is recorded afterwards."""
    shop.at = max(shop.at, fact.occurred_at)
    async with shop.database.snapshot() as read:
        (shown,) = await spine.preview(read, shop.house, [fact], shop.at, explain=True)
    assert shown.outcome.receipt is not None, shown.outcome.refusal
    return shown.outcome.receipt, {each.offer: each for each in shown.verdicts}


async def stand(shop: Shop, member: UUID) -> TierSet:
    """Where a member stands now."""
    async with shop.database.snapshot() as read:
        standing = await read_standing(read, shop.house.versions, member, shop.at)
    (found,) = standing.sets
    return found


async def set_traits(shop: Shop, member: UUID, **traits: Scalar) -> Receipt:
    """Tell traits of a member from outside, from now on."""
    name = f"traits-{member}-{shop.at.isoformat()}"
    return await shop.receipt(
        Activity(id=name, source="crm", kind="traits", occurred_at=shop.at, member=member, ask=traits)
    )


async def pass_time(shop: Shop, at: datetime) -> None:
    """Let the clock bring what is due until then."""
    shop.at = at
    await bring_due(shop.database, shop.house, at=at)


async def wallet(shop: Shop, member: UUID) -> dict[str, list[str]]:
    """The names of the coupons that a member can use now, by coupon."""
    held: dict[str, list[str]] = {}
    async with shop.database.snapshot() as read:
        for each in (await read_wallet(read, shop.house.versions, member, shop.at)).coupons:
            if each.state == "usable":
                held.setdefault(each.coupon, []).append(each.name)
    return held


async def given_by(shop: Shop, member: UUID, offer: str) -> int:
    """Points that an offer gave to a member, whatever brought them."""
    async with shop.database.snapshot() as read:
        return await read.value(
            "SELECT coalesce(sum(amount), 0)::bigint FROM ledger.lot WHERE member_id = $1 AND offer = $2", member, offer
        )


async def are_books_right(shop: Shop) -> bool:
    async with shop.database.snapshot() as read:
        report = await check(read)
    assert report.faults == (), report.faults
    return True
