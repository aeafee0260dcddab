"""The drill: tills sell while the server is killed, and afterwards everything must have counted once."""

from drill.judge import Report
from drill.town import LONG, SHORT, Plan, run

__all__ = ["LONG", "SHORT", "Plan", "Report", "run"]
