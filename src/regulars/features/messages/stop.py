"""Links by which whoever has the mail says that they want no more of it: signed, without a password, for ever good."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.errors import Refusal
from regulars.features.messages.model import Channel

__all__ = ["Stop", "StopLinkInvalid", "make_token", "read_token"]

MAC_BYTES: Final = 16
TOLD_BYTES: Final = 18
LABEL: Final = "messages.stop"
# Numbers that links which were sent have in them: none is ever given to something else.
PURPOSES: Final[Mapping[str, int]] = MappingProxyType({"receipts": 1, "notices": 2, "marketing": 3})
CHANNELS: Final[Mapping[Channel, int]] = MappingProxyType({"inbox": 1, "email": 2, "sms": 3, "push": 4, "wechat": 5})


class StopLinkInvalid(Refusal):
    """This is no link of ours, or some of it is missing."""

    code, kind = "stop_link_invalid", "not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What is to end: messages to a member for a purpose by a channel."""

    member: UUID
    purpose: str
    channel: Channel


def make_token(keyring: Keyring, stop: Stop) -> str:
    """Make what stands in the link, short enough for one line of a header."""
    told = stop.member.bytes + bytes((PURPOSES[stop.purpose], CHANNELS[stop.channel]))
    return keyring.sign_token(LABEL, told, mac_bytes=MAC_BYTES)


def read_token(keyring: Keyring, token: str) -> Stop:
    """Read it back, made under whichever key. Raises StopLinkInvalid."""
    told = keyring.read_token(LABEL, token, mac_bytes=MAC_BYTES)
    if told is None or len(told) != TOLD_BYTES:
        raise _refuse()
    return Stop(
        member=UUID(bytes=told[:-2]),
        purpose=next(name for name, number in PURPOSES.items() if number == told[-2]),
        channel=next(name for name, number in CHANNELS.items() if number == told[-1]),
    )


def _refuse() -> StopLinkInvalid:
    return StopLinkInvalid("This link is none of ours, or some of it is missing. Copy all of it from the message.")
