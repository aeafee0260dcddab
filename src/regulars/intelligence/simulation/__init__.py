"""What a draft would have cost and changed, had it decided over the history that is stored.

`simulate` runs the same fold as the till, in memory: members by lane in several processes, then again for those whom a
shared budget did not reach, until every budget is given in the order of time.
"""

from regulars.intelligence.simulation.model import Draft, Simulated, Tally
from regulars.intelligence.simulation.run import simulate

__all__ = ["Draft", "Simulated", "Tally", "simulate"]
