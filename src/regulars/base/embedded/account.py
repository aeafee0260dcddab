"""The account that PostgreSQL runs as: our own, or a system account when we are root, whom it refuses."""

import os
import pwd
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from regulars.base.embedded.refusals import DataFolderForeign

__all__ = ["Account", "SpawnOptions", "can_enter", "choose", "spawn_options"]

NAME = "regulars"
# Where accounts cannot be made (a read-only /etc), one that is there already has to do.
NAMES_ELSE = ("postgres", "nobody")
USERADD = ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
USERADD_TRIES_MAX = 10
USERADD_PAUSE_SECONDS = 0.2
# The programs need little, and nothing that was set for us: no PG*, no LD_*, no locale of ours.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom to become, by number: a volume may come from a machine where the name was another."""

    uid: int
    gid: int


class SpawnOptions(TypedDict, total=False):
    """What subprocess needs to start a program as an account, away from our folder and our variables."""

    cwd: str
    env: dict[str, str]
    user: int
    group: int
    extra_groups: list[int]


def spawn_options(account: Account | None) -> SpawnOptions:
    """Say how to start a program as this account; None is ourselves."""
    options = SpawnOptions(cwd="/", env=ENVIRONMENT)
    if account is not None:
        options |= SpawnOptions(user=account.uid, group=account.gid, extra_groups=[])
    return options


def choose(data: Path) -> Account | None:
    """Choose the account for this database folder: its owner, unless it is empty; None when that is ourselves."""
    owner = data.stat() if data.exists() and any(data.iterdir()) else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            detail = f"{data} belongs to the user with number {owner.st_uid}. Run Regulars as that user."
            raise DataFolderForeign(detail, folder=str(data))
        return None
    if owner is None:
        return _system_account()
    if owner.st_uid == 0:
        detail = f"{data} belongs to root, whom PostgreSQL refuses. Run: chown -R {NAME}: {data}"
        raise DataFolderForeign(detail, folder=str(data))
    return Account(uid=owner.st_uid, gid=owner.st_gid)


def can_enter(account: Account | None, folder: Path) -> bool:
    """Try whether the account may pass through the folder and all those above it."""
    # A shell that becomes the account knows about access lists and mounts, too; reading modes would not.
    command = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)]
    return subprocess.run(command, check=False, **spawn_options(account)).returncode == 0  # noqa: S603 - a fixed command


def _system_account() -> Account:
    account = _find(NAME)
    for _ in range(USERADD_TRIES_MAX):
        if account is not None:
            return account
        made = _add()
        account = _find(NAME)
        if account is None and not made:
            break
        # Somebody else holds the lock of /etc/passwd, perhaps another of us with the same wish.
        time.sleep(USERADD_PAUSE_SECONDS)
    for name in NAMES_ELSE:
        if account is None:
            account = _find(name)
    if account is None:
        detail = f"PostgreSQL refuses to run as root. Create a system user: useradd --system {NAME}"
        raise DataFolderForeign(detail, user=NAME)
    return account


def _add() -> bool:
    """Ask for the account; False when asking again is of no use."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            [*USERADD, "--shell", "/usr/sbin/nologin", NAME],
            check=False,
            capture_output=True,
            text=True,
            **spawn_options(None),
        )
    except FileNotFoundError:
        return False
    return done.returncode == 0 or "lock" in done.stderr or "exists" in done.stderr


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)
