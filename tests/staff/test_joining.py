"""People come by a link that is good once, and go at once."""

from datetime import timedelta
from uuid import UUID

import pytest
from pyotp.totp import TOTP

from regulars.features import staff
from tests.staff.people import PASSWORD, Office, code_of


async def invite_first(office: Office) -> staff.Invited:
    async with office.site.database.transaction() as tx:
        return await staff.invite_first(tx, at=office.at)


async def test_nobody_is_there_until_the_first_owner_comes_by_the_link(office: Office) -> None:
    async with office.site.database.snapshot() as read:
        assert await staff.list_accounts(read, office.site.house.keyring, after=UUID(int=0), most=10) == []
    lost = await invite_first(office)
    invited = await invite_first(office)
    gone = await office.send("POST", "/v1/staff/welcome/look", {"token": lost.token})
    assert code_of(gone) == (404, "link_invalid"), "another one was asked for"
    ann = await office.sign_in(await office.accept(invited.token, "ann@example.com"))
    assert (await office.send("GET", "/v1/session", by=ann)).json()["account"]["roles"] == ["owner"]
    with pytest.raises(staff.OwnerExists):
        await invite_first(office)
    again = await office.send("POST", "/v1/staff/welcome/look", {"token": invited.token})
    assert code_of(again) == (404, "link_invalid"), "it is good once"


async def test_of_two_who_open_the_first_link_at_once_one_is_the_owner(office: Office) -> None:
    invited = await invite_first(office)
    looked = (await office.send("POST", "/v1/staff/welcome/look", {"token": invited.token})).json()
    body = {"token": invited.token, "password": PASSWORD, "code": TOTP(looked["secret"]).at(office.at), "name": "x"}
    first = await office.send("POST", "/v1/staff/welcome", {**body, "email": "ann@example.com"})
    second = await office.send("POST", "/v1/staff/welcome", {**body, "email": "eve@example.com"})
    assert (first.status_code, code_of(second)) == (201, (404, "link_invalid"))


@pytest.mark.parametrize("hours", [24, 72])
async def test_a_link_ends(office: Office, hours: int) -> None:
    owner = None if hours == 24 else await office.work("ann@example.com", "owner")
    if owner is None:
        token = (await invite_first(office)).token
    else:
        body = {"email": "bo@example.com", "roles": ["analyst"]}
        token = (await office.send("POST", "/v1/staff", body, by=owner)).json()["link"].split("#")[1]
    office.at += timedelta(hours=hours) - timedelta(seconds=1)
    assert (await office.send("POST", "/v1/staff/welcome/look", {"token": token})).status_code == 200
    office.later(seconds=1)
    assert code_of(await office.send("POST", "/v1/staff/welcome/look", {"token": token})) == (404, "link_invalid")


async def test_an_invitation_goes_from_the_owner_to_a_person_who_can_sign_in(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    body = {"email": "Bo@Example.com", "name": "Bo Li", "roles": ["marketer", "analyst"]}
    invited = await office.send("POST", "/v1/staff", body, by=ann)
    assert invited.json()["account"] | {"id": "", "created_at": ""} == {
        "id": "", "email": "bo@example.com", "name": "Bo Li", "roles": ["marketer", "analyst"], "store": None,
        "state": "invited", "locked_until": None, "signs_on": False, "created_at": "", "signed_in_at": None,
    }  # fmt: skip
    assert code_of(await office.send("POST", "/v1/staff", body, by=ann)) == (409, "account_known")
    assert code_of(await office.first("bo@example.com")) == (401, "sign_in_refused"), "there is no password yet"
    token = invited.json()["link"].removeprefix(f"{office.site.url}/welcome#")
    assert token.startswith("rl_")
    bo = await office.sign_in(await office.accept(token, "bo@example.com"))
    assert (await office.send("GET", "/v1/session", by=bo)).json()["account"]["state"] == "active"
    listed = (await office.send("GET", "/v1/staff", by=ann)).json()["accounts"]
    assert [each["email"] for each in listed] == ["ann@example.com", "bo@example.com"]
    assert code_of(await office.send("GET", "/v1/staff", by=bo)) == (403, "scope_missing")


async def test_what_is_wrong_leaves_the_link_good(office: Office) -> None:
    token = (await invite_first(office)).token
    looked = await office.send("POST", "/v1/staff/welcome/look", {"token": token})
    good = {
        "token": token,
        "email": "ann@example.com",
        "name": "Ann",
        "password": PASSWORD,
        "code": TOTP(looked.json()["secret"]).at(office.at),
    }
    wrong: list[tuple[dict[str, str], tuple[int, str]]] = [
        ({"code": "000000"}, (403, "second_factor_wrong")),
        ({"code": "²³4567"}, (403, "second_factor_wrong")),
        ({"password": "ann@example.com"}, (422, "password_weak")),
        ({"email": "ann"}, (422, "account_unusable")),
        ({"name": " "}, (422, "account_unusable")),
        ({"token": "rl_" + "a" * 52}, (404, "link_invalid")),
    ]
    for change, refused in wrong:
        assert code_of(await office.send("POST", "/v1/staff/welcome", good | change)) == refused
    assert looked.json() == (await office.send("POST", "/v1/staff/welcome/look", {"token": token})).json()
    assert (await office.send("POST", "/v1/staff/welcome", good)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"email": "bo@example.com", "roles": ["store"]},  # of which one?
        {"email": "bo@example.com", "roles": ["owner"], "store": "s1"},
        {"email": "bo", "roles": ["analyst"]},
    ],
)
async def test_an_account_that_nobody_could_use_is_not_made(office: Office, body: dict[str, object]) -> None:
    ann = await office.work("ann@example.com", "owner")
    assert code_of(await office.send("POST", "/v1/staff", body, by=ann)) == (422, "account_unusable")


async def test_who_is_disabled_is_out_at_once_and_can_come_back(office: Office) -> None:
    ann, bo = await office.work("ann@example.com", "owner"), await office.work("bo@example.com", "analyst")
    assert (await office.send("POST", f"/v1/staff/{bo.id}/disable", by=ann)).json()["state"] == "disabled"
    assert code_of(await office.send("GET", "/v1/session", by=bo)) == (401, "session_invalid")
    assert code_of(await office.first(bo.email)) == (401, "sign_in_refused")
    assert (await office.send("POST", f"/v1/staff/{bo.id}/enable", by=ann)).json()["state"] == "active"
    assert code_of(await office.send("GET", "/v1/session", by=bo)) == (401, "session_invalid"), "what ended has ended"
    await office.sign_in(bo)


async def test_other_roles_count_from_the_next_request_on(office: Office) -> None:
    ann, bo = await office.work("ann@example.com", "owner"), await office.work("bo@example.com", "analyst")
    assert code_of(await office.send("GET", "/v1/staff", by=bo)) == (403, "scope_missing")
    changed = await office.send("PUT", f"/v1/staff/{bo.id}/roles", {"roles": ["auditor"]}, by=ann)
    assert changed.json()["roles"] == ["auditor"]
    assert (await office.send("GET", "/v1/staff", by=bo)).status_code == 200


async def test_somebody_stays_an_owner(office: Office) -> None:
    ann, bo = await office.work("ann@example.com", "owner"), await office.work("bo@example.com", "analyst")
    for method, path, body in (
        ("POST", "disable", None),
        ("POST", "invite", None),
        ("PUT", "roles", {"roles": ["analyst"]}),
    ):
        refused = await office.send(method, f"/v1/staff/{ann.id}/{path}", body, by=ann)
        assert code_of(refused) == (409, "last_owner"), path
    await office.send("PUT", f"/v1/staff/{bo.id}/roles", {"roles": ["owner"]}, by=ann)
    assert (await office.send("POST", f"/v1/staff/{ann.id}/disable", by=ann)).status_code == 200
    assert code_of(await office.send("POST", f"/v1/staff/{bo.id}/disable", by=bo)) == (409, "last_owner")


async def test_who_lost_everything_is_invited_again_and_sets_it_up_anew(office: Office) -> None:
    ann, bo = await office.work("ann@example.com", "owner"), await office.work("bo@example.com", "analyst")
    link = (await office.send("POST", f"/v1/staff/{bo.id}/invite", by=ann)).json()["link"]
    assert code_of(await office.send("GET", "/v1/session", by=bo)) == (401, "session_invalid")
    assert code_of(await office.first(bo.email)) == (401, "sign_in_refused")
    anew = await office.accept(link.split("#")[1], bo.email)
    assert (anew.id, anew.secret == bo.secret) == (bo.id, False)
    await office.sign_in(anew)
    assert code_of(await office.second(await office.pending(anew), recovery=bo.recovery[0])) == (
        403,
        "second_factor_wrong",
    )


async def test_an_account_that_is_not_there(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    for path in ("invite", "disable", "enable", "unlock"):
        gone = await office.send("POST", f"/v1/staff/01890a5d-ac96-774b-bcce-b302099a8057/{path}", by=ann)
        assert code_of(gone) == (404, "account_unknown")


async def test_the_page_of_the_link_runs_nothing_but_its_own(office: Office) -> None:
    page = await office.send("GET", "/welcome")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "history.replaceState" in page.text, "the token does not stay in the address"
