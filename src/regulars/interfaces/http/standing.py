"""How configuration stands, by the route that changes it: the trail compares what was with what is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from regulars.base.db import Read
from regulars.features import access, estate, fraud, staff
from regulars.features.webhooks.store import find_endpoint
from regulars.kernel.spine import House

__all__ = ["Standing", "find_standing"]

CHANNELS_MAX: Final = 10_000
PEOPLE: Final = frozenset({"email", "name"})
Parameters = Mapping[str, Any]
Reader = Callable[[Read, House, Parameters], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What there is; None where there is nothing, or the route changes no configuration."""

    value: object = None
    hidden: frozenset[str] = frozenset()
    """Names of fields that are personal or secret here, and not everywhere."""


async def find_standing(
    read: Read, house: House, route: str, parameters: Parameters, *, made: Mapping[str, Any] | None = None
) -> Standing:
    """Read what a route changes, as it is now; of what it makes, from what it answers."""
    if made is not None and route in MADE:
        return Standing(value=made.get(MADE[route]), hidden=HIDDEN.get(MADE[route], frozenset()))
    if route not in READERS:
        return Standing()
    part, reader = READERS[route]
    return Standing(value=await reader(read, house, parameters), hidden=HIDDEN.get(part, frozenset()))


async def read_store(read: Read, _: House, parameters: Parameters) -> object:
    """A store."""
    return (await estate.find_stores(read, [parameters["store"]])).get(parameters["store"])


async def read_channel(read: Read, _: House, parameters: Parameters) -> object:
    """A channel."""
    found = await estate.list_channels(read, most=CHANNELS_MAX)
    return next((each for each in found if each.id == parameters["channel"]), None)


async def read_till(read: Read, _: House, parameters: Parameters) -> object:
    """A till."""
    return await estate.find_till(read, parameters["store"], parameters["till"])


async def read_webhook(read: Read, _: House, parameters: Parameters) -> object:
    """A webhook; of its address the host, for the rest may open a door."""
    found = await find_endpoint(read, UUID(str(parameters["webhook"])))
    return None if found is None else {**msgspec.structs.asdict(found), "host": urlsplit(found.url).hostname}


async def read_account(read: Read, house: House, parameters: Parameters) -> object:
    """An account of somebody who works here."""
    found = await staff.find_account(read, house.keyring, UUID(str(parameters["account"])))
    return None if found is None else found.account


async def read_key(read: Read, _: House, parameters: Parameters) -> object:
    """A key, without what opens anything."""
    found = await access.list_keys(read)
    return next((each for each in found if each.prefix == parameters["prefix"]), None)


async def read_fraud_rules(read: Read, _house: House, _parameters: Parameters) -> object:
    """What is looked for: each rule by its id."""
    rules = (await fraud.rules_now(read))[1]
    return {**msgspec.structs.asdict(rules), "velocity": {rule.id: rule for rule in rules.velocity}}


READERS: Final[Mapping[str, tuple[str, Reader]]] = {
    "/v1/stores/{store}": ("store", read_store),
    "/v1/channels/{channel}": ("channel", read_channel),
    "/v1/stores/{store}/tills/{till}": ("till", read_till),
    "/v1/stores/{store}/tills/{till}/retire": ("till", read_till),
    "/v1/webhooks/{webhook}": ("webhook", read_webhook),
    "/v1/staff/{account}/roles": ("account", read_account),
    "/v1/staff/{account}/disable": ("account", read_account),
    "/v1/staff/{account}/enable": ("account", read_account),
    "/v1/staff/{account}/unlock": ("account", read_account),
    "/v1/keys/{prefix}/revoke": ("key", read_key),
    "/v1/fraud/rules": ("rules", read_fraud_rules),
}
"""By route: what it changes, and how that is read."""
MADE: Final[Mapping[str, str]] = {"/v1/webhooks": "webhook", "/v1/keys": "key", "/v1/staff": "account"}
"""By route: under which name its answer has what it made."""
HIDDEN: Final[Mapping[str, frozenset[str]]] = {"account": PEOPLE, "webhook": frozenset({"url"})}
