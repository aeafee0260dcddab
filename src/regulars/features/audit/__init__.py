"""Who did what: a row for every write that came in by a door, appended, sealed in a chain, and searched."""

from regulars.features.audit.acts import gather_acts
from regulars.features.audit.chain import EVER, seal, verify
from regulars.features.audit.export import write_csv, write_lines
from regulars.features.audit.model import (
    AGENT_MAX,
    CHANGED,
    REASON_MAX,
    Act,
    Change,
    Entry,
    Fault,
    Noted,
    Outcome,
    Verdict,
    compare,
    name_network,
)
from regulars.features.audit.store import append, list_acts, search

__all__ = [
    "AGENT_MAX",
    "CHANGED",
    "EVER",
    "REASON_MAX",
    "Act",
    "Change",
    "Entry",
    "Fault",
    "Noted",
    "Outcome",
    "Verdict",
    "append",
    "compare",
    "gather_acts",
    "list_acts",
    "name_network",
    "seal",
    "search",
    "verify",
    "write_csv",
    "write_lines",
]
