"""What visits say of each member, how good the data is, and who may be the same person twice."""

from regulars.intelligence.profile.metrics import measure_members
from regulars.intelligence.profile.quality import Fault, Twins, find_faults, find_twins
from regulars.intelligence.profile.visits import SPANS, describe_visits, list_visits

__all__ = [
    "SPANS",
    "Fault",
    "Twins",
    "describe_visits",
    "find_faults",
    "find_twins",
    "list_visits",
    "measure_members",
]
