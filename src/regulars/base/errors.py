"""Refusals: what Regulars says no to, each with a code that never changes its meaning."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal, get_args

__all__ = [
    "CommitUnknown",
    "DatabaseContention",
    "DatabaseTimeout",
    "DatabaseTooOld",
    "DatabaseUnavailable",
    "DiskFull",
    "Kind",
    "PortInUse",
    "Refusal",
    "SchemaBehind",
    "SchemaChanged",
    "SchemaNewer",
    "SettingsInvalid",
    "known_refusals",
]

Kind = Literal["invalid", "unauthenticated", "forbidden", "not_found", "conflict", "limited", "unavailable"]

CODE_SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

_refusals: dict[str, "type[Refusal]"] = {}


class Refusal(Exception):
    """Something was asked that cannot be done; the caller can read why and act on it.

    `detail` is a sentence for people and names what to do. `context` holds the same facts for programs.
    `code` identifies the reason for ever, `kind` is its family (the doors turn it into a status), and
    `retryable` says whether asking again, unchanged, may help.
    """

    code: ClassVar[str]
    kind: ClassVar[Kind]
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, **context: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.context: dict[str, object] = context

    def __reduce__(self) -> tuple[object, ...]:
        """Let a refusal cross from one process to another, whatever its own class asks to be made."""
        return (_remake, (type(self), self.args, self.__dict__))

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        code = cls.__dict__.get("code")
        if not isinstance(code, str) or CODE_SHAPE.fullmatch(code) is None:
            raise TypeError(f"{cls.__qualname__} needs a code of its own in snake_case, not {code!r}")
        if getattr(cls, "kind", None) not in get_args(Kind):
            raise TypeError(f"{cls.__qualname__} needs a kind out of {', '.join(get_args(Kind))}")
        known = _refusals.get(code)
        # A module that is loaded twice defines the same class again: that is no second meaning.
        if known is not None and _full_name(known) != _full_name(cls):
            raise TypeError(f"the code {code!r} of {_full_name(cls)} already belongs to {_full_name(known)}")
        _refusals[code] = cls


def _remake(cls: "type[Refusal]", args: tuple[object, ...], state: dict[str, object]) -> "Refusal":
    made = cls.__new__(cls, *args)
    made.__dict__.update(state)
    return made


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def known_refusals() -> Mapping[str, type[Refusal]]:
    """Show every refusal that has been imported so far, by its code."""
    return MappingProxyType(_refusals)


class SettingsInvalid(Refusal):
    """A setting has a value that cannot be used."""

    code, kind = "settings_invalid", "invalid"


class DatabaseUnavailable(Refusal):
    """The database could not be reached, or went away before anything was decided."""

    code, kind, retryable = "database_unavailable", "unavailable", True


class DatabaseTimeout(Refusal):
    """The database took longer than a statement or a lock may take; nothing was changed."""

    code, kind, retryable = "database_timeout", "unavailable", True


class DatabaseContention(Refusal):
    """Others kept changing the same rows; nothing was changed."""

    code, kind, retryable = "database_contention", "unavailable", True


class CommitUnknown(Refusal):
    """The connection was lost while committing: it may have happened or not."""

    code, kind, retryable = "commit_unknown", "unavailable", True


class DiskFull(Refusal):
    """There is no room left to write."""

    code, kind, retryable = "disk_full", "unavailable", True


class PortInUse(Refusal):
    """Another program listens on the port."""

    code, kind = "port_in_use", "unavailable"


class DatabaseTooOld(Refusal):
    """The PostgreSQL server is older than the oldest that is supported."""

    code, kind = "database_too_old", "unavailable"


class SchemaChanged(Refusal):
    """A migration that was applied has since been changed, removed, or overtaken."""

    code, kind = "schema_changed", "unavailable"


class SchemaBehind(Refusal):
    """The database has to be migrated, and whoever is connected may not do so."""

    code, kind = "schema_behind", "unavailable"


class SchemaNewer(Refusal):
    """The database was migrated by a newer version than this one."""

    code, kind = "schema_newer", "unavailable"
