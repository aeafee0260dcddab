"""The rows of limits: lock ceilings, and write what was claimed. The room's only SQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from types import MappingProxyType
from uuid import UUID

from regulars.base.db import ConstraintBroken, Read, Record, Tx
from regulars.base.errors import DatabaseContention
from regulars.base.sql import load
from regulars.kernel.limits.claims import Ceilings
from regulars.kernel.limits.codes import Code, HandedCode, OwnCode, PoolList
from regulars.kernel.limits.model import (
    CEILINGS_ADDED_MAX,
    NEVER,
    Ceiling,
    CeilingExists,
    CeilingTooLow,
    ClaimName,
    ClaimRow,
    CodeExists,
    PoolCodesKnown,
    find_repeated,
)
from regulars.kernel.nouns import POOL

__all__ = [
    "add_ceilings",
    "add_codes",
    "ceilings",
    "count_codes",
    "due_ceilings",
    "end_codes",
    "end_pool_list",
    "fill_pool",
    "find_codes",
    "forget_codes",
    "handed_codes",
    "has_codes",
    "has_pool_list",
    "left_many",
    "lock",
    "own_codes",
    "pool_lists",
    "set_ceilings",
    "sweep",
    "taken_before",
    "write",
]

SQL = load("regulars.kernel.limits")


async def lock(
    read: Read,
    ids: Iterable[str],
    *,
    at: datetime = NEVER,
    claims: Collection[ClaimName] = (),
    ensure: Mapping[str, int] = MappingProxyType({}),
    early: bool = True,
) -> Ceilings:
    """Lock ceilings, by id, after the members. Three statements at most; one where nothing is reserved; none for none.

    `at`: no verb will be called with a later ledger time; reservations that end later are not read. `claims`: those
    to be confirmed, released or given back; their ceilings are locked too. `ensure`: ceilings that need not be there
    yet, and how much there is under each: they come into being with their first claim, so a refusal leaves no row.
    In a snapshot, where nothing can be written afterwards, they are only looked at.

    Not `early`: what many draw on at once (a budget) is not to be held by one of them for as long as they think. Where
    nothing is reserved or named, ceilings are only looked at; `write` locks them, and refuses where there is no longer
    room. What is left may by then be more than was seen: somebody brought something back at this very moment.
    """
    wanted = sorted({*ids, *ensure, *(name[0] for name in claims)})
    if not wanted:
        return Ceilings({})
    late = not early and isinstance(read, Tx)
    query = "lock" if early and isinstance(read, Tx) else "look"
    locked = {row["id"]: _ceiling(row) for row in await SQL.rows(read, query, ids=wanted)}
    seen = set(locked) if late else set[str]()
    named = {name[0] for name in claims}
    if held := sorted(id_ for id_ in seen if locked[id_].reserved or id_ in named):
        locked |= {row["id"]: _ceiling(row) for row in await SQL.rows(read, "lock", ids=held)}
        seen -= set(held)
    reserved = [ceiling.id for ceiling in locked.values() if ceiling.reserved]
    stored: list[ClaimRow] = []
    if reserved or claims:
        rows = await SQL.rows(
            read,
            "claims",
            ids=reserved,
            at=at,
            ceilings=[name[0] for name in claims],
            activities=[name[1] for name in claims],
        )
        stored = [_claim(row) for row in rows]
    return Ceilings(locked, stored=stored, ensured=ensure, asked=wanted, named=claims, seen=seen)


async def taken_before(read: Read, ids: Iterable[str], *, at: datetime) -> dict[str, int]:
    """Tell how much of ceilings had been promised before a moment. One statement; none for none."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    return {row["ceiling_id"]: row["amount"] for row in await SQL.rows(read, "taken_before", ids=wanted, at=at)}


async def write(tx: Tx, ceilings: Ceilings) -> None:
    """Write what was claimed, kept and ended under ceilings. At most six statements; none for nothing.

    Whoever claims of a pool is handed its codes, those first that were added first. Raises DatabaseContention where
    others begin the same ceiling at this moment: in a new attempt it is there; and where others took meanwhile what was
    seen to be left under one that was not locked early.
    """
    if added := ceilings.added():
        await _begin(tx, added)
    moved = ceilings.moved()
    if late := [ceiling.id for ceiling in moved if ceiling.id in ceilings.seen]:
        now = {row["id"]: _ceiling(row) for row in await SQL.rows(tx, "lock", ids=late)}
        moved = [ceilings.carry_over(it, now[it.id]) if it.id in now else it for it in moved]
    if moved:
        _expect(await SQL.run(tx, "move_ceilings", **_columns(moved)), "ceiling", len(moved))
    if made := ceilings.claims:
        await SQL.run(
            tx,
            "add_claims",
            ceilings=[claim.ceiling for claim in made],
            activities=[claim.activity for claim in made],
            members=[claim.member for claim in made],
            amounts=[claim.amount for claim in made],
            returneds=[claim.returned for claim in made],
            states=[claim.state for claim in made],
            ats=[claim.at for claim in made],
            untils=[claim.until for claim in made],
            ends=[claim.ended_at for claim in made],
        )
        await _hand_out(tx, [claim for claim in made if claim.ceiling.startswith(POOL)])
    if changed := ceilings.moved_claims():
        status = await SQL.run(
            tx,
            "move_claims",
            ceilings=[claim.ceiling for claim in changed],
            activities=[claim.activity for claim in changed],
            returneds=[claim.returned for claim in changed],
            states=[claim.state for claim in changed],
            ends=[claim.ended_at for claim in changed],
        )
        _expect(status, "claim", len(changed))


async def _hand_out(tx: Tx, made: Sequence[ClaimRow]) -> None:
    """Hand codes to claims on pools. Their ceilings are locked by now."""
    if not made:
        return
    assert all(claim.state == "taken" for claim in made), "a code is handed out for good"
    status = await SQL.run(
        tx,
        "hand_out",
        ceilings=[claim.ceiling for claim in made],
        activities=[claim.activity for claim in made],
        amounts=[claim.amount for claim in made],
    )
    _expect(status, "pooled_code", sum(claim.amount for claim in made))


async def _begin(tx: Tx, added: Sequence[Ceiling]) -> None:
    """Write down ceilings that come into being. Raises DatabaseContention where others begin one at this moment."""
    try:
        await SQL.run(tx, "add_ceilings", **_columns(added))
    except ConstraintBroken as race:
        if race.constraint != "ceiling_pkey":
            raise
        # Theirs is there by now: the next attempt finds it, and waits for it like anybody.
        message = "Others began to draw on the same limit at this very moment. Try again."
        raise DatabaseContention(message) from race


async def set_ceilings(tx: Tx, amounts: Mapping[str, int], *, at: datetime | None = None) -> None:
    """Create ceilings or change their amounts. Raises CeilingTooLow below what is promised at ledger time `at`.

    Without `at`, every reservation counts that nobody has ended yet.
    """
    if not amounts:
        return
    locked = await lock(tx, amounts, at=at or NEVER)
    if at is not None:
        locked.end_due(at)
    for ceiling in locked.all():
        if amounts[ceiling.id] < ceiling.taken + ceiling.reserved:
            message = (
                f"{ceiling.id} cannot be set to {amounts[ceiling.id]}:"
                f" {ceiling.taken + ceiling.reserved} are already promised."
            )
            raise CeilingTooLow(message, ceiling=ceiling.id, promised=ceiling.taken + ceiling.reserved)
    await write(tx, locked)
    await SQL.run(tx, "set_ceilings", ids=list(amounts), amounts=list(amounts.values()))


async def add_ceilings(tx: Tx, ids: Sequence[str], *, amount: int = 1) -> None:
    """Add many ceilings of one amount, such as unique codes or seats (1 each): a look and a COPY, however many.

    At most CEILINGS_ADDED_MAX. Raises CeilingExists, naming the first, when one is listed twice or is there already;
    one that another transaction is adding at this moment breaks the primary key instead.
    """
    assert 0 < len(ids) <= CEILINGS_ADDED_MAX
    assert amount >= 0
    found = find_repeated(ids)
    if found is None:
        found = await SQL.value(tx, "existing", ids=ids)
    if found is not None:
        message = f"{found} is there already, or is listed twice; none of the {len(ids)} was added."
        raise CeilingExists(message, ceiling=found)
    await tx.copy("limits", "ceiling", ("id", "amount"), ((id_, amount) for id_ in ids))


async def ceilings(read: Read) -> list[Ceiling]:
    """List every ceiling with what is taken and reserved; reservations that ran out unnoticed are among the latter."""
    return [_ceiling(row) for row in await SQL.rows(read, "ceilings")]


async def left_many(
    read: Read, ids: Iterable[str], *, at: datetime, ensure: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """Tell what is left at ledger time `at`, by id, without locking: for previews, not for promises. One statement.

    Ids that are unknown are not in the answer, but those in `ensure` always are: see `lock`.
    """
    wanted = sorted({*ids, *ensure})
    rows = await SQL.rows(read, "left_many", ids=wanted, at=at) if wanted else []
    found = {row["id"]: ensure.get(row["id"], row["amount"]) - row["promised"] for row in rows}
    return {**ensure, **found}


async def due_ceilings(read: Read, *, at: datetime, most: int) -> list[str]:
    """List ceilings with reservations that have run out by `at`, longest ago first, at most so many."""
    return [row["ceiling_id"] for row in await SQL.rows(read, "due_ceilings", at=at, most=most)]


async def sweep(tx: Tx, ids: Iterable[str], *, at: datetime) -> int:
    """Write down that reservations have run out by `at`; gives how many.

    Late, doubled or never run, it changes no answer: whoever locks a ceiling first ends what has run out. It keeps
    the rows small that they must read.
    """
    locked = await lock(tx, ids, at=at)
    ended = locked.end_due(at)
    await write(tx, locked)
    return ended


async def add_codes(
    tx: Tx,
    digests: Sequence[bytes],
    codes: Sequence[Code],
    *,
    batch: str,
    amount: int = 1,
    at: datetime,
    others: Sequence[bytes] = (),
    sealed: Sequence[bytes | None] = (),
) -> None:
    """Add codes with the ceilings that they stand for, `amount` uses each: four statements, however many.

    At most CEILINGS_ADDED_MAX. `batch` names the list they came in. `others` are digests under which they might be
    there, too: those of older keys. `sealed` has, in the same order, codes that their member is to see; left out, none
    is. Raises CodeExists where one is listed twice or is there already; then adds none.
    """
    assert 0 < len(digests) == len(codes) <= CEILINGS_ADDED_MAX
    doubled = find_repeated([digest.hex() for digest in digests]) is not None
    if doubled or await SQL.value(tx, "existing_code", digests=[*digests, *others]) is not None:
        message = f"One of the {len(digests)} codes is listed twice or was there before; none was added."
        raise CodeExists(message)
    await add_ceilings(tx, [code.name for code in codes], amount=amount)
    rows = (
        (digest, code.name, batch, code.member, code.valid_from, code.valid_until, at, kept)
        for digest, code, kept in zip(digests, codes, sealed or repeat(None, len(codes)), strict=True)
    )
    columns = ("digest", "ceiling_id", "batch", "member_id", "valid_from", "valid_until", "added_at", "sealed")
    await tx.copy("limits", "code", columns, rows)


async def find_codes(read: Read, digests: Collection[bytes]) -> dict[bytes, Code]:
    """Find what codes stand for, by their digests. One statement; none for none."""
    if not digests:
        return {}
    return {bytes(row["digest"]): _code(row) for row in await SQL.rows(read, "find_codes", digests=sorted(digests))}


async def own_codes(read: Read, member: UUID, *, most: int) -> list[OwnCode]:
    """List the codes that a member alone may use, the last ones first, at most so many."""
    return [
        OwnCode(
            code=_code(row),
            batch=row["batch"],
            digest=row["digest"],
            sealed=row["sealed"],
            is_used=row["is_used"],
            added_at=row["added_at"],
        )
        for row in await SQL.rows(read, "own_codes", member=member, most=most)
    ]


async def forget_codes(tx: Tx, members: Sequence[UUID]) -> int:
    """Forget what codes of members say, as far as it is kept; gives how many. Their digests stay."""
    return int((await SQL.run(tx, "forget_codes", members=members)).removeprefix("UPDATE "))


async def end_codes(tx: Tx, batch: str, *, at: datetime) -> int:
    """End the codes of a list at a moment, as far as they have not ended; gives how many.

    One that has not begun by then, or begins at that very moment, is never valid.
    """
    return int((await SQL.run(tx, "end_codes", batch=batch, at=at)).removeprefix("UPDATE "))


async def has_codes(read: Read, batch: str) -> bool:
    """Tell whether there is a list of this name."""
    return bool(await SQL.value(read, "has_codes", batch=batch))


async def count_codes(read: Read) -> list[tuple[str, int, int]]:
    """Count the codes of each list: (batch, how many, how many of them are used up)."""
    return [(row["batch"], row["codes"], row["used"]) for row in await SQL.rows(read, "count_codes")]


async def fill_pool(
    tx: Tx,
    pool: str,
    batch: str,
    sealed: Sequence[tuple[bytes, bytes]],
    *,
    wrapped_key: bytes,
    known: Sequence[bytes],
    valid_until: datetime | None,
    at: datetime,
) -> int:
    """Add a list of codes, as (digest, cipher), to a pool that need not be there yet; gives how many are left in it.

    `known`: digests under which they might be there already. Seven statements, however many. Raises PoolCodesKnown,
    and then adds none.
    """
    assert pool.startswith(POOL)
    assert 0 < len(sealed) <= CEILINGS_ADDED_MAX
    await SQL.run(tx, "begin_pool", pool=pool)
    (ceiling,) = (await lock(tx, [pool])).all()
    if there := await SQL.value(tx, "count_pooled", pool=pool, digests=[*known, *(digest for digest, _ in sealed)]):
        message = f"{there} of the {len(sealed)} codes were added before; none was added now."
        raise PoolCodesKnown(message, known=there)
    last = await SQL.value(tx, "last_pooled", pool=pool)
    await SQL.run(tx, "add_pool_list", pool=pool, batch=batch, wrapped_key=wrapped_key, valid_until=valid_until, at=at)
    rows = ((pool, number, batch, *each) for number, each in enumerate(sealed, start=last + 1))
    await tx.copy("limits", "pooled_code", ("ceiling_id", "number", "batch", "digest", "cipher"), rows)
    await set_ceilings(tx, {pool: ceiling.amount + len(sealed)})
    return ceiling.left + len(sealed)


async def end_pool_list(tx: Tx, pool: str, batch: str) -> int:
    """Forget those codes of a list that were not handed out; gives how many."""
    (ceiling,) = (await lock(tx, [pool])).all()
    status = await SQL.run(tx, "end_pool_list", pool=pool, batch=batch)
    ended = int(status.removeprefix("DELETE "))
    await set_ceilings(tx, {pool: ceiling.amount - ended})
    return ended


async def has_pool_list(read: Read, pool: str, batch: str) -> bool:
    """Tell whether a pool has, or had, a list of this name."""
    return bool(await SQL.value(read, "has_pool_list", pool=pool, batch=batch))


async def pool_lists(read: Read) -> list[PoolList]:
    """List what is in the pools, by pool and list."""
    return [
        PoolList(
            pool=row["ceiling_id"],
            batch=row["batch"],
            codes=row["codes"],
            handed=row["handed"],
            valid_until=row["valid_until"],
        )
        for row in await SQL.rows(read, "pool_lists")
    ]


async def handed_codes(read: Read, members: Collection[UUID], *, most: int) -> list[HandedCode]:
    """List the codes of pools that were handed to these members, the last ones first, at most so many."""
    return [
        HandedCode(
            pool=row["ceiling_id"],
            number=row["number"],
            batch=row["batch"],
            digest=row["digest"],
            cipher=row["cipher"],
            wrapped_key=row["wrapped_key"],
            at=row["at"],
            valid_until=row["valid_until"],
        )
        for row in await SQL.rows(read, "handed_codes", members=sorted(members), most=most)
    ]


def _ceiling(row: Record) -> Ceiling:
    return Ceiling(id=row["id"], amount=row["amount"], taken=row["taken"], reserved=row["reserved"])


def _code(row: Record) -> Code:
    return Code(
        name=row["ceiling_id"],
        member=row["member_id"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )


def _claim(row: Record) -> ClaimRow:
    return ClaimRow(
        ceiling=row["ceiling_id"],
        activity=row["activity_id"],
        member=row["member_id"],
        amount=row["amount"],
        returned=row["returned"],
        state=row["state"],
        at=row["at"],
        until=row["until"],
        ended_at=row["ended_at"],
    )


def _columns(rows: Sequence[Ceiling]) -> dict[str, object]:
    return {
        "ids": [ceiling.id for ceiling in rows],
        "amounts": [ceiling.amount for ceiling in rows],
        "takens": [ceiling.taken for ceiling in rows],
        "reserveds": [ceiling.reserved for ceiling in rows],
    }


def _expect(status: str, table: str, count: int) -> None:
    """See that as many rows changed as were locked."""
    if status != f"UPDATE {count}":
        message = f"{count} rows of {table} were to change, but the database says {status}"
        raise ConstraintBroken(message, constraint=f"{table}_exists", table=table, sqlstate="")
