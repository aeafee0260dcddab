"""Everything goes along: all tables with their schema, and a member's own file that is signed and checked."""

import csv
import io
import json
from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest

from regulars.features import moving, signing
from regulars.features.moving.tables import write_down
from regulars.interfaces.beside import find_signing, list_beside, verify_with
from regulars.kernel import members
from regulars.kernel.members.moving import MemberRow
from regulars.kernel.nouns import Identifier
from tests.http.conftest import house, published, purchase, settings, site
from tests.http.site import Site
from tests.moving.conftest import AS_OF, Desk
from tests.spine.conftest import buy

__all__ = ["house", "published", "purchase", "settings", "site"]


async def take(desk: Desk, form: str) -> tuple[bytes, signing.PublicKeys]:
    shop = desk.shop
    sign = await find_signing(shop.database, shop.house)
    async with shop.database.snapshot() as read:
        member = await members.lookup(read, shop.house.keyring, Identifier(kind="old_id", value="m1"))
        data = await moving.write_own(
            read,
            shop.house.keyring,
            member,
            at=AS_OF,
            sign=sign,
            form="csv" if form == "csv" else "json",
            beside=list_beside(),
        )
        return data, await signing.find_public(read)


@pytest.mark.parametrize("form", ["json", "csv"])
async def test_a_members_own_file_is_whole_and_signed(desk: Desk, form: str) -> None:
    await desk.bring()
    await desk.shop.receipt(buy("r-9", 2_000, card="6220000000000001"))
    data, keys = await take(desk, form)

    def verify(kid: str, signature: bytes, content: bytes) -> bool:
        return verify_with(keys, kid, signature, content)

    content, seal = moving.open_export(data, verify)
    assert seal.kid in keys
    if form == "json":
        tables = json.loads(content)["tables"]
        assert {each["value"] for each in tables["identifiers"]} == {"m1", "6220000000000001", "+8613800138001"}
        assert sorted(each["kind"] for each in tables["activities"]) == [
            "invite",
            "opening",
            "opening",
            "past_purchase",
            "purchase",
            "traits",
        ]
        assert sum(each["remaining"] for each in tables["lots"]) == 500 + 200 + 20
        assert tables["activities"][-1]["body"]["id"] == "r-9"
    else:
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        assert {(each["table"], each["field"]) for each in rows} >= {("lots", "remaining"), ("identifiers", "value")}
        assert "+8613800138001" in {each["value"] for each in rows}
    assert b"6220000000000002" not in data, "nobody else's"
    for changed in (data.replace(b"r-9", b"r-8"), data[:-40], data.replace(seal.kid.encode(), b"00000000")):
        with pytest.raises(moving.ExportAltered):
            moving.open_export(changed, verify)


async def test_a_member_by_http(site: Site, published: str, purchase: object) -> None:
    del published, purchase
    made = (await site.client.post("/v1/members", json={"identifiers": [{"kind": "card", "value": "8801"}]})).json()
    answer = await site.client.get(f"/v1/members/{made['id']}/file")
    assert answer.json()["document"]["tables"]["identifiers"][0]["value"] == "8801"
    answer = await site.client.get(f"/v1/members/{made['id']}/file.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[-1].startswith("signature,")
    token = site.using(await site.issue("members:read"))
    assert (await site.client.get(f"/v1/members/{made['id']}/file", headers=token)).status_code == 403
    nobody = await site.client.get("/v1/members/00000000-0000-7000-8000-000000000000/file")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "member_unknown")


def test_texts_that_a_spreadsheet_would_run_are_told_as_texts() -> None:
    told = ['=SUM("a",b)', "@x", "two\r\nlines", 'say "so"', "a,b", "", "plain"]
    at = datetime(2026, 2, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    rows = [
        MemberRow(
            member=UUID(int=number),
            state="active",
            region=text,
            joined_at=at,
            enrolled_by="till",
            merged_into=None,
            household=None,
        )
        for number, text in enumerate(told)
    ]
    text = write_down({"members": rows, "lots": []})
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(lines) == len(rows) * len(MemberRow.__struct_fields__)
    regions = [value for _, _, name, value in lines if name == "region"]
    assert regions == ['\'=SUM("a",b)', "'@x", "two\r\nlines", 'say "so"', "a,b", "", "plain"]
    assert lines[3] == ["members", "1", "joined_at", "2026-02-01T01:30:00+00:00"]
    assert lines[5] == ["members", "1", "merged_into", ""]
