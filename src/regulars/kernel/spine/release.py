"""A version of the programme comes to decide, or ceases to: its life, its budgets, and what members hold, together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.kernel import activity as journal
from regulars.kernel import ledger, limits, program

__all__ = ["AlreadyDecided", "publish", "retire", "roll_back", "start_pilot"]

HELD: Final = ("points", "arrears")
"""Accounts of a member."""


class AlreadyDecided(Refusal):
    """A programme would begin before something that was decided already: nothing is judged twice."""

    code, kind = "already_decided", "conflict"


async def publish(
    tx: Tx, document: program.Document, *, live_from: datetime, by: str, at: datetime, text: str = "", note: str = ""
) -> program.Published:
    """Make a version of the programme live for everybody from a moment on, with its budgets.

    Raises ProgramInvalid, also when a budget would be below what is already spent, AlreadyDecided,
    LotsStranded when members hold points that it does not know, VersionRetired, and what the house's policy misses
    (ReviewMissing, SimulationMissing).
    """
    published = await program.publish(tx, document, live_from=live_from, by=by, at=at, text=text, note=note)
    if published.is_new:
        await _refuse_decided(tx, live_from, at)
        await _refuse_stranded(tx, document, published.release, at)
    await _set_budgets(tx, published.release, at, text=text)
    return published


async def start_pilot(
    tx: Tx,
    version: str,
    pilot: program.Pilot,
    *,
    live_from: datetime,
    by: str,
    at: datetime,
    note: str = "",
) -> program.Published:
    """Let a version, by its hash, decide for some from a moment on, beside the one that decides for all the others.

    A budget that both have is the larger of the two meanwhile. Raises what `program.start_pilot` raises,
    AlreadyDecided, ProgramInvalid when a budget would be below what is already spent, and LotsStranded when it gives
    points that the version for all the others does not know: the pilot could not end without stranding them.
    """
    started = await program.start_pilot(tx, version, pilot, live_from=live_from, by=by, at=at, note=note)
    if not started.is_new:
        return started
    await _refuse_decided(tx, live_from, at)
    story = await program.read_story(tx)
    main, _ = program.in_force(story.releases, live_from)
    assert main is not None, "a pilot is beside a live version"
    documents = await program.read_documents(tx, {version, main.hash})
    own = documents[version]
    program.check_stranded(documents[main.hash], [own], own.currencies)
    await _refuse_stranded(tx, own, started.release, at)
    await _set_budgets(tx, started.release, at)
    return started


async def roll_back(tx: Tx, *, by: str, at: datetime, leave: str | None = None, note: str = "") -> program.Release:
    """Take back the last step from now on: end a pilot, or let the version before the live one decide again.

    A budget that is smaller again than what is spent meanwhile stays as it is. Raises NothingToRollBack, StepOutOfOrder
    where `leave` no longer decides, LotsStranded.
    """
    release = await program.roll_back(tx, by=by, at=at, leave=leave, note=note)
    if release.kind == "back":
        await _refuse_stranded(tx, await program.read_document(tx, release.hash), release, at)
    await _set_budgets(tx, release, at)
    return release


async def retire(tx: Tx, version: str, *, by: str, at: datetime, note: str = "") -> program.Life:
    """See that a version, by its hash, never decides again, unless it is drafted anew. A pilot of it ends now.

    Raises VersionUnknown, VersionRetired, StepOutOfOrder where everybody lives by it.
    """
    life, releases = await program.retire(tx, version, by=by, at=at, note=note)
    for release in releases:
        await _set_budgets(tx, release, at)
    return life


async def _refuse_decided(tx: Tx, live_from: datetime, at: datetime) -> None:
    """See that nothing happened since a past moment that a programme has decided."""
    if live_from < at and await journal.is_decided_since(tx, live_from):
        raise AlreadyDecided(
            f"Something that happened since {live_from.isoformat()} was decided already, and nothing is judged twice."
            " Let the version begin now or later.",
            live_from=live_from.isoformat(),
        )


async def _refuse_stranded(tx: Tx, document: program.Document, release: program.Release, at: datetime) -> None:
    """See that no points would be left that nobody could use: those held today, or given until it begins."""
    story = await program.read_story(tx)
    earlier = [each for each in story.releases if each.number < release.number]
    documents = await program.read_documents(tx, {each.hash for each in earlier})
    before = [documents[each.hash] for each in earlier]
    held = {currency for (currency, account), points in (await ledger.totals(tx)).items() if points and account in HELD}
    if release.live_from > at:
        held.update(name for each in _list_until(earlier, release.live_from) for name in documents[each].currencies)
    program.check_stranded(document, before, held)


def _list_until(releases: Sequence[program.Release], until: datetime) -> set[str]:
    """List the versions that decide just before a moment."""
    return {each.hash for each in program.in_force(releases, until) if each is not None}


async def _set_budgets(tx: Tx, release: program.Release, at: datetime, *, text: str = "") -> None:
    """Let ceilings be what the budgets say after a release; `program.add_budgets` tells which amounts these may be."""
    deciding = release.hash
    if release.kind == "end":
        main, _ = program.in_force((await program.read_story(tx)).releases, release.live_from)
        if main is None:
            return
        deciding = main.hash
    document = await program.read_document(tx, deciding)
    budgets = dict(program.compile_plan(document).ceilings)
    if release.kind != "publish":
        there = (await limits.lock(tx, budgets, at=at)).all()
        amounts = {each.id: each.amount for each in there}
        promised = {each.id: each.taken + each.reserved for each in there}
        if release.kind == "pilot":
            budgets = {name: max(amount, amounts.get(name, amount)) for name, amount in budgets.items()}
        else:
            budgets = {name: amount for name, amount in budgets.items() if amount >= promised.get(name, 0)}
    try:
        await limits.set_ceilings(tx, budgets, at=at)
    except limits.CeilingTooLow as refusal:
        ceiling, promised = str(refusal.context["ceiling"]), int(str(refusal.context["promised"]))
        raise program.locate_budget(document, text, ceiling, promised) from refusal
