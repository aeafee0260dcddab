"""What ended long ago is forgotten, and nothing that still counts."""

import asyncio
from datetime import UTC, datetime, timedelta

from regulars.features.staff.jobs import forget_ended
from regulars.kernel.spine import Workplace
from tests.staff.people import Office, code_of


async def test_what_ended_a_month_ago_is_forgotten(office: Office) -> None:
    office.at = datetime.now(UTC) - timedelta(days=31)
    ann = await office.work("ann@example.com", "owner")
    assert code_of(await office.first("nobody@example.com")) == (401, "sign_in_refused")
    office.at = datetime.now(UTC)
    await office.sign_in(ann)
    place = Workplace(
        database=office.site.database,
        house=office.site.house,
        settings=office.state.settings,
        stopping=asyncio.Event(),
    )
    # Two sessions of then, of which one waited for its code. The address is in use again, and stays.
    assert await forget_ended(place) == 2
    assert await forget_ended(place) == 0
    assert (await office.send("GET", "/v1/session", by=ann)).status_code == 200
