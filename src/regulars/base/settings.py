"""Settings: the environment is read here, once, into one frozen value; nowhere else."""

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from regulars.base.errors import SettingsInvalid

__all__ = ["Settings"]

T = TypeVar("T")

PREFIX = "REGULARS_"
# The test suite has switches of its own, which are none of the program's business.
PREFIX_OF_TESTS = "REGULARS_TEST_"
SECRET_BYTES_MIN = 32
PORT_MAX = 65_535
POOL_MAX_MAX = 500
STATEMENT_TIMEOUT_SECONDS_MAX = 86_400
LATE_DAYS_MAX_MAX = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator decides. Each field is the variable REGULARS_<FIELD IN CAPITALS>."""

    # None: the embedded PostgreSQL in data_dir.
    database_url: str | None = field(default=None, repr=False)
    data_dir: Path
    # PostgreSQL's programs to use instead of those of the wheel.
    pg_bindir: Path | None = None
    # The embedded PostgreSQL listens on this port of 127.0.0.1 too; None: on its private socket only.
    pg_port: int | None = None
    # As given; `load_secret` makes one where there is none.
    secret: bytes | None = field(default=None, repr=False)
    auto_enrol: bool = True
    host: str = "127.0.0.1"
    port: int = 8080
    pool_max: int = 8
    statement_timeout_seconds: int = 30
    late_days_max: int = 30
    # Whether points are used only where the member showed a code, or the caller vouches for who it is.
    burn_needs_code: bool = False
    # Whether /metrics may be read without a key.
    metrics_open: bool = False

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read REGULARS_* and refuse (SettingsInvalid) what is not known or not usable. An empty value is none."""
        known = {PREFIX + name.upper() for name in cls.__dataclass_fields__}
        _refuse_unknown(env, known)
        return cls(
            database_url=_take(env, "DATABASE_URL", _read_url, None),
            data_dir=_take(env, "DATA_DIR", _read_path, None) or _default_data_dir(env),
            pg_bindir=_take(env, "PG_BINDIR", _read_bindir, None),
            pg_port=_take(env, "PG_PORT", _whole(1, PORT_MAX), None),
            secret=_take(env, "SECRET", _read_secret, None),
            auto_enrol=_take(env, "AUTO_ENROL", _read_switch, default=True),
            host=_take(env, "HOST", str.strip, "127.0.0.1"),
            port=_take(env, "PORT", _whole(1, PORT_MAX), 8080),
            pool_max=_take(env, "POOL_MAX", _whole(1, POOL_MAX_MAX), 8),
            statement_timeout_seconds=_take(
                env, "STATEMENT_TIMEOUT_SECONDS", _whole(1, STATEMENT_TIMEOUT_SECONDS_MAX), 30
            ),
            late_days_max=_take(env, "LATE_DAYS_MAX", _whole(0, LATE_DAYS_MAX_MAX), 30),
            burn_needs_code=_take(env, "BURN_NEEDS_CODE", _read_switch, default=False),
            metrics_open=_take(env, "METRICS_OPEN", _read_switch, default=False),
        )

    def load_secret(self) -> bytes:
        """Give the secret that keys are derived from: the given one, else the data folder's, made on first use.

        Raises SettingsInvalid when the file is readable by others or holds something else.
        """
        if self.secret is not None:
            return self.secret
        path = self.data_dir / "secret"
        if not path.exists():
            _make_secret(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsInvalid(f"Others can read {path}. Run: chmod 600 {path}", path=str(path))
        try:
            return _read_secret(path.read_text(encoding="ascii"))
        except ValueError as error:
            detail = f"{path} holds no secret: {error} is expected. Put it back from a backup."
            raise SettingsInvalid(detail, path=str(path)) from error


def _make_secret(path: Path) -> None:
    """Write a new secret. Of two that do so at once one wins, and nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".secret-{secrets.token_hex(8)}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES_MIN)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces the secret of somebody who was faster.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _refuse_unknown(env: Mapping[str, str], known: set[str]) -> None:
    for name in sorted(env):
        if not name.startswith(PREFIX) or name.startswith(PREFIX_OF_TESTS) or name in known:
            continue
        near = get_close_matches(name, known, n=1, cutoff=0)[0]
        raise SettingsInvalid(f"There is no setting {name}. Did you mean {near}?", variable=name, nearest=near)


def _take(env: Mapping[str, str], name: str, parse: Callable[[str], T], default: T) -> T:
    """Parse one variable. A parser raises ValueError with what it expected."""
    text = env.get(PREFIX + name, "").strip()
    if not text:
        return default
    try:
        return parse(text)
    except ValueError as error:
        shown = "a hidden value" if name in {"SECRET", "DATABASE_URL"} else repr(text)
        detail = f"{PREFIX}{name} is {shown}; {error} is expected."
        raise SettingsInvalid(detail, variable=PREFIX + name) from error


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and low <= int(text[:20]) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _read_switch(text: str) -> bool:
    if text.lower() in {"true", "yes", "on", "1"}:
        return True
    if text.lower() in {"false", "no", "off", "0"}:
        return False
    raise ValueError("true or false")


def _read_url(text: str) -> str:
    if urlsplit(text).scheme not in {"postgresql", "postgres"}:
        raise ValueError("an address such as postgresql://user:password@host:5432/database")
    return text


def _read_path(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError("an absolute path")
    return path


def _read_bindir(text: str) -> Path:
    path = _read_path(text)
    if not (path / "postgres").is_file():
        raise ValueError("a folder that holds PostgreSQL's programs (postgres, initdb)")
    return path


def _read_secret(text: str) -> bytes:
    expected = f"at least {SECRET_BYTES_MIN} random bytes as base64url"
    text = text.strip()
    try:
        # Python skips what is not in the alphabet unless told to validate: half a secret is not a secret.
        secret = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(expected) from error
    if len(secret) < SECRET_BYTES_MIN:
        raise ValueError(expected)
    return secret


def _default_data_dir(env: Mapping[str, str]) -> Path:
    shared = env.get("XDG_DATA_HOME", "")
    home = Path(env["HOME"]) if env.get("HOME") else Path.home()
    # The XDG rules say that a relative path is to be ignored.
    return (Path(shared) if Path(shared).is_absolute() else home / ".local" / "share") / "regulars"
