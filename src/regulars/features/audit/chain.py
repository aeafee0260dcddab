"""The chain: each link holds the digest of its entry and the link before it. Made afterwards, in the order of ids."""

import hashlib
from typing import Final

import msgspec

from regulars.base.db import Read, Tx
from regulars.features.audit.model import Entry, Fault, Verdict
from regulars.features.audit.store import (
    BACK,
    Link,
    Sealed,
    add_seals,
    count_unsealed,
    find_cleared,
    find_inserted,
    horizon,
    last_link,
    list_chain,
    list_unsealed,
    take_turn,
)

__all__ = ["EVER", "seal", "verify"]

PAGE: Final = 1_000
FAULTS_MAX: Final = 100
EVER: Final = 2**62
"""Further back than there are ids."""
write_json: Final = msgspec.json.Encoder(order="deterministic").encode


async def seal(tx: Tx, *, back: int = BACK) -> int:
    """Append links for a page of entries whose transactions have ended; gives how many.

    What was noted so long ago that it is `back` ids before the last link is not looked for. Somebody else who seals is
    not waited for.
    """
    if not await take_turn(tx, "seal"):
        return 0
    # Asked first: what lies below is then seen by the next query.
    ended = await horizon(tx)
    number, hash_ = await last_link(tx)
    links: list[Link] = []
    for entry in await list_unsealed(tx, ended=ended, most=PAGE, back=back):
        digest = _digest(entry)
        number, hash_ = number + 1, _chain(hash_, number + 1, entry.id, digest)
        links.append(Link(number=number, entry=entry.id, digest=digest, hash=hash_))
    if links:
        await add_seals(tx, links, ended=ended)
    return len(links)


async def verify(read: Read, *, head: str = "") -> Verdict:
    """Walk the whole chain and tell what was changed, removed or inserted, at most 100 faults.

    `head` is what an earlier verdict gave: a chain that was cut behind it, or made anew, does not have it any more.
    """
    faults: list[Fault] = []
    number, hash_, kept, cleared = 0, b"", "", await find_cleared(read)
    while len(faults) < FAULTS_MAX and (page := await list_chain(read, after=number, most=PAGE)):
        for each in page:
            faults += _check(each, number, hash_, cleared=cleared)
            number, hash_ = each.link.number, each.link.hash
            if (shown := _show(number, hash_)) == head:
                kept = shown
    faults += [
        Fault(what="entry_inserted", entry=entry, link=None) for entry in await find_inserted(read, most=FAULTS_MAX)
    ]
    if head not in {"", "0:", kept}:
        told, _, _ = head.partition(":")
        faults.append(Fault(what="head_differs", entry=None, link=int(told) if told.isdecimal() else None))
    return Verdict(
        faults=tuple(faults[:FAULTS_MAX]),
        sealed=number,
        unsealed=await count_unsealed(read),
        head=_show(number, hash_),
    )


def _check(each: Sealed, before: int, hash_: bytes, *, cleared: int) -> list[Fault]:
    """Tell what is wrong with one link, given the number and the hash of the one before it.

    Entries up to `cleared` may be gone because their time was over.
    """
    link, entry = each.link, each.entry
    if link.number != before + 1:
        return [Fault(what="link_removed", entry=None, link=before + 1)]
    if link.hash != _chain(hash_, link.number, link.entry, link.digest):
        return [Fault(what="link_changed", entry=link.entry, link=link.number)]
    if entry is None and link.entry <= cleared:
        return []
    if entry is None:
        return [Fault(what="entry_removed", entry=link.entry, link=link.number)]
    if _digest(entry) != link.digest:
        return [Fault(what="entry_changed", entry=link.entry, link=link.number)]
    return []


def _digest(entry: Entry) -> bytes:
    return hashlib.sha256(write_json(entry)).digest()


def _chain(before: bytes, number: int, entry: int, digest: bytes) -> bytes:
    # Each part has its length by itself, so that no two chains are written alike.
    return hashlib.sha256(before + number.to_bytes(8, "big") + entry.to_bytes(8, "big") + digest).digest()


def _show(number: int, hash_: bytes) -> str:
    return f"{number}:{hash_.hex()}"
