"""The ways in."""

from tests.web.screens import Camera
from tests.web.stage import Stage


async def shoot(_: Stage, photograph: Camera) -> None:
    """The page with the doors, and the console's own."""
    await photograph("doors", "/")
    await photograph("console-sign-in", "/console/")
