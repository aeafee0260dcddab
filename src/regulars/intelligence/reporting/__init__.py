"""What a run found out, kept by day, and written as one page that a manager reads."""

from regulars.intelligence.reporting.keep import Kept, NothingFound, read_latest, read_run, write_run
from regulars.intelligence.reporting.page import write_page
from regulars.intelligence.reporting.run import Made, Run, digest_history, run_steps
from regulars.intelligence.reporting.tell import Counted, tell_members

__all__ = [
    "Counted",
    "Kept",
    "Made",
    "NothingFound",
    "Run",
    "digest_history",
    "read_latest",
    "read_run",
    "run_steps",
    "tell_members",
    "write_page",
    "write_run",
]
