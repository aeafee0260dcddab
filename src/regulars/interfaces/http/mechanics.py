"""What a programme may be made of: every mechanic with the form of its settings, and the schema of the document."""

from functools import cache
from typing import Any

from fastapi import APIRouter, Response
from msgspec import Struct

from regulars.interfaces.http.kit import answer, door
from regulars.kernel.program import Phase, schema
from regulars.kernel.program.examples import Described, describe_mechanics

__all__ = ["router"]

router = APIRouter(tags=["Programme"])


class MechanicView(Struct, frozen=True, kw_only=True):
    """One way to earn, and the form of its settings."""

    name: str
    """What an offer writes in `mechanic`."""
    about: str
    """What it does, in the words of the reference; the first line is the shortest."""
    phase: Phase
    """When it is asked, unless its settings choose another: price, pay, base, bonus or state."""
    remembers: bool
    """Whether it keeps a memory of each member."""
    kinds: tuple[str, ...]
    """Kinds of activity that it hears of besides those that its offer names in `on`."""
    schema: dict[str, Any]
    """JSON Schema 2020-12 of the settings; each setting has its meaning as `description`."""
    example: dict[str, Any]
    """Settings of the right shape, to begin with: only what is required."""


class MechanicsView(Struct, frozen=True, kw_only=True):
    """Every mechanic of this installation, by name."""

    mechanics: tuple[MechanicView, ...]


@router.get("/v1/mechanics")
@door(scope="program:read", gives={200: MechanicsView})
async def list_mechanics() -> Response:
    """List every mechanic, with JSON Schema and an example of its settings: what forms are drawn from."""
    return answer(MechanicsView(mechanics=tuple(_view(each) for each in describe_mechanics())))


@router.get("/v1/program/schema")
@door(scope="program:read", gives={200: dict[str, Any]})
async def read_program_schema() -> Response:
    """Read the JSON Schema of a programme's document, the settings of each mechanic included."""
    return answer(_read_schema())


@cache
def _read_schema() -> dict[str, Any]:
    return schema()


def _view(described: Described) -> MechanicView:
    mechanic = described.mechanic
    return MechanicView(
        name=mechanic.name,
        about=described.about,
        phase=mechanic.usual_phase,
        remembers=mechanic.memory is not None,
        kinds=mechanic.kinds,
        schema=described.schema,
        example=described.example,
    )
