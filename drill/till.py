"""One simulated till, in a process of its own that may be killed at any moment: `python -m drill.till FOLDER`.

What it is to do lies in `orders.json` of its folder. Before and after each task it writes a line into `journal.ndjson`,
so that it goes on where it was. It needs nothing but the till's package, as a till of a shop does.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import regulars_till.breaker
import regulars_till.till
from regulars_till import Basket, Caps, Line, Member, Till

__all__ = ["JOURNAL", "ORDERS", "PHASE", "QUEUE", "read_journal"]

ORDERS: Final = "orders.json"
JOURNAL: Final = "journal.ndjson"
QUEUE: Final = "queue"
PHASE: Final = "phase"
"""A file beside the tills' folders, with the number of the phase that has begun: longer by a letter each time."""
WAIT_SECONDS: Final = 0.02
RESERVED_SECONDS: Final = 60
"""How long points stay set aside for a customer who pays with them."""
CAPS: Final = Caps(worth_minor_max=10**6, hour_count_max=1_000, hour_minor_max=10**9)
"""As many vouchers as the drill has."""


class SyncTimer:
    """Counts the time in which the disk was waited for: that is the disk's affair."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._guard = threading.Lock()
        self._sync = os.fsync

    def __call__(self, file: int) -> None:
        began = time.monotonic()
        self._sync(file)
        with self._guard:
            self.seconds += time.monotonic() - began


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Read what a till wrote; a line that was cut by its death is none."""
    path = folder / JOURNAL
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


class Cashier:
    """Does the tasks of one till."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.orders = json.loads((folder / ORDERS).read_bytes())
        self.timer = SyncTimer()
        os.fsync = self.timer

    def work(self) -> None:
        """Do what is left, and then send what is queued until nothing is."""
        orders = self.orders
        if orders["hurry"]:
            regulars_till.breaker.PROBE_SECONDS = 0.5
            regulars_till.till.DRAIN_EVERY_SECONDS = 0.3
        told = read_journal(self.folder)
        ended = {each["task"] for each in told if each["event"] == "end"}
        begun = {each["task"]: each["last"] for each in told if each["event"] == "begin"}
        with Till(
            orders["url"], orders["key"], till=orders["till"], store="s1", folder=self.folder / QUEUE, caps=CAPS
        ) as till:
            till.refresh()
            till.start()
            self._tell(event="open", task=-1)
            for number, task in enumerate(orders["tasks"]):
                if number in ended:
                    continue
                last = till.status().last_number
                if number in begun and last > begun[number]:
                    # Killed between the sale and the line that tells of it: the goods are out.
                    self._tell(event="end", task=number, id=f"{orders['till']}-{last}", status="found")
                    continue
                self._wait_for(task["phase"])
                self._tell(event="begin", task=number, last=last)
                self._tell(event="end", task=number, **self._do(till, task))
                time.sleep(orders["pace_seconds"])
            while till.drain().left:
                time.sleep(WAIT_SECONDS)
            status = till.status()
            self._tell(event="drained", task=-1, aside=dict(status.aside), notes=list(status.notes))

    def _do(self, till: Till, task: dict[str, Any]) -> dict[str, Any]:
        if "voucher" in task:
            taken = till.take_voucher(task["token"])
            return {"voucher": task["voucher"], "status": "taken" if taken.is_taken else taken.code}
        if "back" in task:
            return self._take_back(till, task["back"])
        basket = Basket(
            lines=tuple(_read_line(each) for each in task["lines"]),
            member=Member(kind="card", value=task["card"]) if task["card"] else None,
            pay=task.get("pay", {}),
        )
        quoted = till.quote(basket, reserve_seconds=RESERVED_SECONDS * bool(basket.pay)) if task["quoted"] else None
        synced, began = self.timer.seconds, time.monotonic()
        sold = till.commit(basket, quoted)
        return {
            "id": sold.id,
            "due_minor": sold.due_minor,
            "status": sold.status,
            "level": sold.level.mark,
            "seconds": time.monotonic() - began,
            "sync_seconds": self.timer.seconds - synced,
        }

    def _take_back(self, till: Till, number: int) -> dict[str, Any]:
        """Take all of an earlier sale back: of the task of this number."""
        sale = next(
            each["id"] for each in read_journal(self.folder) if each["event"] == "end" and each["task"] == number
        )
        back = till.return_(sale)
        return {"id": back.id, "back": sale, "status": back.status}

    def _wait_for(self, phase: int) -> None:
        path = self.folder.parent / PHASE
        while path.stat().st_size < phase:
            time.sleep(WAIT_SECONDS)

    def _tell(self, **values: Any) -> None:  # noqa: ANN401 - JSON
        with (self.folder / JOURNAL).open("a") as journal:
            journal.write(json.dumps(values) + "\n")


def _read_line(told: dict[str, Any]) -> Line:
    values: dict[str, Any] = {**told, "categories": tuple(told["categories"])}
    return Line(**values)


if __name__ == "__main__":
    Cashier(Path(sys.argv[1])).work()
