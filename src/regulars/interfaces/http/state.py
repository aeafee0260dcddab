"""What a route finds on the app that it belongs to, with its types."""

from fastapi import Request

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.features.staff import Hashing, SignOn, SignOnUnset
from regulars.interfaces.http.gather import Gathering, Row
from regulars.interfaces.http.meters import Meters
from regulars.kernel.spine import House, Previewed

__all__ = [
    "database_of",
    "gathering_of",
    "hashing_of",
    "house_of",
    "meters_of",
    "quotes_of",
    "settings_of",
    "sign_on_of",
]


def database_of(request: Request) -> Database:
    """The open database; of a write, the one that notes who did it."""
    database: Database = request.scope["state"].get("database") or request.app.state.database
    return database


def gathering_of(request: Request, *, many: bool) -> Gathering:
    """The row in which activities wait for the path: that of tills, or that of those who bring `many` at once."""
    row: Gathering = request.app.state.many if many else request.app.state.few
    return row


def quotes_of(request: Request) -> Row[Previewed]:
    """The row of those who ask what a basket comes to."""
    row: Row[Previewed] = request.app.state.quotes
    return row


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


def hashing_of(request: Request) -> Hashing:
    """What makes and checks passwords: one for all, for each hash takes much memory."""
    hashing: Hashing = request.app.state.hashing
    return hashing


def sign_on_of(request: Request) -> SignOn:
    """The way to the identity provider. Raises SignOnUnset."""
    sign_on: SignOn | None = request.app.state.sign_on
    if sign_on is None:
        raise SignOnUnset("No identity provider is set. Sign in with your password, or set REGULARS_OIDC_ISSUER.")
    return sign_on
