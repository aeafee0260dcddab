"""People for the demo: accounts with passwords and phones that were drawn just now, and a member who has an address."""

import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from pyotp.totp import TOTP

from regulars.base import clock
from regulars.base.crypto import Keyring
from regulars.base.db import Database, Tx
from regulars.base.settings import Settings
from regulars.features import consent, staff
from regulars.features.staff import Role
from regulars.interfaces.cli.console import say
from regulars.kernel import members
from regulars.kernel.nouns import Identifier

__all__ = ["MEMBER", "SignIn", "prepare_member", "prepare_sign_ins", "read_sign_ins"]

KEPT: Final = "demo-sign-ins.json"
PEOPLE: Final[tuple[tuple[str, str, Role], ...]] = (
    ("owner@demo.example", "Olive 欧阳", "owner"),
    ("marketer@demo.example", "Mei 梅", "marketer"),
    ("desk@demo.example", "Sam 沈", "service_desk"),
    ("till@demo.example", "Bao 包", "store"),
)
WHILE: Final = timedelta(minutes=1)
"""They are set up as of a minute ago: a code is good once, and the one of now is for who signs in first."""
BY: Final = "regulars demo"
STORE: Final = "store-367"
"""Of the data's stores the one that sold most baskets."""
CARD: Final = Identifier(kind="card", value="900")
MEMBER: Final = "member@demo.example"
"""An address for a household of the year, which by itself has only a card."""
EMAIL: Final = Identifier(kind="email", value=MEMBER)
NOTICES: Final[tuple[tuple[consent.Purpose, str, str], ...]] = (
    (
        "marketing",
        "Tell me about offers that may suit me. I can turn this off at any time and stay a member.",
        "有适合我的优惠时通知我。随时可以关闭，不影响会员身份。",
    ),
    (
        "personalisation",
        "Choose offers for me by what I bought. Without it I get those that everybody gets.",
        "按我的购买习惯推荐优惠。不开启时，看到的是人人都有的优惠。",
    ),
)


class SignIn(Struct, frozen=True, kw_only=True):
    """How one of the demo's people signs in."""

    email: str
    role: str
    password: str
    secret: str
    """What their phone makes codes of."""

    @property
    def code(self) -> str:
        """What their phone shows now."""
        return TOTP(self.secret).now()


read = msgspec.json.Decoder(tuple[SignIn, ...]).decode


def read_sign_ins(settings: Settings) -> tuple[SignIn, ...]:
    """Read who can sign in; nobody where the demo was never served from this folder."""
    path = settings.data_dir / KEPT
    return read(path.read_bytes()) if path.is_file() else ()


async def prepare_sign_ins(settings: Settings, database: Database, keyring: Keyring) -> tuple[SignIn, ...]:
    """Give each of the demo's people an account, unless they have one.

    Nobody's own account is touched: who has an address of ours already, and is not in the file, is left out.
    """
    known = {each.email: each for each in read_sign_ins(settings)}
    for email, name, role in PEOPLE:
        at, bound = datetime.now(UTC) - WHILE, STORE if role == "store" else None
        try:
            invited = await database.run(
                partial(staff.invite, keyring=keyring, email=email, name=name, roles=(role,), bound=bound, by=BY, at=at)
            )
        except staff.AccountKnown:
            continue
        welcome = await staff.look_at_link(database, keyring, invited.token, at=at)
        made = SignIn(email=email, role=role, password=secrets.token_urlsafe(12), secret=welcome.secret)
        known[email] = made
        # Before the account: one that nobody can sign in to would be in the way for ever.
        _keep(settings.data_dir / KEPT, tuple(known.values()))
        await staff.accept(
            database,
            keyring,
            staff.Hashing(),
            token=invited.token,
            person=(email, name),
            proof=(made.password, TOTP(made.secret).at(at)),
            breached=settings.breached_passwords,
            at=at,
        )
    return tuple(known.values())


async def prepare_member(database: Database, keyring: Keyring) -> None:
    """Give one household of the year an address to sign in with, and publish what members are asked to allow."""

    async def write(tx: Tx) -> None:
        at = await clock.now(tx)
        if not await consent.list_notices(tx):
            for purpose, en, zh in NOTICES:
                await consent.publish_notice(tx, purpose, en=en, zh=zh, by=BY, at=at)
        try:
            # What they have already changes nothing.
            await members.add_identifier(tx, keyring, await members.lookup(tx, keyring, CARD), EMAIL, at=at)
        except (members.MemberUnknown, members.IdentifierTaken):
            say().print(f"Nobody of the year signs in as {MEMBER}: its card is not there, or somebody else has it.")

    await database.run(write)


def _keep(path: Path, people: Sequence[SignIn]) -> None:
    """Write the file whole or not at all, and for nobody else's eyes."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(people), indent=2) + b"\n")
    fresh.replace(path)
