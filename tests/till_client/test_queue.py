"""The till's queue outlasts power cuts, damage and restarts: a record is there whole, or it is known to be gone."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from regulars_till.folder import FolderInUse
from regulars_till.queue import SKIPPED_AFTER_DAMAGE, Queue, Record
from regulars_till.records import read_records, write_record

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def fill(folder: Path, count: int, *, at: datetime = AT, text: str = "tea") -> Path:
    """Append records and close; gives the last segment."""
    queue = Queue(folder)
    for _ in range(count):
        add(queue, at=at, text=text)
    queue.close()
    return max(folder.glob("queue-*.log"))


def add(queue: Queue, *, at: datetime = AT, text: str = "tea") -> Record:
    record = queue.append(at, lambda number: {"activity": {"id": f"t17-{number}", "text": text}})
    queue.release(record.number)
    return record


def list_all(queue: Queue) -> list[Record]:
    return queue.list_pending(after=0, count_max=10_000, bytes_max=10**9)


def list_ids(queue: Queue) -> list[str]:
    return [record.values["activity"]["id"] for record in list_all(queue)]


def test_a_power_cut_at_each_byte_of_the_last_record_loses_that_record_alone(folder: Path) -> None:
    segment = fill(folder, 3, text='茶\nqueue"\\')
    data = segment.read_bytes()
    *_, last = read_records(data).spans
    assert last.end == len(data)
    for end in range(last.start, len(data)):
        segment.write_bytes(data[:end])
        queue = Queue(folder)
        assert list_ids(queue) == ["t17-1", "t17-2"], end
        assert queue.notes == ({"records_cut"} if end > last.start else set()), end
        # Selling goes on, and what follows is read again.
        add(queue)
        queue.close()
        again = Queue(folder)
        assert list_ids(again) == ["t17-1", "t17-2", "t17-3"], end
        assert again.notes == set(), end
        again.close()


def test_a_file_that_grew_and_was_not_filled_is_a_cut_too(folder: Path) -> None:
    segment = fill(folder, 2)
    with segment.open("ab") as file:
        file.write(b"\0" * 300)
    queue = Queue(folder)
    assert list_ids(queue) == ["t17-1", "t17-2"]
    assert queue.notes == {"records_cut"}
    queue.close()


def test_damage_to_any_byte_in_the_middle_costs_that_record_and_is_kept_and_told(folder: Path, tmp_path: Path) -> None:
    data = fill(folder, 3).read_bytes()
    _, middle, _ = read_records(data).spans
    for number, place in enumerate(range(middle.start, middle.end)):
        hurt = tmp_path / f"hurt-{number}"
        hurt.mkdir()
        broken = data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :]
        (hurt / "queue-000000000001.log").write_bytes(broken)
        queue = Queue(hurt)
        assert list_ids(queue) == ["t17-1", "t17-3"], place
        assert queue.notes == {"records_damaged"}, place
        assert (hurt / "queue-000000000001.damaged").read_bytes() == broken[middle.start : middle.end]
        queue.close()


def test_numbers_that_damage_may_have_eaten_are_not_given_again(folder: Path) -> None:
    segment = fill(folder, 3)
    data = segment.read_bytes()
    segment.write_bytes(data[:-30] + b"#" + data[-29:])
    expected = 2 + SKIPPED_AFTER_DAMAGE
    # Known damage is told at each start, and skips no more numbers.
    for _ in range(3):
        queue = Queue(folder)
        assert queue.notes == {"records_damaged"}
        assert queue.last_number == expected
        queue.close()
    queue = Queue(folder)
    assert add(queue).number == expected + 1
    queue.close()


def test_a_text_that_looks_like_a_record_is_none(folder: Path) -> None:
    forged = write_record({"n": 77, "activity": {"id": "forged"}}).decode()
    segment = fill(folder, 2, text=forged)
    data = bytearray(segment.read_bytes())
    # Even when the record around it is broken.
    data[0:1] = b"#"
    segment.write_bytes(data)
    queue = Queue(folder)
    assert list_ids(queue) == ["t17-2"]
    queue.close()


def test_the_counter_outlasts_restarts_and_the_removal_of_old_segments(folder: Path) -> None:
    queue = Queue(folder)
    for day in range(4):
        add(queue, at=AT + timedelta(days=2 * day))
    assert len(list(folder.glob("queue-*.log"))) == 4
    late = AT + timedelta(days=50)
    assert queue.clean(late, keep_days=45) == 0, "they are not settled"
    queue.settle([1, 2, 3, 4], "recorded")
    assert queue.clean(late, keep_days=45) == 3
    assert queue.clean(late, keep_days=1) == 0, "the last stays"
    queue.close()
    queue = Queue(folder)
    assert queue.last_number == 4
    assert queue.pending_count == 0
    assert add(queue).number == 5
    queue.close()


def test_settled_records_younger_than_thirty_days_are_kept_whatever_is_asked(folder: Path) -> None:
    queue = Queue(folder)
    add(queue)
    add(queue, at=AT + timedelta(days=2))
    queue.settle([1, 2], "recorded")
    assert queue.clean(AT + timedelta(days=29), keep_days=1) == 0
    assert queue.clean(AT + timedelta(days=31), keep_days=1) == 1
    queue.close()


def test_a_cursor_that_is_cut_sends_again_rather_than_never(folder: Path) -> None:
    queue = Queue(folder)
    for _ in range(3):
        add(queue)
    queue.settle([1], "recorded")
    queue.settle([2], "recorded")
    queue.close()
    done = folder / "queue-000000000001.done"
    data = done.read_bytes()
    done.write_bytes(data[:-1])
    queue = Queue(folder)
    assert list_ids(queue) == ["t17-2", "t17-3"]
    queue.settle([2], "repeated")
    queue.close()
    queue = Queue(folder)
    assert list_ids(queue) == ["t17-3"]
    queue.close()


def test_the_last_word_of_an_amended_record_counts_after_a_restart_too(folder: Path) -> None:
    queue = Queue(folder)
    first = add(queue)
    add(queue)
    queue.amend(first, activity={"id": "t17-1", "text": "later"}, order=None)
    for _ in range(2):
        told = list_all(queue)
        assert [record.values["activity"]["text"] for record in told] == ["later", "tea"]
        queue.close()
        queue = Queue(folder)
    queue.close()


def test_what_is_put_aside_is_kept_counted_and_sent_no_more(folder: Path) -> None:
    queue = Queue(folder)
    record = add(queue)
    queue.put_aside(record, "activity_too_late", {"code": "activity_too_late"}, AT)
    queue.close()
    queue = Queue(folder)
    assert queue.aside == {"activity_too_late": 1}
    assert list_all(queue) == []
    (kept,) = read_records((folder / "aside.log").read_bytes()).spans
    assert kept.values["record"]["activity"]["id"] == "t17-1"
    queue.close()


def hold_folder(folder: Path, ready: Event) -> None:
    queue = Queue(folder)
    add(queue)
    ready.set()
    time.sleep(600)


def test_two_programs_cannot_have_one_folder_and_death_lets_go_of_it(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    other = context.Process(target=hold_folder, args=(folder, ready))
    other.start()
    try:
        assert ready.wait(180)
        with pytest.raises(FolderInUse):
            Queue(folder)
    finally:
        assert other.pid is not None
        os.kill(other.pid, signal.SIGKILL)
        other.join()
    queue = Queue(folder)
    assert list_ids(queue) == ["t17-1"]
    queue.close()


SMALL = """
import resource, sys
from datetime import datetime, timezone
from multiprocessing.synchronize import Event
from pathlib import Path
from regulars_till.queue import Queue

at = datetime(2026, 3, 1, tzinfo=timezone.utc)
queue = Queue(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
written = []
for _ in range(10):
    try:
        written.append(queue.append(at, lambda number: {"text": "x" * 250}).number)
    except OSError:
        break
print(written)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(queue.append(at, lambda number: {"text": "after"}).number)
"""


def test_a_record_that_the_disk_had_no_room_for_is_not_there_and_the_next_is(folder: Path) -> None:
    path = str(Path(__file__).parents[2] / "clients" / "till" / "src")
    ran = subprocess.run(
        [sys.executable, "-c", SMALL, str(folder)], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    written, after = ran.stdout.splitlines()
    assert written == "[1, 2]"
    assert after == "4", "the number of the one that failed is not given again"
    queue = Queue(folder)
    assert [record.number for record in list_all(queue)] == [1, 2, 4]
    assert queue.notes == set()
    queue.close()


def test_batches_are_bounded_by_count_and_by_bytes_and_leave_out_what_is_in_hand(folder: Path) -> None:
    queue = Queue(folder)
    for _ in range(6):
        add(queue)
    held = queue.append(AT, lambda _: {"activity": {"id": "held"}})
    add(queue)
    assert [r.number for r in queue.list_pending(after=0, count_max=3, bytes_max=10**6)] == [1, 2, 3]
    assert [r.number for r in queue.list_pending(after=3, count_max=9, bytes_max=10**6)] == [4, 5, 6, 8]
    assert [r.number for r in queue.list_pending(after=0, count_max=9, bytes_max=1)] == [1], "one always goes"
    queue.release(held.number)
    assert len(list_all(queue)) == 8
    queue.close()
