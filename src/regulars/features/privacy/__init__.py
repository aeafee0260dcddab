"""Whom the house forgets, and what it clears away: erasure, legal holds, periods, packs of settings for laws."""

from regulars.features.privacy.clear import INACTIVE, WARNED, clear, list_periods, set_period_days
from regulars.features.privacy.erase import CONFIRM, erase, erase_known, finish, preview
from regulars.features.privacy.facts import fill_checklist
from regulars.features.privacy.holds import place_hold
from regulars.features.privacy.model import (
    ClassUnknown,
    ConfirmationStale,
    CurrencyLost,
    Erasure,
    ErasureHeld,
    HoldUnknown,
    LegalHold,
    LostByErasure,
    PackUnknown,
    Period,
    PeriodRefused,
    Round,
    RoundLine,
)
from regulars.features.privacy.packs import PACKS, Checklist, find_pack
from regulars.features.privacy.rooms import list_decided
from regulars.features.privacy.store import count, end_hold, find_erasure, list_erasures, list_holds, list_rounds

__all__ = [
    "CONFIRM",
    "INACTIVE",
    "PACKS",
    "WARNED",
    "Checklist",
    "ClassUnknown",
    "ConfirmationStale",
    "CurrencyLost",
    "Erasure",
    "ErasureHeld",
    "HoldUnknown",
    "LegalHold",
    "LostByErasure",
    "PackUnknown",
    "Period",
    "PeriodRefused",
    "Round",
    "RoundLine",
    "clear",
    "count",
    "end_hold",
    "erase",
    "erase_known",
    "fill_checklist",
    "find_erasure",
    "find_pack",
    "finish",
    "list_decided",
    "list_erasures",
    "list_holds",
    "list_periods",
    "list_rounds",
    "place_hold",
    "preview",
    "set_period_days",
]
