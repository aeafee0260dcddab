"""Forgetting over HTTP and on the command line: shown, confirmed, done, told; held, and cleared away."""

import asyncio
from pathlib import Path
from typing import Any

from tests.cli.calls import Done, Shell
from tests.cli.conftest import shell
from tests.http.conftest import house, published, purchase, settings, site
from tests.http.site import Purchase, Site

__all__ = ["house", "published", "purchase", "settings", "shell", "site"]


async def sell(site: Site, purchase: Purchase, **more: Any) -> str:  # noqa: ANN401 - any field
    sent = await site.client.post("/v1/activities", json=purchase(**more))
    assert sent.status_code == 201, sent.text
    return sent.json()["member"]


async def test_what_is_lost_is_shown_then_confirmed_then_gone(site: Site, purchase: Purchase) -> None:
    member = await sell(site, purchase, minor=123_00)
    shown = (await site.client.get(f"/v1/members/{member}/erasure")).json()
    assert shown["currencies"] == [{"currency": "points", "points": 123, "owed": 0, "worth_minor": 123}]
    assert (shown["money"], shown["others"], shown["under_legal_hold"]) == ("CNY", [], False)
    done = await site.client.post(f"/v1/members/{member}/erasure", json={"confirm": shown["confirm"]})
    assert done.status_code == 200, done.text
    told = done.json()
    assert told["written_off"] == [{"currency": "points", "points": 123, "owed": 0}]
    assert (told["forgotten"]["members"], told["is_whole"], told["asked_by"]) == (1, True, "desk")
    view = (await site.client.get(f"/v1/members/{member}")).json()
    assert view["state"] == "erased"
    again = await site.client.post(f"/v1/members/{member}/erasure", json={"confirm": shown["confirm"]})
    assert (again.status_code, again.json()["code"]) == (409, "member_erased")
    listed = (await site.client.get("/v1/privacy/erasures")).json()["erasures"]
    assert listed == [told]
    (entry,) = (await site.client.get("/v1/audit", params={"what": "erase_member", "outcome": "done"})).json()[
        "entries"
    ]
    assert entry["object"] == member


async def test_what_was_confirmed_must_still_be_so(site: Site, purchase: Purchase) -> None:
    member = await sell(site, purchase)
    shown = (await site.client.get(f"/v1/members/{member}/erasure")).json()
    other = await sell(site, purchase, name="r-2", card="8")
    assert other != member
    for confirm in (shown["confirm"], "12.ab", "9999999999.00"):
        refused = await site.client.post(f"/v1/members/{other}/erasure", json={"confirm": confirm})
        assert (refused.status_code, refused.json()["code"]) == (409, "erasure_unconfirmed")
    await sell(site, purchase, name="r-3")
    late = await site.client.post(f"/v1/members/{member}/erasure", json={"confirm": shown["confirm"]})
    assert (late.status_code, late.json()["code"]) == (409, "erasure_unconfirmed")
    assert (await site.client.get(f"/v1/members/{member}")).json()["state"] == "active", "nothing happened"


async def test_a_legal_hold_keeps_everything_until_it_is_lifted(site: Site, purchase: Purchase) -> None:
    member = await sell(site, purchase)
    at = f"/v1/members/{member}"
    held = await site.client.post(f"{at}/legal-holds", json={"matter": "2026-114"})
    same = await site.client.post(f"{at}/legal-holds", json={"matter": "2026-114"})
    assert (held.status_code, same.json()) == (201, held.json())
    shown = (await site.client.get(f"{at}/erasure")).json()
    assert shown["under_legal_hold"]
    refused = await site.client.post(f"{at}/erasure", json={"confirm": shown["confirm"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "legal_hold")
    assert "legal hold" in refused.json()["detail"]
    hold = held.json()["id"]
    listed = (await site.client.get("/v1/privacy/legal-holds", params={"member": member})).json()["holds"]
    assert [each["id"] for each in listed] == [hold]
    assert (await site.client.post(f"/v1/privacy/legal-holds/{hold}/lift")).status_code == 200
    gone = await site.client.post(f"/v1/privacy/legal-holds/{hold}/lift")
    assert (gone.status_code, gone.json()["code"]) == (404, "legal_hold_unknown")
    assert (await site.client.post(f"{at}/erasure", json={"confirm": shown["confirm"]})).status_code == 200
    after = await site.client.post(f"{at}/legal-holds", json={"matter": "2026-115"})
    assert (after.status_code, after.json()["code"]) == (409, "member_erased")


async def test_periods_are_set_all_or_none(site: Site) -> None:
    put = await site.client.put("/v1/privacy/periods", json={"days": {"privacy.inactive_member": 1095}})
    assert put.status_code == 200
    periods = {each["name"]: each for each in (await site.client.get("/v1/privacy/periods")).json()["periods"]}
    inactive = periods["privacy.inactive_member"]
    assert (inactive["days"], inactive["is_set"]) == (1095, True)
    cases = [
        ({"nothing.here": 1}, 404, "data_class_unknown"),
        ({"fraud.signal": 5}, 422, "period_refused"),
        ({"privacy.inactive_member": 1, "audit.entry": 3}, 422, "period_refused"),
    ]
    for days, status, code in cases:
        refused = await site.client.put("/v1/privacy/periods", json={"days": days})
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    reset = await site.client.put("/v1/privacy/periods", json={"days": {"privacy.inactive_member": None}})
    periods = {each["name"]: each for each in reset.json()["periods"]}
    assert (periods["privacy.inactive_member"]["days"], periods["privacy.inactive_member"]["is_set"]) == (0, False)


async def test_checklists_say_yes_no_or_what_to_do(site: Site) -> None:
    answers = set()
    for pack in ("gdpr", "pipl", "ccpa"):
        found = (await site.client.get(f"/v1/privacy/checklists/{pack}")).json()
        answers |= {line["answer"] for line in found["lines"]}
        assert all(line["why"]["zh-CN"] and line["question"]["zh-CN"] for line in found["lines"])
    assert answers == {"yes", "no", "people"}
    unknown = await site.client.get("/v1/privacy/checklists/lgpd")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "pack_unknown")


async def test_on_the_command_line(site: Site, purchase: Purchase, shell: Shell, tmp_path: Path) -> None:
    member = await sell(site, purchase, minor=50_00)

    async def call(*words: str) -> Done:
        return await asyncio.to_thread(shell, "privacy", *words)

    held = (await call("hold", member, "--matter", "2026-114", "--json")).value
    assert [each["id"] for each in (await call("holds", "--json")).value] == [held["id"]]
    assert "legal hold" in (await call("show", member)).said
    assert (await call("lift", held["id"])).status == 0
    confirm = (await call("show", member, "--json")).value["confirm"]
    done = await call("erase", member, "--confirm", confirm)
    assert "Written off: 50 points" in done.said
    listed = await call("erasures", "--json")
    assert [each["member"] for each in listed.value] == [member]
    (tmp_path / "erased.json").write_text(listed.out, encoding="utf-8")
    assert "0 of 1 members" in (await call("again", str(tmp_path / "erased.json"))).said
    # As after a restore: somebody is there again who is on the list.
    back = await sell(site, purchase, name="r-9", card="back from a backup")
    (tmp_path / "erased.json").write_text(listed.out.replace(member, back), encoding="utf-8")
    assert "1 of 1 members" in (await call("again", str(tmp_path / "erased.json"))).said
    assert [each["asked_by"] for each in (await call("erasures", "--json")).value] == ["restore", "desk"]
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    assert "is not what" in (await call("again", str(tmp_path / "broken.json"))).said
    assert "is no member" in (await call("show", "nobody")).said
    assert (await call("finish")).said.startswith("0 erasures")
    kept = await call("keep", "--pack", "pipl", "--days", "privacy.inactive_member=730", "--json")
    assert {each["name"]: each["days"] for each in kept.value}["privacy.inactive_member"] == 730
    assert "name and days" in (await call("keep", "--days", "audit.entry")).said
    assert (await call("clear", "--json")).value[0]["erased"] == 0
    assert len((await call("rounds", "--json")).value) == 1
    assert "个人信息保护法" in (await call("checklist", "--pack", "pipl", "--json")).out
    assert "members.identifier" in (await call("tables")).out
