"""Envelopes made ready to run: from what an offer says to the gates that a step must pass."""

from datetime import date
from zoneinfo import ZoneInfo

from regulars.kernel.program.audience import bind_audience
from regulars.kernel.program.formulas import Formulas
from regulars.kernel.program.gates import Gate, WhenGate
from regulars.kernel.program.model import Document, Offer
from regulars.kernel.program.windows import ScheduleGate, bind_holidays, open_windows

__all__ = ["bind_gates"]


def bind_gates(offer: Offer, document: Document, formulas: Formulas) -> tuple[Gate, ...]:
    """Make the gates of an offer, in the order in which they are asked; none where it says nothing.

    Its schedule is among them only where the offer has a time zone of its own: days of the programme's are compared by
    the fold itself.
    """
    zone = ZoneInfo(offer.time_zone or document.time_zone)
    gates: list[Gate] = []
    if offer.schedule is not None and offer.time_zone is not None:
        first, last = offer.schedule.first or date.min, offer.schedule.last or date.max
        gates.append(ScheduleGate(zone=zone, first=first, last=last))
    if offer.windows:
        gates.append(open_windows(offer.windows, zone))
    if offer.holidays is not None:
        gates.append(bind_holidays(offer.holidays, document.calendars[offer.holidays.calendar], zone))
    if offer.audience is not None:
        gates.append(bind_audience(offer.audience))
    if offer.when is not None:
        gates.append(WhenGate(condition=formulas.compile_when(offer.when), zone=ZoneInfo(document.time_zone)))
    return tuple(gates)
