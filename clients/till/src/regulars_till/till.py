"""The till: quote, commit, return, take a voucher. Nothing here ever holds a sale up, and nothing is lost by that."""

from __future__ import annotations

import random
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import quote as quote_name

from regulars_till.clock import Clock, read_wall, write_moment
from regulars_till.closings import Closings
from regulars_till.drain import Drain
from regulars_till.ladder import Level
from regulars_till.learned import Learned
from regulars_till.notebook import Notebook, Noted
from regulars_till.queue import KEEP_DAYS_MIN
from regulars_till.report import DayReport, Head, count, read_facts
from regulars_till.results import Drained, Quoted, Sold, Status, Taken
from regulars_till.sales import Desk, quote_here, read_quote
from regulars_till.server import HARD_SECONDS, SOFT_SECONDS, UNABLE, Server
from regulars_till.tokens import Code, TokenRefused, Voucher, read_code, read_voucher
from regulars_till.vouchers import Caps, Used
from regulars_till.wire import Answer, Silence

if TYPE_CHECKING:
    import ssl
    from datetime import date, datetime
    from types import TracebackType

    from regulars_till.basket import Basket, Json, Member

__all__ = ["Till"]

OK, CREATED = 200, 201
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
KNOWN_MAX = 500
"""Members of whom the last answer is remembered, in memory only."""
KNOWN_OF = ("balances", "payable")
DRAIN_EVERY_SECONDS = 5.0
REFRESH_EVERY_SECONDS = 300.0
ASK_AGAIN_SECONDS = 30.0
NOT_SOLD_DIFFERENTLY = frozenset({"route_unknown", "method_not_allowed"})
WRONG_DOOR = frozenset({404, 405})
"""No such order, which may be known as a plain activity, or no such door: the queue tells it its own way."""
REFUSED = 400
DIGITS_MAX = 12


class Till:
    """One till: its name and its folder are its own. Its calls may come from several threads."""

    def __init__(  # noqa: PLR0913 - settings, by keyword
        self,
        url: str,
        key: str,
        *,
        till: str,
        folder: Path | str,
        store: str = "",
        source: str = "",
        caps: Caps | None = None,
        keep_days: int = 45,
        wall: Callable[[], datetime] = read_wall,
        secure: ssl.SSLContext | None = None,
    ) -> None:
        """Open the till. A folder that cannot be used is no reason not to sell: see `status`.

        `source` names this till's system to the server; with the till's name and a number it names every sale for
        ever. Left out, it is `till`, or `till/<store>`. Raises ValueError for what could never work.
        """
        if not NAME.fullmatch(till) or (store and not NAME.fullmatch(store)):
            raise ValueError(
                "A till and a store are named with up to 32 letters, digits, dots, hyphens and underscores"
            )
        if keep_days < KEEP_DAYS_MIN:
            raise ValueError(f"Records are kept for {KEEP_DAYS_MIN} days at least")
        self.till = till
        self.store = store
        self.source = source or (f"till/{store}" if store else "till")
        self._caps = caps or Caps()
        self._keep_days = keep_days
        self._clock = Clock(wall)
        self._server = Server(url, key, clock=self._clock, chance=random.random, secure=secure)
        self._learned = Learned()
        self._learned.open(Path(folder))
        self._used = Used()
        self._closings = Closings()
        self._desk = Desk(source=self.source, store=store)
        self._notebook = Notebook(Path(folder), till, self._clock, self._used.note)
        self._known: OrderedDict[Member, dict[str, Any]] = OrderedDict()
        self._guard = threading.RLock()
        self._draining = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Till:  # noqa: PYI034 - Python 3.9 knows no Self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- how it stands ---

    @property
    def level(self) -> Level:
        """The step on the ladder, D0 to D4."""
        return self._server.judge(writable=not self._notebook.trouble)

    def status(self) -> Status:
        """Tell how the till stands."""
        queue = self._notebook.queue
        notes = [] if queue is None else sorted(queue.notes)
        if queue is not None and queue.aside:
            notes.append("records_aside")
        if self._clock.off_seconds:
            notes.append("clock_corrected")
        if self._notebook.trouble:
            notes.append(self._notebook.trouble)
        keys = self._learned.keys
        return Status(
            level=self.level,
            pending=(0 if queue is None else queue.pending_count) + self._notebook.unwritten_count,
            pending_since=None if queue is None else queue.pending_since,
            last_number=0 if queue is None else queue.last_number,
            aside={} if queue is None else queue.aside,
            notes=tuple(notes),
            clock_off_seconds=self._clock.off_seconds,
            seen_at=self._server.seen_at,
            unable_code=self._server.unable_code,
            keys_as_of=None if keys is None else keys.as_of,
        )

    # --- selling ---

    def quote(self, basket: Basket, *, reserve_seconds: int = 0, show: Sequence[str] = ()) -> Quoted:
        """Tell what a basket would come to. When the server does not say it in time, the till does.

        `show` asks for more in its answer: `coupons`, `rewards`, `hints`. While the server is slow the till waits for
        it only as long as the soft limit, but for a reservation.
        """
        name = f"{self.till}-q{secrets.token_hex(6)}"
        body = self._desk.describe(basket, name, self._clock.now())
        if reserve_seconds:
            body["reserve_seconds"] = reserve_seconds
        if show:
            body["show"] = list(show)
        hasty = self.level is not Level.NORMAL and not reserve_seconds
        told = self._server.ask("POST", "/v1/quotes", body, seconds=SOFT_SECONDS if hasty else HARD_SECONDS)
        if isinstance(told, Answer) and told.status in {OK, CREATED}:
            quoted = read_quote(told.body, name, self.level, reserves=bool(reserve_seconds))
            if quoted is not None:
                self._remember(basket.member, told.body)
                return quoted
        return self._quote_here(basket, self._clock.now(), why=_name_refusal(told))

    def release(self, quote: Quoted) -> bool:
        """Give back what a quote reserves; tells whether that is known to be done. By itself it ends in its time."""
        if not quote.reserves:
            return True
        body = {"source": self.source, "occurred_at": write_moment(self._clock.now()), "store": self.store}
        told = self._server.ask("POST", f"/v1/quotes/{quote.id}/release", body)
        return isinstance(told, Answer) and told.status in {OK, CREATED}

    def commit(self, basket: Basket, quote: Quoted | None = None) -> Sold:
        """Sell a basket. This always comes back, within the hard limit, with something to give to the customer.

        The sale is on the till's disk before anybody else is asked. What the customer was quoted stays what they pay,
        but for points, which only the server can take.
        """
        until = time.monotonic() + HARD_SECONDS
        moment, off_seconds = self._clock.now(), self._clock.off_seconds

        charged = quote or self._quote_here(basket, moment)

        def make(name: str) -> dict[str, Any]:
            plan = self._desk.plan(basket, charged, name, moment)
            return {**plan, "order": self._desk.order(basket, quote, name, moment), "off_seconds": off_seconds}

        noted = self._notebook.note(make)
        told = self._server.ask("POST", "/v1/orders", noted.values["order"], seconds=until - time.monotonic())
        if isinstance(told, Answer) and told.code == "quote_outdated":
            # Without the quote, if that comes to the same; it is noted first, for this answer may be lost as well.
            noted = self._notebook.amend(noted, order=_without(noted.values["order"], "quote"))
            told = self._server.ask("POST", "/v1/orders", noted.values["order"], seconds=until - time.monotonic())
        if isinstance(told, Answer) and told.status in {OK, CREATED}:
            self._remember(basket.member, told.body)
            due_minor = _read_due(told.body, noted)
            return self._conclude(
                noted, "committed", due_minor=due_minor, receipt=told.body, notes=_read_loss(told.body)
            )
        notes = list(_name_refusal(told))
        if notes and "to_price" in noted.values["activity"] and notes[0] not in NOT_SOLD_DIFFERENTLY:
            # Refused perhaps for one of its coupons: what was charged must not be refused for it again.
            noted = self._notebook.amend(noted, activity=self._desk.settle(basket, charged, noted.id, moment))
        if basket.pay:
            notes.append("points_not_taken")
        if basket.coupons and "coupons_not_taken" in charged.notes:
            notes.append("coupons_not_taken")
        return self._conclude(noted, "queued", due_minor=noted.values["due_minor"], notes=notes)

    def return_(
        self,
        sale: str,
        *,
        member: Member | None = None,
        lines: Sequence[Mapping[str, int]] = (),
    ) -> Sold:
        """Take goods back: `lines` as `{"line": 1, "amount_minor": 349, "quantity_milli": 1000}`; none: all of them.

        `member` is who bought, where this till does not know it any more. A return of more than was bought is
        `refused` with the server's code, and put aside; whether money is given back is the shop's affair.
        """
        body = {"lines": [dict(line) for line in lines]} if lines else {}

        def write(name: str, moment: datetime, named: Json) -> dict[str, Any]:
            return self._desk.give_back(sale, name, moment, member=named, lines=lines)

        return self._take_back(sale, "returns", write, ("id", "source", "occurred_at", "store"), body, member)

    def cancel(self, sale: str, *, member: Member | None = None) -> Sold:
        """Undo a sale that never was: whatever is left of it, at once. Otherwise as `return_`."""

        def write(_: str, moment: datetime, named: Json) -> dict[str, Any]:
            return self._desk.cancel(sale, moment, member=named)

        return self._take_back(sale, "cancel", write, ("source", "occurred_at", "store"), {}, member)

    def _take_back(  # noqa: PLR0917 - the two ways that differ in little
        self,
        sale: str,
        door: str,
        write: Callable[[str, datetime, Json], dict[str, Any]],
        told_of: Sequence[str],
        more: dict[str, Any],
        member: Member | None,
    ) -> Sold:
        until = time.monotonic() + HARD_SECONDS
        moment, off_seconds = self._clock.now(), self._clock.off_seconds
        queue = self._notebook.queue
        origin = self._notebook.find(self._number_of(sale))
        named = self._desk.name_member(member, sale)
        if origin is not None and member is None:
            named = origin.values["activity"]["member"]
        noted = self._notebook.note(
            lambda name: {"activity": write(name, moment, named), "due_minor": 0, "off_seconds": off_seconds}
        )
        told = None
        if queue is None or origin is None or not queue.is_pending(origin.number):
            # What was sold must be known before it can be brought back: otherwise both go with the queue, in order.
            body = {**{name: noted.values["activity"][name] for name in told_of}, **more}
            path = f"/v1/orders/{quote_name(sale, safe='')}/{door}"
            told = self._server.ask("POST", path, body, seconds=until - time.monotonic())
        if isinstance(told, Answer) and told.status in {OK, CREATED}:
            return self._conclude(noted, "committed", due_minor=0, receipt=told.body)
        notes = list(_name_refusal(told))
        if isinstance(told, Answer) and notes and told.status not in WRONG_DOOR:
            self._notebook.put_aside(noted, notes[0], told.body)
            return self._conclude(noted, "refused", due_minor=0, notes=notes)
        return self._conclude(noted, "queued", due_minor=0, notes=notes)

    # --- without the server ---

    def take_voucher(self, token: str) -> Taken:
        """Take a voucher as money: checked here, noted on the disk, told to the server when it listens."""
        asked = False
        if self.level <= Level.SLOW:
            before = self._learned.keys
            self._learned.ask_keys(self._server, seconds=SOFT_SECONDS)
            asked = self._learned.keys is not before
        with self._guard:
            try:
                voucher = self._judge_voucher(token, asked=asked)
            except TokenRefused as refused:
                return Taken(is_taken=False, code=refused.code)
            off_seconds = self._clock.off_seconds
            activity = self._desk.present(voucher, self.till, self._reckon_now())
            noted = self._notebook.note(
                lambda name: {
                    "activity": {**activity, "id": name},
                    "worth_minor": voucher.worth_minor,
                    "off_seconds": off_seconds,
                }
            )
            if noted.record is None:
                # What was taken could not be remembered, and would be taken again.
                return Taken(is_taken=False, code=self._notebook.trouble)
            self._used.note(noted.values)
            self._notebook.finish(noted)
        return Taken(
            is_taken=True,
            code="voucher_taken",
            worth_minor=voucher.worth_minor,
            money=voucher.money,
            voucher=str(voucher.id),
        )

    def check_code(self, code: str) -> Code:
        """Check the code that a member shows. Sell to them with `Member(kind="code", value=code)`.

        Raises TokenRefused, which is no reason not to sell: without the member, or to their card.
        """
        keys = self._learned.keys
        if keys is None:
            raise TokenRefused("key_unknown")
        return read_code(code, keys, now=self._clock.now())

    # --- behind the sales ---

    def drain(self, *, seconds_max: float = 60.0) -> Drained:
        """Send what is queued. Any number of times, at any time; one at a time."""
        with self._draining:
            self._notebook.write_unwritten()
            queue = self._notebook.queue
            if queue is None:
                return Drained(left=self._notebook.unwritten_count, why=self._notebook.trouble)
            try:
                drained = Drain(queue, self._server, self._clock).run(seconds_max)
                queue.clean(self._clock.now(), keep_days=self._keep_days)
            except OSError:
                self._notebook.trouble = "folder_not_writable"
                return Drained(left=queue.pending_count, why=self._notebook.trouble)
            self._closings.send(self._server)
            return drained

    def close_day(self, day: date | None = None) -> DayReport:
        """Close the business date (today, where none is said) and report all since it was closed last.

        What is in hand just now belongs to the next. The server is told the counts now or with the queue. Where the
        folder cannot be written to nothing is closed: the report's `number` is 0.
        """
        with self._guard:
            counted = self.count_day(day=day)
            queue = self._notebook.queue
            try:
                closed = counted if queue is None else self._closings.close(counted)
            except OSError:
                self._notebook.trouble = "folder_not_writable"
                return counted
        if self._draining.acquire(blocking=False):
            try:
                self._closings.send(self._server)
            finally:
                self._draining.release()
        return closed

    def count_day(self, number: int = 0, *, day: date | None = None) -> DayReport:
        """Count what was done since the day was closed last, and close nothing; or, by its number, a closed day again.

        A day that is counted again has what became known since: the points of sales that were queued. Raises
        KeyError for a number that no report had.
        """
        queue, now = self._notebook.queue, self._clock.now()
        if queue is None:
            first, last, entries, all_entries = 0, 0, [], list
        else:
            self._closings.open(self._notebook.folder)
            first, last = self._closings.find_span(number, queue.last_done)
            entries = queue.list_entries(first, last)
            all_entries = partial(queue.list_entries, 1, last)
        closed = self._closings.find(number)
        head = Head(
            number=number,
            till=self.till,
            store=self.store,
            source=self.source,
            day=closed.day if closed else (day or now.astimezone().date()).isoformat(),
            at=closed.at if closed else write_moment(now),
            first=first,
            last=last,
        )
        return count(head, entries, all_entries, unwritten=self._notebook.unwritten_count)

    def refresh(self) -> bool:
        """Ask for public keys, revoked vouchers and offers for everybody; tells whether any were told."""
        try:
            return self._learned.ask(self._server, None if self._notebook.queue is None else self._notebook.folder)
        except OSError:
            self._notebook.trouble = "folder_not_writable"
            return False

    def start(self) -> None:
        """Drain and refresh from now on, in a thread, until `close`."""
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="regulars-till", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread, hang up, and let others have the folder. What is queued stays there."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._server.close()
        self._notebook.close()

    # --- inside ---

    def _conclude(
        self,
        noted: Noted,
        status: str,
        *,
        due_minor: int,
        receipt: Json | None = None,
        notes: Sequence[str] = (),
    ) -> Sold:
        if status == "committed":
            self._notebook.settle(noted, read_facts(receipt or {}))
        elif noted.record is None:
            self._notebook.keep(noted)
            status = "paper"
        self._notebook.finish(noted)
        told = [*notes, *(["clock_corrected"] if self._clock.off_seconds else [])]
        return Sold(
            status=status,
            id=str(noted.values["activity"]["id"]),
            source=self.source,
            due_minor=due_minor,
            level=self.level,
            activity=noted.values["activity"],
            receipt=receipt,
            notes=tuple(told),
        )

    def _quote_here(self, basket: Basket, moment: datetime, *, why: tuple[str, ...] = ()) -> Quoted:
        known = {} if basket.member is None else self._known.get(basket.member, {})
        return quote_here(
            basket, self._learned.extract, moment, store=self.store, level=self.level, known=known, why=why
        )

    def _number_of(self, sale: str) -> int:
        """Read the number in the name of a sale; 0 when this till did not give it."""
        till, _, number = sale.rpartition("-")
        return int(number) if till == self.till and number.isdecimal() and len(number) <= DIGITS_MAX else 0

    def _reckon_now(self) -> datetime:
        """Tell the time as far as the till's clock can be believed: it is not before the server was heard last."""
        now, keys = self._clock.now(), self._learned.keys
        return now if keys is None else max(now, keys.as_of)

    def _judge_voucher(self, token: str, *, asked: bool) -> Voucher:
        keys, now = self._learned.keys, self._reckon_now()
        if keys is None:
            raise TokenRefused("key_unknown")
        voucher = read_voucher(token, keys, store=self.store, now=now)
        if now - keys.as_of > self._caps.keys_age_max:
            raise TokenRefused("keys_too_old")
        self._used.judge(voucher, self._caps, now=now, asked=asked)
        return voucher

    def _remember(self, member: Member | None, told: Json) -> None:
        if member is None:
            return
        receipt = told.get("receipt")
        said: Json = {**told, **receipt} if isinstance(receipt, Mapping) else told
        kept = {name: said[name] for name in KNOWN_OF if name in said}
        with self._guard:
            self._known[member] = {**kept, "as_of": write_moment(self._clock.now())}
            self._known.move_to_end(member)
            while len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)

    def _work(self) -> None:
        refresh_at = 0.0
        while not self._closing.wait(DRAIN_EVERY_SECONDS):
            if time.monotonic() >= refresh_at:
                every = REFRESH_EVERY_SECONDS if self.refresh() else ASK_AGAIN_SECONDS
                refresh_at = time.monotonic() + every
            self.drain()


def _name_refusal(told: Answer | Silence | None) -> tuple[str, ...]:
    """The code of a refusal that concerns what was asked; none of one that concerns the server or the network."""
    if not isinstance(told, Answer) or told.status < REFUSED or told.status in UNABLE:
        return ()
    return (told.code or str(told.status),)


def _read_due(told: Json, noted: Noted) -> int:
    try:
        return int(told["totals"]["due_minor"])
    except (KeyError, TypeError, ValueError):
        return int(noted.values["due_minor"])


def _read_loss(told: Json) -> tuple[str, ...]:
    """Tell when the shop bears a part of what was quoted."""
    receipt = told.get("receipt")
    reasons = receipt.get("reasons", ()) if isinstance(receipt, Mapping) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - JSON
    codes = {each.get("code") for each in reasons if isinstance(each, Mapping)}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - JSON
    return ("honoured_at_loss",) if "honoured_at_loss" in codes else ()


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}
