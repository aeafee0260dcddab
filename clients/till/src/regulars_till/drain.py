"""Emptying the queue: in order, in batches, as often as it takes. What was sent twice counts once."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from regulars_till.clock import read_moment, write_moment
from regulars_till.report import read_facts
from regulars_till.results import Drained
from regulars_till.server import FAILED
from regulars_till.wire import Answer, Silence

if TYPE_CHECKING:
    from regulars_till.basket import Json
    from regulars_till.clock import Clock
    from regulars_till.queue import Queue, Record
    from regulars_till.server import Server

__all__ = ["Drain"]

TOGETHER_MAX = 200
BYTES_MAX = 1024 * 1024
BATCH_SECONDS_MAX = 30.0
OK, CREATED = 200, 201
UNTOUCHED = FAILED | {401, 403}
"""Of one record: nothing is wrong with it, it is for another time or another key."""
TOO_MUCH = frozenset({400, 413, 415, 422})
"""Of a whole request: something in it is wrong, and it is not said what."""


class Drain:
    """One pass over the queue. Raises OSError when what was heard cannot be written down; nothing is lost by that."""

    def __init__(self, queue: Queue, server: Server, clock: Clock) -> None:
        self._queue = queue
        self._server = server
        self._clock = clock
        self._counts = {"recorded": 0, "repeated": 0, "put_aside": 0, "corrected": 0}
        self._why = ""
        self._corrected: set[int] = set()

    def run(self, seconds_max: float) -> Drained:
        """Send what is pending, until all is known, something stops it, or the time is over."""
        until = time.monotonic() + seconds_max
        after, together = 0, TOGETHER_MAX
        while time.monotonic() < until:
            batch = self._queue.list_pending(after=after, count_max=together, bytes_max=BYTES_MAX)
            if not batch:
                break
            told = self._send(batch)
            if told is None:
                break
            if told.status in TOO_MUCH:
                if len(batch) > 1:
                    together = max(1, len(batch) // 2)
                    continue
                self._put_aside(batch[0], told.code or str(told.status), told.body)
            elif self._take_in(batch, told):
                # Times were put right: the same once more.
                continue
            after, together = batch[-1].number, TOGETHER_MAX
        return Drained(left=self._queue.pending_count, why=self._why, **self._counts)

    def _send(self, batch: list[Record]) -> Answer | None:
        """Send a batch; None when this is not the time."""
        body = {"activities": [record.values["activity"] for record in batch]}
        told = self._server.ask_behind("POST", "/v1/activities", body, seconds=BATCH_SECONDS_MAX)
        if told is None:
            self._why = "absent"
        elif isinstance(told, Silence):
            self._why = told.why.value
        elif told.status in TOO_MUCH or _fits(told, batch):
            return told
        else:
            self._why = told.code or ("unreadable" if told.status == OK else str(told.status))
        return None

    def _take_in(self, batch: list[Record], told: Answer) -> bool:
        """Take in what became of each record; tells whether some are to be sent again at once."""
        again = False
        done: dict[str, list[int]] = {"recorded": [], "repeated": []}
        facts: dict[int, Json] = {}
        for record, result in zip(batch, told.body["results"]):
            status = str(result.get("status"))
            if status in done:
                done[status].append(record.number)
                facts[record.number] = read_facts(result.get("receipt") or {})
            else:
                again |= self._take_refusal(record, result.get("problem") or {})
        for status, numbers in done.items():
            if numbers:
                self._queue.settle(numbers, status, told=facts)
                self._counts[status] += len(numbers)
        return again

    def _take_refusal(self, record: Record, problem: dict[str, Any]) -> bool:
        code = str(problem.get("code", ""))
        if problem.get("retryable") or problem.get("status") in UNTOUCHED:
            self._why = code
        elif code == "activity_in_future" and record.number not in self._corrected:
            self._corrected.add(record.number)
            self._put_right(record, problem.get("context") or {})
            return True
        elif code == "quote_outdated" and "origin" in record.values["activity"]:
            # The sale was made, and stays one at what its lines and coupons come to now.
            activity = {name: value for name, value in record.values["activity"].items() if name != "origin"}
            self._queue.amend(record, activity=activity)
            return True
        elif code == "key_reused" and "order" in record.values:
            self._resolve(record, problem)
        else:
            self._put_aside(record, code, problem)
        return False

    def _put_right(self, record: Record, context: Json) -> None:
        """Correct the time of a record that was made while the till's clock was ahead."""
        activity = record.values["activity"]
        told = read_moment(activity["occurred_at"])
        # As the clock showed it, and what it is known to be off by now; it may have been put right since.
        off = int(record.values.get("off_seconds", 0)) - self._clock.off_seconds
        moment = min(told + timedelta(seconds=off), self._clock.now())
        if "ledger_time" in context:
            moment = min(moment, read_moment(context["ledger_time"]))
        # Before it is sent: should the answer be lost, the same words must be said again.
        self._queue.amend(
            record,
            activity={**activity, "occurred_at": write_moment(moment)},
            order=None,
            said_at=activity["occurred_at"],
        )
        self._counts["corrected"] += 1

    def _resolve(self, record: Record, problem: dict[str, Any]) -> None:
        """Find out whether the id was used by this very sale, whose answer was lost: then its order is known."""
        order = record.values["order"]
        told = self._server.ask_behind("POST", "/v1/orders", order, seconds=BATCH_SECONDS_MAX)
        if not isinstance(told, Answer) or told.status in UNTOUCHED:
            self._why = told.code if isinstance(told, Answer) else "silent"
        elif told.status not in {OK, CREATED}:
            # Another till with this till's identity sold something else under this id.
            self._put_aside(record, "key_reused", problem)
        elif told.body.get("totals", {}).get("due_minor", record.values["due_minor"]) != record.values["due_minor"]:
            # The customer paid what the till said, the server took points or discounts: to be evened out by people.
            self._put_aside(record, "charged_differs", told.body)
        else:
            self._queue.settle([record.number], "repeated", told={record.number: read_facts(told.body)})
            self._counts["repeated"] += 1

    def _put_aside(self, record: Record, code: str, problem: dict[str, Any]) -> None:
        self._queue.put_aside(record, code, problem, self._clock.now())
        self._counts["put_aside"] += 1


def _fits(told: Answer, batch: list[Record]) -> bool:
    """Tell whether this is an answer to the batch: a result for each."""
    results = told.body.get("results")
    if told.status != OK or not isinstance(results, list):
        return False
    rows: list[object] = results  # pyright: ignore[reportUnknownVariableType] - JSON
    return len(rows) == len(batch) and all(isinstance(row, dict) for row in rows)
