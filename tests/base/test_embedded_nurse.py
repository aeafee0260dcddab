"""A server with a nurse: started again when it died, left alone when it was stopped, and let go of in the end."""

import os
import signal
import threading
from pathlib import Path

import pytest

from regulars.base import embedded
from regulars.base.embedded import nurse
from tests.base.servers import ask, is_gone, postmaster, wait_until


class Diary:
    """What the nurse told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __call__(self, what: str, more: str) -> None:
        self.told.append(what.removeprefix("the embedded PostgreSQL "))
        assert more


def kill(folder: Path) -> None:
    pid = postmaster(folder)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: is_gone(pid))


def is_back(folder: Path, pid: int) -> bool:
    return embedded.status(folder) is not None and postmaster(folder) != pid


def test_a_server_that_died_is_started_again_and_stopped_in_the_end(folder: Path) -> None:
    diary = Diary()
    with embedded.using(folder) as server, embedded.nursing(server, bindir=None, port=None, tell=diary):
        ask(server.url, "CREATE TABLE public.kept AS SELECT 1 AS n", "SELECT 1")
        for round_ in range(2):
            pid = postmaster(folder)
            kill(folder)
            wait_until(lambda pid=pid: is_back(folder, pid))
            wait_until(lambda round_=round_: diary.told.count("was started again") == round_ + 1)
            # Under the address that everybody has.
            assert ask(server.url, "SELECT count(*) FROM public.kept") == 1
    assert diary.told == ["died", "was started again"] * 2
    assert embedded.status(folder) is None


def test_a_server_that_was_stopped_stays_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nurse, "LOOK_SECONDS", 0.01)
    diary, looked = Diary(), threading.Event()
    with embedded.using(folder) as server:
        assert embedded.stop(folder)
        looks = 0

        def count(self: nurse._Nurse) -> bool:
            nonlocal looks
            looks += 1
            if looks > 3:
                looked.set()
            return seen(self)

        seen = nurse._Nurse._has_died
        monkeypatch.setattr(nurse._Nurse, "_has_died", count)
        with embedded.nursing(server, bindir=None, port=None, tell=diary):
            assert looked.wait(120)
        assert embedded.status(folder) is None
    assert diary.told == []


def test_one_that_cannot_be_started_is_tried_again_after_longer_pauses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nurse, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(nurse, "PAUSE_SECONDS_MIN", 0.05)
    diary = Diary()
    with embedded.using(folder) as server:
        kill(folder)
        password = folder / "postgres.password"
        hidden = password.rename(folder / "hidden")
        with embedded.nursing(server, bindir=None, port=None, tell=diary):
            wait_until(lambda: diary.told.count("could not be started again") >= 2)
            hidden.rename(password)
            wait_until(lambda: "was started again" in diary.told)
            assert ask(server.url, "SELECT 1") == 1
    assert embedded.status(folder) is None
