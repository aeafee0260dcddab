"""Messages to members: their words and rules, what became of each, addresses that nothing is sent to; the inbox."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.features import consent, messages
from regulars.features.messages.template import write_html
from regulars.interfaces.http.estate import Cursor, Limit
from regulars.interfaces.http.guard import OWN_SCOPE, actor_of, member_session_of
from regulars.interfaces.http.kit import PUBLIC, answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.stop_page import STOP_POLICY, write_done, write_question
from regulars.kernel import members

__all__ = ["router"]

READ: Final = "messages:read"
WRITE: Final = "messages:write"
PAGE: Final = "text/html"
ADDRESSES_MAX: Final = 1_000
MAIL_MAX: Final = 200_000
WORDS_REFUSED: Final = (messages.TemplateInvalid, messages.VariableMissing)

router = APIRouter(tags=["Messages"])

NAMED: Final = r"^[A-Za-z0-9_-]{1,32}$"
KindPath = Annotated[str, Path(pattern=NAMED, description="Kind of message, as `/v1/messages/rules` lists them.")]
LanguagePath = Annotated[str, Path(pattern=NAMED, description="Of the words: `en` or `zh-CN`.")]
MessagePath = Annotated[UUID, Path(description="Id of the message.")]
TokenPath = Annotated[str, Path(min_length=1, max_length=200, description="As the link in the message has it.")]
States = Annotated[messages.State | None, Query(description="In this state only.")]
OfMember = Annotated[UUID | None, Query(description="To this member only.")]
Lang = Annotated[messages.Language | None, Query(description="In this language; left out: the member's own.")]
Line = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Words = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
Value = Annotated[str, Meta(max_length=2_000, pattern=r"^[^\x00]*$")] | Annotated[int, Meta(ge=-(2**53), le=2**53)]
Called = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[a-z][a-z_]*$")]
Address = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
read_number = msgspec.json.Decoder(tuple[Annotated[int, Meta(ge=0, le=messages.FOREVER)]])


class WordsIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of a kind in a language."""

    subject: Line
    text: Words
    short: Line
    """For a short message, or a notice on a screen."""


class MessagePreviewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words to be looked at; what is left out is as it is in use."""

    kind: messages.Kind
    language: messages.Language
    subject: Line | None = None
    text: Words | None = None
    short: Line | None = None
    values: dict[Called, Value] | None = None
    """Exactly these, and no others; left out: an example."""


class SuppressIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses that nothing is to be sent to any more."""

    addresses: Annotated[tuple[Address, ...], Meta(min_length=1, max_length=ADDRESSES_MAX)]
    channel: messages.Channel = "email"
    reason: messages.Suppression = "asked"


class LiftIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that may be sent to again."""

    address: Address
    channel: messages.Channel = "email"


class BounceIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report of delivery, as the mail server sent it."""

    mail: Annotated[str, Meta(min_length=1, max_length=MAIL_MAX)]


class TemplateList(Struct, frozen=True, kw_only=True):
    """The words in use, by kind and language, and what they may name."""

    templates: tuple[messages.Template, ...]
    variables: Mapping[str, Mapping[str, str]]


class MessagePreview(Struct, frozen=True, kw_only=True):
    """How a message looks."""

    subject: str
    text: str
    short: str
    html: str


class RuleOfKind(messages.Rule, frozen=True, kw_only=True):
    """The rule of a kind."""

    kind: messages.Kind


class RuleList(Struct, frozen=True, kw_only=True):
    """The rules in use, by kind."""

    rules: tuple[RuleOfKind, ...]


class MessagePage(Struct, frozen=True, kw_only=True):
    """A part of the messages, the newest first."""

    messages: tuple[messages.Message, ...]
    next: str | None


class MessagesQueued(Struct, frozen=True, kw_only=True):
    """How many messages wait to be sent again."""

    queued: int


class AddressesSuppressed(Struct, frozen=True, kw_only=True):
    """How many addresses are new on the list, or were taken off it."""

    changed: int


class BounceTaken(Struct, frozen=True, kw_only=True):
    """Whether the report changed anything: a late mail or a full box does not."""

    is_suppressed: bool


class InboxItem(Struct, frozen=True, kw_only=True):
    """A message to a member."""

    id: UUID
    kind: messages.Kind
    subject: str
    text: str
    at: datetime
    is_read: bool


class MyInbox(Struct, frozen=True, kw_only=True):
    """A part of a member's messages, the newest first."""

    items: tuple[InboxItem, ...]
    unread: int
    next: str | None


class InboxRead(Struct, frozen=True, kw_only=True):
    """How many are not read yet."""

    unread: int


read_words = msgspec.json.Decoder(WordsIn)
read_preview = msgspec.json.Decoder(MessagePreviewIn)
read_rule = msgspec.json.Decoder(messages.Rule)
read_suppress = msgspec.json.Decoder(SuppressIn)
read_lift = msgspec.json.Decoder(LiftIn)
read_mail = msgspec.json.Decoder(BounceIn)
EXAMPLE: Final = {
    "subject": "{points} {currency} end on {at:date}",
    "text": "Use {points:plural(# point|# points)} at {shop} until {at:time}.",
    "short": "{shop}: {points} {currency} end on {at:date}.",
}


@router.get("/v1/messages")
@door(scope=READ, gives={200: MessagePage}, refuses=(CursorInvalid,))
async def list_messages(
    request: Request, state: States = None, member: OfMember = None, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """List messages, what became of each and why. Those that are `failed` or `doubtful` wait for somebody to look."""
    (before,) = read_cursor(cursor, read_number) if cursor else (messages.FOREVER,)
    async with database_of(request).snapshot() as read:
        found = await messages.list_messages(read, before=before, state=state or "", member=member, most=limit)
    place = write_cursor((found[-1].number,)) if len(found) == limit else None
    return answer(MessagePage(messages=tuple(found), next=place))


@router.post("/v1/messages/{message}/again")
@door(scope=WRITE, gives={200: MessagesQueued}, refuses=(messages.MessageUnknown,))
async def send_again(request: Request, message: MessagePath) -> Response:
    """Send a message that was given up, left out, or is doubtful. A doubtful one may then arrive a second time."""
    queued = await database_of(request).run(lambda tx: messages.send_again(tx, [message], at=datetime.now(UTC)))
    if not queued:
        raise messages.MessageUnknown("No message that ended without being sent has this id.", message=str(message))
    return answer(MessagesQueued(queued=queued))


@router.get("/v1/messages/templates")
@door(scope=READ, gives={200: TemplateList})
async def list_templates(request: Request) -> Response:
    """List the words in use, in both languages, and what each kind may name."""
    async with database_of(request).snapshot() as read:
        scene = await messages.read_scene(read, house_of(request), at=await clock.now(read))
    variables = {kind: about.variables for kind, about in messages.KINDS.items()}
    return answer(TemplateList(templates=tuple(scene.templates.values()), variables=variables))


@router.put("/v1/messages/templates/{kind}/{language}")
@door(
    scope=WRITE,
    takes=WordsIn,
    gives={200: messages.Template},
    refuses=(*WORDS_REFUSED, messages.MessageKindUnknown, messages.MessageLanguageUnknown),
    examples={"Points that end": EXAMPLE},
)
async def put_template(request: Request, kind: KindPath, language: LanguagePath) -> Response:
    """Write the words of a kind. What they name and the kind does not have is refused, with its place."""
    told = await read_body(request, read_words)
    template = _read_template(kind, language, told)
    actor, at = actor_of(request), datetime.now(UTC)
    return answer(
        await database_of(request).run(
            lambda tx: messages.add_template(tx, template, by=f"{actor.kind} {actor.id}", at=at)
        )
    )


@router.post("/v1/messages/preview")
@door(
    scope=READ,
    takes=MessagePreviewIn,
    gives={200: MessagePreview},
    refuses=WORDS_REFUSED,
    examples={"As it is": {"kind": "level", "language": "zh-CN"}},
)
async def preview_message(request: Request) -> Response:
    """Show how a message looks in a language, with an example or with values of yours. Nothing is sent."""
    told = await read_body(request, read_preview)
    async with database_of(request).snapshot() as read:
        scene = await messages.read_scene(read, house_of(request), at=await clock.now(read))
    return answer(_draw(scene, told))


@router.get("/v1/messages/rules")
@door(scope=READ, gives={200: RuleList})
async def list_rules(request: Request) -> Response:
    """List by which ways each kind goes out, when not, and how often at most."""
    async with database_of(request).snapshot() as read:
        scene = await messages.read_scene(read, house_of(request), at=await clock.now(read))
    rules = [RuleOfKind(kind=kind, **msgspec.structs.asdict(rule)) for kind, rule in scene.rules.items()]
    return answer(RuleList(rules=tuple(rules)))


@router.put("/v1/messages/rules/{kind}")
@door(
    scope=WRITE,
    takes=messages.Rule,
    gives={200: messages.Rule},
    refuses=(messages.MessageKindUnknown,),
    examples={"By night nothing": {"channels": ["inbox", "email"], "quiet_from": 1260, "quiet_until": 480}},
)
async def put_rule(request: Request, kind: KindPath) -> Response:
    """Say by which ways a kind goes out, when not, and how often at most."""
    told, found = await read_body(request, read_rule), messages.find_kind(kind)
    await database_of(request).run(lambda tx: messages.put_rule(tx, found, told, at=datetime.now(UTC)))
    return answer(told)


@router.post("/v1/messages/suppressions")
@door(
    scope=WRITE,
    takes=SuppressIn,
    gives={200: AddressesSuppressed},
    refuses=(members.IdentifierInvalid,),
    examples={"Who complained": {"addresses": ["ann@example.com"], "reason": "complained"}},
)
async def suppress_addresses(request: Request) -> Response:
    """Send nothing to addresses any more, whoever's they are. They are kept as keyed digests, which nobody reads."""
    told, actor = await read_body(request, read_suppress), actor_of(request)
    keyring, at = house_of(request).keyring, datetime.now(UTC)
    by = f"{actor.kind} {actor.id}"
    changed = await database_of(request).run(
        lambda tx: messages.suppress(tx, keyring, told.channel, told.addresses, told.reason, by=by, at=at)
    )
    return answer(AddressesSuppressed(changed=changed))


@router.post("/v1/messages/suppressions/lift")
@door(
    scope=WRITE,
    takes=LiftIn,
    gives={200: AddressesSuppressed},
    refuses=(members.IdentifierInvalid,),
    examples={"It works again": {"address": "ann@example.com"}},
)
async def lift_suppression(request: Request) -> Response:
    """Send to an address again, if its member allows it."""
    told, keyring = await read_body(request, read_lift), house_of(request).keyring
    changed = await database_of(request).run(lambda tx: messages.lift(tx, keyring, told.channel, told.address))
    return answer(AddressesSuppressed(changed=int(changed)))


@router.post("/v1/messages/bounces")
@door(
    scope=WRITE,
    takes=BounceIn,
    gives={200: BounceTaken},
    refuses=(messages.BounceUnreadable, members.IdentifierInvalid),
    examples={
        "As the mail server sent it": {"mail": "Content-Type: multipart/report; report-type=delivery-status\r\n"}
    },
)
async def take_bounce(request: Request) -> Response:
    """Take a report of delivery that came back (RFC 3464): an address that is gone is left alone from now on."""
    bounce = messages.read_bounce((await read_body(request, read_mail)).mail.encode())
    keyring, at, actor = house_of(request).keyring, datetime.now(UTC), actor_of(request)
    taken = await database_of(request).run(
        lambda tx: messages.take_bounce(tx, keyring, bounce, by=f"{actor.kind} {actor.id}", at=at)
    )
    return answer(BounceTaken(is_suppressed=taken))


@router.get("/v1/me/inbox")
@door(scope=OWN_SCOPE, who="member", gives={200: MyInbox}, refuses=(CursorInvalid,))
async def read_my_inbox(request: Request, language: Lang = None, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """Read one's messages, newest first, in one's language."""
    (before,) = read_cursor(cursor, read_number) if cursor else (messages.FOREVER,)
    async with database_of(request).snapshot() as read:
        return answer(await _read_inbox(read, request, language, before=before, most=limit))


@router.post("/v1/me/inbox/{message}/read")
@door(scope=OWN_SCOPE, who="member", gives={200: InboxRead}, refuses=(messages.MessageUnknown,))
async def mark_inbox_read(request: Request, message: MessagePath) -> Response:
    """Note that one has read a message."""
    member = member_session_of(request).member
    return answer(await database_of(request).run(_marking(message, member)))


@router.get("/stop/{token}")
@door(scope=PUBLIC, gives={200: PAGE}, refuses=(messages.StopLinkInvalid,))
async def ask_stop(request: Request, token: TokenPath) -> Response:
    """Show the page behind the link in a message. It changes nothing: programs open links that nobody clicked."""
    messages.read_token(house_of(request).keyring, token)
    headers = {"Content-Security-Policy": STOP_POLICY, "Cache-Control": "no-store"}
    return Response(write_question(), media_type=PAGE, headers=headers)


@router.post("/stop/{token}")
@door(scope=PUBLIC, gives={200: PAGE}, refuses=(messages.StopLinkInvalid, members.MemberUnknown))
async def stop_messages(request: Request, token: TokenPath) -> Response:
    """End messages of a kind by a way, at once and without a question, as mail programs ask (RFC 8058)."""
    stop = messages.read_token(house_of(request).keyring, token)
    await database_of(request).run(_stopping(request, stop))
    headers = {"Content-Security-Policy": STOP_POLICY, "Cache-Control": "no-store"}
    return Response(write_done(), media_type=PAGE, headers=headers)


def _read_template(kind: str, language: str, told: WordsIn) -> messages.Template:
    template = messages.Template(
        kind=messages.find_kind(kind),
        language=messages.find_language(language),
        version=0,
        **msgspec.structs.asdict(told),
    )
    messages.check_template(template)
    return template


def _draw(scene: messages.Scene, told: MessagePreviewIn) -> MessagePreview:
    used = scene.templates[told.kind, told.language]
    template = msgspec.structs.replace(
        used,
        subject=told.subject or used.subject,
        text=told.text or used.text,
        short=told.short or used.short,
    )
    messages.check_template(template)
    values = messages.SAMPLES[told.language] if told.values is None else told.values
    written = scene.write_with(template, values, scene.find_zone({}))
    return MessagePreview(
        subject=written.subject,
        text=written.text,
        short=written.short,
        html=write_html(written.subject, written.text, told.language),
    )


async def _read_inbox(
    read: Read, request: Request, language: messages.Language | None, *, before: int, most: int
) -> MyInbox:
    member, now = member_session_of(request).member, await clock.now(read)
    own = [member, *await members.list_merged(read, [member])]
    found = await messages.read_inbox(read, own, before=before, most=most)
    scene = await messages.read_scene(read, house_of(request), at=now)
    traits = (await members.traits_many(read, [member], since=now)).as_of(member, now)
    zone, spoken = scene.find_zone(traits), language or scene.find_language(traits)
    items: list[InboxItem] = []
    for each in found:
        written = scene.write(each.kind, each.content, spoken, zone)
        items.append(
            InboxItem(
                id=each.id,
                kind=each.kind,
                subject=written.subject,
                text=written.text,
                at=each.created_at,
                is_read=each.read_at is not None,
            )
        )
    place = write_cursor((found[-1].number,)) if len(found) == most else None
    return MyInbox(items=tuple(items), unread=await messages.count_unread(read, own), next=place)


def _marking(message: UUID, member: UUID) -> Callable[[Tx], Awaitable[InboxRead]]:
    async def mark(tx: Tx) -> InboxRead:
        own = [member, *await members.list_merged(tx, [member])]
        if not await messages.mark_read(tx, message, own, at=datetime.now(UTC)):
            raise messages.MessageUnknown("You have no such message.", message=str(message))
        return InboxRead(unread=await messages.count_unread(tx, own))

    return mark


def _stopping(request: Request, stop: messages.Stop) -> Callable[[Tx], Awaitable[int]]:
    async def end(tx: Tx) -> int:
        choice = consent.Choice(
            member=stop.member,
            purpose=next(each for each in consent.PURPOSES if each == stop.purpose),
            channel=stop.channel,
            is_given=False,
            door="link",
            occurred_at=await clock.now(tx),
        )
        standings = await consent.read_standings(tx, stop.member)
        now = next(each for each in standings if (each.purpose, each.channel) == (stop.purpose, stop.channel))
        # A mail program may send it more than once: the first time is what counts.
        if not now.is_allowed:
            return 0
        return await consent.record(tx, [choice], new_id=house_of(request).new_id, at=choice.occurred_at)

    return end
