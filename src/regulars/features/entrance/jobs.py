"""What goes on all the time: sending what waits, and forgetting what is over."""

from datetime import UTC, datetime, timedelta
from typing import Final

from regulars.base.db import Tx
from regulars.features.entrance.model import Message
from regulars.features.entrance.send import Post, find_posts
from regulars.features.entrance.store import end_message, forget_old, put_off_message, take_messages
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS", "forget_ended", "send_waiting"]

AT_ONCE: Final = 20
ATTEMPTS_MAX: Final = 8
TAKEN: Final = timedelta(minutes=5)
"""How long whoever takes messages has them: longer than sending all of them takes."""
WAITS: Final = timedelta(seconds=5)
KEPT: Final = timedelta(days=7)


async def send_waiting(place: Workplace) -> int:
    """Send what is due; gives how many messages went out. Nothing is sent while a transaction is open."""
    posts = find_posts(place.settings)
    keyring, at = place.house.keyring, _now()
    taken = await place.database.run(lambda tx: take_messages(tx, keyring, at=at, until=at + TAKEN, most=AT_ONCE))
    return sum([await _send(place, posts.get(message.channel), message, attempts) for message, attempts in taken])


async def _send(place: Workplace, post: Post | None, message: Message, attempts: int) -> bool:
    went = post is not None and await post.send(message)

    async def note(tx: Tx) -> None:
        if went or attempts >= ATTEMPTS_MAX:
            await end_message(tx, message.id, sent=went)
        else:
            await put_off_message(tx, message.id, due_at=_now() + WAITS * 2**attempts)

    await place.database.run(note)
    return went


async def forget_ended(place: Workplace) -> int:
    """Forget what is over."""
    now = _now()
    await place.database.run(lambda tx: forget_old(tx, at=now, before=now - KEPT))
    return 0


def _now() -> datetime:
    """The world's time: what members carry ends by it, and not by a sandbox's clock."""
    return datetime.now(UTC)


JOBS: Final = (
    Job(name="entrance.send", run=send_waiting, pause_seconds=1, says="Sent {count} messages to members."),
    Job(name="entrance.forget", run=forget_ended, pause_seconds=600),
)
