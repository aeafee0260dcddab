"""What a route finds on the app that it belongs to, with its types."""

from fastapi import Request

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.meters import Meters
from regulars.kernel.spine import House

__all__ = ["database_of", "house_of", "meters_of", "settings_of"]


def database_of(request: Request) -> Database:
    """The open database."""
    database: Database = request.app.state.database
    return database


def house_of(request: Request) -> House:
    """What the path needs besides a transaction."""
    house: House = request.app.state.house
    return house


def settings_of(request: Request) -> Settings:
    """What the operator decided."""
    settings: Settings = request.app.state.settings
    return settings


def meters_of(request: Request) -> Meters:
    """The counts."""
    meters: Meters = request.app.state.meters
    return meters
