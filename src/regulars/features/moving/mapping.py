"""Mappings are YAML: read, checked, and some ready ones for the exports of well-known systems."""

from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from regulars.features.moving.model import Mapped, MappingInvalid
from regulars.kernel import program

__all__ = ["find_ready", "list_ready", "read_mapping"]

FOLDER: Final = "ready"
SUFFIX: Final = ".yaml"


def read_mapping(text: str, *, name: str) -> Mapped:
    """Read a mapping. Raises MappingInvalid with the place and what was expected."""
    try:
        found = msgspec.convert(program.read_yaml(text), Mapped)
    except program.ProgramInvalid as error:
        problem = error.problems[0]
        where = (f", line {problem.line}" if problem.line else "") + (f", {problem.path}" if problem.path else "")
        raise MappingInvalid(f"{name}{where}: {problem.message}.") from error
    except msgspec.ValidationError as error:
        raise MappingInvalid(f"{name}: {error}.") from error
    try:
        ZoneInfo(found.time_zone)
    except (KeyError, ValueError, OSError) as error:
        message = f"{name}: {found.time_zone!r} is no time zone; one is called Asia/Shanghai."
        raise MappingInvalid(message) from error
    if not found.list_parts():
        raise MappingInvalid(f"{name}: there is no part in it; members, lots, tiers, … say what is brought.")
    if found.members is not None and found.key not in found.members.identifiers:
        known = ", ".join(found.members.identifiers)
        raise MappingInvalid(f"{name}: `key` is {found.key}, and members have no such identifier ({known}).")
    if found.source == "clock":
        raise MappingInvalid(f"{name}: the source 'clock' is the ledger's own. Name the other system.")
    return found


def list_ready() -> list[str]:
    """List the mappings that are ready to use."""
    folder = files(__package__ or __name__).joinpath(FOLDER)
    return sorted(each.name.removesuffix(SUFFIX) for each in folder.iterdir() if each.name.endswith(SUFFIX))


def find_ready(name: str) -> str | None:
    """Give the text of a ready mapping; None where there is none of this name."""
    if name not in list_ready():
        return None
    return files(__package__ or __name__).joinpath(FOLDER, f"{name}{SUFFIX}").read_text(encoding="utf-8")
