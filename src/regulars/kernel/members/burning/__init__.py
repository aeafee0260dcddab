"""Whether points may be used: turned off for everybody or for one member, or for a day after a change of contact."""

from regulars.kernel.members.burning.model import BurningOff, CoolingOff, Stop, Stops
from regulars.kernel.members.burning.store import add_cooling, list_switches, read_stops, turn_off, turn_on

__all__ = [
    "BurningOff",
    "CoolingOff",
    "Stop",
    "Stops",
    "add_cooling",
    "list_switches",
    "read_stops",
    "turn_off",
    "turn_on",
]
