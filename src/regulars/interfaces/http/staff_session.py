"""Sessions of people who work here: sign in, show the second factor, see and end what is open."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.features import staff
from regulars.features.staff import sessions
from regulars.interfaces.http.guard import (
    actor_of,
    address_of_caller,
    cookie_of,
    held_of,
    now_of,
)
from regulars.interfaces.http.kit import PUBLIC, answer, door, read_body, tell
from regulars.interfaces.http.staff_page import BACK_POLICY, write_back
from regulars.interfaces.http.state import database_of, hashing_of, house_of, settings_of, sign_on_of

__all__ = ["router"]

OWN: Final = "session:own"
SIGN_ON_COOKIE: Final = "__Host-regulars-way"
SIGN_ON_SECONDS: Final = 600
UNSAID: Final = ""

router = APIRouter(tags=["Session"])

Text = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
Code = Annotated[str, Meta(max_length=32, description="Six digits that the app shows now.")]
Recovery = Annotated[str, Meta(max_length=64, description="A code of the paper, in place of one of the app.")]
Given = Annotated[str, Query(max_length=2000)]


class SignInIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wants to sign in."""

    email: Text
    password: Text


class SignInOut(Struct, frozen=True, kw_only=True):
    """The password was right; the second factor is still to come."""

    pending: str
    """Send it with the code, within five minutes."""


class SecondIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second factor: a code of the app, or one of the paper."""

    pending: Text
    code: Code = UNSAID
    recovery: Recovery = UNSAID
    cookie: bool = False
    """Whether the token is to be set as a cookie, for pages of our own, and not answered."""


class StepUpIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fresh proof of who is there."""

    code: Code = UNSAID
    recovery: Recovery = UNSAID


class PasswordIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another password."""

    old: Text
    new: Text


class Me(Struct, frozen=True, kw_only=True):
    """Who is signed in, and what they may do."""

    account: staff.Account
    session: staff.Session
    scopes: tuple[str, ...]


class SessionOut(Struct, frozen=True, kw_only=True):
    """A session, and its token where it is not in a cookie."""

    me: Me
    token: str | None
    """`rs_…`: send it as `Authorization: Bearer`. It changes every hour: the new one is in `X-Regulars-Session`."""
    recovery_left: int
    """Codes that are left on paper."""


class Token(Struct, frozen=True, kw_only=True):
    """The token from now on; none where it is in a cookie."""

    token: str | None


class SessionList(Struct, frozen=True, kw_only=True):
    """What is open, oldest first."""

    sessions: tuple[staff.Session, ...]
    current: UUID


class SessionsEnded(Struct, frozen=True, kw_only=True):
    """How many sessions ended."""

    ended: int


class RecoveryCodes(Struct, frozen=True, kw_only=True):
    """Codes for paper. They are shown this once, and each is good once."""

    recovery: tuple[str, ...]


read_sign_in = msgspec.json.Decoder(SignInIn)
read_second = msgspec.json.Decoder(SecondIn)
read_step_up = msgspec.json.Decoder(StepUpIn)
read_password = msgspec.json.Decoder(PasswordIn)


@router.post("/v1/session")
@door(
    scope=PUBLIC,
    takes=SignInIn,
    gives={200: SignInOut},
    refuses=(staff.SignInRefused, staff.TooManyAttempts),
    examples={"A person": {"email": "ann@example.com", "password": "four words of your own"}},
)
async def sign_in(request: Request) -> Response:
    """Begin to sign in with address and password.

    Five wrong tries lock the account for a quarter of an hour, and then for twice as long each time, a day at most;
    that is answered like a wrong password. Eight from one address, whatever the accounts, make the address wait.
    """
    told = await read_body(request, read_sign_in)
    pending = await staff.sign_in(
        database_of(request),
        house_of(request).keyring,
        hashing_of(request),
        email=told.email,
        password=told.password,
        address=address_of_caller(request),
        at=now_of(request),
    )
    return answer(SignInOut(pending=pending))


@router.post("/v1/session/second")
@door(
    scope=PUBLIC,
    takes=SecondIn,
    gives={200: SessionOut},
    refuses=(staff.SessionInvalid, staff.CodeWrong),
    examples={"A code of the app": {"pending": "rp_...", "code": "123456"}},
)
async def sign_in_second(request: Request) -> Response:
    """Show the second factor, and get the session. No code is taken twice."""
    told = await read_body(request, read_second)
    opened = await staff.sign_in_second(
        database_of(request),
        house_of(request).keyring,
        told.pending,
        staff.Proof(code=told.code, recovery=told.recovery),
        agent=request.headers.get("user-agent", ""),
        at=now_of(request),
    )
    return _answer_session(request, opened, in_cookie=told.cookie)


@router.get("/v1/session")
@door(scope=OWN, who="person", gives={200: Me})
async def read_me(request: Request) -> Response:
    """Read who you are signed in as, and what you may do."""
    held = held_of(request)
    return answer(Me(account=held.account, session=held.session, scopes=actor_of(request).scopes))


@router.delete("/v1/session")
@door(scope=OWN, who="person", gives={200: SessionsEnded})
async def sign_out(request: Request) -> Response:
    """Sign out. The cookie is taken away."""
    held, at = held_of(request), now_of(request)
    await database_of(request).run(lambda tx: sessions.end_one(tx, held.session.id, account=held.account.id, at=at))
    tell(request, "Set-Cookie", cookie_of(""))
    return answer(SessionsEnded(ended=1))


@router.post("/v1/session/rotate")
@door(scope=OWN, who="person", gives={200: Token})
async def rotate_session(request: Request) -> Response:
    """Change the token of this session. The old one is good for half a minute more."""
    held, at = held_of(request), now_of(request)
    fresh = await database_of(request).run(lambda tx: sessions.rotate(tx, held.session, held.token, at=at))
    return _answer_token(request, fresh or held.token)


@router.post("/v1/session/step-up")
@door(
    scope=OWN,
    who="person",
    takes=StepUpIn,
    gives={200: Token},
    refuses=(staff.CodeWrong,),
    examples={"A code of the app": {"code": "123456"}},
)
async def step_up(request: Request) -> Response:
    """Show a code once more: what changes who may do what asks for a proof of the last ten minutes."""
    told, held = await read_body(request, read_step_up), held_of(request)
    proof = staff.Proof(code=told.code, recovery=told.recovery)
    keyring, at = house_of(request).keyring, now_of(request)
    fresh = await staff.prove(database_of(request), keyring, held.session, held.token, proof, at=at)
    return _answer_token(request, fresh or held.token)


@router.post("/v1/session/password")
@door(
    scope=OWN,
    who="proven",
    takes=PasswordIn,
    gives={200: SessionsEnded},
    refuses=(staff.SignInRefused, staff.PasswordWeak),
    examples={"Another": {"old": "four words of your own", "new": "four other words, just as long"}},
)
async def change_password(request: Request) -> Response:
    """Change your password. Every other session of yours ends."""
    told = await read_body(request, read_password)
    ended = await staff.change_password(
        database_of(request),
        house_of(request).keyring,
        hashing_of(request),
        session=held_of(request).session,
        old=told.old,
        new=told.new,
        breached=settings_of(request).breached_passwords,
        at=now_of(request),
    )
    return answer(SessionsEnded(ended=ended))


@router.post("/v1/session/recovery-codes")
@door(scope=OWN, who="proven", gives={200: RecoveryCodes})
async def renew_recovery_codes(request: Request) -> Response:
    """Get ten new codes for paper. Those there were are good no more."""
    keyring, account = house_of(request).keyring, held_of(request).account.id
    codes = await database_of(request).run(lambda tx: staff.renew_recovery(tx, keyring, account))
    return answer(RecoveryCodes(recovery=codes))


@router.get("/v1/session/all")
@door(scope=OWN, who="person", gives={200: SessionList})
async def list_my_sessions(request: Request) -> Response:
    """List the sessions that you have open."""
    held, at = held_of(request), now_of(request)
    async with database_of(request).snapshot() as read:
        found = await sessions.list_open(read, held.account.id, at=at)
    return answer(SessionList(sessions=tuple(found), current=held.session.id))


@router.delete("/v1/session/all")
@door(scope=OWN, who="person", gives={200: SessionsEnded})
async def end_my_sessions(request: Request) -> Response:
    """End every session of yours but this one."""
    held, at = held_of(request), now_of(request)
    ended = await database_of(request).run(lambda tx: sessions.end_all(tx, held.account.id, at=at, but=held.session.id))
    return answer(SessionsEnded(ended=ended))


@router.delete("/v1/session/all/{session}")
@door(scope=OWN, who="person", gives={200: SessionsEnded}, refuses=(staff.SessionUnknown,))
async def end_my_session(request: Request, session: UUID) -> Response:
    """End one session of yours: of a computer that was lost, say."""
    held, at = held_of(request), now_of(request)
    await database_of(request).run(lambda tx: sessions.end_one(tx, session, account=held.account.id, at=at))
    return answer(SessionsEnded(ended=1))


@router.get("/v1/session/sign-on")
@door(scope=PUBLIC, gives={303: None}, refuses=(staff.SignOnUnset, staff.ProviderSilent))
async def sign_on(request: Request) -> Response:
    """Go to the house's identity provider to sign on there. For browsers."""
    sign_on, back = sign_on_of(request), _write_back_address(request)
    going = await sign_on.begin(database_of(request), house_of(request).keyring, back=back, at=now_of(request))
    cookie = f"{SIGN_ON_COOKIE}={going.state}; Path=/; Max-Age={SIGN_ON_SECONDS}; Secure; HttpOnly; SameSite=Lax"
    return Response(status_code=303, headers={"Location": going.url, "Set-Cookie": cookie})


@router.get("/v1/session/sign-on/back")
@door(
    scope=PUBLIC,
    gives={200: "text/html"},
    refuses=(staff.SignOnUnset, staff.SignOnRefused, staff.ProviderSilent),
)
async def come_back(request: Request, code: Given = "", state: Given = "") -> Response:
    """Come back from the identity provider. The session is set as a cookie."""
    sign_on, back = sign_on_of(request), _write_back_address(request)
    _check_browser(request, state)
    opened = await sign_on.finish(
        database_of(request),
        house_of(request).keyring,
        code=code,
        state=state,
        back=back,
        agent=request.headers.get("user-agent", ""),
        at=now_of(request),
    )
    tell(request, "Set-Cookie", cookie_of(opened.token))
    return Response(write_back(), media_type="text/html", headers={"Content-Security-Policy": BACK_POLICY})


def _check_browser(request: Request, state: str) -> None:
    """Whoever comes back is the one who left: or somebody could be signed in as somebody else."""
    if not state or request.cookies.get(SIGN_ON_COOKIE) != state:
        raise staff.SignOnRefused("You cannot be signed on: this browser did not begin it. Begin again.")


def _write_back_address(request: Request) -> str:
    base = settings_of(request).public_url or str(request.base_url)
    return f"{base.rstrip('/')}/v1/session/sign-on/back"


def _answer_session(request: Request, opened: staff.Opened, *, in_cookie: bool) -> Response:
    if in_cookie:
        tell(request, "Set-Cookie", cookie_of(opened.token))
    me = Me(account=opened.account, session=opened.session, scopes=staff.scopes_of(opened.account.roles))
    token = None if in_cookie else opened.token
    return answer(SessionOut(me=me, token=token, recovery_left=opened.recovery_left))


def _answer_token(request: Request, token: str) -> Response:
    if held_of(request).by_cookie:
        tell(request, "Set-Cookie", cookie_of(token))
        return answer(Token(token=None))
    return answer(Token(token=token))
