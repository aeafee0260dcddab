"""What is true of this installation, as far as checklists ask for it."""

import pkgutil
from datetime import datetime
from importlib import import_module

from regulars.base.db import Read
from regulars.base.roles import read_power
from regulars.base.settings import Settings
from regulars.features.privacy.clear import list_periods
from regulars.features.privacy.packs import Checklist, Facts, find_pack
from regulars.features.privacy.store import count
from regulars.kernel import members

__all__ = ["fill_checklist", "gather_facts"]


async def fill_checklist(read: Read, settings: Settings, pack: str, *, at: datetime) -> Checklist:
    """Fill the checklist of a law from what is true here and now. Raises PackUnknown."""
    found = find_pack(pack)
    return found.fill(await gather_facts(read, settings, at=at))


async def gather_facts(read: Read, settings: Settings, *, at: datetime) -> Facts:
    """Gather what checklists ask for."""
    counts = await count(read)
    rooms = pkgutil.iter_modules(import_module("regulars.features").__path__)
    return Facts(
        at=at,
        members=await members.count(read),
        periods={period.name: period.days for period in await list_periods(read)},
        last_round=counts.last_round,
        unfinished=counts.unfinished,
        rooms=frozenset(room.name for room in rooms if room.ispkg),
        has_mail=settings.smtp_url is not None,
        has_tls=(settings.public_url or "").startswith("https://"),
        is_narrow=await read_power(read) == "app",
        two_people={"keys", "mass"} <= settings.four_eyes,
    )
